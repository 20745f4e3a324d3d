//! What the operator may do to the API server: the rights that ship, each of which it needs.
//!
//! Every bench of this suite runs as the shipped account under these rights, so that they are
//! enough is shown by all tests together.

use std::collections::{BTreeMap, BTreeSet};

use emulator::Seed;
use serde_json::{Value, json};
use testbed::{Operator, within};

use crate::{
    gated::{Through, through},
    leadership,
    shipped::{self, OPERATOR},
    support::{Bench, CLUSTER, PATIENCE, REGION, Setup, condition, plane},
};

/// The rights, as they are shipped and as `/readyz` names them.
const RIGHTS: [&str; 9] = [
    "create events.events.k8s.io",
    "create leases.coordination.k8s.io",
    "get cloudhsmbackups.cloudhsm-backup.dev",
    "get leases.coordination.k8s.io",
    "list cloudhsmbackups.cloudhsm-backup.dev",
    "patch cloudhsmbackups.cloudhsm-backup.dev",
    "patch cloudhsmbackups/status.cloudhsm-backup.dev",
    "update leases.coordination.k8s.io",
    "watch cloudhsmbackups.cloudhsm-backup.dev",
];

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The rights that a role grants.
fn granted(role: &Value) -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        let known = ["apiGroups", "resources", "verbs", "resourceNames"];
        assert!(rule.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{rule}");
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                granted.extend(texts(&rule["verbs"]).iter().map(|verb| format!("{verb} {resource}.{group}")));
            }
        }
    }
    granted
}

/// The same role without one right.
fn without(role: &Value, right: &str) -> Value {
    let mut role = role.clone();
    for rule in role["rules"].as_array_mut().unwrap() {
        let of = |verb: &str| {
            let one = |group: &str, resource: &str| format!("{verb} {resource}.{group}") == right;
            texts(&rule["apiGroups"])
                .iter()
                .any(|group| texts(&rule["resources"]).iter().any(|resource| one(group, resource)))
        };
        let left: Vec<&str> = texts(&rule["verbs"]).into_iter().filter(|verb| !of(verb)).collect();
        rule["verbs"] = json!(left);
    }
    role["rules"].as_array_mut().unwrap().retain(|rule| !texts(&rule["verbs"]).is_empty());
    role
}

/// The roles of the operator's own account.
fn roles() -> Vec<&'static Value> {
    let ours = |kind: &str, name: &str| {
        shipped::objects()
            .iter()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
            .unwrap_or_else(|| panic!("no {kind} {name}"))
    };
    vec![ours("ClusterRole", OPERATOR), ours("Role", "cloudhsm-backup-operator-leader-election")]
}

#[test]
fn the_shipped_rights_are_these_and_no_others() {
    let all: BTreeSet<String> = roles().into_iter().flat_map(granted).collect();
    assert_eq!(all, RIGHTS.map(str::to_owned).into());
    for rule in roles()[1]["rules"].as_array().unwrap() {
        // A right to create cannot be confined to a name.
        let confined = texts(&rule["verbs"]) == ["create"] || rule["resourceNames"] == json!([OPERATOR]);
        assert!(confined, "{rule}");
    }
    shipped::install();
    let account = format!("--as=system:serviceaccount:{OPERATOR}:{OPERATOR}");
    let may = |args: &[&str]| {
        let args = [&["auth", "can-i"], args, &[account.as_str()]].concat();
        String::from_utf8(plane().kubectl(&args).unwrap().stdout).unwrap().trim() == "yes"
    };
    assert!(
        may(&["list", "hsmb", "--all-namespaces"])
            && may(&["update", "lease/cloudhsm-backup-operator", "-n", OPERATOR])
    );
    for denied in [
        &["delete", "hsmb", "--all-namespaces"][..],
        &["update", "hsmb", "--all-namespaces"],
        &["get", "secrets", "--all-namespaces"],
        &["get", "configmaps", "-n", OPERATOR],
        &["list", "namespaces"],
        &["update", "lease/another", "-n", OPERATOR],
        &["update", "lease/cloudhsm-backup-operator", "-n", "default"],
    ] {
        assert!(!may(denied), "{denied:?}");
    }
}

