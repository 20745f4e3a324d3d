//! Every knob changes what it says it changes. The defaults are what the other tests see.

use std::collections::BTreeSet;
use std::time::Duration;

use emulator::{
    BackupState, Cloud, Cluster, ClusterIdOnCopies, CopyBackupToRegion, DeleteBackup, DeletePending,
    DescribeBackups, ListTags, ModifyBackupAttributes, NeverExpiresOnCopies,
};

use crate::support::{
    CLUSTER, DAY, HERE, THERE, cloud, here, ids, in_state, listed, ready, start, state_of, there, with,
};

fn copied(cloud: &mut Cloud) -> String {
    let id = cloud.seed(ready().never_expires(true).tags([("a", "b")])).unwrap();
    cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    id
}

fn copies(cloud: &Cloud) -> Vec<emulator::Backup> {
    listed(cloud, &there(), &DescribeBackups::default())
}

#[test]
fn an_unknown_id_can_be_an_error() {
    let mut cloud = with(|knobs| knobs.unknown_id_is_an_error = true);
    let id = in_state(&mut cloud, BackupState::Ready);
    let gone = in_state(&mut cloud, BackupState::Deleted);
    let ask = |cloud: &Cloud, ids: &[&str]| {
        let request = DescribeBackups::default().filter("backupIds", ids.iter().copied());
        cloud.describe_backups(&here(), &request).map(|page| page.backups.len()).map_err(|error| error.code)
    };
    assert_eq!(ask(&cloud, &[&id]), Ok(1));
    for unknown in ["backup-zzzzzzzzzzz", &gone] {
        assert_eq!(ask(&cloud, &[&id, unknown]), Err("CloudHsmResourceNotFoundException".to_owned()));
    }
}

#[test]
fn an_unknown_filter_is_refused_or_ignored() {
    let request = DescribeBackups::default().filter("sourceBackups", ["backup-zzzzzzzzzzz"]);
    assert!(cloud().describe_backups(&here(), &request).is_err());
    let mut cloud = with(|knobs| knobs.reject_unknown_filters = false);
    let id = in_state(&mut cloud, BackupState::Ready);
    assert_eq!(ids(&listed(&cloud, &here(), &request)), [&id]);
}

#[test]
fn deleted_backups_can_stay_listed_for_a_while() {
    let mut cloud = with(|knobs| knobs.list_deleted_for = Duration::from_hours(1));
    let id = in_state(&mut cloud, BackupState::Ready);
    cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
    cloud.advance(7 * DAY + Duration::from_mins(59));
    assert_eq!(listed(&cloud, &here(), &DescribeBackups::default())[0].state, BackupState::Deleted);
    cloud.advance(Duration::from_mins(1));
    assert!(listed(&cloud, &here(), &DescribeBackups::default()).is_empty());
}

#[test]
fn a_creation_takes_as_long_as_told() {
    let mut cloud = with(|knobs| knobs.create_ready_after = Duration::from_secs(9));
    let id = in_state(&mut cloud, BackupState::CreateInProgress);
    cloud.advance(Duration::from_secs(8));
    assert_eq!(state_of(&cloud, &id), BackupState::CreateInProgress);
    cloud.advance(Duration::from_secs(1));
    assert_eq!(state_of(&cloud, &id), BackupState::Ready);
}

#[test]
fn a_copy_takes_as_long_as_told_and_can_be_invisible_at_first() {
    let mut cloud = with(|knobs| {
        knobs.copy_ready_after = Duration::from_mins(30);
        knobs.copy_visible_after = Duration::from_mins(10);
    });
    copied(&mut cloud);
    cloud.advance(Duration::from_mins(9));
    assert!(copies(&cloud).is_empty());
    let id = cloud.backups().find(|backup| backup.region == THERE).unwrap().id.clone();
    let lookup = |cloud: &Cloud| {
        cloud.list_tags(&there(), &ListTags { resource_id: id.clone(), ..ListTags::default() })
    };
    assert!(lookup(&cloud).is_err(), "who guesses its id does not find it either");
    cloud.advance(Duration::from_mins(1));
    assert_eq!(copies(&cloud)[0].state, BackupState::CreateInProgress);
    assert!(lookup(&cloud).is_ok());
    cloud.advance(Duration::from_mins(20));
    assert_eq!(copies(&cloud)[0].state, BackupState::Ready);
}

