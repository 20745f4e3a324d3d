//! The SDK's outputs and errors, read.

use std::fmt::Debug;

use aws_sdk_cloudhsmv2::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        copy_backup_to_region::CopyBackupToRegionOutput, describe_backups::DescribeBackupsOutput,
        describe_clusters::DescribeClustersOutput, list_tags::ListTagsOutput,
    },
    primitives::DateTime,
    types,
};

use crate::answer::{Answer, ClusterItem, Destination, Item, Refusal, TagList};

/// An error that the service answered. Anything else means that the SDK could not read it, or got none.
pub(crate) fn refusal<E: ProvideErrorMetadata + Debug>(error: SdkError<E>) -> Refusal {
    let SdkError::ServiceError(answered) = error else { panic!("no answer of the service: {error:?}") };
    let error = answered.err();
    Refusal {
        code: error.code().unwrap_or_default().to_owned(),
        message: error.message().unwrap_or_default().to_owned(),
        status: answered.raw().status().as_u16(),
        modelled: !format!("{error:?}").starts_with("Unhandled"),
    }
}

pub(crate) fn backups(output: DescribeBackupsOutput) -> Answer {
    let backups = output.backups.expect("a listing has backups, if none");
    Answer::Backups(backups.into_iter().map(item).collect(), output.next_token)
}

pub(crate) fn backup(backup: Option<types::Backup>) -> Answer {
    Answer::Backup(Box::new(item(backup.expect("a change answers the backup"))))
}

pub(crate) fn destination(output: CopyBackupToRegionOutput) -> Answer {
    let destination = output.destination_backup.expect("a copy answers its source");
    Answer::Destination(Destination {
        created: destination.create_timestamp.map(milliseconds),
        source_region: destination.source_region,
        source_backup: destination.source_backup,
        source_cluster: destination.source_cluster,
    })
}

pub(crate) fn tag_page(output: ListTagsOutput) -> Answer {
    Answer::Tags(tags(output.tag_list), output.next_token)
}

pub(crate) fn clusters(output: DescribeClustersOutput) -> Answer {
    let clusters = output.clusters.expect("a listing has clusters, if none");
    Answer::Clusters(clusters.into_iter().map(cluster).collect(), output.next_token)
}

pub(crate) fn policy(arn: Option<String>, policy: Option<String>) -> Answer {
    Answer::Policy(arn, policy)
}

pub(crate) fn nothing() -> Answer {
    Answer::Nothing
}

fn item(backup: types::Backup) -> Item {
    Item {
        id: backup.backup_id,
        arn: backup.backup_arn,
        state: backup.backup_state.map(|state| state.as_str().to_owned()),
        cluster_id: backup.cluster_id,
        created: backup.create_timestamp.map(milliseconds),
        copied: backup.copy_timestamp.map(milliseconds),
        purged: backup.delete_timestamp.map(milliseconds),
        never_expires: backup.never_expires,
        source_region: backup.source_region,
        source_backup: backup.source_backup,
        source_cluster: backup.source_cluster,
        hsm_type: backup.hsm_type,
        mode: backup.mode.map(|mode| mode.as_str().to_owned()),
        tags: backup.tag_list.map(tags),
    }
}

fn cluster(cluster: types::Cluster) -> ClusterItem {
    let retention = |policy: types::BackupRetentionPolicy| {
        (policy.r#type.map(|kind| kind.as_str().to_owned()), policy.value)
    };
    ClusterItem {
        id: cluster.cluster_id,
        state: cluster.state.map(|state| state.as_str().to_owned()),
        backup_policy: cluster.backup_policy.map(|policy| policy.as_str().to_owned()),
        retention: cluster.backup_retention_policy.map(retention),
        hsm_type: cluster.hsm_type,
        mode: cluster.mode.map(|mode| mode.as_str().to_owned()),
        vpc_id: cluster.vpc_id,
        hsms: cluster.hsms.map(|hsms| hsms.len()),
        tags: cluster.tag_list.map(tags),
    }
}

fn tags(tags: Vec<types::Tag>) -> TagList {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// Milliseconds travel as a fraction of seconds in a float, so they are rounded, not cut.
fn milliseconds(at: DateTime) -> i64 {
    let nanoseconds = at.as_nanos() + 500_000;
    i64::try_from(nanoseconds.div_euclid(1_000_000)).unwrap()
}
