//! Requests for copies that AWS refuses, delays or judges by another clock.

use std::time::Duration;

use emulator::{Fault, FaultKind, Seed};

use crate::{
    copies_support::{COPIES, FURTHER, bench, entry, request, told, until_shown},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, is_ready, message},
};

#[test]
fn a_throttled_request_is_made_later_and_once() {
    let bench = bench();
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::Throttle).times(1));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", false, "Throttled");
    assert!(entry(&object, ELSEWHERE)["request"].is_null(), "nothing was made: {object:#}");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"; 2]);
    assert_eq!(bench.aws.copies_made(REGION, &id, ELSEWHERE).len(), 1);
}

#[test]
fn a_region_that_does_not_answer_holds_up_no_other_for_long() {
    let bench = bench();
    let hang = FaultKind::Hang { seconds: 90.0, after_effect: false };
    bench.aws.fault(Fault::on("DescribeBackups", hang).region(ELSEWHERE));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "copies: [{region: eu-central-1}, {region: eu-north-1}]");
    bench.until("main", "the other copy", |object| entry(object, FURTHER)["backupState"] == "READY");
    let object = bench.until_ready("main", false, "AwsError");
    assert!(message(&object, "Ready").contains(ELSEWHERE), "{object:#}");
}

#[test]
fn a_copy_on_its_way_that_a_listing_leaves_out_for_a_moment_is_not_made_again() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::EverythingMissing).region(ELSEWHERE));
    bench.until_ready("main", false, "CopyFailed");
    bench.aws.clear_faults();
    bench.until_ready("main", false, "CopyInProgress");
    bench.aws.advance(Duration::from_mins(2));
    let object = bench.until_ready("main", true, "InSync");
    assert!(entry(&object, ELSEWHERE)["lastFailure"].is_null(), "{object:#}");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_failure_before_a_request_is_not_taken_for_its_own_when_clocks_differ() {
    let bench = bench();
    bench.aws.advance(Duration::from_mins(4));
    bench.aws.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(24));
    let fails = FaultKind::knobs(|knobs| knobs.fail_copies = true);
    bench.aws.fault(Fault::on("CopyBackupToRegion", fails).times(1));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    bench.until_ready("main", false, "CopyFailed");
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    request(&bench, "once-more");
    bench.until("main", "asked once more", |_| bench.calls("CopyBackupToRegion").len() == 2);
    bench.meanwhile(3);
    // The second copy may appear any moment.
    request(&bench, "impatient");
    bench.meanwhile(3);
    let object = bench.object("main");
    assert!(is_ready(&object, false, "CopyInProgress"), "{object:#}");
    assert_eq!(bench.calls("CopyBackupToRegion").len(), 2, "{object:#}");
}

#[test]
fn each_copy_that_fails_is_told() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "copies: [{region: eu-central-1}, {region: eu-north-1}]");
    for region in [ELSEWHERE, FURTHER] {
        bench
            .until("main", "its copy", |object| entry(object, region)["backupState"] == "CREATE_IN_PROGRESS");
    }
    for region in [ELSEWHERE, FURTHER] {
        let [copy] = &bench.aws.copies_made(REGION, &id, region)[..] else { panic!("one was made") };
        bench.aws.purge(region, copy);
        let failed = format!("the copy to {region} failed");
        bench.until("main", &failed, |object| message(object, "Ready").contains(&failed));
        let is_told =
            |_: &serde_json::Value| told(&bench, "CopyFailed").iter().any(|note| note.contains(&failed));
        bench.until("main", &format!("an Event: {failed}"), is_told);
    }
}
