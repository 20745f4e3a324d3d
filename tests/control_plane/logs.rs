//! The log for machines: one well-formed line for every change, with the same fields each time, and none at rest.

use std::collections::BTreeSet;

use emulator::{BackupState, Call, Fault, FaultKind};
use serde_json::Value;

use crate::{
    copies_support::{COPIES, with},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup},
};

/// Every line, as the object that it is.
fn lines(bench: &Bench) -> Vec<Value> {
    let log = bench.log();
    let parse = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\nin {log}"))
    };
    log.lines().map(parse).collect()
}

fn text(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_default().to_owned()
}

/// What tells one request to change something from all others.
type Request = [String; 5];

fn of_line(line: &Value) -> Request {
    ["operation", "backup", "region", "destination", "request_id"].map(|field| text(line, field))
}

fn of_call(call: Call) -> Request {
    let backup = call.backup_ids.first().cloned().unwrap_or_default();
    [call.operation, backup, call.region, call.destination.unwrap_or_default(), call.request_id]
}

/// Waits until AWS shows the backup of `main` like this.
fn until(bench: &Bench, id: &str, state: BackupState) {
    bench.until_backup(id, state.as_str(), |backup| backup.state == state);
}

#[test]
fn every_change_is_one_json_line_that_says_what_was_changed_where_and_under_which_request() {
    let bench = with(Setup { flags: vec!["--log-format=json"], ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    let denied = FaultKind::error("CloudHsmAccessDeniedException");
    bench.aws.fault(Fault::on("TagResource", denied).times(1));
    let wishes = format!("neverExpires: true\ntags: {{team: a-tag-value}}\n{COPIES}");
    bench.declare("main", &id, &wishes);
    bench.until("main", "its copy", |object| object["status"]["copiesReady"] == "1/1");
    // It ends the wait after what was denied.
    bench.annotate("main", "cloudhsm-backup.dev/reconcile-requested-at=now");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, &format!("neverExpires: false\ntags: {{}}\n{COPIES}"));
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "deleted: true");
    until(&bench, &id, BackupState::PendingDeletion);
    bench.declare("main", &id, "deleted: false");
    until(&bench, &id, BackupState::Ready);
    bench.until_ready("main", true, "InSync");

    let lines = lines(&bench);
    let known = ["timestamp", "level", "target", "message"];
    for line in &lines {
        assert!(known.iter().all(|field| line[*field].is_string()), "{line}");
    }
    let changes: Vec<&Value> = lines.iter().filter(|line| !line["operation"].is_null()).collect();
    let reads = ["DescribeBackups", "GetCallerIdentity"];
    let calls = bench.aws.calls().into_iter().filter(|call| !reads.contains(&call.operation.as_str()));
    let called: Vec<Request> = calls.map(of_call).collect();
    assert_eq!(changes.iter().map(|line| of_line(line)).collect::<Vec<_>>(), called);
    let operations: BTreeSet<&str> = called.iter().map(|[operation, ..]| operation.as_str()).collect();
    assert_eq!(operations.len(), 6, "each kind of change: {operations:?}");
    let regions: BTreeSet<&str> =
        called.iter().flat_map(|[_, _, region, to, _]| [region.as_str(), to]).collect();
    assert_eq!(regions, ["", ELSEWHERE, REGION].into());
    for line in changes {
        assert_eq!(text(line, "resource"), format!("{}/main", bench.namespace), "{line}");
        let failed = line["level"] == "WARN";
        assert_eq!(line["message"], if failed { "change failed" } else { "changed in AWS" }, "{line}");
        assert_eq!(failed, line["outcome"] == "rejected" && line["class"] == "AccessDenied", "{line}");
    }
    let log = bench.log();
    for secret in ["not-a-secret", "a-tag-value", "AKIATEST"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    bench.meanwhile(8);
    assert_eq!(bench.log(), log, "at rest it says nothing");
}

#[test]
fn a_finalizer_that_comes_and_goes_is_logged() {
    let bench = Bench::with(Setup { flags: vec!["--log-format=json"], ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deletionPolicy: Delete");
    bench.until("main", "its finalizer", |object| object["metadata"]["finalizers"].is_array());
    bench.declare("main", &id, "deletionPolicy: Retain");
    bench.until("main", "no finalizer", |object| object["metadata"]["finalizers"].is_null());
    bench.until_ready("main", true, "InSync");
    let lines = lines(&bench);
    let about = lines.iter().filter(|line| text(line, "resource") == format!("{}/main", bench.namespace));
    let messages: Vec<_> = about.map(|line| text(line, "message")).collect();
    assert_eq!(messages, ["finalizer added", "finalizer removed"]);
}
