//! values.yaml is the documentation of the values: complete, in step with the schema and the
//! program, and the source of the table in the chart's README.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use super::CHART;
use crate::support::{program, read, stdout};

/// A value as values.yaml shows it.
#[derive(Debug, PartialEq)]
pub struct Documented {
    pub path: String,
    pub text: String,
}

/// Reads the comments right above keys. A key within a list, or below a value that has no comments
/// of its own, belongs to the value above it.
pub fn documented(values: &str) -> Vec<Documented> {
    let (mut found, mut comment, mut path) = (Vec::new(), Vec::new(), Vec::<(usize, String)>::new());
    for line in values.lines() {
        let inner = line.trim_start();
        let depth = line.len() - inner.len();
        if let Some(text) = inner.strip_prefix('#') {
            comment.push(text.trim().to_owned());
        } else if let Some((key, _)) = inner.split_once(':').filter(|_| !inner.starts_with('-')) {
            path.retain(|(parent, _)| *parent < depth);
            path.push((depth, key.to_owned()));
            if !comment.is_empty() {
                let path: Vec<_> = path.iter().map(|(_, key)| key.as_str()).collect();
                found.push(Documented { path: path.join("."), text: comment.join(" ") });
            }
            comment.clear();
        } else {
            comment.clear();
        }
    }
    found
}

pub fn values() -> (String, Value) {
    let text = read(&format!("{CHART}/values.yaml"));
    let values = serde_saphyr::from_str(&text).unwrap();
    (text, values)
}

/// The places in the values, as `documented` writes them, that stand for themselves: below a
/// described value everything is described.
fn undocumented(prefix: &str, value: &Value, described: &BTreeSet<&str>) -> Vec<String> {
    let Some(members) = value.as_object() else { return vec![prefix.to_owned()] };
    let mut missing = Vec::new();
    for (name, value) in members {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if !described.contains(path.as_str()) {
            missing.extend(undocumented(&path, value, described));
        }
    }
    missing
}

/// The properties of an object of the schema, references followed.
fn properties(schema: &Value, at: &Value) -> BTreeMap<String, Value> {
    let follow = |value: &Value| match value["$ref"].as_str() {
        Some(place) => schema.pointer(place.trim_start_matches('#')).unwrap().clone(),
        None => value.clone(),
    };
    let members = follow(at)["properties"].as_object().cloned().unwrap_or_default();
    members.iter().map(|(name, value)| (name.clone(), follow(value))).collect()
}

/// Where values and schema do not have the same names.
fn differences(schema: &Value, at: &Value, values: &Value, path: &str) -> Vec<String> {
    let properties = properties(schema, at);
    let Some(members) = values.as_object().filter(|_| !properties.is_empty()) else { return Vec::new() };
    let mut wrong = Vec::new();
    for name in properties.keys().filter(|name| !members.contains_key(*name)) {
        wrong.push(format!("{path}/{name} is only in the schema"));
    }
    for (name, value) in members {
        match properties.get(name) {
            Some(property) => wrong.extend(differences(schema, property, value, &format!("{path}/{name}"))),
            None => wrong.push(format!("{path}/{name} is only in the values")),
        }
    }
    wrong
}

#[test]
fn every_value_is_described() {
    let (text, values) = values();
    let documented = documented(&text);
    let described = documented.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(undocumented("", &values, &described), Vec::<String>::new());
    for one in &documented {
        assert!(values.pointer(&format!("/{}", one.path.replace('.', "/"))).is_some(), "{one:?}");
        assert!(one.text.ends_with(['.', '`']), "{one:?} is no sentence");
    }
    let some = documented_of("a: 1\n# What b is.\nb:\n  c: 1\n");
    assert_eq!(some, [("b".to_owned(), "What b is.".to_owned())]);
}

fn documented_of(text: &str) -> Vec<(String, String)> {
    documented(text).into_iter().map(|one| (one.path, one.text)).collect()
}

#[test]
fn schema_and_values_have_the_same_names() {
    let schema: Value = serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).unwrap();
    let (_, values) = values();
    // What a parent chart may add, and what Kubernetes knows beyond our defaults.
    let expected = [
        "/enabled is only in the schema",
        "/global is only in the schema",
        "/resources/claims is only in the schema",
    ];
    let mut found = differences(&schema, &schema, &values, "");
    found.sort();
    assert_eq!(found, expected);
}

/// The value that stands for a flag of the program.
const FLAGS: [(&str, &str); 9] = [
    ("pollInterval", "--poll-interval"),
    ("awsRate", "--aws-rate"),
    ("maxDeletions", "--max-deletions"),
    ("settleWindow", "--settle-window"),
    ("concurrency", "--concurrency"),
    ("logLevel", "--log-level"),
    ("leaderElection.leaseDuration", "--lease-duration"),
    ("leaderElection.renewDeadline", "--renew-deadline"),
    ("leaderElection.retryPeriod", "--retry-period"),
];

#[test]
fn the_defaults_that_values_tell_are_those_of_the_program() {
    let help = stdout(&Command::new(program()).args(["run", "--help"]).output().unwrap());
    let default = |flag: &str| {
        let (_, rest) = help.split_once(&format!("{flag} <"))?;
        let (_, rest) = rest.split_once("[default: ")?;
        rest.split_once(']').map(|(default, _)| default.to_owned())
    };
    let (text, _) = values();
    let documented: BTreeMap<_, _> = documented_of(&text).into_iter().collect();
    for (value, flag) in FLAGS {
        let told = documented[value].rsplit_once("Default: ").unwrap().1.trim_end_matches('.');
        assert_eq!(Some(told.to_owned()), default(flag), "{value}");
    }
    let told = documented.iter().filter(|(_, text)| text.contains("Default: ")).count();
    assert_eq!(told, FLAGS.len(), "a default that is told and not compared");
}
