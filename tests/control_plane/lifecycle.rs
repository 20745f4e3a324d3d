//! The main job: seen, kept, tagged, deleted, undeleted.

use emulator::{BackupState, Seed};

use crate::support::{Bench, CLUSTER, REGION};

#[test]
fn a_backup_is_seen_kept_tagged_deleted_and_undeleted() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let _other = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    let seen = bench.until_ready("main", true, "InSync");
    assert_eq!(seen["status"]["backupState"], "READY");
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    bench.until_ready("main", true, "InSync");
    let backup = bench.aws.backup(REGION, &id).unwrap();
    assert_eq!((backup.never_expires, backup.tags["team"].as_str()), (Some(true), "payments"));
    bench.declare("main", &id, "neverExpires: false\ntags: {team: payments}\ndeleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().state, BackupState::PendingDeletion);
    bench.declare("main", &id, "neverExpires: false\ntags: {team: payments}");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().state, BackupState::Ready);
}
