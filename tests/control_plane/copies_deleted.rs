//! `copies[].deleted: true`: the copy on record is deleted, once, behind the same guards as a backup.

use std::time::Duration;

use emulator::{BackupState, Seed};

use crate::{
    copies_support::{
        COPIES, DELETED, FURTHER, bench, copied, entry, seed_copy, state, told, until_copy, until_shown, with,
    },
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, assert_stance, message},
};

const ALLOW: &str = "cloudhsm-backup.dev/allow-last-backup";

#[test]
fn the_copy_is_deleted_once_and_withdrawing_restores_it() {
    for withdrawn in [COPIES, "copies: [{region: eu-central-1, deleted: false}]"] {
        let (bench, id, copy) = copied(COPIES);
        bench.declare("main", &id, DELETED);
        until_copy(&bench, ELSEWHERE, &copy, BackupState::PendingDeletion);
        let object = until_shown(&bench, "PENDING_DELETION");
        assert!(entry(&object, ELSEWHERE)["deleteTimestamp"].is_string(), "the undo deadline: {object:#}");
        let object = bench.until_ready("main", true, "InSync");
        assert!(entry(&object, ELSEWHERE)["deletion"]["doneAt"].is_string(), "{object:#}");
        assert!(object["status"]["copiesReady"].is_null(), "no copy is wanted: {object:#}");
        let [note] = &told(&bench, "Deleted")[..] else { panic!("{:?}", bench.events()) };
        assert!(note.contains(&copy) && note.contains(ELSEWHERE), "{note}");
        bench.meanwhile(3);
        assert_eq!(bench.mutations(), ["DeleteBackup"]);
        bench.declare("main", &id, withdrawn);
        until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
        let object = bench.until_ready("main", true, "InSync");
        assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
        assert_eq!(object["status"]["copiesReady"], "1/1");
        bench.meanwhile(3);
        assert_eq!(bench.mutations(), ["DeleteBackup", "RestoreBackup"]);
    }
}

#[test]
fn removing_the_entry_only_lets_go_of_the_copy() {
    let (bench, id, copy) = copied(COPIES);
    bench.declare("main", &id, DELETED);
    until_shown(&bench, "PENDING_DELETION");
    bench.declare("main", &id, "");
    bench.until("main", "the entry gone", |object| entry(object, ELSEWHERE).is_null());
    bench.until_ready("main", true, "InSync");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
    assert_eq!(state(&bench, &copy), BackupState::PendingDeletion);
}

#[test]
fn a_withdrawn_wish_makes_a_new_copy_when_the_old_one_is_gone_for_good() {
    let (bench, id, copy) = copied(COPIES);
    bench.declare("main", &id, DELETED);
    until_shown(&bench, "PENDING_DELETION");
    bench.aws.purge(ELSEWHERE, &copy);
    until_shown(&bench, "DELETED");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, COPIES);
    let object =
        bench.until("main", "a new copy", |object| entry(object, ELSEWHERE)["backupState"] == "READY");
    let made = bench.aws.copies_made(REGION, &id, ELSEWHERE);
    assert_eq!([entry(&object, ELSEWHERE)["backupId"].as_str().unwrap()], made[..]);
    assert_eq!(bench.mutations(), ["DeleteBackup", "CopyBackupToRegion"]);
}

