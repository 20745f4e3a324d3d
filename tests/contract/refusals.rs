//! What the front end refuses before it looks anything up, and that the SDK knows every refusal.

use emulator::{DescribeBackups, ModifyBackupAttributes, Operation, TagResource, UntagResource};

use crate::{
    operations::{
        arn, copy, delete, delete_policy, get_policy, list_tags, never_expires, put_policy, restore,
    },
    operations::{tag, untag},
    stage::{HERE, THERE, over_both},
};

#[tokio::test]
async fn a_backup_that_does_not_exist_is_not_found_by_any_operation() {
    over_both(async |stage| {
        let (id, arn) = ("backup-zzzzzzzzzzz", arn("backup-zzzzzzzzzzz"));
        for operation in [
            delete(id),
            restore(id),
            never_expires(id, true),
            copy(id, THERE, None),
            tag(id, &[("a", "b")]),
            untag(id, &["a"]),
            list_tags(id),
            get_policy(&arn),
            put_policy(&arn, "{}"),
            delete_policy(&arn),
        ] {
            let refusal = stage.call(HERE, operation.clone()).await.unwrap_err();
            assert_eq!(refusal.code, "CloudHsmResourceNotFoundException", "{}", operation.name());
            assert_eq!((refusal.status, refusal.modelled), (400, true), "{}", operation.name());
        }
    })
    .await;
}

#[tokio::test]
async fn ill_formed_requests_are_refused_with_the_same_words() {
    over_both(async |stage| {
        let id = "backup-aaaaaaaaaaa".to_owned();
        let listing = |request| Operation::DescribeBackups(request);
        for operation in [
            delete(""),
            delete("nonsense"),
            restore("cluster-aaaaaaaaaaa"),
            never_expires("backup-1", true),
            Operation::ModifyBackupAttributes(ModifyBackupAttributes {
                backup_id: id.clone(),
                never_expires: None,
            }),
            Operation::TagResource(TagResource { resource_id: id.clone(), tag_list: None }),
            Operation::UntagResource(UntagResource { resource_id: id.clone(), tag_key_list: None }),
            listing(DescribeBackups { max_results: Some(0), ..DescribeBackups::default() }),
            listing(DescribeBackups { max_results: Some(51), ..DescribeBackups::default() }),
            listing(DescribeBackups { next_token: Some("x".repeat(257)), ..DescribeBackups::default() }),
            listing(DescribeBackups { next_token: Some("p1".to_owned()), ..DescribeBackups::default() }),
            listing(DescribeBackups::default().filter("states", ["PENDING_DELETE"])),
            listing(DescribeBackups::default().filter("neverExpires", ["yes"])),
            listing(DescribeBackups::default().filter("backupId", [&id])),
        ] {
            let refusal = stage.call(HERE, operation.clone()).await.unwrap_err();
            assert_eq!(refusal.code, "CloudHsmInvalidRequestException", "{operation:?}");
            assert!(refusal.modelled && !refusal.message.is_empty(), "{refusal:?}");
        }
        stage.knobs(|knobs| {
            knobs.reject_unknown_filters = false;
            knobs.filter_value_limit = Some(1);
        });
        stage.ask(HERE, listing(DescribeBackups::default().filter("backupId", [&id]))).await;
        let two = DescribeBackups::default().filter("backupIds", [&id, &id]);
        assert_eq!(stage.refused(HERE, listing(two)).await, "CloudHsmInvalidRequestException");
    })
    .await;
}
