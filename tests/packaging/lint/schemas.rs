//! kubeconform, strict. Its schemas are made of what the real API server says of its own API:
//! nothing is downloaded, and they are of the version that the manifests are tried on.

use std::{collections::BTreeSet, fs, process::Command, sync::OnceLock};

use serde_json::{Map, Value, json};
use testbed::Folder;

use super::{accepted::prepare, all};
use crate::support::{plane, tool};

/// Kinds that this API server does not know: their CRDs here are stand-ins that take anything.
const SKIPPED: [&str; 2] = ["ServiceMonitor", "PrometheusRule"];

/// A definition of the API as kubeconform wants it: members that are not named are refused.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            if members.get("format").is_some_and(|format| format == "int-or-string") {
                return json!({"type": ["string", "integer"]});
            }
            let mut members: Map<_, _> =
                members.iter().map(|(name, value)| (name.clone(), strict(value))).collect();
            let named = members.get("properties").is_some_and(Value::is_object);
            if named && !members.contains_key("x-kubernetes-preserve-unknown-fields") {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            Value::Object(members)
        }
        Value::Array(items) => Value::Array(items.iter().map(strict).collect()),
        value => value.clone(),
    }
}

/// The names of the definitions that a schema refers to.
fn references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|path| path.strip_prefix("#/definitions/")).map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// A schema that stands by itself: the definition, and all that it refers to.
fn standalone(name: &str, definitions: &Map<String, Value>) -> Value {
    let (mut needed, mut open) = (Map::new(), BTreeSet::from([name.to_owned()]));
    while let Some(next) = open.pop_first() {
        let definition = &definitions[&next];
        let mut more = BTreeSet::new();
        references(definition, &mut more);
        needed.insert(next, definition.clone());
        open.extend(more.into_iter().filter(|name| !needed.contains_key(name)));
    }
    json!({"$ref": format!("#/definitions/{name}"), "definitions": needed})
}

/// The folder of schemas: a file for each kind and version, named as kubeconform asks for it.
fn schemas() -> &'static Folder {
    static SCHEMAS: OnceLock<Folder> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let api: Value =
            serde_json::from_str(&plane().kubectl_ok(&["get", "--raw", "/openapi/v2"]).unwrap()).unwrap();
        let Value::Object(mut definitions) = strict(&api["definitions"]) else { panic!("no definitions") };
        // Written as a number too, as in `cpu: 1`.
        let quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
        definitions.insert(quantity.to_owned(), json!({"type": ["string", "number"]}));
        let folder = Folder::new("schemas-").unwrap();
        for (name, definition) in &definitions {
            for kind in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                let text = |key: &str| kind[key].as_str().unwrap().to_lowercase();
                let group = text("group").split('.').next().unwrap().to_owned();
                let parts = [text("kind"), group, text("version")];
                let file = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
                let schema = standalone(name, &definitions).to_string();
                fs::write(folder.path().join(file).with_extension("json"), schema).unwrap();
            }
        }
        folder
    })
}

/// What kubeconform says of these manifests: whether they are valid, and its words.
fn kubeconform(text: &str) -> (bool, String) {
    let folder = Folder::new("manifests-").unwrap();
    let file = folder.path().join("manifests.yaml");
    fs::write(&file, text).unwrap();
    let location = schemas().path().join("{{.ResourceKind}}{{.KindSuffix}}.json");
    let output = Command::new(tool("kubeconform"))
        .args(["-strict", "-summary", "-output=text", "-skip", &SKIPPED.join(","), "-schema-location"])
        .args([&location, &file])
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

#[test]
fn kubeconform_finds_every_manifest_valid() {
    prepare();
    for rendered in all() {
        let (valid, said) = kubeconform(&rendered.text);
        let objects = rendered.objects();
        let skipped =
            objects.iter().filter(|object| SKIPPED.iter().any(|kind| object["kind"] == *kind)).count();
        let expected =
            format!("Valid: {}, Invalid: 0, Errors: 0, Skipped: {skipped}", objects.len() - skipped);
        assert!(valid && said.contains(&expected), "{}: {said}", rendered.name);
    }
}

#[test]
fn kubeconform_would_find_a_mistake() {
    prepare();
    let sound = &all()[0];
    for (right, wrong, word) in [
        ("revisionHistoryLimit:", "revisionHistoryLimits:", "revisionHistoryLimits"),
        ("replicas: 2", "replicas: two", "replicas"),
        ("periodSeconds: 10", "periodSecond: 10", "periodSecond"),
        ("kind: Deployment", "kind: Deploiment", "Deploiment"),
    ] {
        let wrong = sound.text.replace(right, wrong);
        assert_ne!(wrong, sound.text, "{right}");
        let (valid, said) = kubeconform(&wrong);
        assert!(!valid && said.contains(word), "{said}");
    }
}
