//! Deleting a backup whose copies are wanted: they come first.

use std::time::Duration;

use emulator::{BackupState, Fault, FaultKind};

use crate::{
    copies_support::{COPIES, bench, entry, until_shown},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, message},
};

const WAITS: &str = "the deletion waits until the copies are settled";

#[test]
fn the_deletion_of_a_backup_waits_until_its_copy_is_ready() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, &format!("deleted: true\n{COPIES}"));
    let object = until_shown(&bench, "CREATE_IN_PROGRESS");
    assert_stance(&object, "Reconciling");
    let words = message(&object, "Ready");
    assert!(words.contains(WAITS) && words.contains("remove its entry"), "{words}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    bench.aws.advance(Duration::from_mins(2));
    let object = bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(entry(&object, ELSEWHERE)["backupState"], "READY");
    assert_eq!(object["status"]["copiesReady"], "1/1");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion", "DeleteBackup"]);
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().state, BackupState::PendingDeletion);
}

#[test]
fn removing_the_entry_of_a_copy_that_cannot_be_made_lets_the_backup_go() {
    let bench = bench();
    let id = bench.seed_pair(CLUSTER);
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::error("CloudHsmAccessDeniedException")));
    bench.declare("main", &id, &format!("deleted: true\n{COPIES}"));
    let object = bench.until_ready("main", false, "AccessDenied");
    assert!(message(&object, "Ready").contains(WAITS), "{object:#}");
    bench.meanwhile(3);
    assert!(bench.calls("DeleteBackup").is_empty());
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), [id]);
}

#[test]
fn removing_the_entry_of_a_copy_that_is_on_its_way_lets_the_deletion_go() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, &format!("deleted: true\n{COPIES}"));
    let object = bench.until("main", "waiting", |object| {
        entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string()
            && message(object, "Ready").contains(WAITS)
    });
    assert!(message(&object, "Ready").contains("remove its entry"), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    bench.declare("main", &id, "deleted: true");
    bench.until_backup(&id, "deleted", |backup| backup.state == BackupState::PendingDeletion);
    // What may still appear is not forgotten all the same.
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    assert!(entry(&bench.object("main"), ELSEWHERE)["request"]["acceptedAt"].is_string());
    bench.aws.show(ELSEWHERE, copy);
    let object = bench.until_ready("main", true, "DeletionScheduled");
    assert!(object["status"]["copies"].is_null(), "{object:#}");
    assert_ne!(bench.aws.backup(ELSEWHERE, copy).unwrap().state, BackupState::PendingDeletion, "let go");
}
