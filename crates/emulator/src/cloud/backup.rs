//! A backup as the service knows it, and what the service keeps beside it but does not show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::knobs::Knobs;
use super::time;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Who asks: an account, in a region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-west-1`.
    pub region: String,
}

impl Caller {
    /// A caller of this account, in this region.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into() }
    }
}

/// The four states of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupState {
    /// Being made, or being copied.
    CreateInProgress,
    /// Usable.
    Ready,
    /// Purged, or a copy that failed.
    Deleted,
    /// Restorable until its `delete_timestamp`.
    PendingDeletion,
}

impl BackupState {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Ready => "READY",
            Self::Deleted => "DELETED",
            Self::PendingDeletion => "PENDING_DELETION",
        }
    }
}

impl fmt::Display for BackupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The mode of the cluster that a backup was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// FIPS-validated keys and algorithms only.
    #[default]
    Fips,
    /// Everything else too.
    NonFips,
}

/// Where a copy came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The region copied from.
    pub region: String,
    /// The id in that region.
    pub backup_id: String,
    /// The cluster of the source.
    #[serde(default)]
    pub cluster_id: Option<String>,
}

/// A backup: what the service knows, the owner included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// `BackupId`, unique in its region.
    #[serde(rename = "backupId")]
    pub id: String,
    /// `BackupArn`; the account in it is the owner's.
    #[serde(rename = "backupArn")]
    pub arn: String,
    /// The owner.
    pub account: String,
    /// Where it lies.
    pub region: String,
    /// `BackupState`.
    pub state: BackupState,
    /// `ClusterId`; absent on copies unless a knob says otherwise.
    pub cluster_id: Option<String>,
    /// `CreateTimestamp`; on a copy the source's.
    pub create_timestamp: Timestamp,
    /// `CopyTimestamp`, on copies.
    pub copy_timestamp: Option<Timestamp>,
    /// `NeverExpires`; always there on an ordinary backup.
    pub never_expires: Option<bool>,
    /// `SourceRegion`, `SourceBackup` and `SourceCluster`, on copies.
    pub source: Option<Source>,
    /// `DeleteTimestamp`, while the state is `PENDING_DELETION`.
    pub delete_timestamp: Option<Timestamp>,
    /// `TagList`.
    pub tags: Tags,
    /// `HsmType`.
    pub hsm_type: String,
    /// `Mode`.
    pub mode: Mode,
    /// Accounts that may see it with `Shared`. A policy alone makes none: the share that it creates has to be
    /// promoted by RAM first.
    pub shared_with: BTreeSet<String>,
    /// Its resource policy.
    pub policy: Option<String>,
}

impl Backup {
    /// Marks it for deletion, seven days from `now`.
    pub(crate) fn schedule_deletion(&mut self, now: Timestamp, knobs: &Knobs) {
        self.state = BackupState::PendingDeletion;
        self.delete_timestamp = Some(time::after(now, time::DELETION_WINDOW));
        if knobs.deletion_ends_sharing {
            self.unshare();
        }
    }

    /// Takes it back from everybody.
    pub(crate) fn unshare(&mut self) {
        self.policy = None;
        self.shared_with.clear();
    }

    /// Makes it DELETED.
    pub(crate) fn purge(&mut self) {
        self.state = BackupState::Deleted;
        self.delete_timestamp = None;
        self.unshare();
    }
}

/// How a creation or copy ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) at: Timestamp,
    pub(crate) fails: bool,
}

/// A backup with what only the service's inside knows.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) backup: Backup,
    pub(crate) completion: Option<Completion>,
    pub(crate) visible_from: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
    /// Each version that there was (`None`: it did not exist) and when the next took its place, oldest
    /// first: for stale reads.
    earlier: Vec<(Timestamp, Option<Backup>)>,
}

impl Entry {
    /// A backup that has always been there.
    pub(crate) fn established(backup: Backup, now: Timestamp) -> Self {
        let deleted_at = (backup.state == BackupState::Deleted).then_some(now);
        Self { backup, completion: None, visible_from: now, deleted_at, earlier: Vec::new() }
    }

    /// A copy that was just accepted.
    pub(crate) fn accepted(backup: Backup, now: Timestamp, completion: Completion, hidden: Duration) -> Self {
        Self {
            backup,
            completion: Some(completion),
            visible_from: time::after(now, hidden),
            deleted_at: None,
            earlier: vec![(now, None)],
        }
    }

    /// Changes the backup and remembers what it was.
    pub(crate) fn change(&mut self, now: Timestamp, how: impl FnOnce(&mut Backup)) {
        self.earlier.push((now, Some(self.backup.clone())));
        how(&mut self.backup);
        match self.backup.state {
            BackupState::Deleted => self.deleted_at = Some(now),
            BackupState::CreateInProgress => return,
            BackupState::Ready | BackupState::PendingDeletion => {}
        }
        self.completion = None;
    }

    /// What a listing at `now` shows of it; `stale`: as it was before its last change.
    pub(crate) fn listed(&self, now: Timestamp, knobs: &Knobs, stale: bool) -> Option<&Backup> {
        if now < self.visible_from {
            return None;
        }
        let lags = |changed: Timestamp| now < time::after(changed, knobs.stale_reads_for);
        let earlier =
            if stale { self.earlier.last() } else { self.earlier.iter().find(|(changed, _)| lags(*changed)) };
        if let Some((_, earlier)) = earlier {
            return earlier.as_ref();
        }
        let gone = self.deleted_at.is_some_and(|at| now >= time::after(at, knobs.list_deleted_for));
        (!gone).then_some(&self.backup)
    }
}
