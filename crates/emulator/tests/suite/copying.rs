//! `CopyBackupToRegion`.

use std::time::Duration;

use emulator::{
    Backup, BackupState, Cloud, CopyBackupToRegion, DescribeBackups, DestinationBackup,
    ModifyBackupAttributes, Source, Tag,
};

use crate::support::{CLUSTER, HERE, THERE, cloud, here, listed, ready, start, there};

fn copies(cloud: &Cloud, source: &str) -> Vec<Backup> {
    listed(cloud, &there(), &DescribeBackups::default().filter("sourceBackupIds", [source]))
}

fn with_source() -> (Cloud, String) {
    let mut cloud = cloud();
    let id = cloud.seed(ready().age_days(3).tags([("team", "pki")]).never_expires(true)).unwrap();
    (cloud, id)
}

#[test]
fn a_copy_is_in_progress_at_first_and_ready_later() {
    let (mut cloud, id) = with_source();
    let created = cloud.backup(HERE, &id).unwrap().create_timestamp;
    let answer = cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    let expected = DestinationBackup {
        create_timestamp: created,
        source_region: HERE.to_owned(),
        source_backup: id.clone(),
        source_cluster: Some(CLUSTER.to_owned()),
    };
    assert_eq!(answer, expected);
    let [copy] = copies(&cloud, &id).try_into().unwrap();
    assert_eq!(copy.state, BackupState::CreateInProgress);
    assert_eq!(copy.create_timestamp, created, "it is as old as its source");
    assert_eq!(copy.copy_timestamp, Some(start()));
    assert_eq!((copy.cluster_id.clone(), copy.never_expires), (None, Some(false)));
    assert_eq!(copy.arn, format!("arn:aws:cloudhsm:{THERE}:111122223333:backup/{}", copy.id));
    let source =
        Source { region: HERE.to_owned(), backup_id: id.clone(), cluster_id: Some(CLUSTER.to_owned()) };
    assert_eq!(copy.source, Some(source));
    assert_ne!(copy.id, id);
    cloud.advance(Duration::from_mins(1));
    assert_eq!(copies(&cloud, &id)[0].state, BackupState::Ready);
}

#[test]
fn every_accepted_call_makes_another_copy() {
    let (mut cloud, id) = with_source();
    for _ in 0..3 {
        cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    }
    let copies = copies(&cloud, &id);
    assert_eq!(copies.len(), 3);
    assert!(copies.iter().enumerate().all(|(at, one)| copies[..at].iter().all(|other| other.id != one.id)));
}

#[test]
fn a_copy_has_the_tags_given_or_else_the_sources() {
    let (mut cloud, id) = with_source();
    cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    assert_eq!(copies(&cloud, &id)[0].tags, [("team".to_owned(), "pki".to_owned())].into());
    let (mut cloud, id) = with_source();
    let tag_list = Some(vec![Tag::new("only", "this")]);
    let request = CopyBackupToRegion { tag_list, ..CopyBackupToRegion::new(&id, THERE) };
    cloud.copy_backup_to_region(&here(), &request).unwrap();
    assert_eq!(copies(&cloud, &id)[0].tags, [("only".to_owned(), "this".to_owned())].into());
}

#[test]
fn a_copy_that_fails_ends_as_deleted() {
    let (mut cloud, id) = with_source();
    cloud.knobs_mut().fail_copies = true;
    cloud.knobs_mut().list_deleted_for = Duration::from_hours(1);
    cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    assert_eq!(copies(&cloud, &id)[0].state, BackupState::CreateInProgress);
    cloud.advance(Duration::from_mins(1));
    let [copy] = copies(&cloud, &id).try_into().unwrap();
    assert_eq!((copy.state, copy.delete_timestamp), (BackupState::Deleted, None));
}

#[test]
fn a_copy_goes_to_another_region_of_the_same_partition_only() {
    let (mut cloud, id) = with_source();
    for destination in [HERE, "us-gov-west-1", "us-iso-east-1", "moon", ""] {
        let request = CopyBackupToRegion::new(&id, destination);
        let error = cloud.copy_backup_to_region(&here(), &request).unwrap_err();
        assert_eq!(error.code, "CloudHsmInvalidRequestException", "{destination}");
    }
    assert_eq!(cloud.backups().count(), 1);
}

#[test]
fn a_copy_outlives_its_source() {
    let (mut cloud, id) = with_source();
    cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    cloud.delete_backup(&here(), &emulator::DeleteBackup::new(&id)).unwrap();
    cloud.advance(Duration::from_hours(8 * 24));
    assert_eq!(cloud.backup(HERE, &id).unwrap().state, BackupState::Deleted);
    assert_eq!(copies(&cloud, &id)[0].state, BackupState::Ready);
}

#[test]
fn never_expires_can_be_set_on_a_copy() {
    let (mut cloud, id) = with_source();
    cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(&id, THERE)).unwrap();
    cloud.advance(Duration::from_mins(1));
    let copy = copies(&cloud, &id)[0].id.clone();
    cloud.modify_backup_attributes(&there(), &ModifyBackupAttributes::new(copy, true)).unwrap();
    assert_eq!(copies(&cloud, &id)[0].never_expires, Some(true));
}