#[test]
fn a_second_copy_can_be_refused() {
    let mut cloud = with(|knobs| knobs.reject_second_copy = true);
    let id = copied(&mut cloud);
    let again = CopyBackupToRegion::new(&id, THERE);
    let error = cloud.copy_backup_to_region(&here(), &again).unwrap_err();
    assert_eq!(error.code, "CloudHsmInvalidRequestException");
    let elsewhere = CopyBackupToRegion::new(&id, "us-east-1");
    assert!(cloud.copy_backup_to_region(&here(), &elsewhere).is_ok());
}

#[test]
fn a_copys_tags_can_be_hidden_until_it_is_ready() {
    let mut cloud = with(|knobs| knobs.hide_tags_until_copied = true);
    copied(&mut cloud);
    assert!(copies(&cloud)[0].tags.is_empty());
    cloud.advance(Duration::from_mins(1));
    assert_eq!(copies(&cloud)[0].tags.len(), 1);
}

#[test]
fn a_copy_can_name_its_sources_cluster() {
    let mut cloud = with(|knobs| knobs.cluster_id_on_copies = ClusterIdOnCopies::Source);
    copied(&mut cloud);
    assert_eq!(copies(&cloud)[0].cluster_id.as_deref(), Some(CLUSTER));
}

#[test]
fn a_copy_can_inherit_or_lack_never_expires() {
    let mut cloud = with(|knobs| knobs.never_expires_on_copies = NeverExpiresOnCopies::Inherited);
    copied(&mut cloud);
    assert_eq!(copies(&cloud)[0].never_expires, Some(true));
    let mut cloud = with(|knobs| knobs.never_expires_on_copies = NeverExpiresOnCopies::Absent);
    copied(&mut cloud);
    cloud.advance(Duration::from_mins(1));
    let id = copies(&cloud)[0].id.clone();
    cloud.modify_backup_attributes(&there(), &ModifyBackupAttributes::new(id, true)).unwrap();
    assert_eq!(copies(&cloud)[0].never_expires, None);
}

#[test]
fn a_copy_of_a_copy_names_the_copy_or_the_original() {
    for named in [false, true] {
        let mut cloud = cloud();
        cloud.knobs_mut().copy_of_copy_names_original = named;
        let original = copied(&mut cloud);
        cloud.advance(Duration::from_mins(1));
        let middle = copies(&cloud)[0].id.clone();
        cloud.copy_backup_to_region(&there(), &CopyBackupToRegion::new(&middle, "us-east-1")).unwrap();
        let last = cloud.backups().find(|backup| backup.region == "us-east-1").unwrap();
        let source = last.source.clone().unwrap();
        let expected = if named { (HERE, original.as_str()) } else { (THERE, middle.as_str()) };
        assert_eq!((source.region.as_str(), source.backup_id.as_str()), expected);
        assert_eq!(source.cluster_id.as_deref(), Some(CLUSTER), "the cluster is known through all copies");
    }
}

#[test]
fn deleting_a_pending_backup_can_be_nothing_or_start_anew() {
    for (knob, days) in [(DeletePending::Noop, 7), (DeletePending::Reset, 9)] {
        let mut cloud = with(|knobs| knobs.delete_pending = knob);
        let id = in_state(&mut cloud, BackupState::PendingDeletion);
        cloud.advance(2 * DAY);
        let again = cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
        assert_eq!(again.delete_timestamp, Some(start().checked_add(days * DAY).unwrap()), "{knob:?}");
    }
}

#[test]
fn undocumented_states_can_be_allowed() {
    let mut cloud = with(|knobs| knobs.allow_undocumented_states = true);
    for state in [BackupState::CreateInProgress, BackupState::PendingDeletion] {
        let id = in_state(&mut cloud, state);
        let modified =
            cloud.modify_backup_attributes(&here(), &ModifyBackupAttributes::new(&id, true)).unwrap();
        assert_eq!((modified.never_expires, modified.state), (Some(true), state));
        assert!(cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).is_ok());
    }
    let id = in_state(&mut cloud, BackupState::CreateInProgress);
    cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
    cloud.advance(DAY);
    assert_eq!(state_of(&cloud, &id), BackupState::PendingDeletion, "its creation does not revive it");
    let pending = in_state(&mut cloud, BackupState::PendingDeletion);
    assert!(cloud.delete_backup(&here(), &DeleteBackup::new(&pending)).is_err(), "that has its own knob");
}

