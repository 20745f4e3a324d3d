//! One backup as DescribeBackups reports it.

use jiff::Timestamp;

use super::{AccountId, BackupId, BackupKey, ClusterId, Region, Tags};

/// `BackupState` of the AWS API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupState {
    /// It is being made; nothing can be done with it yet.
    CreateInProgress,
    /// It can be used, copied, changed and deleted.
    Ready,
    /// It was deleted, and can be restored until its `DeleteTimestamp`.
    PendingDeletion,
    /// It is gone for good: purged, or a copy that failed.
    Deleted,
    /// A state that this version does not know, verbatim (empty where AWS reported none). Never acted upon.
    Unknown(Box<str>),
}

impl BackupState {
    /// The state that AWS calls `name`.
    pub fn from_name(name: &str) -> Self {
        match name {
            "CREATE_IN_PROGRESS" => Self::CreateInProgress,
            "READY" => Self::Ready,
            "PENDING_DELETION" => Self::PendingDeletion,
            "DELETED" => Self::Deleted,
            other => Self::Unknown(other.into()),
        }
    }

    /// Every [`label`](Self::label).
    pub const LABELS: [&'static str; 5] =
        ["CREATE_IN_PROGRESS", "READY", "PENDING_DELETION", "DELETED", "other"];

    /// Its name where names must be few, as in metrics: those that this version does not know are `other`.
    pub fn label(&self) -> &'static str {
        let known = |label: &&&'static str| **label == self.name();
        Self::LABELS.iter().find(known).copied().unwrap_or("other")
    }

    /// AWS's name for it.
    pub fn name(&self) -> &str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Ready => "READY",
            Self::PendingDeletion => "PENDING_DELETION",
            Self::Deleted => "DELETED",
            Self::Unknown(name) => name,
        }
    }
}

/// Where a copy was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// `SourceRegion`.
    pub region: Option<Region>,
    /// `SourceBackup`: the id in the source region.
    pub backup: Option<BackupId>,
    /// `SourceCluster`.
    pub cluster: Option<ClusterId>,
}

/// One backup. Every member but the id may be missing from an answer, and a missing member is unknown, not "no".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// `BackupId`.
    pub id: BackupId,
    /// `BackupState`.
    pub state: BackupState,
    /// `BackupArn`.
    pub arn: Option<Box<str>>,
    /// `ClusterId`; unreliable on copies.
    pub cluster_id: Option<ClusterId>,
    /// `CreateTimestamp`; on a copy that of its source.
    pub create_timestamp: Option<Timestamp>,
    /// `CopyTimestamp`; copies only.
    pub copy_timestamp: Option<Timestamp>,
    /// `DeleteTimestamp`: until when it can be restored, while PENDING_DELETION.
    pub delete_timestamp: Option<Timestamp>,
    /// `NeverExpires`.
    pub never_expires: Option<bool>,
    /// `SourceRegion`, `SourceBackup` and `SourceCluster`; `None` on a backup that is no copy.
    pub source: Option<Source>,
    /// `HsmType`.
    pub hsm_type: Option<Box<str>>,
    /// `Mode`.
    pub mode: Option<Box<str>>,
    /// `TagList`; AWS reports it also when it is empty.
    pub tags: Option<Tags>,
}

impl Backup {
    /// A backup of which nothing is known but its id and state.
    pub fn new(id: BackupId, state: BackupState) -> Self {
        Self {
            id,
            state,
            arn: None,
            cluster_id: None,
            create_timestamp: None,
            copy_timestamp: None,
            delete_timestamp: None,
            never_expires: None,
            source: None,
            hsm_type: None,
            mode: None,
            tags: None,
        }
    }

    /// The cluster whose keys it holds: its source's for a copy, since AWS reports `ClusterId` on copies unreliably.
    pub fn cluster(&self) -> Option<&ClusterId> {
        match &self.source {
            Some(source) => source.cluster.as_ref(),
            None => self.cluster_id.as_ref(),
        }
    }

    /// The account that owns it, told by its ARN.
    pub fn account(&self) -> Option<AccountId> {
        self.arn.as_deref().and_then(account_of_arn)
    }

    /// Whether it is a copy of another backup.
    pub fn is_copy(&self) -> bool {
        self.source.is_some()
    }

    /// Whether it is surely a copy of `original`. An id alone means nothing: it is unique only within its region.
    pub fn is_copy_of(&self, original: &BackupKey) -> bool {
        self.may_be_copy_of(original) && self.source.as_ref().is_some_and(|source| source.region.is_some())
    }

    /// Whether nothing that AWS reports speaks against it being a copy of `original`: the region of its source may be missing.
    pub fn may_be_copy_of(&self, original: &BackupKey) -> bool {
        self.source.as_ref().is_some_and(|source| {
            source.backup.as_ref() == Some(&original.id)
                && source.region.as_ref().is_none_or(|region| *region == original.region)
        })
    }
}

/// The account of an ARN such as `arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-…`.
pub fn account_of_arn(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_keeps_the_name_that_aws_gave_it() {
        for name in ["CREATE_IN_PROGRESS", "READY", "PENDING_DELETION", "DELETED", "ARCHIVED", ""] {
            assert_eq!(BackupState::from_name(name).name(), name);
        }
        assert_eq!(BackupState::from_name("ARCHIVED"), BackupState::Unknown("ARCHIVED".into()));
    }

    #[test]
    fn a_state_that_is_not_known_has_the_label_other() {
        for (name, label) in
            [("READY", "READY"), ("DELETED", "DELETED"), ("ARCHIVED", "other"), ("", "other")]
        {
            assert_eq!(BackupState::from_name(name).label(), label);
        }
    }

    #[test]
    fn the_account_comes_from_the_arn() {
        let mut backup = Backup::new("backup-ro5c4er4aac".parse().unwrap(), BackupState::Ready);
        assert_eq!(backup.account(), None);
        backup.arn =
            Some("arn:aws-us-gov:cloudhsm:us-gov-west-1:111122223333:backup/backup-ro5c4er4aac".into());
        assert_eq!(backup.account(), Some("111122223333".parse().unwrap()));
        backup.arn = Some("backup-ro5c4er4aac".into());
        assert_eq!(backup.account(), None);
    }

    #[test]
    fn a_copy_holds_the_keys_of_its_source_cluster() {
        let mut backup = Backup::new("backup-ro5c4er4aac".parse().unwrap(), BackupState::Ready);
        backup.cluster_id = Some("cluster-aaaaaaaaaaa".parse().unwrap());
        assert_eq!(backup.cluster(), backup.cluster_id.as_ref());
        backup.source =
            Some(Source { cluster: Some("cluster-bbbbbbbbbbb".parse().unwrap()), ..Source::default() });
        assert_eq!(backup.cluster().map(ClusterId::as_str), Some("cluster-bbbbbbbbbbb"));
    }
}
