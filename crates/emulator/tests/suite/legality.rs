//! What each operation may do in each state: the table of the API reference's §3.

use emulator::{
    BackupState, CopyBackupToRegion, DeleteBackup, DeleteResourcePolicy, GetResourcePolicy, ListTags,
    ModifyBackupAttributes, Operation, PutResourcePolicy, RestoreBackup, Tag, TagResource, UntagResource,
};

use crate::support::{THERE, arn, cloud, here, in_state, state_of};

const STATES: [BackupState; 4] =
    [BackupState::CreateInProgress, BackupState::Ready, BackupState::PendingDeletion, BackupState::Deleted];

const INVALID: &str = "CloudHsmInvalidRequestException";
const NOT_FOUND: &str = "CloudHsmResourceNotFoundException";

/// The state afterwards, or the refusal's code, in the order of `STATES`.
type Row = [Result<BackupState, &'static str>; 4];

const SAME: Row = [
    Ok(BackupState::CreateInProgress),
    Ok(BackupState::Ready),
    Ok(BackupState::PendingDeletion),
    Err(NOT_FOUND),
];
const READY_ONLY: Row = [Err(INVALID), Ok(BackupState::Ready), Err(INVALID), Err(NOT_FOUND)];

fn table(id: &str) -> Vec<(Operation, Row)> {
    let tag = TagResource { resource_id: id.to_owned(), tag_list: Some(vec![Tag::new("k", "v")]) };
    let untag = UntagResource { resource_id: id.to_owned(), tag_key_list: Some(vec!["k".to_owned()]) };
    let (resource_arn, policy) = (arn(id), Some("{}".to_owned()));
    let list = ListTags { resource_id: id.to_owned(), ..ListTags::default() };
    vec![
        (
            Operation::DeleteBackup(DeleteBackup::new(id)),
            [Err(INVALID), Ok(BackupState::PendingDeletion), Err(INVALID), Err(NOT_FOUND)],
        ),
        (
            Operation::RestoreBackup(RestoreBackup::new(id)),
            [Err(INVALID), Err(INVALID), Ok(BackupState::Ready), Err(NOT_FOUND)],
        ),
        (Operation::ModifyBackupAttributes(ModifyBackupAttributes::new(id, true)), READY_ONLY),
        (Operation::CopyBackupToRegion(CopyBackupToRegion::new(id, THERE)), READY_ONLY),
        (Operation::TagResource(tag), SAME),
        (Operation::UntagResource(untag), SAME),
        (Operation::ListTags(list), SAME),
        (Operation::GetResourcePolicy(GetResourcePolicy { resource_arn: resource_arn.clone() }), READY_ONLY),
        (
            Operation::DeleteResourcePolicy(DeleteResourcePolicy { resource_arn: resource_arn.clone() }),
            READY_ONLY,
        ),
        (Operation::PutResourcePolicy(PutResourcePolicy { resource_arn, policy }), READY_ONLY),
    ]
}

#[test]
fn every_operation_in_every_state_does_what_the_table_says() {
    for (column, state) in STATES.into_iter().enumerate() {
        let rows = table("backup-aaaaaaaaaaa").len();
        for row in 0..rows {
            let mut cloud = cloud();
            let id = in_state(&mut cloud, state);
            let (operation, expected) = table(&id).swap_remove(row);
            let result = cloud.perform(&here(), &operation);
            let found = result.map(|_| state_of(&cloud, &id)).map_err(|error| error.code);
            let expected = expected[column].map_err(str::to_owned);
            assert_eq!(found, expected, "{} in {state}", operation.name());
        }
    }
}

#[test]
fn a_refused_operation_changes_nothing() {
    for state in STATES {
        for row in 0..table("backup-aaaaaaaaaaa").len() {
            let mut cloud = cloud();
            let id = in_state(&mut cloud, state);
            let (operation, _) = table(&id).swap_remove(row);
            let before: Vec<_> = cloud.backups().cloned().collect();
            if cloud.perform(&here(), &operation).is_err() {
                let after: Vec<_> = cloud.backups().cloned().collect();
                assert_eq!(before, after, "{} in {state}", operation.name());
            }
        }
    }
}

#[test]
fn an_unknown_backup_is_not_found_by_any_operation_on_it() {
    for (operation, _) in table("backup-zzzzzzzzzzz") {
        let error = cloud().perform(&here(), &operation).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), (NOT_FOUND, 400), "{}", operation.name());
    }
}

#[test]
fn a_backup_of_another_region_or_account_is_not_found() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    let elsewhere = crate::support::there();
    let other = emulator::Caller::new("444455556666", crate::support::HERE);
    for caller in [elsewhere, other] {
        let error = cloud.delete_backup(&caller, &DeleteBackup::new(&id)).unwrap_err();
        assert_eq!(error.code, NOT_FOUND, "{caller:?}");
    }
    assert_eq!(state_of(&cloud, &id), BackupState::Ready);
}

#[test]
fn a_shared_backup_can_be_seen_but_not_changed() {
    let mut cloud = cloud();
    let id = cloud.seed(crate::support::ready().shared_from("444455556666")).unwrap();
    for (operation, _) in table(&id) {
        let error = cloud.perform(&here(), &operation).unwrap_err();
        assert_eq!(error.code, "CloudHsmAccessDeniedException", "{}", operation.name());
    }
    let owner = emulator::Caller::new("444455556666", crate::support::HERE);
    assert!(cloud.delete_backup(&owner, &DeleteBackup::new(&id)).is_ok());
}

#[test]
fn aws_guards_neither_the_last_backup_nor_one_that_never_expires() {
    let mut cloud = cloud();
    let id = cloud.seed(crate::support::ready().never_expires(true)).unwrap();
    let deleted = cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
    assert_eq!(deleted.state, BackupState::PendingDeletion);
}
