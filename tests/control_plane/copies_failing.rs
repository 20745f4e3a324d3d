//! Copies that AWS began and did not finish.

use emulator::{Fault, FaultKind, Seed};
use serde_json::Value;

use crate::{
    copies_support::{COPIES, bench, entry, request, told, until_shown},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, message},
};

/// A backup whose first copy fails.
fn failing(bench: &Bench) -> String {
    let fails = FaultKind::knobs(|knobs| knobs.fail_copies = true);
    bench.aws.fault(Fault::on("CopyBackupToRegion", fails).destination(ELSEWHERE).times(1));
    bench.aws.seed(Seed::ready(REGION, CLUSTER))
}

/// Nothing more is asked for before its time, across a crash too; when a person does not want to wait it is.
fn assert_failed_and_asked_again(mut bench: Bench, id: &str) {
    let object = bench.until_ready("main", false, "CopyFailed");
    assert_stance(&object, "Reconciling");
    let copy = entry(&object, ELSEWHERE).clone();
    assert_eq!((&copy["attempts"], &copy["lastFailure"]["reason"]), (&1.into(), &"CopyFailed".into()));
    assert!(copy["request"].is_null() && copy["backupId"].is_null(), "{copy:#}");
    assert!(message(&object, "Ready").contains(ELSEWHERE), "{object:#}");
    assert!(copy["message"].as_str().unwrap().contains("failed"), "{copy:#}");
    assert_eq!(told(&bench, "CopyFailed").len(), 1, "{:?}", bench.events());
    bench.meanwhile(3);
    bench.run();
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    assert_eq!(told(&bench, "CopyFailed").len(), 1, "{:?}", bench.events());
    bench.aws.advance(std::time::Duration::from_hours(1));
    request(&bench, "now");
    let object = bench
        .until("main", "another copy", |object: &Value| entry(object, ELSEWHERE)["backupState"] == "READY");
    let made = bench.aws.copies_made(REGION, id, ELSEWHERE);
    assert_eq!(made.len(), 2);
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], made[1].as_str());
    let object = bench.until_ready("main", true, "InSync");
    let copy = entry(&object, ELSEWHERE);
    assert!(copy["lastFailure"].is_null() && copy["message"].is_null(), "{object:#}");
    assert!(copy["attempts"].is_null() || copy["attempts"] == 0, "{object:#}");
    bench.meanwhile(2);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"; 2]);
}

#[test]
fn a_copy_that_ends_as_deleted_has_failed() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.list_deleted_for = std::time::Duration::from_hours(24));
    let id = failing(&bench);
    bench.declare("main", &id, COPIES);
    assert_failed_and_asked_again(bench, &id);
}

#[test]
fn a_copy_that_vanishes_before_it_is_finished_has_failed() {
    let bench = Bench::new();
    let id = failing(&bench);
    bench.declare("main", &id, COPIES);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    bench.aws.purge(ELSEWHERE, copy);
    bench.aws.knobs(|knobs| knobs.copy_ready_after = std::time::Duration::ZERO);
    assert_failed_and_asked_again(bench, &id);
}

#[test]
fn each_failure_in_a_row_is_counted() {
    let bench = bench();
    bench.aws.knobs(|knobs| {
        knobs.fail_copies = true;
        knobs.list_deleted_for = std::time::Duration::from_hours(24);
    });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    for attempts in 1..=3 {
        let failed = |object: &Value| {
            entry(object, ELSEWHERE)["attempts"] == attempts && entry(object, ELSEWHERE)["request"].is_null()
        };
        let object = bench.until("main", "one more failure", failed);
        bench.until_ready("main", false, "CopyFailed");
        let words = message(&object, "Ready");
        assert!(attempts == 1 || words.contains(&format!("{attempts} times")), "{words}");
        bench.meanwhile(2);
        assert_eq!(bench.mutations().len(), attempts);
        request(&bench, &format!("request-{attempts}"));
    }
}
