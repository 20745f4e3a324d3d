//! Who writes what: the operator its status and finalizer, everybody else the rest.

use emulator::Seed;
use serde_json::{Value, json};
use testbed::Kubectl;

use crate::support::{Bench, CLUSTER, REGION, Setup, condition, manifest, plane};

const MANAGER: &str = "cloudhsm-backup-operator";

/// The resource with its managedFields, which kubectl hides unless asked.
fn whole(bench: &Bench, name: &str) -> Value {
    serde_json::from_str(&bench.kubectl(&["get", "hsmb", name, "-o", "json", "--show-managed-fields"]))
        .unwrap()
}

/// Manager and subresource of each entry of managedFields that owns something below `field`.
fn owners(object: &Value, field: &str) -> Vec<(String, String)> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let owning = entries.iter().filter(|entry| entry["fieldsV1"].get(format!("f:{field}")).is_some());
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    owning.map(|entry| (text(entry, "manager"), text(entry, "subresource"))).collect()
}

/// The spec, to the byte, as the API server gives it out.
fn spec(object: &Value) -> String {
    object["spec"].to_string()
}

/// That the operator owns nothing of the spec, and alone owns the status.
fn check_owners(object: &Value) {
    let spec = owners(object, "spec");
    assert!(!spec.is_empty() && spec.iter().all(|(manager, _)| manager != MANAGER), "spec: {spec:?}");
    assert_eq!(owners(object, "status"), [(MANAGER.to_owned(), "status".to_owned())]);
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    for entry in entries.iter().filter(|entry| entry["manager"] == MANAGER) {
        let owned: Vec<_> = entry["fieldsV1"].as_object().unwrap().keys().collect();
        let expected = if entry["subresource"] == "status" { "f:status" } else { "f:metadata" };
        assert_eq!(owned, [expected], "{entry:#}");
        let metadata = entry["fieldsV1"]["f:metadata"].as_object();
        assert!(
            metadata.is_none_or(|fields| fields.keys().all(|field| field == "f:finalizers")),
            "{entry:#}"
        );
    }
}

/// Server-side apply as somebody else, to the status.
fn apply_status_as(bench: &Bench, manager: &str, name: &str, status: &Value) -> String {
    let object = json!({
        "apiVersion": "cloudhsm-backup.dev/v1alpha1", "kind": "CloudHsmBackup",
        "metadata": {"name": name, "namespace": bench.namespace}, "status": status,
    });
    let manager = format!("--field-manager={manager}");
    let args = ["apply", "--server-side", "--subresource=status", &manager, "-f", "-"];
    admin().ok_with_stdin(&args, &object.to_string()).unwrap()
}

fn admin() -> &'static Kubectl {
    plane().as_admin()
}

/// The status without what a rewrite may change.
fn without_times(object: &Value) -> Value {
    let mut status = object["status"].clone();
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition.as_object_mut().unwrap().remove("lastTransitionTime");
    }
    status
}

