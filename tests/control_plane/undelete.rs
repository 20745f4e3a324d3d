//! Backups that are pending deletion though the spec does not ask for it, and those that are gone.

use std::time::Duration;

use emulator::{BackupState, Seed};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, REGION, assert_stance, condition, message};

const A_WEEK: Duration = Duration::from_hours(7 * 24 + 1);

/// A backup that was seen READY and that a person then deleted.
fn deleted_by_a_person(more: &str) -> (Bench, String) {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, more);
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &id).unwrap();
    (bench, id)
}

#[test]
fn a_deletion_by_a_person_is_reported_and_deleted_false_undoes_it() {
    let (bench, id) = deleted_by_a_person("");
    let object = bench.until_ready("main", false, "PendingDeletion");
    assert_stance(&object, "Stalled");
    let until = object["status"]["deleteTimestamp"].as_str().unwrap();
    let scheduled = condition(&object, "DeletionScheduled");
    assert_eq!(scheduled["status"], "True");
    for text in [message(&object, "Ready"), message(&object, "DeletionScheduled")] {
        assert!(text.contains(until) && text.contains("set deleted: false"), "{text}");
    }
    assert!(bench.kubectl(&["get", "hsmb", "main"]).contains(until), "column DELETES");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), [""; 0]);
    bench.declare("main", &id, "deleted: false");
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().state, BackupState::Ready);
    assert!(condition(&object, "DeletionScheduled").is_null(), "{object:#}");
    assert!(object["status"]["deleteTimestamp"].is_null());
    assert!(object["status"]["restore"]["doneAt"].is_string(), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
}

#[test]
fn deleted_false_restores_by_itself_but_not_again_and_again() {
    let (bench, id) = deleted_by_a_person("deleted: false");
    bench.until_backup(&id, "restored", |backup| backup.state == BackupState::Ready);
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &id).unwrap();
    let object = bench.until_ready("main", false, "RestoredAndDeletedAgain");
    assert_stance(&object, "Stalled");
    assert!(message(&object, "Ready").contains("neverExpires: true"), "{object:#}");
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
}

#[test]
fn in_its_last_day_a_backup_is_restored_without_limit() {
    let bench = Bench::new();
    let soon = bench.aws.now() + Duration::from_hours(5);
    let seed = Seed { delete_timestamp: Some(soon), ..Seed::ready(REGION, CLUSTER).pending_deletion() };
    let id = bench.aws.seed(seed);
    // On record as restored a moment ago.
    bench.declare("main", &id, "deleted: false");
    bench.until_backup(&id, "restored", |backup| backup.state == BackupState::Ready);
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.until_ready("main", false, "RestoredAndDeletedAgain");
    // Six days later by AWS's clock: less than a day is left.
    bench.aws.remove(REGION, &id);
    let soon = bench.aws.now() + Duration::from_hours(23);
    bench.aws.seed(Seed {
        delete_timestamp: Some(soon),
        ..Seed::ready(REGION, CLUSTER).id(id.clone()).pending_deletion()
    });
    bench.until_backup(&id, "restored again", |backup| backup.state == BackupState::Ready);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["RestoreBackup", "RestoreBackup"]);
}

fn assert_gone(bench: &Bench, before: &Value) {
    let object = bench.until_ready("main", false, "Gone");
    assert_stance(&object, "Stalled");
    assert!(condition(&object, "DeletionScheduled").is_null(), "{object:#}");
    assert_eq!(object["status"]["backupState"], "DELETED");
    for fact in ["backupArn", "cluster", "createTimestamp", "hsmType"] {
        assert!(before["status"][fact].is_string(), "{fact} of {before:#}");
        assert_eq!(object["status"][fact], before["status"][fact], "{fact}");
    }
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn a_purged_backup_is_gone_and_what_was_known_of_it_stays() {
    let (bench, _) = deleted_by_a_person("");
    let before = bench.until_ready("main", false, "PendingDeletion");
    bench.aws.advance(A_WEEK);
    assert_gone(&bench, &before);
}

#[test]
fn a_purged_backup_that_aws_still_lists_is_gone_too() {
    let (bench, _) = deleted_by_a_person("");
    bench.aws.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(24));
    let before = bench.until_ready("main", false, "PendingDeletion");
    bench.aws.advance(A_WEEK);
    assert_gone(&bench, &before);
}
