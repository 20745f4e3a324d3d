//! What the service's front end refuses before it looks anything up, and seeds that make no sense.

use emulator::{DescribeBackups, Operation, Seed};
use serde_json::{Value, json};

use crate::support::{HERE, cloud, here, ready, start};

fn refusal(operation: &str, body: &Value) -> String {
    let parsed = Operation::parse(operation, body.to_string().as_bytes());
    parsed.and_then(|operation| cloud().perform(&here(), &operation)).unwrap_err().code
}

#[test]
fn required_members_and_patterns_are_checked() {
    let id = "backup-aaaaaaaaaaa";
    for (operation, body) in [
        ("DeleteBackup", json!({})),
        ("DeleteBackup", json!({"BackupId": null})),
        ("DeleteBackup", json!({"BackupId": "nonsense"})),
        ("DeleteBackup", json!({"BackupId": "cluster-aaaaaaaaaaa"})),
        ("RestoreBackup", json!({})),
        ("ModifyBackupAttributes", json!({"BackupId": id})),
        ("ModifyBackupAttributes", json!({"NeverExpires": true})),
        ("CopyBackupToRegion", json!({"BackupId": id})),
        ("CopyBackupToRegion", json!({"DestinationRegion": "eu-central-1"})),
        ("CopyBackupToRegion", json!({"BackupId": id, "DestinationRegion": "eu-central-1", "TagList": []})),
        ("TagResource", json!({"ResourceId": id})),
        ("UntagResource", json!({"ResourceId": id, "TagKeyList": []})),
        ("ListTags", json!({})),
        ("DescribeBackups", json!({"MaxResults": 0})),
        ("DescribeBackups", json!({"MaxResults": 51})),
        ("DescribeBackups", json!({"Filters": {"states": ["PENDING_DELETE"]}})),
        ("DescribeBackups", json!({"Filters": {"neverExpires": ["yes"]}})),
        ("DescribeBackups", json!({"Filters": {"backupId": [id]}})),
    ] {
        assert_eq!(refusal(operation, &body), "CloudHsmInvalidRequestException", "{operation} {body}");
    }
}

#[test]
fn members_of_the_wrong_type_do_not_deserialize() {
    for (operation, body) in [
        ("DeleteBackup", json!({"BackupId": 5})),
        ("DeleteBackup", json!(["backup-aaaaaaaaaaa"])),
        ("DeleteBackup", json!("backup-aaaaaaaaaaa")),
        ("ModifyBackupAttributes", json!({"BackupId": "backup-aaaaaaaaaaa", "NeverExpires": "true"})),
        ("DescribeBackups", json!({"MaxResults": "50"})),
        ("DescribeBackups", json!({"Filters": {"backupIds": "backup-aaaaaaaaaaa"}})),
    ] {
        assert_eq!(refusal(operation, &body), "SerializationException", "{operation} {body}");
    }
    let error = Operation::parse("ListTags", b"{").unwrap_err();
    assert_eq!(error.code, "SerializationException");
}

#[test]
fn unknown_members_and_nulls_are_ignored() {
    let body = br#"{"Surprise": 1, "Filters": null, "NextToken": null, "Shared": null}"#;
    let expected = Operation::DescribeBackups(DescribeBackups::default());
    assert_eq!(Operation::parse("DescribeBackups", body), Ok(expected.clone()));
    assert_eq!(Operation::parse("DescribeBackups", b""), Ok(expected));
}

#[test]
fn operations_that_are_lacking_or_do_not_exist_are_unknown() {
    for name in ["CreateCluster", "ModifyCluster", "InitializeCluster", "CreateBackup", ""] {
        assert_eq!(Operation::parse(name, b"{}").unwrap_err().code, "UnknownOperationException", "{name}");
    }
}

#[test]
fn seeds_that_make_no_sense_are_refused() {
    let later = start().checked_add(std::time::Duration::from_hours(1)).unwrap();
    let both = Seed { create_timestamp: Some(start()), ..ready().age_days(1) };
    let future = Seed { create_timestamp: Some(later), ..ready() };
    let purge = Seed { delete_timestamp: Some(later), ..ready() };
    let creating = Seed { ready_after: Some(std::time::Duration::from_secs(1)), ..ready() };
    let copied = Seed { copy_timestamp: Some(start()), ..ready() };
    let region = Seed::ready("nowhere", "cluster-aaaaaaaaaaa");
    let (cluster, id) = (Seed::ready(HERE, "cluster-1"), ready().id("backup-1"));
    let account = ready().account("1234");
    for wrong in [both, future, purge, creating, copied, region, cluster, id, account] {
        assert!(cloud().seed(wrong.clone()).is_err(), "{wrong:?}");
    }
    let mut cloud = cloud();
    cloud.seed(ready().id("backup-aaaaaaaaaaa")).unwrap();
    assert!(cloud.seed(ready().id("backup-aaaaaaaaaaa")).is_err(), "the id is taken");
}
