//! What the kustomizations make.

use std::collections::BTreeSet;

use cloudhsm_backup_operator::{cli, operator::flags::listen::Listen};
use serde_json::{Value, json};

use super::{KUSTOMIZATIONS, rendered};
use crate::{
    helm::{objects, only},
    support::{plane, root},
};

/// The namespace, and the name of everything in it.
const OPERATOR: &str = "cloudhsm-backup-operator";
const BASE: &str = "deploy/kustomize/base";

fn pod_spec(folder: &str) -> Value {
    only(&objects(&rendered(folder)), "Deployment")["spec"]["template"]["spec"].clone()
}

fn named(objects: &[Value], kind: &str, namespace: Option<&str>, name: &str) -> Value {
    let is_it = |object: &&Value| {
        object["kind"] == kind
            && object["metadata"]["name"] == name
            && object["metadata"]["namespace"] == namespace.map_or(Value::Null, Value::from)
    };
    objects.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}")).clone()
}

#[test]
fn the_base_has_these_kinds_and_everything_is_in_its_place() {
    let all = objects(&rendered(BASE));
    let kinds: Vec<_> = all.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    let expected = [
        "Namespace",
        "CustomResourceDefinition",
        "ServiceAccount",
        "Role",
        "ClusterRole",
        "ClusterRole",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "Service",
        "Deployment",
    ];
    assert_eq!(kinds, expected);
    for object in &all {
        let kind = object["kind"].as_str().unwrap();
        let in_place = ["Deployment", "Role", "RoleBinding", "Service", "ServiceAccount"].contains(&kind);
        let namespace = if in_place { json!(OPERATOR) } else { Value::Null };
        assert_eq!(object["metadata"]["namespace"], namespace, "{object:#}");
    }
    assert_eq!(only(&all, "Namespace")["metadata"]["name"], OPERATOR);
}

#[test]
fn the_crd_stands_once_and_its_folder_can_be_applied_too() {
    let crd = objects(&rendered("crds"));
    assert_eq!(crd.len(), 1);
    assert_eq!(crd[0]["metadata"]["name"], "cloudhsmbackups.cloudhsm-backup.dev");
    assert_eq!(only(&objects(&rendered(BASE)), "CustomResourceDefinition")["spec"], crd[0]["spec"]);
    let folder = root().join("crds").display().to_string();
    let said = plane().kubectl_ok(&["apply", "--server-side", "--dry-run=server", "-f", &folder]).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_pod_has_time_to_end_its_calls_and_nothing_that_it_does_not_need() {
    let deployment = only(&objects(&rendered(BASE)), "Deployment");
    let rolling = json!({"maxUnavailable": 0, "maxSurge": 1});
    assert_eq!(deployment["spec"]["strategy"], json!({"type": "RollingUpdate", "rollingUpdate": rolling}));
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 45);
    assert_eq!(pod["serviceAccountName"], OPERATOR);
    assert_eq!(
        (&pod["securityContext"]["runAsUser"], &pod["securityContext"]["runAsNonRoot"]),
        (&json!(65532), &json!(true))
    );
    assert_eq!(
        (&pod["enableServiceLinks"], &pod["automountServiceAccountToken"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
    let image = pod["containers"][0]["image"].as_str().unwrap();
    assert!(image.ends_with(concat!("/cloudhsm-backup-operator:", env!("CARGO_PKG_VERSION"))), "{image}");
    // Pods that merely use the account get no token.
    let account = only(&objects(&rendered(BASE)), "ServiceAccount");
    assert_eq!(account["automountServiceAccountToken"], false);
}

#[test]
fn flags_and_ports_are_those_of_the_program() {
    for folder in KUSTOMIZATIONS {
        let container = pod_spec(folder)["containers"][0].clone();
        let args = container["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap());
        let command = cli::parse([OPERATOR].into_iter().chain(args)).unwrap();
        let cli::Command::Run(flags) = command else { panic!("{command:?}") };
        let Listen::At(address) = flags.metrics_addr() else { panic!("nothing is served") };
        assert!(address.ip().is_unspecified(), "probes come from outside the pod");
        let ports = container["ports"].as_array().unwrap();
        assert_eq!(ports, &[json!({"name": "http", "containerPort": address.port()})]);
        for probe in ["livenessProbe", "readinessProbe"] {
            assert_eq!(container[probe]["httpGet"]["port"], "http");
        }
        let service = only(&objects(&rendered(folder)), "Service");
        assert_eq!(
            service["spec"]["ports"],
            json!([{"name": "http", "port": address.port(), "targetPort": "http"}])
        );
    }
}

#[test]
fn the_namespaced_overlay_watches_where_it_has_roles_and_has_none_elsewhere() {
    let overlay = objects(&rendered("deploy/kustomize/overlays/namespaced"));
    let rules = named(&objects(&rendered(BASE)), "ClusterRole", None, OPERATOR)["rules"].clone();
    let watched = ["team-a", "team-b"];
    for namespace in watched {
        assert_eq!(named(&overlay, "Role", Some(namespace), OPERATOR)["rules"], rules, "{namespace}");
        let binding = named(&overlay, "RoleBinding", Some(namespace), OPERATOR);
        assert_eq!(
            binding["subjects"],
            json!([{"kind": "ServiceAccount", "name": OPERATOR, "namespace": OPERATOR}])
        );
    }
    let args = pod_spec("deploy/kustomize/overlays/namespaced")["containers"][0]["args"].clone();
    let args = args.as_array().unwrap().iter().map(|arg| arg.as_str().unwrap());
    let command = cli::parse([OPERATOR].into_iter().chain(args)).unwrap();
    let cli::Command::Run(flags) = command else { panic!("{command:?}") };
    assert_eq!(flags.watch_namespaces(), watched.into());
    let bound = overlay.iter().filter(|object| object["kind"] == "ClusterRoleBinding").count();
    assert_eq!(bound, 0, "something is granted in every namespace");
}

#[test]
fn the_roles_for_people_are_bound_to_nobody() {
    let all = objects(&rendered(BASE));
    let bound: BTreeSet<_> = all
        .iter()
        .filter_map(|object| object["roleRef"]["name"].as_str())
        .filter(|name| name.ends_with("-viewer") || name.ends_with("-editor"))
        .collect();
    assert!(bound.is_empty(), "{bound:?}");
}
