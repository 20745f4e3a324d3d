//! The health check as Argo CD runs it: gopher-lua, with no library open but base and table.

use std::process::Command;

use serde_json::{Value, json};
use testbed::Folder;

use super::Copying;
use crate::support::{read, stdout, tool};

/// The script that the example ships.
pub const SCRIPT: &str = "examples/gitops/argo-cd/health.lua";

/// What Argo CD shows of a resource.
#[derive(Debug)]
pub struct Health {
    pub status: String,
    pub message: String,
}

/// The script, with its one setting.
pub fn script(copying: Copying) -> String {
    let (holds, passes) =
        (r#"local COPY_IN_PROGRESS = "Progressing""#, r#"local COPY_IN_PROGRESS = "Healthy""#);
    let script = read(SCRIPT);
    assert_eq!(script.matches(holds).count(), 1, "the setting is not where the documentation says");
    match copying {
        Copying::Holds => script,
        Copying::Passes => script.replace(holds, passes),
    }
}

/// Takes away what Argo CD does not open, and runs the script once for each object: a global, `obj`.
const DRIVER: &str = r#"
local check = assert(loadfile(arg[1]))
local objects = dofile(arg[2])
local print, ipairs = print, ipairs
local text = getmetatable("")
if text then text.__index = nil end
for _, name in ipairs({ "string", "math", "io", "os", "coroutine", "debug", "channel" }) do _G[name] = nil end
for _, object in ipairs(objects) do
  obj = object
  local hs = check()
  print(hs.status)
  print(hs.message)
end
"#;

/// The health of each object.
pub fn health(script: &str, objects: &[Value]) -> Vec<Health> {
    let said = run(script, objects);
    let lines: Vec<&str> = said.lines().collect();
    let pairs = lines.chunks_exact(2);
    assert!(pairs.remainder().is_empty(), "{said}");
    pairs.map(|pair| Health { status: pair[0].to_owned(), message: pair[1].to_owned() }).collect()
}

fn run(script: &str, objects: &[Value]) -> String {
    let folder = Folder::new("lua-").unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let objects = format!("return {}", literal(&Value::Array(objects.to_vec())));
    let (driver, script) = (file("driver.lua", DRIVER), file("health.lua", script));
    let mut glua = Command::new(tool("glua"));
    stdout(&glua.arg(driver).arg(script).arg(file("objects.lua", &objects)).output().unwrap())
}

/// JSON as a Lua expression. As in Argo CD a null is nil, so a member with it is not there.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("[{}] = {}", quoted(key), literal(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// Byte by byte, so that nothing has a meaning.
fn quoted(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("\\{byte:03}")).collect();
    format!("\"{}\"", bytes.concat())
}

#[test]
fn objects_reach_the_script_as_they_are() {
    let object = json!({"status": "a \"b\" \\ ü", "list": [1, true, {"null": null}], "message": "x"});
    let script = "assert(obj.list[1] == 1 and obj.list[2] == true and obj.list[3].null == nil)\nreturn obj";
    let [health] = &health(script, &[object])[..] else { panic!("one object") };
    assert_eq!((health.status.as_str(), health.message.as_str()), ("a \"b\" \\ ü", "x"));
}

#[test]
fn a_script_that_needs_more_libraries_than_argo_cd_opens_would_be_found() {
    for needy in ["string.format('')", "math.abs(1)", "os.time()", "('x'):len()"] {
        let ran = std::panic::catch_unwind(|| health(&format!("return {needy}"), &[json!({})]));
        assert!(ran.is_err(), "{needy}");
    }
}
