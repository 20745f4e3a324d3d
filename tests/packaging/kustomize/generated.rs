//! Files that are made from others: the one file to install from, and what kustomize cannot read
//! outside its folder. `make generate` writes them, and here they are compared.

use std::fs;

use crate::{
    helm::objects,
    kustomize::rendered,
    support::{read, root},
};

const INSTALL: &str = "deploy/install.yaml";
const MONITORING: &str = "deploy/kustomize/components/monitoring";

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|update| update == "1")
}

/// Compares a committed file with what it should be; with UPDATE=1 writes it first.
pub fn compare(path: &str, current: &str) {
    testbed::expect_current(&root().join(path), current, "cargo test --test packaging generated");
}

/// Every line one level further in.
fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    text.lines().map(line).collect()
}

#[test]
fn the_generated_install_file_is_the_base() {
    let header = "\
# Generated; do not edit. It is deploy/kustomize/base as one file (make generate):
#   kubectl apply --server-side -f install.yaml
# Set the image first, or change the Deployment's afterwards; README.md says what else to do.
";
    if updating() {
        fs::write(root().join(INSTALL), format!("{header}{}", rendered("deploy/kustomize/base"))).unwrap();
    }
    let found = read(INSTALL);
    assert!(found.starts_with(header), "{INSTALL} has lost its head; make generate writes it anew");
    // The objects, not the text: another kubectl may fold lines elsewhere.
    let (found, current) = (objects(&found), objects(&rendered("deploy/kustomize/base")));
    assert!(found == current, "{INSTALL} is stale; make generate writes it anew");
}

#[test]
fn the_generated_prometheus_rule_holds_the_alerts() {
    let head = "\
# Generated from deploy/monitoring/alerts.yaml; do not edit (make generate).
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: cloudhsm-backup-operator
  namespace: cloudhsm-backup-operator
  labels:
    app.kubernetes.io/name: cloudhsm-backup-operator
    app.kubernetes.io/part-of: cloudhsm-backup-operator
spec:
";
    let alerts = indented(&read("deploy/monitoring/alerts.yaml"));
    compare(&format!("{MONITORING}/prometheus-rule.yaml"), &format!("{head}{alerts}"));
}

#[test]
fn the_generated_dashboard_of_the_component_is_a_copy() {
    compare(&format!("{MONITORING}/dashboard.json"), &read("deploy/monitoring/dashboard.json"));
}
