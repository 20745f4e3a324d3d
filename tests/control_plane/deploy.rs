//! What is installed: `deploy/` as kustomize renders it, on the real API server, and the operator
//! as the ServiceAccount and with the permissions that it ships with.

mod iam;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use cloudhsm_backup_operator::{cli, operator::flags::listen::Listen};
use emulator::Seed;
use serde_json::{Value, json};

use crate::support::{Bench, CLUSTER, REGION, Setup, plane};

/// The namespace, and the name of everything in it.
const OPERATOR: &str = "cloudhsm-backup-operator";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `kubectl kustomize deploy`.
fn rendered() -> String {
    plane().kubectl_ok(&["kustomize", &root().join("deploy").display().to_string()]).unwrap()
}

fn objects() -> Vec<Value> {
    serde_saphyr::from_multiple(&rendered()).unwrap()
}

fn object(kind: &str) -> Value {
    let mut of_kind = objects().into_iter().filter(|object| object["kind"] == kind);
    let object = of_kind.next().unwrap_or_else(|| panic!("no {kind} in deploy/"));
    assert!(of_kind.next().is_none(), "two of {kind}");
    object
}

/// Installs all of `deploy/`, as `kubectl apply -k` does. No controller here makes pods of it.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let namespace = object("Namespace").to_string();
        let output = plane().kubectl_stdin(&["apply", "-f", "-"], &namespace).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        plane().kubectl_ok(&["apply", "-k", &root().join("deploy").display().to_string()]).unwrap();
    });
}

