//! Knobs of deleting and restoring.

use std::time::Duration;

use emulator::{BackupState, DeleteBackup, RestoreBackup, Seed};

use crate::support::{CLUSTER, DAY, HERE, THERE, here, in_state, ready, state_of, there, with};

const INVALID: &str = "CloudHsmInvalidRequestException";

#[test]
fn a_backup_that_never_expires_may_refuse_its_deletion() {
    let mut cloud = with(|knobs| knobs.refuse_deleting_never_expires = true);
    let kept = cloud.seed(ready().never_expires(true)).unwrap();
    assert_eq!(cloud.delete_backup(&here(), &DeleteBackup::new(&kept)).unwrap_err().code, INVALID);
    let ordinary = in_state(&mut cloud, BackupState::Ready);
    assert!(cloud.delete_backup(&here(), &DeleteBackup::new(&ordinary)).is_ok());
}

#[test]
fn the_last_backup_of_a_cluster_may_refuse_its_deletion() {
    let mut cloud = with(|knobs| knobs.refuse_deleting_last_backup = true);
    let (one, two) = (in_state(&mut cloud, BackupState::Ready), in_state(&mut cloud, BackupState::Ready));
    cloud.seed(Seed::ready(HERE, "cluster-bbbbbbbbbbb")).unwrap();
    let source = emulator::Source {
        region: HERE.to_owned(),
        backup_id: two.clone(),
        cluster_id: Some(CLUSTER.to_owned()),
    };
    let copy = cloud.seed(Seed::copy(THERE, source)).unwrap();
    assert!(cloud.delete_backup(&here(), &DeleteBackup::new(&one)).is_ok());
    assert_eq!(cloud.delete_backup(&here(), &DeleteBackup::new(&two)).unwrap_err().code, INVALID);
    assert!(cloud.delete_backup(&there(), &DeleteBackup::new(&copy)).is_ok(), "a copy has no cluster");
}

#[test]
fn a_purge_can_be_late_and_the_backup_be_restored_until_then() {
    let mut cloud = with(|knobs| knobs.purge_late_by = Duration::from_hours(2));
    let (lost, saved) = (in_state(&mut cloud, BackupState::Ready), in_state(&mut cloud, BackupState::Ready));
    for id in [&lost, &saved] {
        cloud.delete_backup(&here(), &DeleteBackup::new(id)).unwrap();
    }
    cloud.advance(7 * DAY + Duration::from_hours(1));
    assert_eq!(state_of(&cloud, &lost), BackupState::PendingDeletion);
    assert!(cloud.backup(HERE, &lost).unwrap().delete_timestamp.unwrap() < cloud.now());
    cloud.restore_backup(&here(), &RestoreBackup::new(&saved)).unwrap();
    cloud.advance(Duration::from_hours(1));
    assert_eq!(
        (state_of(&cloud, &lost), state_of(&cloud, &saved)),
        (BackupState::Deleted, BackupState::Ready)
    );
}

#[test]
fn a_backup_may_refuse_to_be_restored_in_its_last_hours() {
    let mut cloud = with(|knobs| knobs.restore_closes_before = Duration::from_hours(2));
    for (hours, expected) in [(5, BackupState::Ready), (6, BackupState::PendingDeletion)] {
        let id = in_state(&mut cloud, BackupState::PendingDeletion);
        cloud.advance(6 * DAY + Duration::from_hours(16 + hours));
        let restored = cloud.restore_backup(&here(), &RestoreBackup::new(&id)).map_err(|error| error.code);
        assert_eq!(restored.is_ok(), expected == BackupState::Ready, "{restored:?}");
        assert_eq!(state_of(&cloud, &id), expected);
    }
}
