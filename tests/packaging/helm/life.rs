//! A release on a real API server, from its first version to its end, and that what people declared
//! outlives it.
//!
//! On a control plane of its own: there is one CRD in a cluster, and here it goes back and forth.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use testbed::{ControlPlane, Folder, Options};

use super::{RELEASE, chart, helm};

const CRD: &str = "cloudhsmbackups.cloudhsm-backup.dev";

/// The control plane, for one test at a time.
pub fn plane() -> MutexGuard<'static, ControlPlane> {
    static PLANE: OnceLock<Mutex<ControlPlane>> = OnceLock::new();
    let plane = PLANE.get_or_init(|| {
        Mutex::new(ControlPlane::start(Options { controller_manager: true, ..Options::default() }).unwrap())
    });
    plane.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_helm(plane: &ControlPlane, args: &[&str]) -> Result<String, String> {
    let kubeconfig = plane.kubeconfig().display().to_string();
    let output = helm(&[args, &["--namespace", RELEASE, "--kubeconfig", &kubeconfig]].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn run_helm(plane: &ControlPlane, args: &[&str]) -> String {
    try_helm(plane, args).unwrap_or_else(|err| panic!("helm {args:?}: {err}"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let target = to.join(entry.file_name().unwrap());
        if entry.is_dir() { copy(&entry, &target) } else { fs::copy(&entry, &target).map(drop).unwrap() }
    }
}

/// A first version. None was ever released, so it is made of the present chart as the operator was
/// before it: one replica that is replaced, no Lease, no budget, no roles for people, a CRD that
/// lacks a field.
fn first_version(folder: &Folder) -> PathBuf {
    let first = folder.path().join("cloudhsm-backup-operator");
    copy(&chart(), &first);
    let edit = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(first.join(file)).unwrap();
        assert!(text.contains(from), "{from} is not in {file}");
        fs::write(first.join(file), text.replace(from, to)).unwrap();
    };
    edit("Chart.yaml", concat!("ersion: ", env!("CARGO_PKG_VERSION")), "ersion: 0.0.1");
    edit("values.yaml", "replicaCount: 2", "replicaCount: 1");
    edit(
        "values.yaml",
        "# it is stopped before its successor starts.\n  enabled: true",
        "\n  enabled: false",
    );
    for gone in ["templates/pod-disruption-budget.yaml", "templates/user-roles.yaml"] {
        fs::remove_file(first.join(gone)).unwrap();
    }
    let crd = first.join("files/cloudhsmbackups.yaml");
    let mut older: Value = serde_saphyr::from_str(&fs::read_to_string(&crd).unwrap()).unwrap();
    let spec =
        older.pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties").unwrap();
    spec.as_object_mut().unwrap().remove("suspend").unwrap();
    fs::write(&crd, serde_json::to_string(&older).unwrap()).unwrap();
    first
}

fn get(plane: &ControlPlane, args: &[&str]) -> Value {
    let args = [&["get", "--ignore-not-found", "-o", "json"], args].concat();
    let said = plane.kubectl_ok(&args).unwrap();
    if said.trim().is_empty() { Value::Null } else { serde_json::from_str(&said).unwrap() }
}

/// Whether the CRD knows `spec.suspend`, which the first version's does not.
fn crd_is_current(plane: &ControlPlane) -> bool {
    let crd = get(plane, &["crd", CRD]);
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    crd.pointer(spec).unwrap_or_else(|| panic!("no CRD: {crd:#}")).get("suspend").is_some()
}

/// The API server takes a moment to serve a CRD that is new or has changed.
fn until(what: &str, done: impl Fn() -> Result<(), String>) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(why) = done() {
        assert!(Instant::now() < deadline, "{what}: {why}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn declare(plane: &ControlPlane, more: &str) {
    let manifest = format!(
        "apiVersion: cloudhsm-backup.dev/v1alpha1\nkind: CloudHsmBackup\n\
         metadata: {{name: kept, namespace: default}}\n\
         spec: {{backupId: backup-aaaaaaaaaaa, region: eu-west-1{more}}}\n"
    );
    let args = ["apply", "--server-side", "--validate=strict", "-f", "-"];
    until("declared", || {
        plane.as_admin().ok_with_stdin(&args, &manifest).map(drop).map_err(|err| err.to_string())
    });
}

/// Kind and name of what the release has in the cluster, beside the CRD.
fn installed(plane: &ControlPlane) -> Vec<String> {
    let kinds = "deployment,service,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,pdb";
    let list = get(plane, &[kinds, "-A", "-l", &format!("app.kubernetes.io/instance={RELEASE}")]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| format!("{} {}", text(&item["kind"]), text(&item["metadata"]["name"]))).collect()
}

fn deployment(plane: &ControlPlane) -> (Value, Value) {
    let deployment = get(plane, &["deployment", RELEASE, "-n", RELEASE]);
    (deployment["spec"]["replicas"].clone(), deployment["spec"]["strategy"]["type"].clone())
}

fn assert_kept(plane: &ControlPlane, when: &str) {
    let kept = get(plane, &["hsmb", "kept", "-n", "default"]);
    assert_eq!(kept["spec"]["backupId"], "backup-aaaaaaaaaaa", "{when}");
    assert!(kept["metadata"]["deletionTimestamp"].is_null(), "{when}");
}

/// Waits until `spec.suspend` is shown so.
fn until_suspend(plane: &ControlPlane, when: &str, expected: &Value) {
    until(when, || {
        let shown = get(plane, &["hsmb", "kept", "-n", "default"])["spec"]["suspend"].clone();
        if shown == *expected { Ok(()) } else { Err(format!("suspend is {shown}")) }
    });
}

/// Ends what a test began, so that the next one finds nothing.
fn clear(plane: &ControlPlane) {
    plane.kubectl_ok(&["delete", "crd", CRD, "--timeout=60s"]).unwrap();
}

#[test]
fn a_release_is_upgraded_rolled_back_and_uninstalled_and_what_people_declared_stays() {
    let plane = plane();
    let folder = Folder::new("first-version-").unwrap();
    let (first, current) = (first_version(&folder), chart());
    let (first, current) = (first.display().to_string(), current.display().to_string());

    run_helm(&plane, &["install", RELEASE, &first, "--create-namespace"]);
    assert!(!crd_is_current(&plane));
    assert_eq!(deployment(&plane), (1.into(), "Recreate".into()));
    declare(&plane, "");

    run_helm(&plane, &["upgrade", RELEASE, &current]);
    assert!(crd_is_current(&plane), "the upgrade left the CRD as it was");
    assert_kept(&plane, "after the upgrade");
    declare(&plane, ", suspend: true");
    assert_eq!(deployment(&plane), (2.into(), "RollingUpdate".into()));
    let upgraded = installed(&plane);
    assert_eq!(upgraded.len(), 10, "{upgraded:#?}");

    run_helm(&plane, &["rollback", RELEASE, "1"]);
    assert!(!crd_is_current(&plane), "the rollback left the CRD as it was");
    assert_kept(&plane, "after the rollback");
    until_suspend(&plane, "a field that the older CRD does not know", &Value::Null);
    assert_eq!(deployment(&plane), (1.into(), "Recreate".into()));
    let rolled_back = installed(&plane);
    assert_eq!(rolled_back.len(), 5, "{rolled_back:#?}");

    run_helm(&plane, &["upgrade", RELEASE, &current]);
    assert!(crd_is_current(&plane));
    until_suspend(&plane, "nobody has written the resource meanwhile", &true.into());
    let said = run_helm(&plane, &["uninstall", RELEASE]);
    assert!(said.contains("kept due to the resource policy"), "{said}");
    assert_eq!(installed(&plane), Vec::<String>::new());
    assert!(crd_is_current(&plane), "the CRD went along");
    assert_kept(&plane, "after the uninstallation");

    // The same release again takes over what it left.
    run_helm(&plane, &["install", RELEASE, &current]);
    assert_kept(&plane, "after the second installation");
    // And taking the CRD out of the release leaves it there.
    run_helm(&plane, &["upgrade", RELEASE, &current, "--set", "crds.enabled=false"]);
    assert_kept(&plane, "after crds.enabled=false");
    run_helm(&plane, &["uninstall", RELEASE]);
    assert_kept(&plane, "after the second uninstallation");
    clear(&plane);
}

#[test]
fn a_crd_from_elsewhere_is_left_alone_until_somebody_hands_it_over() {
    let plane = plane();
    let current = chart().display().to_string();
    let crd = crate::support::root().join("crds/cloudhsmbackups.yaml").display().to_string();
    plane.kubectl_ok(&["apply", "--server-side", "-f", &crd]).unwrap();
    declare(&plane, "");

    let install = ["install", RELEASE, &current, "--create-namespace"];
    let said = try_helm(&plane, &install).unwrap_err();
    assert!(said.contains("invalid ownership metadata") && said.contains(CRD), "{said}");
    assert_eq!(installed(&plane), Vec::<String>::new(), "half of it was installed");
    // One way out: somebody else goes on looking after the CRD.
    run_helm(&plane, &[&install[..], &["--set", "crds.enabled=false"]].concat());
    run_helm(&plane, &["uninstall", RELEASE]);
    // The two others hand it over.
    run_helm(&plane, &[&install[..], &["--take-ownership"]].concat());
    run_helm(&plane, &["uninstall", RELEASE]);
    assert_kept(&plane, "after --take-ownership");
    let crd = format!("crd/{CRD}");
    let owner = ["meta.helm.sh/release-name=hsm", "meta.helm.sh/release-namespace=cloudhsm-backup-operator"];
    plane.kubectl_ok(&[&["annotate", "--overwrite", &crd], &owner[..]].concat()).unwrap();
    plane.kubectl_ok(&["label", "--overwrite", &crd, "app.kubernetes.io/managed-by=Helm"]).unwrap();
    run_helm(&plane, &["install", "hsm", &current]);
    run_helm(&plane, &["uninstall", "hsm"]);
    assert_kept(&plane, "after the annotations");
    clear(&plane);
}

#[test]
fn without_keep_the_resources_go_with_the_release() {
    let plane = plane();
    let current = chart().display().to_string();
    run_helm(&plane, &["install", RELEASE, &current, "--create-namespace", "--set", "crds.keep=false"]);
    declare(&plane, "");
    run_helm(&plane, &["uninstall", RELEASE]);
    plane.kubectl_ok(&["wait", "--for=delete", &format!("crd/{CRD}"), "--timeout=60s"]).unwrap();
}
