//! The control plane the tests stand on does what a real one does.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::disallowed_methods, reason = "tests run in real time")]

use std::{
    process::Command,
    time::{Duration, Instant},
};

use testbed::{ControlPlane, Options};

const MAP: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: kept, namespace: default}
data: {key: value}
";

fn read(control_plane: &ControlPlane) -> String {
    control_plane.kubectl_ok(&["get", "configmap", "kept", "-o", "jsonpath={.data.key}"]).unwrap()
}

#[test]
fn a_control_plane_lives_restarts_and_leaves_nothing_behind() {
    let mut control_plane = ControlPlane::start(Options { audit: true, controller_manager: true }).unwrap();
    let folder = control_plane.kubeconfig().parent().unwrap().to_owned();

    let version = control_plane.kubectl_ok(&["version"]).unwrap();
    assert!(version.contains("Server Version: v1.36.3"), "{version}");

    // Namespaces go, with what is in them.
    control_plane.kubectl_ok(&["create", "namespace", "short"]).unwrap();
    control_plane.kubectl_ok(&["create", "configmap", "lost", "-n", "short"]).unwrap();
    control_plane.kubectl_ok(&["delete", "namespace", "short", "--timeout=20s"]).unwrap();
    let gone = control_plane.kubectl(&["get", "namespace", "short"]).unwrap();
    assert!(String::from_utf8_lossy(&gone.stderr).contains("NotFound"));

    // Aggregated roles are filled.
    let rules = control_plane.kubectl_ok(&["get", "clusterrole", "view", "-o", "jsonpath={.rules}"]).unwrap();
    assert!(rules.contains("configmaps"), "{rules}");

    // Data outlives the API server.
    assert!(control_plane.kubectl_stdin(&["apply", "-f", "-"], MAP).unwrap().status.success());
    control_plane.stop_api_server();
    let refused = control_plane.kubectl(&["get", "configmaps"]).unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("refused"), "{refused:?}");
    control_plane.start_api_server().unwrap();
    assert_eq!(read(&control_plane), "value");

    // A frozen API server answers later.
    control_plane.freeze().unwrap();
    assert!(
        !control_plane
            .kubectl(&["get", "--raw", "/readyz", "--request-timeout=1s"])
            .unwrap()
            .status
            .success()
    );
    control_plane.thaw().unwrap();
    assert_eq!(read(&control_plane), "value");

    // Every write is in the audit log, those before the restart too.
    let events = control_plane.audit_events().unwrap();
    let writes_of = |name: &str| {
        events
            .iter()
            .filter(|event| event["objectRef"]["name"] == name && event["verb"] != "get")
            .map(|event| (event["verb"].as_str().unwrap(), event["responseStatus"]["code"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(writes_of("kept"), [("create", 201)]);

    drop(control_plane);
    assert!(!folder.exists());
    let left = Command::new("pgrep").args(["-f", folder.to_str().unwrap()]).output();
    assert!(left.is_err() || left.unwrap().stdout.is_empty());
}

#[test]
fn a_service_account_may_do_what_its_roles_say() {
    let control_plane = ControlPlane::start(Options::default()).unwrap();
    control_plane.kubectl_ok(&["create", "serviceaccount", "reader"]).unwrap();
    control_plane.kubectl_ok(&["create", "role", "reader", "--verb=list", "--resource=configmaps"]).unwrap();
    let binding = ["create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader"];
    control_plane.kubectl_ok(&binding).unwrap();
    let kubeconfig = control_plane.kubeconfig_for("default", "reader").unwrap();
    let reader = control_plane.as_admin().with_kubeconfig(&kubeconfig);

    let name = reader.ok(&["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]).unwrap();
    assert_eq!(name, "system:serviceaccount:default:reader");
    // The authorizer learns of a binding a moment later.
    let deadline = Instant::now() + Duration::from_secs(5);
    while reader.ok(&["get", "configmaps"]).is_err() && Instant::now() < deadline {}
    reader.ok(&["get", "configmaps"]).unwrap();
    let err = reader.ok(&["create", "configmap", "mine"]).unwrap_err();
    assert!(err.to_string().contains("forbidden"), "{err}");

    let err = control_plane.audit_events().unwrap_err();
    assert_eq!(err.to_string(), "the control plane was started without an audit log");
}