#[test]
fn of_several_states_only_the_first_may_count() {
    let mut cloud = with(|knobs| knobs.multi_value_states_bug = true);
    let ready = in_state(&mut cloud, BackupState::Ready);
    in_state(&mut cloud, BackupState::PendingDeletion);
    let request = DescribeBackups::default().filter("states", ["READY", "PENDING_DELETION"]);
    assert_eq!(ids(&listed(&cloud, &here(), &request)), [&ready]);
}

#[test]
fn of_several_filters_one_may_be_enough() {
    let mut cloud = with(|knobs| knobs.any_filter_is_enough = true);
    let ready = in_state(&mut cloud, BackupState::Ready);
    let pending = in_state(&mut cloud, BackupState::PendingDeletion);
    in_state(&mut cloud, BackupState::CreateInProgress);
    let request =
        DescribeBackups::default().filter("states", ["PENDING_DELETION"]).filter("backupIds", [&ready]);
    let found = listed(&cloud, &here(), &request);
    assert_eq!(ids(&found).into_iter().collect::<BTreeSet<_>>(), [ready.as_str(), &pending].into());
    assert_eq!(listed(&cloud, &here(), &DescribeBackups::default()).len(), 3, "no filter is no filter");
}

#[test]
fn a_filter_may_take_few_values_only() {
    let mut cloud = with(|knobs| knobs.filter_value_limit = Some(1));
    let id = in_state(&mut cloud, BackupState::Ready);
    let ask = |values: &[&str]| {
        let request = DescribeBackups::default().filter("backupIds", values.iter().copied());
        cloud.describe_backups(&here(), &request).map(|page| page.backups.len()).map_err(|error| error.code)
    };
    assert_eq!(ask(&[&id]), Ok(1));
    assert_eq!(ask(&[&id, "backup-zzzzzzzzzzz"]), Err("CloudHsmInvalidRequestException".to_owned()));
}

#[test]
fn listings_can_lag_behind() {
    let mut cloud = with(|knobs| knobs.stale_reads_for = Duration::from_secs(30));
    let id = copied(&mut cloud);
    assert!(copies(&cloud).is_empty(), "a new copy is not seen either");
    cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
    cloud.advance(Duration::from_secs(29));
    assert_eq!(listed(&cloud, &here(), &DescribeBackups::default())[0].state, BackupState::Ready);
    cloud.advance(Duration::from_secs(1));
    assert_eq!(listed(&cloud, &here(), &DescribeBackups::default())[0].state, BackupState::PendingDeletion);
    assert_eq!(copies(&cloud).len(), 1);
}

#[test]
fn a_deleted_clusters_policy_may_live_on() {
    for lives in [false, true] {
        let mut cloud = cloud();
        cloud.knobs_mut().deleted_clusters_expire = lives;
        cloud.seed_cluster(Cluster::new(HERE, CLUSTER).retention_days(7).deleted()).unwrap();
        let old = cloud.seed(ready().age_days(30)).unwrap();
        cloud.seed(ready()).unwrap();
        let expected = if lives { BackupState::PendingDeletion } else { BackupState::Ready };
        assert_eq!(state_of(&cloud, &old), expected);
    }
}

#[test]
fn pages_can_be_smaller_than_asked_for() {
    let mut cloud = with(|knobs| knobs.page_limit = 2);
    for _ in 0..3 {
        in_state(&mut cloud, BackupState::Ready);
    }
    let page = cloud.describe_backups(&here(), &DescribeBackups::default()).unwrap();
    assert_eq!((page.backups.len(), page.next_token.is_some()), (2, true));
    assert_eq!(listed(&cloud, &here(), &DescribeBackups::default()).len(), 3);
}
