//! The last backup of a cluster is not deleted by accident.

use crate::{
    desired::Desired,
    model::{Backup, BackupKey, ClusterId},
    time::Moment,
};

/// The annotation that lets the last backup of a cluster be deleted; its value names the cluster.
pub const ALLOW_LAST_BACKUP: &str = "cloudhsm-backup.dev/allow-last-backup";

/// A READY backup that no resource deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// The backup.
    pub key: BackupKey,
    /// The cluster whose keys it holds.
    pub cluster: ClusterId,
    /// When it was last seen.
    pub seen: Moment,
}

/// The READY backups of the clusters in question.
pub type Survivors = Vec<Survivor>;

/// The verdict of the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastBackup {
    /// Another one survives: this one, or any other.
    Survivor(BackupKey),
    /// It is the last, and the annotation allows its deletion.
    Allowed,
    /// It is the last. The annotation would have to say this.
    Held(String),
}

/// Judges whether `backup`, which is `key`, is the last of its cluster. Where AWS reports no cluster it counts as the last.
pub fn judge(backup: &Backup, key: &BackupKey, desired: &Desired, survivors: &Survivors) -> LastBackup {
    let wanted = match backup.cluster() {
        Some(cluster) => cluster.as_str(),
        None => backup.id.as_str(),
    };
    if desired.allow_last_backup.as_deref() == Some(wanted) {
        return LastBackup::Allowed;
    }
    let survives = |survivor: &&Survivor| survivor.key != *key && Some(&survivor.cluster) == backup.cluster();
    match survivors.iter().find(survives) {
        Some(survivor) => LastBackup::Survivor(survivor.key.clone()),
        None => LastBackup::Held(wanted.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        desired::{DeletionPolicy, ObjectName},
        model::{BackupState, Source},
    };

    const CLUSTER: &str = "cluster-dygnwhmscg5";

    fn key(id: &str) -> BackupKey {
        BackupKey { region: "eu-west-1".parse().unwrap(), id: id.parse().unwrap() }
    }

    fn own() -> BackupKey {
        key("backup-ro5c4er4aac")
    }

    fn backup(cluster: Option<&str>) -> Backup {
        let mut backup = Backup::new(own().id, BackupState::Ready);
        backup.cluster_id = cluster.map(|cluster| cluster.parse().unwrap());
        backup
    }

    fn allowing(value: Option<&str>) -> Desired {
        Desired {
            name: ObjectName { namespace: "hsm".to_owned(), name: "own".to_owned() },
            created: jiff::Timestamp::UNIX_EPOCH,
            backup: own(),
            account: None,
            never_expires: None,
            tags: None,
            copies: Vec::new(),
            deleted: Some(true),
            deletion_policy: DeletionPolicy::Retain,
            suspend: false,
            terminating: false,
            finalizer: false,
            reconcile_request: None,
            allow_last_backup: value.map(str::to_owned),
        }
    }

    fn survivors() -> Survivors {
        vec![Survivor {
            key: key("backup-bbbbbbbbbbb"),
            cluster: CLUSTER.parse().unwrap(),
            seen: Moment::START,
        }]
    }

    #[test]
    fn a_backup_with_a_survivor_is_not_the_last() {
        let verdict = judge(&backup(Some(CLUSTER)), &own(), &allowing(None), &survivors());
        assert_eq!(verdict, LastBackup::Survivor(key("backup-bbbbbbbbbbb")));
    }

    #[test]
    fn the_last_one_is_held_and_the_annotation_would_have_to_name_its_cluster() {
        let verdict = judge(&backup(Some(CLUSTER)), &own(), &allowing(Some("true")), &Survivors::new());
        assert_eq!(verdict, LastBackup::Held(CLUSTER.to_owned()));
        assert_eq!(
            judge(&backup(Some(CLUSTER)), &own(), &allowing(Some(CLUSTER)), &Survivors::new()),
            LastBackup::Allowed
        );
    }

    #[test]
    fn without_a_cluster_nothing_counts_as_a_survivor() {
        let own_id = "backup-ro5c4er4aac";
        assert_eq!(
            judge(&backup(None), &own(), &allowing(None), &survivors()),
            LastBackup::Held(own_id.to_owned())
        );
        assert_eq!(judge(&backup(None), &own(), &allowing(Some(own_id)), &survivors()), LastBackup::Allowed);
    }

    #[test]
    fn a_copy_belongs_to_the_cluster_of_its_source_whatever_aws_calls_its_own() {
        let mut copy = backup(Some("cluster-aaaaaaaaaaa"));
        copy.source = Some(Source { cluster: Some(CLUSTER.parse().unwrap()), ..Source::default() });
        assert_eq!(
            judge(&copy, &own(), &allowing(None), &Survivors::new()),
            LastBackup::Held(CLUSTER.to_owned())
        );
    }
}
