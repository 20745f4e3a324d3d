//! The operator as the ServiceAccount and with the permissions that it ships with. What else is
//! installed with it is looked at in `tests/packaging`.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use emulator::Seed;
use serde_json::{Value, json};

use crate::support::{Bench, CLUSTER, REGION, Setup, plane};

/// The namespace, and the name of everything in it.
const OPERATOR: &str = "cloudhsm-backup-operator";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that is installed.
fn base() -> String {
    root().join("deploy/kustomize/base").display().to_string()
}

/// `kubectl kustomize deploy/kustomize/base`.
fn rendered() -> String {
    plane().kubectl_ok(&["kustomize", &base()]).unwrap()
}

fn objects() -> Vec<Value> {
    serde_saphyr::from_multiple(&rendered()).unwrap()
}

/// The object of this kind that is named as everything is.
fn object(kind: &str) -> Value {
    let mut of_kind = objects()
        .into_iter()
        .filter(|object| object["kind"] == kind && object["metadata"]["name"] == OPERATOR);
    let object = of_kind.next().unwrap_or_else(|| panic!("no {kind} in deploy/"));
    assert!(of_kind.next().is_none(), "two of {kind}");
    object
}

/// Installs all of the base, as `kubectl apply -k` does. No controller here makes pods of it.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let namespace = object("Namespace").to_string();
        let output = plane().kubectl_stdin(&["apply", "-f", "-"], &namespace).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        plane().kubectl_ok(&["apply", "-k", &base()]).unwrap();
    });
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
