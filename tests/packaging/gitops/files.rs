//! The example files: the script and the two ways to install it are one, and manifests are what they should be.

use serde_json::Value;

use super::lua;
use crate::support::{plane, read, root};

const FOLDER: &str = "examples/gitops";
const KEY: &str = "resource.customizations.health.cloudhsm-backup.dev_CloudHsmBackup";

/// A file of the example, or several documents of it.
pub fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(&format!("{FOLDER}/{path}"))).unwrap()
}

fn indented(text: &str, by: usize) -> String {
    let indent = " ".repeat(by);
    let lines =
        text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") });
    lines.collect::<Vec<_>>().concat()
}

/// The ConfigMap and the Helm values that carry the script.
fn carriers() -> [(&'static str, String); 2] {
    let script = read(lua::SCRIPT);
    let header = "# Generated from health.lua; do not edit. make generate writes it anew.\n";
    let config_map = format!(
        "{header}# A patch: kubectl -n argocd patch configmap argocd-cm --patch-file argocd-cm.yaml\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n  labels:\n    \
         app.kubernetes.io/name: argocd-cm\n    app.kubernetes.io/part-of: argocd\ndata:\n  {KEY}: |\n{}",
        indented(&script, 4)
    );
    let values = format!(
        "{header}# Values for Argo CD's own Helm chart.\nconfigs:\n  cm:\n    {KEY}: |\n{}",
        indented(&script, 6)
    );
    [("argo-cd/argocd-cm.yaml", config_map), ("argo-cd/values.yaml", values)]
}

#[test]
fn the_generated_config_map_and_helm_values_carry_the_script() {
    for (path, current) in carriers() {
        if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
            std::fs::write(root().join(FOLDER).join(path), &current).unwrap();
        }
        assert_eq!(
            read(&format!("{FOLDER}/{path}")),
            current,
            "{path} is stale; make generate writes it anew"
        );
    }
    let script = read(lua::SCRIPT);
    assert_eq!(documents("argo-cd/argocd-cm.yaml")[0]["data"][KEY], script.as_str());
    assert_eq!(documents("argo-cd/values.yaml")[0]["configs"]["cm"][KEY], script.as_str());
}

#[test]
fn the_folders_that_the_examples_name_are_there() {
    let application = &documents("argo-cd/application.yaml")[0];
    let mut paths = vec![application["spec"]["source"]["path"].as_str().unwrap().to_owned()];
    let repository = &documents("flux/repository.yaml")[0]["metadata"]["name"];
    for file in ["flux/recovery-points.yaml", "flux/retired.yaml"] {
        let kustomization = &documents(file)[0];
        assert_eq!(kustomization["spec"]["sourceRef"]["name"], *repository, "{file}");
        paths.push(kustomization["spec"]["path"].as_str().unwrap().to_owned());
    }
    for path in paths {
        let built = plane().kubectl_ok(&["kustomize", &root().join(&path).display().to_string()]).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&built).unwrap();
        assert!(
            objects.iter().all(|object| object["kind"] == "CloudHsmBackup") && !objects.is_empty(),
            "{path}"
        );
    }
}

#[test]
fn flux_waits_for_a_resource_that_is_there() {
    let retired = &documents("flux/retired.yaml")[0];
    let [check] = &retired["spec"]["healthChecks"].as_array().unwrap()[..] else { panic!("one check") };
    let backup = &documents("backups/retired/payments-monday.yaml")[0];
    for field in ["apiVersion", "kind"] {
        assert_eq!(check[field], backup[field]);
    }
    assert_eq!(check["name"], backup["metadata"]["name"]);
    assert_eq!(check["namespace"], retired["spec"]["targetNamespace"]);
    let first = &documents("flux/recovery-points.yaml")[0];
    assert_eq!(retired["spec"]["dependsOn"][0]["name"], first["metadata"]["name"]);
}

#[test]
fn the_recovery_point_is_an_earlier_wave_than_the_retired_backup() {
    let wave = |path: &str| {
        let annotations = &documents(path)[0]["metadata"]["annotations"];
        annotations["argocd.argoproj.io/sync-wave"].as_str().unwrap().parse::<i32>().unwrap()
    };
    assert!(
        wave("backups/recovery-points/payments-friday.yaml") < wave("backups/retired/payments-monday.yaml")
    );
}
