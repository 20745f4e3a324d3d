//! What time does: purge after seven days, retention, the end of a creation.

use std::time::Duration;

use emulator::{
    BackupState, Cloud, Cluster, DeleteBackup, ModifyBackupAttributes, RestoreBackup, Seed, Source,
};

use crate::support::{CLUSTER, DAY, HERE, THERE, cloud, here, in_state, ready, start, state_of};

const MILLISECOND: Duration = Duration::from_millis(1);

fn just_less(than: Duration) -> Duration {
    than.saturating_sub(MILLISECOND)
}

#[test]
fn a_deleted_backup_is_purged_after_exactly_seven_days() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    let deleted = cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
    assert_eq!(deleted.delete_timestamp, Some(start().checked_add(7 * DAY).unwrap()));
    cloud.advance(just_less(7 * DAY));
    assert_eq!(state_of(&cloud, &id), BackupState::PendingDeletion);
    cloud.advance(MILLISECOND);
    assert_eq!(state_of(&cloud, &id), BackupState::Deleted);
    let error = cloud.restore_backup(&here(), &RestoreBackup::new(&id)).unwrap_err();
    assert_eq!(error.code, "CloudHsmResourceNotFoundException");
}

#[test]
fn a_backup_restored_in_the_last_millisecond_stays() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
    cloud.advance(just_less(7 * DAY));
    let restored = cloud.restore_backup(&here(), &RestoreBackup::new(&id)).unwrap();
    assert_eq!((restored.state, restored.delete_timestamp), (BackupState::Ready, None));
    cloud.advance(30 * DAY);
    assert_eq!(state_of(&cloud, &id), BackupState::Ready);
}

#[test]
fn a_creation_ends_after_its_time_and_not_before() {
    let mut cloud = cloud();
    let seed = Seed { ready_after: Some(Duration::from_mins(10)), ..ready().in_progress() };
    let id = cloud.seed(seed).unwrap();
    cloud.advance(just_less(Duration::from_mins(10)));
    assert_eq!(state_of(&cloud, &id), BackupState::CreateInProgress);
    cloud.advance(MILLISECOND);
    assert_eq!(state_of(&cloud, &id), BackupState::Ready);
}

/// A cluster that keeps its backups for 30 days, with backups of these ages.
fn retained(ages: &[u32]) -> (Cloud, Vec<String>) {
    let mut cloud = cloud();
    let seeds: Vec<_> = ages.iter().map(|days| cloud.seed(ready().age_days(*days)).unwrap()).collect();
    cloud.seed_cluster(Cluster::new(HERE, CLUSTER).retention_days(30)).unwrap();
    (cloud, seeds)
}

fn states(cloud: &Cloud, ids: &[String]) -> Vec<BackupState> {
    ids.iter().map(|id| state_of(cloud, id)).collect()
}

#[test]
fn retention_expires_what_is_too_old_and_leaves_seven_days_to_restore_it() {
    let (mut cloud, ids) = retained(&[29, 1]);
    assert_eq!(states(&cloud, &ids), [BackupState::Ready, BackupState::Ready]);
    cloud.advance(DAY);
    assert_eq!(states(&cloud, &ids), [BackupState::PendingDeletion, BackupState::Ready]);
    let deadline = start().checked_add(8 * DAY).unwrap();
    assert_eq!(cloud.backup(HERE, &ids[0]).unwrap().delete_timestamp, Some(deadline));
}

#[test]
fn retention_never_takes_the_last_backup_of_a_cluster() {
    let (mut cloud, ids) = retained(&[90, 60, 45]);
    assert_eq!(
        states(&cloud, &ids),
        [BackupState::PendingDeletion, BackupState::PendingDeletion, BackupState::Ready]
    );
    cloud.advance(400 * DAY);
    assert_eq!(states(&cloud, &ids), [BackupState::Deleted, BackupState::Deleted, BackupState::Ready]);
    cloud.seed(ready()).unwrap();
    assert_eq!(state_of(&cloud, &ids[2]), BackupState::PendingDeletion, "there is a newer one now");
}

#[test]
fn retention_spares_what_never_expires_until_the_flag_is_cleared() {
    let (mut cloud, _) = retained(&[1]);
    let kept = cloud.seed(ready().age_days(100).never_expires(true)).unwrap();
    assert_eq!(state_of(&cloud, &kept), BackupState::Ready);
    cloud.modify_backup_attributes(&here(), &ModifyBackupAttributes::new(&kept, false)).unwrap();
    assert_eq!(state_of(&cloud, &kept), BackupState::PendingDeletion);
}

#[test]
fn retention_takes_a_restored_backup_again() {
    let (mut cloud, ids) = retained(&[60, 1]);
    let restored = cloud.restore_backup(&here(), &RestoreBackup::new(&ids[0])).unwrap();
    assert_eq!(restored.state, BackupState::Ready);
    assert_eq!(state_of(&cloud, &ids[0]), BackupState::PendingDeletion);
}

#[test]
fn retention_knows_nothing_of_copies_and_of_other_clusters() {
    let mut cloud = cloud();
    let source = Source {
        region: THERE.to_owned(),
        backup_id: "backup-aaaaaaaaaaa".to_owned(),
        cluster_id: Some(CLUSTER.to_owned()),
    };
    let copy = Seed { cluster_id: Some(CLUSTER.to_owned()), ..Seed::copy(HERE, source) }.age_days(100);
    let copies = [cloud.seed(copy.clone()).unwrap(), cloud.seed(copy).unwrap()];
    let other = cloud.seed(Seed::ready(HERE, "cluster-bbbbbbbbbbb").age_days(100)).unwrap();
    // Two that stay: were copies counted or expired like ordinary backups, it would show.
    let kept =
        [cloud.seed(ready().never_expires(true)).unwrap(), cloud.seed(ready().never_expires(true)).unwrap()];
    cloud.seed_cluster(Cluster::new(HERE, CLUSTER).retention_days(7)).unwrap();
    cloud.advance(400 * DAY);
    for id in copies.iter().chain(&kept).chain([&other]) {
        assert_eq!(state_of(&cloud, id), BackupState::Ready, "{id}");
    }
}

#[test]
fn a_copy_does_not_stand_in_for_the_last_backup() {
    let mut cloud = cloud();
    let source =
        Source { region: THERE.to_owned(), backup_id: "backup-aaaaaaaaaaa".to_owned(), cluster_id: None };
    cloud.seed(Seed { cluster_id: Some(CLUSTER.to_owned()), ..Seed::copy(HERE, source) }).unwrap();
    let last = cloud.seed(ready().age_days(100)).unwrap();
    cloud.seed_cluster(Cluster::new(HERE, CLUSTER).retention_days(7)).unwrap();
    assert_eq!(state_of(&cloud, &last), BackupState::Ready);
}

#[test]
fn one_long_step_ends_where_many_short_ones_do() {
    let build = || {
        let (mut cloud, ids) = retained(&[35, 29, 20, 5]);
        cloud.delete_backup(&here(), &DeleteBackup::new(&ids[2])).unwrap();
        cloud.seed(ready().in_progress()).unwrap();
        cloud
    };
    let (mut leap, mut steps) = (build(), build());
    leap.advance(40 * DAY);
    for _ in 0..(40 * 24) {
        steps.advance(Duration::from_hours(1));
    }
    assert_eq!(leap.backups().collect::<Vec<_>>(), steps.backups().collect::<Vec<_>>());
    assert_eq!(leap.now(), steps.now());
}
