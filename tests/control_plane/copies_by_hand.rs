//! Copies in the hands of people: made, deleted and restored behind the operator's back.

use std::time::Duration;

use emulator::{BackupState, Seed};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    copies_support::{
        COPIES, DELETED, bench, copied, copy_of, entry, seed_copy, state, told, until_copy, until_shown,
    },
    support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, is_ready, message},
};

#[test]
fn a_copy_that_a_person_made_is_adopted_and_no_second_one_is_made() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.copy(REGION, &id, ELSEWHERE).unwrap();
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", true, "InSync");
    let made = bench.aws.copies_made(REGION, &id, ELSEWHERE);
    assert_eq!([entry(&object, ELSEWHERE)["backupId"].as_str().unwrap()], made[..]);
    assert_eq!(object["status"]["copiesReady"], "1/1");
    bench.meanwhile(3);
    bench.expect_untouched();
    assert!(bench.events().is_empty(), "nothing was changed: {:?}", bench.events());
}

#[test]
fn a_copy_that_a_person_has_just_begun_is_waited_for() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.copy(REGION, &id, ELSEWHERE).unwrap();
    bench.declare("main", &id, COPIES);
    let object = until_shown(&bench, "CREATE_IN_PROGRESS");
    assert!(is_ready(&object, false, "CopyInProgress"), "{object:#}");
    bench.aws.advance(Duration::from_mins(2));
    bench.until_ready("main", true, "InSync");
    bench.expect_untouched();
}

