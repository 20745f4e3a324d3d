//! The API server takes every object as it is, and every pod where Pod Security is "restricted".

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Rendered, all};
use crate::{helm::only, support::plane};

/// Namespaces that are named in what is rendered and not made by it.
const NAMESPACES: [&str; 3] = ["cloudhsm-backup-operator", "team-a", "team-b"];

/// The Prometheus operator's kinds. Stand-ins: they take any spec, so what is in it is not checked here.
const STAND_INS: [(&str, &str); 2] =
    [("ServiceMonitor", "servicemonitors"), ("PrometheusRule", "prometheusrules")];

fn stand_in(kind: &str, plural: &str) -> Value {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": any}}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.monitoring.coreos.com")},
        "spec": {
            "group": "monitoring.coreos.com",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        },
    })
}

/// Makes what the manifests count on. Others on this control plane may have made it already.
pub fn prepare() {
    static PREPARED: OnceLock<()> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let namespaces = NAMESPACES.map(|name| {
            let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        });
        let crds = STAND_INS.map(|(kind, plural)| stand_in(kind, plural));
        for object in namespaces.into_iter().chain(crds) {
            let apply = ["apply", "--server-side", "--field-manager=lint", "-f", "-"];
            plane().as_admin().ok_with_stdin(&apply, &object.to_string()).unwrap();
        }
        for (_, plural) in STAND_INS {
            let crd = format!("crd/{plural}.monitoring.coreos.com");
            plane().kubectl_ok(&["wait", "--for=condition=Established", &crd, "--timeout=30s"]).unwrap();
        }
    });
}

/// What the API server has against these manifests; strict, so that an unknown field, which a typing
/// mistake makes, is an error.
fn complaints(text: &str) -> Result<usize, String> {
    let mode = ["--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"];
    let args = [&["apply"], &mode[..], &["-f", "-"]].concat();
    let output = plane().kubectl_stdin(&args, text).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() && said.is_empty() {
        Ok(String::from_utf8(output.stdout).unwrap().lines().count())
    } else {
        Err(said)
    }
}

#[test]
fn every_rendered_object_is_accepted_by_the_api_server() {
    prepare();
    for rendered in all() {
        let accepted = complaints(&rendered.text).unwrap_or_else(|err| panic!("{}: {err}", rendered.name));
        assert_eq!(accepted, rendered.objects().len(), "{}", rendered.name);
    }
}

#[test]
fn an_unknown_field_would_be_found() {
    prepare();
    for rendered in all().iter().filter(|rendered| rendered.name.ends_with("default")) {
        let wrong = rendered.text.replace("revisionHistoryLimit:", "revisionHistoryLimits:");
        assert_ne!(wrong, rendered.text);
        let said = complaints(&wrong).unwrap_err();
        assert!(said.contains("revisionHistoryLimits"), "{said}");
    }
}

fn pod(rendered: &Rendered) -> Value {
    let template = only(&rendered.objects(), "Deployment")["spec"]["template"].clone();
    let labels = template["metadata"]["labels"].clone();
    let metadata = json!({"name": "rendered", "namespace": NAMESPACES[0], "labels": labels});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// Asks the API server for this pod without making it; what it says against it, if anything.
fn try_pod(pod: &Value) -> Result<(), String> {
    let args = ["create", "--dry-run=server", "--validate=strict", "-f", "-"];
    let output = plane().kubectl_stdin(&args, &pod.to_string()).unwrap();
    // Pod Security's modes warn and audit speak on stderr too.
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() && said.is_empty() { Ok(()) } else { Err(said) }
}

#[test]
fn every_pod_is_accepted_where_pod_security_is_restricted() {
    prepare();
    for rendered in all() {
        assert_eq!(try_pod(&pod(rendered)), Ok(()), "{}", rendered.name);
    }
}

#[test]
fn a_pod_with_less_would_be_refused() {
    prepare();
    let sound = pod(&all()[0]);
    for pointer in [
        "/spec/securityContext/seccompProfile",
        "/spec/securityContext/runAsNonRoot",
        "/spec/containers/0/securityContext/allowPrivilegeEscalation",
        "/spec/containers/0/securityContext/capabilities",
    ] {
        let mut lax = sound.clone();
        *lax.pointer_mut(pointer).unwrap() = Value::Null;
        let said = try_pod(&lax).unwrap_err();
        assert!(said.contains("violates PodSecurity \"restricted"), "{said}");
    }
}
