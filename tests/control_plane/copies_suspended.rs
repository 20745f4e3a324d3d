//! `suspend: true` and copies: nothing is made, restored, tagged or deleted, and that is said.

use std::time::Duration;

use emulator::{BackupState, Seed};

use crate::{
    copies_support::{COPIES, DELETED, bench, copied, entry, seed_copy, state, until_copy, until_shown},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, condition, message},
};

#[test]
fn no_copy_is_made_until_the_suspension_is_lifted() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, &format!("suspend: true\n{COPIES}"));
    let object = bench.until_ready("main", false, "Suspended");
    assert_stance(&object, "Stalled");
    let words = message(&object, "Ready");
    assert!(words.contains("suspend") && words.contains(ELSEWHERE), "{words}");
    assert_eq!(condition(&object, "CopiesReady")["status"], "False", "the truth: {object:#}");
    assert_eq!(object["status"]["copiesReady"], "0/1");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.patch("main", r#"{"spec":{"suspend":false}}"#);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_copy_that_is_there_is_adopted_and_nothing_is_outstanding() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    bench.declare("main", &id, &format!("suspend: true\n{COPIES}"));
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
    bench.expect_untouched();
}

#[test]
fn no_copy_is_deleted_restored_or_tagged_until_the_suspension_is_lifted() {
    let (bench, id, copy) = copied(COPIES);
    bench.declare("main", &id, &format!("suspend: true\n{DELETED}"));
    let object = bench.until_ready("main", false, "Suspended");
    assert!(message(&object, "Ready").contains(ELSEWHERE), "{object:#}");
    bench.declare("main", &id, "suspend: true\ncopies: [{region: eu-central-1, tags: {team: payments}}]");
    let tagging = |object: &serde_json::Value| message(object, "Ready").contains("setting tags team");
    bench.until("main", "tags outstanding", tagging);
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    let restoring = |object: &serde_json::Value| message(object, "Ready").contains("restoring the copy");
    let object = bench.until("main", "a restore outstanding", restoring);
    assert_stance(&object, "Stalled");
    bench.meanwhile(3);
    bench.expect_untouched();
    assert_eq!(state(&bench, &copy), BackupState::PendingDeletion);
    bench.patch("main", r#"{"spec":{"suspend":null}}"#);
    until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["RestoreBackup", "TagResource"]);
}

#[test]
fn a_copy_on_its_way_is_followed_while_suspended() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    bench.declare("main", &id, &format!("suspend: true\n{COPIES}"));
    let object = bench.until_ready("main", false, "CopyInProgress");
    assert!(condition(&object, "Stalled").is_null(), "nobody has to do anything: {object:#}");
    bench.aws.advance(Duration::from_mins(2));
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}
