//! Regions that cannot be looked at, or not written to: their own copies wait, the others do not.

use emulator::{BackupState, Fault, FaultKind, Seed};

use crate::{
    copies_support::{COPIES, FURTHER, bench, copied, entry, request, until_copy},
    support::{CLUSTER, ELSEWHERE, REGION, assert_stance, condition, message},
};

const BOTH: &str = "copies: [{region: eu-central-1}, {region: eu-north-1}]\ntags: {team: payments}";

fn denied() -> FaultKind {
    FaultKind::error("CloudHsmAccessDeniedException")
}

#[test]
fn a_region_that_cannot_be_looked_at_keeps_no_other_from_its_copy() {
    for (fault, reason) in [(FaultKind::Drop, "AwsError"), (denied(), "AccessDenied")] {
        let bench = bench();
        bench.aws.fault(Fault::on("*", fault).region(ELSEWHERE));
        let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
        bench.declare("main", &id, BOTH);
        bench.until("main", "the other copy", |object| entry(object, FURTHER)["backupState"] == "READY");
        let object = bench.until_ready("main", false, reason);
        assert_stance(&object, "Reconciling");
        assert_eq!(object["status"]["copiesReady"], "1/2");
        let words = entry(&object, ELSEWHERE)["message"].as_str().unwrap();
        assert!(words.contains("cannot look at region eu-central-1"), "{words}");
        assert!(entry(&object, FURTHER)["message"].is_null(), "{object:#}");
        assert_eq!(condition(&object, "CopiesReady")["reason"], reason, "{object:#}");
        bench.meanwhile(3);
        assert_eq!(bench.mutations(), ["TagResource", "CopyBackupToRegion"]);
        bench.aws.clear_faults();
        bench.until_ready("main", true, "InSync");
        assert_eq!(bench.aws.copies_made(REGION, &id, ELSEWHERE).len(), 1);
    }
}

#[test]
fn a_copy_that_is_denied_says_which_permission_is_missing_and_keeps_no_other_from_being_made() {
    let bench = bench();
    bench.aws.fault(Fault::on("CopyBackupToRegion", denied()).destination(ELSEWHERE));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, BOTH);
    bench.until("main", "the other copy", |object| entry(object, FURTHER)["backupState"] == "READY");
    let object = bench.until_ready("main", false, "AccessDenied");
    assert_stance(&object, "Reconciling");
    let words = entry(&object, ELSEWHERE)["message"].as_str().unwrap();
    assert!(words.contains("cloudhsm:CopyBackupToRegion") && words.contains(ELSEWHERE), "{words}");
    assert!(message(&object, "Ready").contains("cloudhsm:CopyBackupToRegion"), "{object:#}");
    assert_eq!(entry(&object, ELSEWHERE)["lastFailure"]["reason"], "AccessDenied");
    bench.meanwhile(3);
    assert_eq!(bench.calls("CopyBackupToRegion").len(), 2, "a refusal is not repeated for half a minute");
    bench.aws.clear_faults();
    request(&bench, "now");
    let object = bench.until_ready("main", true, "InSync");
    assert!(entry(&object, ELSEWHERE)["lastFailure"].is_null(), "{object:#}");
    assert_eq!(bench.aws.copies_made(REGION, &id, ELSEWHERE).len(), 1);
}

#[test]
fn a_copy_is_maintained_while_its_source_cannot_be_looked_at() {
    let (bench, _, copy) = copied(COPIES);
    bench.aws.fault(Fault::on("*", FaultKind::Drop).region(REGION));
    bench.until_ready("main", false, "AwsError");
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
}

#[test]
fn nothing_is_restored_in_a_region_that_cannot_be_seen_as_a_whole() {
    let (bench, _, copy) = copied(COPIES);
    bench.aws.fault(
        Fault::on("DescribeBackups", FaultKind::PartialListing)
            .region(ELSEWHERE)
            .listing(emulator::Listing::All),
    );
    bench.until("main", "the trouble", |object| message(object, "Ready").contains("eu-central-1"));
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    bench.meanwhile(4);
    bench.expect_untouched();
    bench.aws.clear_faults();
    until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
}
