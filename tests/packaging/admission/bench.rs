//! A control plane on which the policy is in force, and a namespace of one test's own.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cloudhsm_backup_operator::api;
use serde_json::{Value, json};
use testbed::{ControlPlane, Options, within};

use crate::support::root;

pub const COMPONENT: &str = "deploy/kustomize/components/confirm-deletion";
pub const ANNOTATION: &str = "cloudhsm-backup.dev/confirm-deletion";
pub const ID: &str = "backup-friday23456";

/// With our CRD and the policy, as they are shipped. Not the common one: there, others declare deletions too.
pub fn plane() -> &'static ControlPlane {
    static PLANE: OnceLock<ControlPlane> = OnceLock::new();
    PLANE.get_or_init(|| {
        let plane = ControlPlane::start(Options { controller_manager: true, ..Options::default() }).unwrap();
        plane.as_admin().ok_with_stdin(&["apply", "-f", "-"], &api::crd_yaml()).unwrap();
        let crd = "crd/cloudhsmbackups.cloudhsm-backup.dev";
        plane.kubectl_ok(&["wait", "--for=condition=Established", crd, "--timeout=30s"]).unwrap();
        for file in ["policy.yaml", "binding.yaml"] {
            let path = root().join(COMPONENT).join(file);
            plane.kubectl_ok(&["apply", "-f", &path.display().to_string()]).unwrap();
        }
        // A policy is in force a moment after it is there.
        let probe = resource("probe", &json!({"deleted": true}), None).to_string();
        let refused = || {
            let args = ["create", "--dry-run=server", "-f", "-"];
            !plane.kubectl_stdin(&args, &probe).unwrap().status.success()
        };
        assert!(within(Duration::from_secs(30), refused), "the policy is never in force");
        plane
    })
}

/// A resource with these further fields of the spec, confirmed so.
pub fn resource(name: &str, spec: &Value, confirmed: Option<&str>) -> Value {
    let mut object = json!({
        "apiVersion": "cloudhsm-backup.dev/v1alpha1",
        "kind": "CloudHsmBackup",
        "metadata": {"name": name},
        "spec": {"backupId": ID, "region": "eu-west-1"},
    });
    object["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    if let Some(words) = confirmed {
        object["metadata"]["annotations"][ANNOTATION] = json!(words);
    }
    object
}

/// A namespace.
pub struct Corner {
    pub namespace: String,
}

impl Corner {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("admission-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        plane().kubectl_ok(&["create", "namespace", &namespace]).unwrap();
        Self { namespace }
    }

    /// Runs kubectl; what it says if it is refused.
    pub fn try_kubectl(&self, args: &[&str], input: &str) -> Result<String, String> {
        let args = [&["-n", self.namespace.as_str()], args].concat();
        let output = plane().kubectl_stdin(&args, input).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Runs kubectl; it must not be refused.
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.try_kubectl(args, "").unwrap()
    }

    pub fn create(&self, object: &Value) -> Result<String, String> {
        self.try_kubectl(&["create", "-f", "-"], &object.to_string())
    }

    pub fn replace(&self, object: &Value) -> Result<String, String> {
        self.try_kubectl(&["replace", "-f", "-"], &object.to_string())
    }

    pub fn patch(&self, name: &str, patch: &Value) -> Result<String, String> {
        self.try_kubectl(&["patch", "hsmb", name, "--type=merge", "-p", &patch.to_string()], "")
    }
}

/// The confirmation that a refusal asks for; nothing if it says something else.
pub fn asked_for(refusal: &str) -> Option<&str> {
    let (_, words) = refusal.trim_end().split_once(&format!("{ANNOTATION}: "))?;
    Some(words)
}