#[test]
fn the_status_cannot_be_written_through_the_main_resource() {
    let bench = Bench::with(Setup { running: false, ..Setup::default() });
    let lines = "backupId: backup-ro5c4er4aac\nregion: eu-west-1";
    let with_status = manifest("main", lines) + "status: {backupState: READY, backupArn: forged}\n";
    let namespace = ["-n", bench.namespace.as_str()];
    bench.try_apply(&with_status).unwrap();
    assert_eq!(bench.object("main")["status"], Value::Null, "kubectl apply, a new object");
    bench.try_apply(&with_status).unwrap();
    assert_eq!(bench.object("main")["status"], Value::Null, "kubectl apply, an object that is there");
    let args = [&namespace[..], &["apply", "--server-side", "--force-conflicts", "-f", "-"]].concat();
    admin().ok_with_stdin(&args, &with_status).unwrap();
    assert_eq!(bench.object("main")["status"], Value::Null, "server-side apply");
    bench.patch("main", r#"{"status": {"backupState": "READY"}}"#);
    assert_eq!(bench.object("main")["status"], Value::Null, "merge patch");
    bench.kubectl(&[
        "patch",
        "hsmb",
        "main",
        "--type=json",
        "-p",
        r#"[{"op": "add", "path": "/status", "value": {"backupState": "READY"}}]"#,
    ]);
    assert_eq!(bench.object("main")["status"], Value::Null, "JSON patch");
    admin().ok_with_stdin(&[&namespace[..], &["replace", "-f", "-"]].concat(), &with_status).unwrap();
    assert_eq!(bench.object("main")["status"], Value::Null, "replace");
    // The other way round: a status is no way to the spec.
    let forged = json!({"spec": {"deleted": true}, "status": {"backupState": "READY"}}).to_string();
    bench.kubectl(&["patch", "hsmb", "main", "--subresource=status", "--type=merge", "-p", &forged]);
    let object = bench.object("main");
    assert_eq!(object["status"], json!({"backupState": "READY"}));
    assert_eq!(object["spec"]["deleted"], Value::Null);
}

#[test]
fn a_whole_life_leaves_the_spec_to_its_owners_to_the_byte() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let finalizers = |object: &Value| object["metadata"]["finalizers"].as_array().map_or(0, Vec::len);
    // What the user says, the reason that Ready then has, and whether our finalizer is there.
    let life = [
        ("", "InSync", false),
        ("neverExpires: true\ntags: {team: payments, größe: ''}", "InSync", false),
        ("neverExpires: false\ntags: {team: payments}\ndeletionPolicy: Delete", "InSync", true),
        ("neverExpires: false\ntags: {}\ndeletionPolicy: Retain", "InSync", false),
        ("deleted: true", "DeletionScheduled", false),
        ("deleted: false", "InSync", false),
        ("suspend: true\ntags: {team: payments}", "Suspended", false),
    ];
    for (lines, reason, finalizer) in life {
        bench.declare("main", &id, lines);
        let written = spec(&whole(&bench, "main"));
        bench.until_ready("main", reason != "Suspended", reason);
        bench.until("main", "its finalizers", |object| finalizers(object) == usize::from(finalizer));
        bench.meanwhile(2);
        let settled = whole(&bench, "main");
        assert_eq!(spec(&settled), written, "{lines}");
        check_owners(&settled);
    }
    let changes = ["ModifyBackupAttributes", "TagResource", "UntagResource", "DeleteBackup", "RestoreBackup"];
    for change in changes {
        assert!(bench.mutations().iter().any(|mutation| mutation == change), "this life has no {change}");
    }
    // Terminating, held by the finalizer, and released.
    bench.declare("main", &id, "deletionPolicy: Delete");
    bench.until("main", "its finalizer", |object| finalizers(object) == 1);
    bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.kubectl(&[
        "patch",
        "hsmb",
        "main",
        "--type=json",
        "-p",
        r#"[{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/hold"}]"#,
    ]);
    bench.kubectl(&["delete", "hsmb", "main", "--wait=false"]);
    let written = spec(&whole(&bench, "main"));
    let released = |object: &Value| object["metadata"]["finalizers"] == json!(["example.com/hold"]);
    bench.until("main", "released by us alone", released);
    let last = whole(&bench, "main");
    assert_eq!(spec(&last), written);
    check_owners(&last);
    bench.kubectl(&["patch", "hsmb", "main", "--type=merge", "-p", r#"{"metadata": {"finalizers": null}}"#]);
    bench.until_gone("main");
}

#[test]
fn an_operator_that_owned_the_spec_would_be_noticed() {
    let entry = |manager: &str, subresource: &str, field: &str| json!({"manager": manager, "subresource": subresource, "fieldsV1": {format!("f:{field}"): {}}});
    let object = |entries: Value| json!({"metadata": {"managedFields": entries}});
    let user = || entry("kubectl", "", "spec");
    let status = || entry(MANAGER, "status", "status");
    check_owners(&object(json!([user(), status()])));
    for wrong in [
        json!([user(), status(), entry(MANAGER, "", "spec")]),
        json!([user(), status(), entry("somebody", "status", "status")]),
        json!([user(), entry("somebody", "status", "status")]),
        json!([user(), status(), {"manager": MANAGER, "fieldsV1": {"f:metadata": {"f:labels": {}}}}]),
    ] {
        let object = object(wrong);
        assert!(std::panic::catch_unwind(|| check_owners(&object)).is_err(), "{object:#}");
    }
}

#[test]
fn a_condition_that_somebody_else_set_survives_and_is_not_fought_over() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    let foreign = json!({
        "type": "Audited", "status": "True", "reason": "Checked", "message": "by the security team",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    });
    apply_status_as(&bench, "auditor", "main", &json!({"conditions": [foreign]}));
    bench.meanwhile(3);
    let before = bench.object("main");
    bench.meanwhile(3);
    assert_eq!(before, bench.object("main"), "at rest, with a condition of somebody else");
    bench.declare("main", &id, "tags: {team: payments}");
    let tagged = |object: &Value| object["status"]["managedTagKeys"] == json!(["team"]);
    bench.until("main", "tagged", tagged);
    let after = bench.until_ready("main", true, "InSync");
    assert_eq!(condition(&after, "Audited"), &foreign);
    let owners = owners(&whole(&bench, "main"), "status");
    assert_eq!(owners.len(), 2, "the auditor and the operator: {owners:?}");
}

#[test]
fn a_field_of_the_status_that_somebody_wrote_is_taken_back() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    let before = bench.until_ready("main", true, "InSync");
    let forged = r#"{"status": {"backupState": "DELETED"}}"#;
    bench.kubectl(&["patch", "hsmb", "main", "--subresource=status", "--type=merge", "-p", forged]);
    bench.until("main", "its true state back", |object| object["status"]["backupState"] == "READY");
    bench.meanwhile(2);
    assert_eq!(without_times(&bench.object("main")), without_times(&before));
    assert_eq!(bench.mutations(), Vec::<String>::new());
}

#[test]
fn a_status_that_somebody_wiped_is_built_anew() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    let before = bench.until_ready("main", true, "InSync");
    assert_eq!(before["status"]["managedTagKeys"], json!(["team"]));
    let changes = bench.mutations();
    let wipe = |bench: &Bench, value: &str| {
        let patch = format!(r#"[{{"op": "replace", "path": "/status", "value": {value}}}]"#);
        let wiped = bench.kubectl(&[
            "patch",
            "hsmb",
            "main",
            "--subresource=status",
            "--type=json",
            "-p",
            &patch,
            "-o",
            "json",
        ]);
        let wiped: Value = serde_json::from_str(&wiped).unwrap();
        assert!(wiped["status"].as_object().is_none_or(serde_json::Map::is_empty), "{wiped:#}");
    };
    let rebuilt = |bench: &Bench, how: &str| {
        bench.until("main", &format!("its status back, {how}"), |object| {
            without_times(object) == without_times(&before)
        });
    };
    wipe(&bench, "{}");
    rebuilt(&bench, "emptied");
    wipe(&bench, "null");
    rebuilt(&bench, "removed");
    bench.stop();
    wipe(&bench, "{}");
    bench.run();
    rebuilt(&bench, "emptied while nobody looked");
    assert_eq!(bench.mutations(), changes, "a wiped status changed something in AWS");
    check_owners(&whole(&bench, "main"));
}
