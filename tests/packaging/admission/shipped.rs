//! The policy as it is shipped: by kustomize and by Helm, and as the API server takes it.

use std::{collections::BTreeMap, process::Command, time::Duration};

use serde_json::{Value, json};
use testbed::{Folder, within};

use super::bench::{COMPONENT, plane};
use crate::support::{read, root, stdout, tool};

const TEMPLATE: &str = "deploy/helm/cloudhsm-backup-operator/templates/confirm-deletion.yaml";
const NAME: &str = "cloudhsm-backup-operator-confirm-deletion";

/// The specs by kind.
fn specs(yaml: &str) -> BTreeMap<String, Value> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap();
    let kind = |object: &Value| object["kind"].as_str().unwrap().to_owned();
    objects.iter().map(|object| (kind(object), object["spec"].clone())).collect()
}

/// A kustomization with the component in it and this, rendered.
fn rendered(more: &str) -> String {
    let folder = Folder::new("component-").unwrap();
    let path = folder.path().canonicalize().unwrap();
    let up = "../".repeat(path.components().count() - 1);
    let component = root().join(COMPONENT).canonicalize().unwrap();
    let component = component.strip_prefix("/").unwrap().display().to_string();
    std::fs::write(path.join("kustomization.yaml"), format!("{more}components: [{up}{component}]\n"))
        .unwrap();
    plane().kubectl_ok(&["kustomize", &path.display().to_string()]).unwrap()
}

/// The template as Helm renders it in a chart that has nothing else.
fn rendered_by_helm(enabled: bool) -> String {
    let folder = Folder::new("chart-").unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    write("Chart.yaml", "apiVersion: v2\nname: chart\nversion: 0.1.0\n");
    write("values.yaml", &format!("confirmDeletion: {{enabled: {enabled}}}\n"));
    let helper = |name: &str, text: &str| {
        format!("{{{{- define \"cloudhsm-backup-operator.{name}\" -}}}}{text}{{{{- end }}}}\n")
    };
    let helpers = helper("fullname", "cloudhsm-backup-operator") + &helper("labels", "a: b");
    write("templates/_helpers.tpl", &helpers);
    write("templates/confirm-deletion.yaml", &read(TEMPLATE));
    stdout(&Command::new(tool("helm")).args(["template", "release"]).arg(folder.path()).output().unwrap())
}

#[test]
fn kustomize_and_helm_ship_the_same_policy() {
    let kustomize = specs(&rendered(""));
    assert_eq!(specs(&rendered_by_helm(true)), kustomize);
    let kinds: Vec<&str> = kustomize.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]);
}

#[test]
fn helm_ships_it_only_where_it_is_asked_for() {
    let nothing = rendered_by_helm(false);
    assert_eq!(nothing.trim(), "");
}

#[test]
fn a_policy_that_cannot_be_evaluated_refuses() {
    let specs = specs(&rendered(""));
    assert_eq!(specs["ValidatingAdmissionPolicy"]["failurePolicy"], "Fail");
    assert_eq!(specs["ValidatingAdmissionPolicyBinding"]["validationActions"], json!(["Deny"]));
    assert_eq!(specs["ValidatingAdmissionPolicyBinding"]["policyName"], NAME);
}

#[test]
fn the_component_can_be_used_where_a_namespace_is_set() {
    // kustomize takes a kind that it does not know for a namespaced one.
    let objects = rendered("namespace: elsewhere\n");
    assert!(objects.contains("namespace: elsewhere"), "the test tests nothing any more");
    let args = ["apply", "--dry-run=server", "-f", "-"];
    let applied = plane().as_admin().ok_with_stdin(&args, &objects).unwrap();
    assert_eq!(applied.lines().count(), 2, "{applied}");
}

#[test]
fn the_example_that_deletes_carries_its_confirmation() {
    let folder = root().join("examples/gitops/backups").display().to_string();
    let applied = plane().kubectl_ok(&["apply", "--dry-run=server", "-k", &folder]).unwrap();
    assert_eq!(applied.lines().count(), 2, "{applied}");
}

/// What the type check says of a policy of that spec.
fn warnings(name: &str, spec: &str) -> Option<Value> {
    let mut spec: Value = serde_json::from_str(spec).unwrap();
    // Variables are not checked themselves, so each is a validation here.
    for variable in spec["variables"].as_array().unwrap().clone() {
        let expression = format!("[{}].size() == 1", variable["expression"].as_str().unwrap());
        spec["validations"].as_array_mut().unwrap().push(json!({"expression": expression}));
    }
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": spec,
    });
    plane().as_admin().ok_with_stdin(&["create", "-f", "-"], &policy.to_string()).unwrap();
    let mut policy = Value::Null;
    let checked = within(Duration::from_mins(1), || {
        let shown = ["get", "validatingadmissionpolicy", name, "-o", "json"];
        policy = serde_json::from_str(&plane().kubectl_ok(&shown).unwrap()).unwrap();
        policy["status"]["observedGeneration"] == policy["metadata"]["generation"]
    });
    assert!(checked, "the types were never checked: {policy:#}");
    let warnings = policy["status"]["typeChecking"]["expressionWarnings"].clone();
    (!warnings.is_null()).then_some(warnings)
}

#[test]
fn every_expression_fits_the_schema_of_the_resource() {
    let good = specs(&rendered(""))["ValidatingAdmissionPolicy"].to_string();
    let bad = good.replace("object.spec.backupId", "object.spec.backupIdd");
    assert_ne!(good, bad);
    // Types are checked once, and not at all before the schema of a new kind is published: a bad policy shows when it is.
    let mut round = 0;
    let published = within(Duration::from_mins(1), || {
        round += 1;
        warnings(&format!("bad-{round}"), &bad).is_some()
    });
    assert!(published, "the schema is never published");
    assert_eq!(warnings("good", &good), None);
}