#[test]
fn a_copy_that_a_person_deleted_is_restored_and_that_is_told() {
    let (bench, id, copy) = copied(COPIES);
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
    let [call] = &bench.calls("RestoreBackup")[..] else { panic!("one call") };
    let [note] = &told(&bench, "Restored")[..] else { panic!("{:?}", bench.events()) };
    for words in [copy.as_str(), ELSEWHERE, &call.request_id] {
        assert!(note.contains(words), "{words} in {note}");
    }
    // Again within a day: whoever does that has to be found.
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    let object = bench.until_ready("main", false, "RestoredAndDeletedAgain");
    assert_stance(&object, "Stalled");
    assert!(message(&object, "Ready").contains(ELSEWHERE), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
    assert!(bench.aws.copies_made(REGION, &id, ELSEWHERE).is_empty());
}

#[test]
fn a_copy_restored_by_a_person_after_the_spec_deleted_it_is_not_deleted_again() {
    let (bench, id, copy) = copied(COPIES);
    bench.declare("main", &id, DELETED);
    until_copy(&bench, ELSEWHERE, &copy, BackupState::PendingDeletion);
    until_shown(&bench, "PENDING_DELETION");
    bench.aws.restore_backup(ELSEWHERE, &copy).unwrap();
    let object = bench.until_ready("main", false, "ExternallyRestored");
    assert_stance(&object, "Stalled");
    assert!(message(&object, "Ready").contains(ELSEWHERE), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
    // Taken back and wished for anew it is a wish like any other.
    bench.declare("main", &id, COPIES);
    bench.until_ready("main", true, "InSync");
    bench.until("main", "no mark left", |object| entry(object, ELSEWHERE)["deletion"].is_null());
    bench.declare("main", &id, DELETED);
    until_copy(&bench, ELSEWHERE, &copy, BackupState::PendingDeletion);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["DeleteBackup"; 2]);
}

#[test]
fn of_the_tags_of_a_copy_those_that_the_entry_lists_are_put_back_and_others_left() {
    let (bench, _, copy) = copied("copies: [{region: eu-central-1, tags: {team: payments}}]");
    assert_eq!(bench.mutations(), ["TagResource"]);
    bench.aws.tag(ELSEWHERE, &copy, "team", "other").unwrap();
    bench.aws.tag(ELSEWHERE, &copy, "by", "a-person").unwrap();
    let tag = |key: &str| bench.aws.backup(ELSEWHERE, &copy).unwrap().tags.get(key).cloned();
    bench.until("main", "its tag back", |_| tag("team").as_deref() == Some("payments"));
    let shown = |object: &serde_json::Value| {
        entry(object, ELSEWHERE)["tags"] == json!({"team": "payments", "by": "a-person"})
            && is_ready(object, true, "InSync")
    };
    let object = bench.until("main", "both tags shown", shown);
    assert_eq!(entry(&object, ELSEWHERE)["managedTagKeys"], json!(["team"]));
    bench.meanwhile(2);
    assert_eq!(bench.mutations(), ["TagResource"; 2]);
    assert_eq!(tag("by").as_deref(), Some("a-person"));
}

#[test]
fn a_second_copy_by_a_person_is_reported_and_left_alone() {
    let (bench, id, copy) = copied(COPIES);
    bench.aws.copy(REGION, &id, ELSEWHERE).unwrap();
    let [second] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    let object = bench
        .until("main", "the duplicate", |object| entry(object, ELSEWHERE)["duplicates"] == json!([second]));
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
    let words = entry(&object, ELSEWHERE)["message"].as_str().unwrap();
    assert!(words.contains(second.as_str()), "{words}");
    assert!(is_ready(&object, true, "InSync"), "a copy too many harms nobody: {object:#}");
    bench.meanwhile(3);
    bench.expect_untouched();
    assert_eq!((state(&bench, &copy), state(&bench, second)), (BackupState::Ready, BackupState::Ready));
    // When it is gone nothing is said of it any more.
    bench.aws.delete_backup(ELSEWHERE, second).unwrap();
    let object =
        bench.until("main", "no duplicate", |object| entry(object, ELSEWHERE)["duplicates"].is_null());
    assert!(entry(&object, ELSEWHERE)["message"].is_null(), "{object:#}");
}

#[test]
fn of_several_copies_the_one_that_has_been_ready_longest_is_adopted() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copied_ago = |hours: i64| Some(bench.aws.now() - SignedDuration::from_hours(hours));
    let hours = |hours| Seed { copy_timestamp: copied_ago(hours), ..copy_of(&id, ELSEWHERE) };
    let for_long = Some(Duration::from_hours(1));
    let unfinished = bench.aws.seed(Seed { ready_after: for_long, ..hours(9).in_progress() });
    let young = bench.aws.seed(hours(1));
    let old = bench.aws.seed(hours(5));
    let pending = bench.aws.seed(hours(7).pending_deletion());
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], old.as_str());
    let mut others = [unfinished, young];
    others.sort();
    assert_eq!(entry(&object, ELSEWHERE)["duplicates"], json!(others), "{pending} is none");
    bench.meanwhile(2);
    bench.expect_untouched();
}

#[test]
fn when_a_person_deletes_the_copy_on_record_a_second_one_takes_its_place() {
    let (bench, id, copy) = copied(COPIES);
    let second = seed_copy(&bench, &id, ELSEWHERE);
    bench.until("main", "the duplicate", |object| entry(object, ELSEWHERE)["duplicates"] == json!([second]));
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    bench.until("main", "the other on record", |object| {
        entry(object, ELSEWHERE)["backupId"] == second.as_str() && is_ready(object, true, "InSync")
    });
    bench.meanwhile(2);
    bench.expect_untouched();
}

#[test]
fn a_copy_that_was_deleted_for_good_behind_the_operators_back_is_made_again() {
    let (mut bench, id, copy) = copied(COPIES);
    bench.aws.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(24));
    bench.stop();
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    bench.aws.purge(ELSEWHERE, &copy);
    bench.run();
    // It was seen, and is DELETED: like one that failed it is not made again without a pause.
    bench.until_ready("main", false, "CopyFailed");
    bench.annotate("main", "cloudhsm-backup.dev/reconcile-requested-at=now");
    let object = bench.until("main", "another copy", |object| {
        entry(object, ELSEWHERE)["backupId"] != copy.as_str() && is_ready(object, true, "InSync")
    });
    let made = bench.aws.copies_made(REGION, &id, ELSEWHERE);
    assert_eq!([entry(&object, ELSEWHERE)["backupId"].as_str().unwrap()], made[..]);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}
