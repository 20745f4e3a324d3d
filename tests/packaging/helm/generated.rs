//! Files of the chart that are made from others: Helm cannot read what lies outside its chart.
//! `make generate` writes them, and here they are compared.

use serde_json::Value;

use super::{
    CHART,
    documented::{Documented, documented, values},
};
use crate::{kustomize::generated::compare, support::read};

const BEGIN: &str = "<!-- values: begin -->\n";
const END: &str = "<!-- values: end -->\n";

#[test]
fn the_generated_files_in_the_chart_are_copies_of_their_sources() {
    for (source, copy) in [
        ("crds/cloudhsmbackups.yaml", "cloudhsmbackups.yaml"),
        ("deploy/monitoring/alerts.yaml", "alerts.yaml"),
        ("deploy/monitoring/dashboard.json", "dashboard.json"),
    ] {
        compare(&format!("{CHART}/files/{copy}"), &read(source));
    }
}

/// A default as the table shows it: on one line, and only when it is short.
fn shown(default: &Value) -> String {
    let text = match default {
        Value::Null => return "not set".to_owned(),
        Value::Object(members) if !members.is_empty() => return "see values.yaml".to_owned(),
        default => default.to_string(),
    };
    if text.len() > 60 { "see values.yaml".to_owned() } else { format!("`{text}`") }
}

fn table() -> String {
    let (text, values) = values();
    let row = |one: &Documented| {
        let default = values.pointer(&format!("/{}", one.path.replace('.', "/"))).unwrap();
        format!("| `{}` | {} | {} |\n", one.path, shown(default), one.text.replace('|', "\\|"))
    };
    let rows: String = documented(&text).iter().map(row).collect();
    format!("| Value | Default | What it is |\n|---|---|---|\n{rows}")
}

#[test]
fn the_generated_table_of_values_is_current() {
    let path = format!("{CHART}/README.md");
    let readme = read(&path);
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    compare(&path, &format!("{before}{BEGIN}{}{END}{after}", table()));
}

#[test]
fn a_default_is_shown_on_one_line_or_not_at_all() {
    assert_eq!(shown(&Value::Null), "not set");
    assert_eq!(shown(&serde_json::json!([])), "`[]`");
    assert_eq!(shown(&serde_json::json!("IfNotPresent")), "`\"IfNotPresent\"`");
    assert_eq!(shown(&serde_json::json!({"requests": {}})), "see values.yaml");
    assert_eq!(shown(&serde_json::json!(["x".repeat(60)])), "see values.yaml");
}
