//! DeleteBackup, when the answer is lost or the operator dies: what AWS did is found out by
//! looking, and asked for again only where nothing happened.

use cloudhsm_backup_operator::api::{FIELD_MANAGER, GROUP};
use emulator::{Call, Fault, FaultKind, Seed};
use jiff::SignedDuration;

use crate::support::{Bench, CLUSTER, REGION, Setup, condition, is_ready, plane};

/// Writes the mark that an operator leaves behind when it dies before its call, as that operator would.
fn leave_mark(bench: &Bench, name: &str, age: SignedDuration) {
    let requested = bench.aws.now() - age;
    let status = serde_json::json!({
        "apiVersion": format!("{GROUP}/v1alpha1"),
        "kind": "CloudHsmBackup",
        "metadata": { "name": name },
        "status": { "deletion": { "requestedAt": format!("{requested:.3}") } },
    });
    let manager = format!("--field-manager={FIELD_MANAGER}");
    let apply =
        ["-n", &bench.namespace, "apply", "--server-side", "--subresource=status", &manager, "-f", "-"];
    let output = plane().kubectl_stdin(&apply, &status.to_string()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Waits until the operator has called DeleteBackup.
fn until_called(bench: &Bench) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while bench.calls("DeleteBackup").is_empty() {
        assert!(std::time::Instant::now() < deadline, "DeleteBackup was never called\n{}", bench.log());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn expect_done(bench: &Bench, name: &str) {
    let done = bench.until_ready(name, true, "DeletionScheduled");
    let mark = &done["status"]["deletion"];
    assert!(mark["requestedAt"].is_string() && mark["doneAt"].is_string(), "{done:#}");
    assert_eq!(done["status"]["backupState"], "PENDING_DELETION");
}

/// DeleteBackup was preceded by two looks that began the waiting time of this bench, a second, apart.
fn expect_looked_twice_before(bench: &Bench, delete: &Call) {
    let looks: Vec<_> = (bench.calls("DescribeBackups").into_iter())
        .filter(|look| look.seq < delete.seq)
        .map(|look| look.real_at)
        .collect();
    let first = looks.first().expect("a look");
    let apart = looks.iter().any(|look| look.duration_since(*first) >= SignedDuration::from_secs(1));
    assert!(apart, "looks {looks:?}, DeleteBackup {}", delete.real_at);
}

#[test]
fn a_deletion_whose_answer_is_lost_is_found_done_by_looking() {
    let bench = Bench::new();
    let _survivor = bench.seed_pair(CLUSTER);
    let losses = [
        ("dropped", FaultKind::AcceptThenDrop),
        ("told-failed", FaultKind::accept_then_error()),
        ("truncated", FaultKind::TruncatedBody),
        ("garbage", FaultKind::GarbageBody),
        ("late", FaultKind::Hang { seconds: 60.0, after_effect: true }),
    ];
    let mut ids = Vec::new();
    for (name, loss) in &losses {
        let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
        bench.aws.fault(Fault::on("DeleteBackup", loss.clone()).backup(&id).times(1));
        bench.declare(name, &id, "deleted: true");
        expect_done(&bench, name);
        ids.push(id);
    }
    bench.meanwhile(3);
    assert_eq!(bench.applied("DeleteBackup"), ids);
    assert_eq!(bench.calls("DeleteBackup").len(), losses.len(), "none was asked for twice");
}

#[test]
fn a_deletion_lost_on_its_way_is_asked_for_again_and_carried_out_once() {
    let bench = Bench::new();
    let losses = [
        ("dropped", FaultKind::Drop),
        ("unclear", FaultKind::error("CloudHsmServiceException")),
        (
            "broken",
            FaultKind::Error {
                code: "CloudHsmInternalFailureException".to_owned(),
                status: 500,
                message: None,
            },
        ),
    ];
    for (name, loss) in &losses {
        let id = bench.seed_pair(CLUSTER);
        bench.aws.fault(Fault::on("DeleteBackup", loss.clone()).backup(&id).times(1));
        bench.declare(name, &id, "deleted: true");
    }
    for (name, _) in &losses {
        expect_done(&bench, name);
    }
    bench.meanwhile(3);
    assert_eq!(bench.calls("DeleteBackup").len(), 2 * losses.len());
    assert_eq!(bench.applied("DeleteBackup").len(), losses.len());
}

#[test]
fn an_operator_killed_during_its_call_asks_again_after_two_looks() {
    let mut bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench
        .aws
        .fault(Fault::on("DeleteBackup", FaultKind::Hang { seconds: 60.0, after_effect: false }).times(1));
    bench.declare("main", &id, "deleted: true");
    until_called(&bench);
    bench.stop();
    let left = bench.object("main");
    assert!(left["status"]["deletion"]["requestedAt"].is_string(), "the mark precedes the call: {left:#}");
    assert!(left["status"]["deletion"]["doneAt"].is_null(), "{left:#}");
    bench.aws.clear_calls();
    bench.run();
    expect_done(&bench, "main");
    let [delete] = &bench.calls("DeleteBackup")[..] else { panic!("{:?}", bench.mutations()) };
    assert!(delete.applied);
    expect_looked_twice_before(&bench, delete);
}

#[test]
fn an_operator_killed_between_mark_and_call_asks_after_two_looks() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deleted: true");
    leave_mark(&bench, "main", SignedDuration::ZERO);
    bench.run();
    expect_done(&bench, "main");
    bench.meanwhile(3);
    let [delete] = &bench.calls("DeleteBackup")[..] else { panic!("{:?}", bench.mutations()) };
    expect_looked_twice_before(&bench, delete);
}

#[test]
fn a_mark_older_than_the_settle_window_counts_as_done() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deleted: true");
    leave_mark(&bench, "main", SignedDuration::from_mins(16));
    bench.run();
    let stalled = bench.until_ready("main", false, "ExternallyRestored");
    assert_eq!(condition(&stalled, "Stalled")["status"], "True");
    assert!(stalled["status"]["deletion"]["doneAt"].is_string(), "{stalled:#}");
    bench.meanwhile(4);
    bench.expect_untouched();
}

#[test]
fn a_deletion_that_stays_unknown_counts_as_done_when_the_settle_window_is_over() {
    let bench = Bench::with(Setup { flags: vec!["--settle-window=8s"], ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.aws.fault(Fault::on("DeleteBackup", FaultKind::Drop));
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "AwsError");
    bench.until_ready("main", false, "ExternallyRestored");
    let asked = bench.calls("DeleteBackup").len();
    bench.meanwhile(4);
    assert_eq!(bench.calls("DeleteBackup").len(), asked);
    assert!(bench.applied("DeleteBackup").is_empty());
}

#[test]
fn a_deletion_withdrawn_while_its_answer_was_awaited_and_the_operator_died_is_undone() {
    let mut bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench
        .aws
        .fault(Fault::on("DeleteBackup", FaultKind::Hang { seconds: 60.0, after_effect: true }).times(1));
    bench.declare("main", &id, "deleted: true");
    until_called(&bench);
    bench.stop();
    bench.declare("main", &id, "");
    bench.run();
    let restored = bench.until("main", "restored", |object| {
        is_ready(object, true, "InSync") && object["status"]["backupState"] == "READY"
    });
    assert!(restored["status"]["deletion"].is_null(), "{restored:#}");
    assert_eq!(bench.mutations(), ["DeleteBackup", "RestoreBackup"]);
}

#[test]
fn a_deletion_withdrawn_before_it_shows_is_undone_when_it_shows() {
    let bench = Bench::with(Setup { flags: vec!["--confirm-after=20s"], ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.aws.fault(Fault::on("DeleteBackup", FaultKind::AcceptThenDrop).times(1));
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::StaleReads));
    bench.declare("main", &id, "deleted: true");
    until_called(&bench);
    bench.declare("main", &id, "");
    // Looking READY this early, it is not known to have stayed.
    bench.until_ready("main", false, "Applying");
    bench.meanwhile(3);
    bench.until_ready("main", false, "Applying");
    bench.aws.clear_faults();
    bench.until("main", "restored", |object| !object["status"]["restore"]["doneAt"].is_null());
    bench.until_backup(&id, "restored", |backup| backup.delete_timestamp.is_none());
    assert_eq!(bench.mutations(), ["DeleteBackup", "RestoreBackup"]);
}

#[test]
fn a_mark_of_a_withdrawn_wish_goes_once_the_backup_is_seen_ready() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    leave_mark(&bench, "main", SignedDuration::ZERO);
    bench.run();
    let seen = bench.until_ready("main", true, "InSync");
    assert!(seen["status"]["deletion"].is_null(), "{seen:#}");
    bench.expect_untouched();
}

#[test]
fn a_mark_goes_also_when_somebody_else_wrote_it_too() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    let patch = format!(r#"{{"status":{{"deletion":{{"requestedAt":"{:.3}"}}}}}}"#, bench.aws.now());
    bench.kubectl(&["patch", "hsmb", "main", "--subresource=status", "--type=merge", "-p", &patch]);
    bench.run();
    bench.until("main", "rid of the mark", |object| {
        is_ready(object, true, "InSync") && object["status"]["deletion"].is_null()
    });
    bench.expect_untouched();
}

#[test]
fn a_refusal_of_the_second_call_proves_nothing_about_the_first() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.aws.fault(Fault::on("DeleteBackup", FaultKind::AcceptThenDrop).times(1));
    // Listings lag behind, so that it looks as if nothing had happened.
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::StaleReads));
    bench.declare("main", &id, "deleted: true");
    bench.until("main", "asked for again", |_| bench.calls("DeleteBackup").len() == 2);
    bench.aws.clear_faults();
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), std::slice::from_ref(&id));
    // It was this resource's own deletion, so taking the wish back restores.
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.applied("RestoreBackup"), [id]);
}
