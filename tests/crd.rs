//! The CRD that is committed and installed: current, documented, and shown as the design says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed, and its helpers too")]

use std::{collections::BTreeSet, path::PathBuf};

use cloudhsm_backup_operator::api;
use plan::reason::Reason;
use serde_json::{Value, json};

const HEADER: &str = "\
# Generated; do not edit. The schema is written in src/api, and this is what
# `cloudhsm-backup-operator crd` prints. To write it anew: UPDATE=1 cargo test --test crd
";

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("crds/cloudhsmbackups.yaml")
}

fn crd() -> Value {
    serde_json::to_value(api::crd()).unwrap()
}

fn version() -> Value {
    let crd = crd();
    let versions = crd["spec"]["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1, "tests here look at one version");
    versions[0].clone()
}

fn schema_of(part: &str) -> Value {
    version()["schema"]["openAPIV3Schema"]["properties"][part].clone()
}

/// The path and description of everything named below a schema.
fn described(path: &str, schema: &Value) -> Vec<(String, String)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut all = Vec::new();
    for (name, property) in properties {
        let path = format!("{path}.{name}");
        all.push((path.clone(), property["description"].as_str().unwrap_or_default().to_owned()));
        all.extend(described(&path, property));
        all.extend(described(&path, &property["items"]));
    }
    all
}

fn undescribed(path: &str, schema: &Value) -> Vec<String> {
    let all = described(path, schema).into_iter();
    all.filter(|(_, text)| text.trim().is_empty()).map(|(path, _)| path).collect()
}

#[test]
fn the_committed_crd_is_what_the_source_generates() {
    let current = format!("{HEADER}{}", api::crd_yaml());
    testbed::expect_current(&committed(), &current, "cargo test --test crd");
}

#[test]
fn every_field_of_spec_and_status_is_described() {
    for (part, at_least) in [("spec", 12), ("status", 40)] {
        let schema = schema_of(part);
        assert!(described(part, &schema).len() >= at_least, "the walk through {part} misses fields");
        assert_eq!(undescribed(part, &schema), Vec::<String>::new());
        assert_ne!(schema["description"].as_str().unwrap_or_default(), "", "{part} itself");
    }
}

#[test]
fn a_field_without_a_description_would_be_found() {
    let schema = json!({"properties": {
        "told": {"description": "What it is.", "items": {"properties": {"deep": {"type": "string"}}}},
        "blank": {"description": " "},
    }});
    assert_eq!(undescribed("spec", &schema), ["spec.blank", "spec.told.deep"]);
}

/// Formats that this schema asks for and the API server does not know: a warning at each install.
fn unknown_formats(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => {
            let own = members.get("format").and_then(Value::as_str);
            let own =
                own.filter(|format| !["int32", "int64", "date-time"].contains(format)).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(unknown_formats)).collect()
        }
        Value::Array(items) => items.iter().flat_map(unknown_formats).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_format_is_one_that_the_api_server_knows() {
    assert_eq!(unknown_formats(&version()["schema"]), Vec::<String>::new());
    assert_eq!(unknown_formats(&json!({"items": [{"format": "uint32"}]})), ["uint32"]);
}

#[test]
fn names_and_scope_are_those_of_the_design() {
    let crd = crd();
    assert_eq!(crd["metadata"]["name"], "cloudhsmbackups.cloudhsm-backup.dev");
    assert_eq!(crd["spec"]["group"], "cloudhsm-backup.dev");
    assert_eq!(crd["spec"]["scope"], "Namespaced");
    assert_eq!(
        crd["spec"]["names"],
        json!({
            "kind": "CloudHsmBackup",
            "plural": "cloudhsmbackups",
            "singular": "cloudhsmbackup",
            "shortNames": ["hsmb"],
            "categories": ["cloudhsm"],
        })
    );
}

#[test]
fn the_version_is_served_stored_selectable_and_has_a_status_of_its_own() {
    let version = version();
    assert_eq!(version["name"], "v1alpha1");
    assert_eq!((&version["served"], &version["storage"]), (&json!(true), &json!(true)));
    assert_eq!(
        version["selectableFields"],
        json!([{"jsonPath": ".spec.backupId"}, {"jsonPath": ".spec.region"}])
    );
    assert_eq!(version["subresources"], json!({"status": {}}));
}

#[test]
fn the_printer_columns_are_those_of_the_design() {
    let version = version();
    let columns = version["additionalPrinterColumns"].as_array().unwrap();
    let text = |column: &Value, key: &str| column[key].as_str().unwrap_or_default().to_owned();
    let columns: Vec<_> = columns
        .iter()
        .map(|column| {
            let wide = column["priority"].as_i64().unwrap_or(0) > 0;
            (text(column, "name").to_uppercase(), text(column, "type"), text(column, "jsonPath"), wide)
        })
        .collect();
    let expected = [
        ("CLUSTER", "string", ".status.cluster", false),
        ("STATE", "string", ".status.backupState", false),
        ("NEVER-EXPIRES", "boolean", ".status.neverExpires", false),
        ("COPIES", "string", ".status.copiesReady", false),
        ("READY", "string", ".status.conditions[?(@.type=='Ready')].status", false),
        ("CREATED", "date", ".status.createTimestamp", false),
        // A column of type date prints a time to come as <invalid>.
        ("DELETES", "string", ".status.deleteTimestamp", false),
        ("AGE", "date", ".metadata.creationTimestamp", false),
        ("BACKUP-ID", "string", ".spec.backupId", true),
        ("REGION", "string", ".spec.region", true),
        ("SOURCE", "string", ".status.sourceBackup", true),
        ("REASON", "string", ".status.conditions[?(@.type=='Ready')].reason", true),
    ];
    let expected = expected.map(|(name, type_, path, wide)| (name.into(), type_.into(), path.into(), wide));
    assert_eq!(columns, expected);
}

fn is_camel_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.chars().any(|c| c.is_ascii_lowercase())
}

#[test]
fn camel_case_is_told_from_other_writings() {
    assert!(is_camel_case("InSync") && is_camel_case("CopyOfCopy"));
    for other in ["inSync", "IN_SYNC", "In-Sync", "INSYNC", ""] {
        assert!(!is_camel_case(other), "{other}");
    }
}

#[test]
fn every_reason_is_camel_case_unique_and_has_a_meaning() {
    let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), Reason::ALL.len(), "two reasons share a name");
    for reason in Reason::ALL {
        assert!(is_camel_case(reason.name()), "{reason}");
        let meaning = reason.meaning().trim();
        assert!(meaning.ends_with('.') && meaning.split_whitespace().count() >= 3, "{reason}: {meaning:?}");
    }
}
