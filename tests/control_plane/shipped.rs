//! The operator's account and rights as they ship: what the benches run as, so that the whole suite shows that
//! they are enough.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::support::plane;

/// The namespace, and the name of everything in it.
pub const OPERATOR: &str = "cloudhsm-backup-operator";

/// The folder that is installed.
fn base() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kustomize/base").display().to_string()
}

/// The objects of `kubectl kustomize deploy/kustomize/base`.
pub fn objects() -> &'static [Value] {
    static RENDERED: OnceLock<Vec<Value>> = OnceLock::new();
    RENDERED.get_or_init(|| {
        serde_saphyr::from_multiple(&plane().kubectl_ok(&["kustomize", &base()]).unwrap()).unwrap()
    })
}

/// Installs all of it, as `kubectl apply -k` does. No controller here makes pods of it.
pub fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let namespace = objects().iter().find(|object| object["kind"] == "Namespace").unwrap();
        apply(namespace);
        plane().kubectl_ok(&["apply", "-k", &base()]).unwrap();
    });
}

/// How the operator's own account reaches the API server.
pub fn kubeconfig() -> PathBuf {
    static KUBECONFIG: OnceLock<PathBuf> = OnceLock::new();
    let written = KUBECONFIG.get_or_init(|| {
        install();
        plane().kubeconfig_for(OPERATOR, OPERATOR).unwrap()
    });
    written.clone()
}

/// The rights on the Lease, which hold in the operator's own namespace, granted to its account in another one.
pub fn rights_on_the_lease(namespace: &str) -> Vec<Value> {
    let of_the_lease = |object: &&Value| {
        ["Role", "RoleBinding"].iter().any(|kind| object["kind"] == *kind)
            && object["metadata"]["namespace"] == OPERATOR
    };
    let moved = |object: &Value| {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(namespace);
        object
    };
    let moved: Vec<Value> = objects().iter().filter(of_the_lease).map(moved).collect();
    assert_eq!(moved.len(), 2, "{moved:#?}");
    moved
}

/// Applies an object of any kind.
pub fn apply(object: &Value) {
    let output = plane().kubectl_stdin(&["apply", "-f", "-"], &object.to_string()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
