//! kstatus, the library that Flux concludes with.

use std::{
    io::{Seek, Write},
    process::Command,
};

use serde_json::Value;

use crate::support::{stdout, tool};

/// The status of each object.
pub fn of(objects: &[Value]) -> Vec<String> {
    let mut input = tempfile::tempfile().unwrap();
    for object in objects {
        writeln!(input, "{object}").unwrap();
    }
    input.rewind().unwrap();
    let said = stdout(&Command::new(tool("kstatus")).stdin(input).output().unwrap());
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["status"].as_str().unwrap().to_owned()).collect()
}
