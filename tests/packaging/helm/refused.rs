//! Values that would not work are refused before anything is installed, in words that help.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{CHART, rendered_with};
use crate::support::read;

/// Values, and what helm says of them.
fn table() -> Vec<(Value, &'static [&'static str])> {
    vec![
        // Typing mistakes.
        (json!({"replicas": 2}), &["additional properties 'replicas' not allowed"]),
        (json!({"image": {"repo": "x"}}), &["/image", "'repo' not allowed"]),
        (json!({"leaderElection": {"enable": true}}), &["/leaderElection", "'enable' not allowed"]),
        (
            json!({"networkPolicy": {"apiServer": {"cidr": "10.0.0.0/8"}}}),
            &["/networkPolicy/apiServer", "'cidr'"],
        ),
        // Values of the wrong kind.
        (json!({"replicaCount": "2"}), &["/replicaCount", "want integer"]),
        (json!({"replicaCount": -1}), &["/replicaCount", "minimum"]),
        (json!({"maxDeletions": 1.5}), &["/maxDeletions", "integer"]),
        (json!({"maxDeletions": -1}), &["/maxDeletions", "minimum"]),
        (json!({"pollInterval": 300}), &["/pollInterval", "got number, want null or string"]),
        (json!({"pollInterval": "5 minutes"}), &["/pollInterval", "5 minutes", "(ms|s|m|h)"]),
        (json!({"awsRate": 0}), &["/awsRate", "0.01"]),
        (json!({"concurrency": 0}), &["/concurrency", "minimum"]),
        (json!({"logFormat": "xml"}), &["/logFormat", "'json'", "'text'"]),
        (json!({"watchNamespaces": "hsm"}), &["/watchNamespaces", "want array"]),
        (json!({"watchNamespaces": ["Team A"]}), &["/watchNamespaces/0", "Team A"]),
        (json!({"image": {"repository": "registry.example.com/hsm:1.0"}}), &["/image/repository"]),
        (json!({"image": {"digest": "0123"}}), &["/image/digest", "sha256:"]),
        (json!({"image": {"pullPolicy": "Sometimes"}}), &["/image/pullPolicy", "'IfNotPresent'"]),
        (json!({"aws": {"region": "Frankfurt"}}), &["/aws/region", "Frankfurt"]),
        (json!({"extraArgs": ["max-deletions=0"]}), &["/extraArgs/0", "^--"]),
        (json!({"networkPolicy": {"aws": {"cidrs": []}}}), &["/networkPolicy/aws/cidrs", "minItems"]),
        (json!({"networkPolicy": {"aws": {"cidrs": ["amazonaws.com"]}}}), &["/networkPolicy/aws/cidrs/0"]),
        (
            json!({"podDisruptionBudget": {"maxUnavailable": "half"}}),
            &["/podDisruptionBudget/maxUnavailable"],
        ),
        // Values that exclude each other.
        (
            json!({"leaderElection": {"enabled": false}}),
            &["replicaCount above 1 needs leaderElection.enabled: without it every replica would act"],
        ),
        (
            json!({"caBundle": {"configMap": "a", "secret": "b"}}),
            &["caBundle: set configMap or secret, not both"],
        ),
        (
            json!({"serviceAccount": {"create": false, "name": "x", "annotations": {"a": "b"}}}),
            &["serviceAccount.annotations need serviceAccount.create"],
        ),
    ]
}

#[test]
fn bad_values_are_refused_with_a_clear_message() {
    for (values, expected) in table() {
        let said = rendered_with(&values).err().unwrap_or_else(|| panic!("{values} was taken"));
        for words in expected {
            assert!(said.contains(words), "{values}: no {words:?} in {said}");
        }
    }
}

#[test]
fn what_helm_and_a_parent_chart_add_is_taken() {
    // Where this chart is a dependency, its values come with `global` and often with a condition.
    rendered_with(&json!({"global": {"anything": 1}, "enabled": true})).unwrap();
    // And a null takes a default away.
    let pod = rendered_with(&json!({"podSecurityContext": {"runAsUser": null}})).unwrap();
    assert!(!pod.contains("runAsUser") && pod.contains("runAsGroup: 65532"));
}

/// The places of a schema where an unknown name would be let through: objects with named members
/// that do not shut out others.
fn open(path: &str, schema: &Value) -> BTreeSet<String> {
    let Some(members) = schema.as_object() else { return BTreeSet::new() };
    let is_open = schema["properties"].is_object() && schema["additionalProperties"] != false;
    let below = members.iter().flat_map(|(name, value)| open(&format!("{path}/{name}"), value));
    below.chain(is_open.then(|| path.to_owned())).collect()
}

#[test]
fn no_level_of_the_schema_lets_an_unknown_name_through() {
    let schema: Value = serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).unwrap();
    assert_eq!(open("", &schema), BTreeSet::new());
    let lax = json!({"properties": {"image": {"properties": {"tag": {}}}}, "additionalProperties": false});
    assert_eq!(open("", &lax), ["/properties/image".to_owned()].into());
}
