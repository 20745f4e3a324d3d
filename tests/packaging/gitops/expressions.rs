//! Flux's `healthCheckExprs`, evaluated by the same library as in Flux, cel-go: the API server's.
//!
//! An admission policy on a kind of our own refuses every object and says what it makes of it.

use std::{
    collections::BTreeMap,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use testbed::within;

use super::{Copying, files::documents};
use crate::support::plane;

const GROUP: &str = "gitops.example.com";

/// What Flux makes of each object: of its generation first, then by the expressions.
pub fn of(copying: Copying, objects: &[Value]) -> Vec<String> {
    prepare();
    let said = judge(copying, objects);
    let lags = |object: &Value| {
        let observed = &object["status"]["observedGeneration"];
        !observed.is_null() && *observed != object["metadata"]["generation"]
    };
    let judged = objects.iter().zip(said);
    judged.map(|(object, said)| if lags(object) { "InProgress".to_owned() } else { said }).collect()
}

fn variant(copying: Copying) -> (&'static str, &'static str) {
    match copying {
        Copying::Holds => ("holds", "flux/recovery-points.yaml"),
        Copying::Passes => ("passes", "flux/while-copying.yaml"),
    }
}

/// The first that holds decides, and none means that it is waited for. An expression that asks for what is not there
/// is an error: Flux waits then too, and `message` says so in place of `messageExpression`.
fn policy(copying: Copying) -> Value {
    let (name, file) = variant(copying);
    let kustomization = &documents(file)[0];
    let [check] = &kustomization["spec"]["healthCheckExprs"].as_array().unwrap()[..] else {
        panic!("one kind")
    };
    assert_eq!(check["apiVersion"], "cloudhsm-backup.dev/v1alpha1");
    assert_eq!(check["kind"], "CloudHsmBackup");
    let [failed, current] = ["failed", "current"].map(|field| check[field].as_str().unwrap());
    // In Flux the object's members are variables.
    let over_members = |expression: &str| {
        ["metadata", "spec", "status"].iter().fold(expression.to_owned(), |inner, member| {
            format!("[object.judged.{member}].all({member}, {inner})")
        })
    };
    let outcome = format!(
        "({}) ? 'Failed' : ({}) ? 'Current' : 'InProgress'",
        over_members(failed),
        over_members(current)
    );
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": format!("{name}.{GROUP}")},
        "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [GROUP], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["judgements"]},
            ]},
            "matchConditions": [{"name": "variant", "expression": format!("object.variant == '{name}'")}],
            "validations": [
                {"expression": "false", "message": "InProgress", "messageExpression": outcome},
            ],
        },
    })
}

fn binding(copying: Copying) -> Value {
    let name = format!("{}.{GROUP}", variant(copying).0);
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    })
}

/// A kind that holds anything.
fn kind() -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let version =
        json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": anything}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("judgements.{GROUP}")},
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {"plural": "judgements", "singular": "judgement", "kind": "Judgement"},
            "versions": [version],
        },
    })
}

fn prepare() {
    static READY: OnceLock<()> = OnceLock::new();
    READY.get_or_init(|| {
        let apply = |object: Value| {
            let output = plane().kubectl_stdin(&["apply", "-f", "-"], &object.to_string()).unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        apply(kind());
        let crd = format!("crd/judgements.{GROUP}");
        plane().kubectl_ok(&["wait", "--for=condition=Established", &crd, "--timeout=30s"]).unwrap();
        for copying in [Copying::Holds, Copying::Passes] {
            apply(policy(copying));
            apply(binding(copying));
            // A policy is in force a moment after it is there.
            let probe = json!({"metadata": {}, "spec": {}, "status": {"conditions": []}});
            let in_force = || ask(copying, std::slice::from_ref(&probe)).len() == 1;
            assert!(within(Duration::from_secs(30), in_force), "the policy is never in force");
        }
    });
}

fn judge(copying: Copying, objects: &[Value]) -> Vec<String> {
    let said = ask(copying, objects);
    assert_eq!(said.len(), objects.len(), "{said:?}");
    said.into_values().collect()
}

/// What the policy says of each object, by its number; nothing of one that was accepted.
fn ask(copying: Copying, objects: &[Value]) -> BTreeMap<usize, String> {
    static ROUND: AtomicU32 = AtomicU32::new(0);
    let round = ROUND.fetch_add(1, Ordering::SeqCst);
    let item = |(number, judged): (usize, &Value)| {
        json!({
            "apiVersion": format!("{GROUP}/v1"),
            "kind": "Judgement",
            "metadata": {"name": format!("r{round}-n{number}")},
            "variant": variant(copying).0,
            "judged": judged,
        })
    };
    let items: Vec<Value> = objects.iter().enumerate().map(item).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let output =
        plane().kubectl_stdin(&["create", "--dry-run=server", "-f", "-"], &list.to_string()).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let refused = stderr.lines().filter_map(|line| {
        let (_, rest) = line.split_once(&format!("\"r{round}-n"))?;
        let (number, _) = rest.split_once('"')?;
        let (_, outcome) = line.rsplit_once("denied request: ")?;
        Some((number.parse().ok()?, outcome.to_owned()))
    });
    refused.collect()
}