fn pod_of(deployment: &Value) -> Value {
    let template = &deployment["spec"]["template"];
    let metadata =
        json!({"name": "rendered", "namespace": OPERATOR, "labels": template["metadata"]["labels"]});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// Asks the API server for this pod without making it; what it says against it, if anything.
fn try_pod(pod: &Value) -> Result<(), String> {
    let output = plane().kubectl_stdin(&["create", "--dry-run=server", "-f", "-"], &pod.to_string()).unwrap();
    // Pod Security's modes warn and audit speak on stderr too.
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() && said.is_empty() { Ok(()) } else { Err(said) }
}

#[test]
fn each_rendered_object_is_accepted_and_nothing_is_left_to_be_set() {
    let kinds: BTreeSet<_> =
        objects().iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect();
    let expected = [
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "Deployment",
        "Namespace",
        "ServiceAccount",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
    install();
    // Strict: an unknown field, which a typing mistake makes, is an error.
    let args = ["apply", "--validate=strict", "--dry-run=server", "-f", "-"];
    let output = plane().kubectl_stdin(&args, &rendered()).unwrap();
    let (said, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    assert_eq!(
        said.lines().filter(|line| line.ends_with("(server dry run)")).count(),
        expected.len(),
        "{said}"
    );
    for object in objects() {
        let namespaced = ["Deployment", "ServiceAccount"].iter().any(|kind| object["kind"] == *kind);
        let namespace = if namespaced { json!(OPERATOR) } else { Value::Null };
        assert_eq!(object["metadata"]["namespace"], namespace, "{object:#}");
    }
    assert_eq!(object("Namespace")["metadata"]["name"], OPERATOR);
}

#[test]
fn the_crd_stands_once_and_its_folder_can_be_applied_too() {
    let installed = plane().kubectl_ok(&["kustomize", &root().join("crds").display().to_string()]).unwrap();
    let crd: Value = serde_saphyr::from_str(&installed).unwrap();
    assert_eq!(crd["metadata"]["name"], "cloudhsmbackups.cloudhsm-backup.dev");
    assert_eq!(object("CustomResourceDefinition")["spec"], crd["spec"]);
    let folder = root().join("crds").display().to_string();
    let said = plane().kubectl_ok(&["apply", "--dry-run=server", "-f", &folder]).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn its_pod_is_accepted_where_pod_security_is_restricted() {
    install();
    let enforced =
        plane().kubectl_ok(&["get", "namespace", OPERATOR, "-o", "jsonpath={.metadata.labels}"]).unwrap();
    assert!(enforced.contains(r#""pod-security.kubernetes.io/enforce":"restricted""#), "{enforced}");
    let pod = pod_of(&object("Deployment"));
    assert_eq!(try_pod(&pod), Ok(()));
    // The same pod with less is refused: the server looks.
    for pointer in [
        "/spec/securityContext/seccompProfile",
        "/spec/containers/0/securityContext/allowPrivilegeEscalation",
    ] {
        let mut lax = pod.clone();
        *lax.pointer_mut(pointer).unwrap() = Value::Null;
        let said = try_pod(&lax).unwrap_err();
        assert!(said.contains("violates PodSecurity \"restricted"), "{said}");
    }
}

#[test]
fn the_deployment_never_runs_two_at_once_and_lets_calls_end() {
    let deployment = object("Deployment");
    assert_eq!(deployment["spec"]["replicas"], 1);
    assert_eq!(deployment["spec"]["strategy"], json!({"type": "Recreate"}));
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 45);
    assert_eq!(pod["serviceAccountName"], OPERATOR);
    assert_eq!(
        (&pod["securityContext"]["runAsUser"], &pod["securityContext"]["runAsNonRoot"]),
        (&json!(65532), &json!(true))
    );
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    let image = container["image"].as_str().unwrap();
    assert!(image.ends_with(concat!("/cloudhsm-backup-operator:", env!("CARGO_PKG_VERSION"))), "{image}");
}

#[test]
fn flags_and_ports_of_the_deployment_are_those_of_the_program() {
    let container = object("Deployment")["spec"]["template"]["spec"]["containers"][0].clone();
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
}

#[test]
fn the_cluster_role_grants_what_is_needed_and_nothing_else() {
    let rules = object("ClusterRole")["rules"].clone();
    let mut granted = BTreeSet::new();
    for rule in rules.as_array().unwrap() {
        let keys: Vec<_> = rule.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["apiGroups", "resources", "verbs"]);
        let list = |key: &str| {
            rule[key]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        for group in list("apiGroups") {
            for resource in list("resources") {
                granted.extend(list("verbs").into_iter().map(|verb| format!("{verb} {resource}.{group}")));
            }
        }
    }
    let needed = [
        "create events.events.k8s.io",
        "get cloudhsmbackups.cloudhsm-backup.dev",
        "list cloudhsmbackups.cloudhsm-backup.dev",
        "patch cloudhsmbackups.cloudhsm-backup.dev",
        "patch cloudhsmbackups/status.cloudhsm-backup.dev",
        "watch cloudhsmbackups.cloudhsm-backup.dev",
    ];
    assert_eq!(granted, needed.map(str::to_owned).into());
    // In all namespaces, by the binding.
    install();
    let account = format!("--as=system:serviceaccount:{OPERATOR}:{OPERATOR}");
    let may = |verb: &str, resource: &str| {
        let output =
            plane().kubectl(&["auth", "can-i", verb, resource, "--all-namespaces", &account]).unwrap();
        String::from_utf8(output.stdout).unwrap().trim() == "yes"
    };
    assert!(may("list", "cloudhsmbackups.cloudhsm-backup.dev") && may("create", "events.events.k8s.io"));
    for (verb, resource) in
        [("delete", "cloudhsmbackups.cloudhsm-backup.dev"), ("get", "secrets"), ("list", "namespaces")]
    {
        assert!(!may(verb, resource), "{verb} {resource}");
    }
}

/// What the operator's ServiceAccount asked of the API server: verb and resource, and the answer's code.
fn asked() -> Vec<(String, i64)> {
    let user = format!("system:serviceaccount:{OPERATOR}:{OPERATOR}");
    let events = plane()
        .audit_events()
        .unwrap()
        .into_iter()
        .filter(|event| event["user"]["username"] == user.as_str());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |event: Value| {
        let object = &event["objectRef"];
        let slash = if object["subresource"].is_null() { "" } else { "/" };
        let resource = format!(
            "{}{slash}{}.{}",
            text(&object["resource"]),
            text(&object["subresource"]),
            text(&object["apiGroup"])
        );
        let what = if object.is_null() { text(&event["requestURI"]) } else { resource };
        (format!("{} {what}", text(&event["verb"])), event["responseStatus"]["code"].as_i64().unwrap_or(0))
    };
    events.map(line).collect()
}

#[test]
fn the_shipped_account_and_role_are_enough_for_a_whole_life() {
    install();
    let account = plane().kubeconfig_for(OPERATOR, OPERATOR).unwrap();
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    bench.restart_with(|start| start.kubeconfig = account);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "neverExpires: false\ntags: {team: payments}\ndeletionPolicy: Delete");
    bench.until("main", "a finalizer", |object| {
        object["metadata"]["finalizers"] == json!(["cloudhsm-backup.dev/deletion"])
    });
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "tags: {}\ndeleted: true");
    bench.until("main", "no finalizer", |object| object["metadata"]["finalizers"].is_null());
    bench.until_ready("main", true, "DeletionScheduled");
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "deletionPolicy: Delete");
    bench.until("main", "a finalizer", |object| object["metadata"]["finalizers"].is_array());
    bench.kubectl(&["delete", "hsmb", "main"]);
    let reasons: BTreeSet<_> = bench.events().into_iter().map(|(reason, _)| reason).collect();
    for reason in ["Tagged", "Deleted", "Restored"] {
        assert!(reasons.contains(reason), "no Event {reason}: {reasons:?}\n{}", bench.log());
    }
    let container = object("Deployment")["spec"]["template"]["spec"]["containers"][0].clone();
    for probe in ["livenessProbe", "readinessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        let (status, body) = bench.operator().get(path).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
    }
    // A watch is audited when it ends.
    bench.stop();
    let watch = "watch cloudhsmbackups.cloudhsm-backup.dev";
    let deadline = Instant::now() + Duration::from_secs(20);
    while !asked().iter().any(|(what, _)| what == watch) {
        assert!(Instant::now() < deadline, "no {watch}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let asked = asked();
    let denied: Vec<_> = asked.iter().filter(|(_, code)| *code == 403).collect();
    assert!(denied.is_empty(), "{denied:?}");
    let asked: BTreeSet<_> = asked.iter().map(|(what, _)| what.as_str()).collect();
    // `get` is the only grant that a life without a conflict does not use.
    for grant in [
        "list cloudhsmbackups.cloudhsm-backup.dev",
        "patch cloudhsmbackups.cloudhsm-backup.dev",
        "patch cloudhsmbackups/status.cloudhsm-backup.dev",
        "create events.events.k8s.io",
    ] {
        assert!(asked.contains(grant), "{grant} is granted and was not used: {asked:?}");
    }
}

#[test]
fn without_its_role_the_account_is_told_what_it_lacks() {
    install();
    plane().kubectl_ok(&["-n", OPERATOR, "create", "serviceaccount", "unbound"]).unwrap();
    let account = plane().kubeconfig_for(OPERATOR, "unbound").unwrap();
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    bench.restart_with(|start| start.kubeconfig = account);
    let wanted = [
        "list cloudhsmbackups.cloudhsm-backup.dev",
        "patch cloudhsmbackups/status.cloudhsm-backup.dev",
        "create events.events.k8s.io",
    ];
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, body) = bench.operator().get("/readyz").unwrap();
        if wanted.iter().all(|grant| body.contains(grant)) {
            assert_eq!(status, 503);
            return;
        }
        assert!(Instant::now() < deadline, "{body}\n{}", bench.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}