/// What the operator's account asked of the API server in `namespace`, and the codes of the answers.
fn asked(namespace: &str) -> BTreeMap<String, BTreeSet<i64>> {
    let user = format!("system:serviceaccount:{OPERATOR}:{OPERATOR}");
    let mut asked: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let events = plane().audit_events().unwrap().into_iter();
    for event in events.filter(|event| event["user"]["username"] == user.as_str()) {
        let object = &event["objectRef"];
        if object["namespace"] != namespace {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let slash = if object["subresource"].is_null() { "" } else { "/" };
        let what = format!(
            "{} {}{slash}{}.{}",
            text(&event["verb"]),
            text(&object["resource"]),
            text(&object["subresource"]),
            text(&object["apiGroup"])
        );
        asked.entry(what).or_default().insert(event["responseStatus"]["code"].as_i64().unwrap_or(0));
    }
    asked
}

#[test]
fn a_whole_life_uses_every_right_and_asks_for_no_other() {
    let mut bench = leadership::elected(&leadership::QUICK);
    let Through { api, kubeconfig, .. } = &through(&shipped::kubeconfig());
    bench.restart_with(|start| start.kubeconfig = kubeconfig.clone());
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "neverExpires: false\ntags: {team: payments}\ndeletionPolicy: Delete");
    bench.until("main", "a finalizer", |object| {
        object["metadata"]["finalizers"] == json!(["cloudhsm-backup.dev/deletion"])
    });
    bench.until_ready("main", true, "InSync");
    // A conflict: it does not see that somebody has written since, and reads the resource once it is told.
    api.hold_answers();
    bench.kubectl(&["label", "hsmb", "main", "seen=no"]);
    bench.aws.set_never_expires(REGION, &id, true).unwrap();
    let conflict = || asked(&bench.namespace).values().any(|codes| codes.contains(&409));
    let conflicted = within(PATIENCE, conflict);
    api.release();
    assert!(conflicted, "{}", bench.log());
    bench.until_backup(&id, "mended", |backup| backup.never_expires == Some(false));
    bench.declare("main", &id, "tags: {}\ndeleted: true");
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
    // A watch is audited when it ends.
    bench.stop();
    let watched = || asked(&bench.namespace).contains_key("watch cloudhsmbackups.cloudhsm-backup.dev");
    assert!(within(PATIENCE, watched));
    let asked = asked(&bench.namespace);
    assert_eq!(asked.keys().map(String::as_str).collect::<BTreeSet<_>>(), RIGHTS.into(), "{asked:?}");
    let denied: Vec<_> = asked.iter().filter(|(_, codes)| codes.contains(&403)).collect();
    assert!(denied.is_empty(), "{denied:?}");
}

/// An operator under an account that has the shipped roles but for one right.
fn deprived(bench: &mut Bench, number: usize, right: &str) -> Operator {
    let (namespace, account) = (bench.namespace.clone(), format!("without-{number}"));
    bench.kubectl(&["create", "serviceaccount", &account]);
    for role in roles() {
        let mut role = without(role, right);
        role["kind"] = json!("Role");
        role["metadata"] = json!({ "namespace": namespace, "name": format!("{account}-{}", role["metadata"]["name"].as_str().unwrap()) });
        shipped::apply(&role);
        let metadata = &role["metadata"];
        shipped::apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": metadata["name"] },
            "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": namespace }],
        }));
    }
    let kubeconfig = plane().kubeconfig_for(&namespace, &account).unwrap();
    bench.another(|start| {
        start.kubeconfig = kubeconfig;
        start.flags.extend(["--leader-elect=true", "--lease-namespace", &namespace].map(str::to_owned));
        start.flags.retain(|flag| flag != "--leader-elect=false");
    })
}

#[test]
fn without_any_one_of_its_rights_it_says_which_and_does_not_begin() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    let operators: Vec<(&str, Operator)> = (RIGHTS.iter().enumerate())
        .map(|(number, right)| (*right, deprived(&mut bench, number, right)))
        .collect();
    for (right, operator) in &operators {
        let lacking = format!("lacks permissions: {right} in namespace {};", bench.namespace);
        let mut body = String::new();
        let told = within(PATIENCE, || {
            let status;
            (status, body) = operator.get("/readyz").unwrap();
            status == 503 && body.contains(&lacking)
        });
        assert!(told, "{lacking}\n{body}\n{}", operator.log());
    }
    bench.expect_untouched();
    assert!(condition(&bench.object("main"), "Ready").is_null());
}

#[test]
fn the_roles_for_people_let_them_read_or_write_resources_and_come_along_with_no_other_role() {
    shipped::install();
    for (role, verbs) in [
        ("cloudhsm-backup-operator-viewer", &["get", "list", "watch"][..]),
        ("cloudhsm-backup-operator-editor", &["create", "delete", "get", "list", "patch", "update", "watch"]),
    ] {
        let role = shipped::objects().iter().find(|object| object["metadata"]["name"] == role).unwrap();
        let expected = verbs.iter().map(|verb| format!("{verb} cloudhsmbackups.cloudhsm-backup.dev"));
        let expected = expected.chain(["get cloudhsmbackups/status.cloudhsm-backup.dev".to_owned()]);
        assert_eq!(granted(role), expected.collect());
        let labels = role["metadata"]["labels"].as_object().unwrap().keys();
        assert!(!labels.into_iter().any(|label| label.contains("aggregate-to")), "{role:#}");
    }
    // The API server's own roles, which its controller fills by those labels.
    for role in ["view", "edit", "admin"] {
        let role = plane().kubectl_ok(&["get", "clusterrole", role, "-o", "json"]).unwrap();
        assert!(!role.contains("cloudhsm-backup.dev"), "{role}");
    }
}