#[test]
fn a_copy_that_is_the_last_backup_of_its_cluster_is_held() {
    let (bench, id, copy) = copied(COPIES);
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.until_ready("main", false, "PendingDeletion");
    bench.declare("main", &id, DELETED);
    let object = bench.until("main", "held", |object| {
        message(object, "Ready").contains("no other READY backup of its cluster")
    });
    assert_stance(&object, "Stalled");
    let words = entry(&object, ELSEWHERE)["message"].as_str().unwrap();
    assert!(words.contains(&format!("{ALLOW}: {CLUSTER}")), "{words}");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    until_copy(&bench, ELSEWHERE, &copy, BackupState::PendingDeletion);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn copies_count_against_the_hourly_limit() {
    let bench = with(Setup { flags: vec!["--max-deletions=1"], ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copies = [ELSEWHERE, FURTHER].map(|region| seed_copy(&bench, &id, region));
    let list = |more: &str| format!("copies: [{{region: {ELSEWHERE}{more}}}, {{region: {FURTHER}{more}}}]");
    bench.declare("main", &id, &list(""));
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, &list(", deleted: true"));
    let object = bench.until_ready("main", false, "DeletionHeld");
    assert_stance(&object, "Reconciling");
    assert!(message(&object, "Ready").contains("--max-deletions"), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
    let pending = |(region, copy): (&str, &String)| {
        bench.aws.backup(region, copy).unwrap().state == BackupState::PendingDeletion
    };
    assert_eq!([ELSEWHERE, FURTHER].into_iter().zip(&copies).filter(|copy| pending(*copy)).count(), 1);
    assert_eq!(told(&bench, "DeletionHeld").len(), 1);
}

#[test]
fn of_several_copies_that_are_not_on_record_none_is_deleted() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let [one, two] = [(); 2].map(|()| seed_copy(&bench, &id, ELSEWHERE));
    bench.declare("main", &id, DELETED);
    let object = bench.until_ready("main", false, "AmbiguousCopy");
    assert_stance(&object, "Stalled");
    let words = entry(&object, ELSEWHERE)["message"].as_str().unwrap();
    assert!(words.contains(&one) && words.contains(&two), "{words}");
    assert_eq!(told(&bench, "AmbiguousCopy").len(), 1);
    bench.meanwhile(3);
    bench.expect_untouched();
    // When a person has deleted all but one, that one is meant.
    bench.aws.delete_backup(ELSEWHERE, &one).unwrap();
    until_copy(&bench, ELSEWHERE, &two, BackupState::PendingDeletion);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.applied("DeleteBackup"), [two]);
}

#[test]
fn a_duplicate_survives_the_deletion_of_the_copy_on_record_and_that_is_said() {
    let (bench, id, copy) = copied(COPIES);
    let second = seed_copy(&bench, &id, ELSEWHERE);
    bench.until("main", "the duplicate", |object| entry(object, ELSEWHERE)["duplicates"].is_array());
    bench.declare("main", &id, DELETED);
    let object = bench.until_ready("main", false, "AmbiguousCopy");
    assert_stance(&object, "Stalled");
    let words = entry(&object, ELSEWHERE)["message"].as_str().unwrap();
    assert!(message(&object, "Ready").contains(&second), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.applied("DeleteBackup"), [copy]);
    assert_eq!(state(&bench, &second), BackupState::Ready);
    bench.aws.delete_backup(ELSEWHERE, &second).unwrap();
    bench.until_ready("main", true, "InSync");
    assert_eq!(words.matches(second.as_str()).count(), 1, "said twice: {words}");
}

#[test]
fn a_wish_that_found_nothing_deletes_nothing_that_comes_later() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, DELETED);
    bench.until_ready("main", true, "InSync");
    let later = seed_copy(&bench, &id, ELSEWHERE);
    bench.meanwhile(4);
    bench.expect_untouched();
    assert_eq!(state(&bench, &later), BackupState::Ready);
}

#[test]
fn a_copy_that_is_not_finished_is_deleted_when_it_is() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    bench.declare("main", &id, DELETED);
    bench.until_ready("main", false, "CopyInProgress");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    bench.aws.advance(Duration::from_mins(2));
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    until_copy(&bench, ELSEWHERE, copy, BackupState::PendingDeletion);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion", "DeleteBackup"]);
}

#[test]
fn of_a_backup_and_its_copy_that_are_both_to_be_deleted_the_last_one_is_held() {
    let (bench, id, copy) = copied(COPIES);
    bench.declare("main", &id, &format!("{DELETED}\ndeleted: true"));
    bench.until_ready("main", false, "LastBackup");
    bench.meanwhile(4);
    assert_eq!(bench.applied("DeleteBackup").len(), 1, "one of the two");
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    bench.until_ready("main", true, "DeletionScheduled");
    let mut deleted = bench.applied("DeleteBackup");
    deleted.sort();
    let mut both = [id, copy];
    both.sort();
    assert_eq!(deleted, both);
}
