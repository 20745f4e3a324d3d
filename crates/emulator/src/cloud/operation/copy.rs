//! `CopyBackupToRegion`: asynchronous, without an idempotency token, and without the new id in its
//! answer. Every accepted call makes another copy.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::backup::{Completion, Entry};
use super::super::{
    ApiError, Backup, BackupState, Caller, Cloud, ClusterIdOnCopies, NeverExpiresOnCopies, Source, Tags, arn,
    constraint, time,
};
use super::or_default;
use super::tag::{self, Tag};

/// Request of `CopyBackupToRegion`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CopyBackupToRegion {
    /// Where the copy will lie.
    #[serde(default, deserialize_with = "or_default")]
    pub destination_region: String,
    /// The backup, in the region of the call.
    #[serde(default, deserialize_with = "or_default")]
    pub backup_id: String,
    /// The copy's tags; the source's when absent. An empty list is invalid.
    #[serde(default)]
    pub tag_list: Option<Vec<Tag>>,
}

impl CopyBackupToRegion {
    /// Copies this backup with its tags.
    pub fn new(backup_id: impl Into<String>, destination_region: impl Into<String>) -> Self {
        Self { backup_id: backup_id.into(), destination_region: destination_region.into(), tag_list: None }
    }
}

/// Answer of `CopyBackupToRegion`: everything about the source, nothing about the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationBackup {
    /// When the source was made.
    pub create_timestamp: Timestamp,
    /// The region of the call.
    pub source_region: String,
    /// The backup copied.
    pub source_backup: String,
    /// Its cluster.
    pub source_cluster: Option<String>,
}

/// That a copy was made, whatever has become of it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeCopy {
    /// When it was accepted.
    pub at: Timestamp,
    /// Whose source and copy they are.
    pub account: String,
    /// The region of the call.
    pub source_region: String,
    /// The backup that the call named.
    pub source_backup: String,
    /// Where the copy lies.
    pub destination: String,
    /// The copy's id, which no answer tells.
    pub backup_id: String,
}

impl MadeCopy {
    fn of(source: &Backup, copy: &Backup, at: Timestamp) -> Self {
        Self {
            at,
            account: source.account.clone(),
            source_region: source.region.clone(),
            source_backup: source.id.clone(),
            destination: copy.region.clone(),
            backup_id: copy.id.clone(),
        }
    }
}

impl Cloud {
    /// Accepts a copy, which appears and completes as the knobs say.
    pub fn copy_backup_to_region(
        &mut self,
        caller: &Caller,
        request: &CopyBackupToRegion,
    ) -> Result<DestinationBackup, ApiError> {
        let tags = check(request)?;
        let source = self.copyable(caller, request)?;
        if self.knobs.reject_second_copy && self.has_copy(&source, &request.destination_region) {
            return Err(ApiError::invalid(format!(
                "Backup {} already has a copy in {}.",
                source.id, request.destination_region
            )));
        }
        if self
            .knobs
            .region_limit
            .is_some_and(|limit| self.held(&source, &request.destination_region) >= limit)
        {
            let message = format!("There are too many backups in {}.", request.destination_region);
            return Err(ApiError::invalid(message));
        }
        let copy = self.copy_of(&source, &request.destination_region, tags);
        let answer = DestinationBackup {
            create_timestamp: source.create_timestamp,
            source_region: source.region.clone(),
            source_backup: source.id.clone(),
            source_cluster: cluster_of(&source),
        };
        let at = time::after(self.now, self.knobs.copy_ready_after);
        let completion = Completion { at, fails: self.knobs.fail_copies };
        let hidden = if self.knobs.hide_copies { Duration::MAX } else { self.knobs.copy_visible_after };
        self.made.push(MadeCopy::of(&source, &copy, self.now));
        self.insert(Entry::accepted(copy, self.now, completion, hidden));
        self.settle();
        Ok(answer)
    }

    /// The source, when its state and the two regions allow a copy.
    fn copyable(&self, caller: &Caller, request: &CopyBackupToRegion) -> Result<Backup, ApiError> {
        let lenient = self.knobs.allow_undocumented_states;
        let source = self.own(caller, &request.backup_id)?.clone();
        let destination = &request.destination_region;
        if source.state != BackupState::Ready && !lenient {
            let message = format!("Backup {} cannot be copied in the state {}.", source.id, source.state);
            return Err(ApiError::invalid(message));
        }
        if *destination == source.region && !self.knobs.allow_copy_to_own_region {
            return Err(ApiError::invalid(format!("Backup {} is in {destination} already.", source.id)));
        }
        if constraint::partition(destination) != constraint::partition(&source.region) {
            let message = format!("{destination} is in another partition than {}.", source.region);
            return Err(ApiError::invalid(message));
        }
        Ok(source)
    }

    /// How many backups the source's owner has in a region.
    fn held(&self, source: &Backup, region: &str) -> usize {
        let held =
            self.backups().filter(|backup| backup.account == source.account && backup.region == region);
        held.filter(|backup| backup.state != BackupState::Deleted).count()
    }

    fn has_copy(&self, source: &Backup, destination: &str) -> bool {
        self.backups().any(|backup| {
            backup.account == source.account
                && backup.region == destination
                && backup.state != BackupState::Deleted
                && backup
                    .source
                    .as_ref()
                    .is_some_and(|from| from.backup_id == source.id && from.region == source.region)
        })
    }

    fn copy_of(&mut self, source: &Backup, destination: &str, tags: Option<Tags>) -> Backup {
        let kept = self.knobs.copies_keep_id && self.is_free(&source.account, destination, &source.id);
        let id = if kept { source.id.clone() } else { self.free_id(&source.account, destination) };
        let from = Source {
            region: source.region.clone(),
            backup_id: source.id.clone(),
            cluster_id: cluster_of(source),
        };
        let original = source.source.clone().filter(|_| self.knobs.copy_of_copy_names_original);
        let cluster_id = match self.knobs.cluster_id_on_copies {
            ClusterIdOnCopies::Absent => None,
            ClusterIdOnCopies::Source => cluster_of(source),
        };
        let never_expires = match self.knobs.never_expires_on_copies {
            NeverExpiresOnCopies::False => Some(false),
            NeverExpiresOnCopies::Inherited => source.never_expires,
            NeverExpiresOnCopies::Absent => None,
        };
        Backup {
            arn: arn(&source.account, destination, &id),
            id,
            account: source.account.clone(),
            region: destination.to_owned(),
            state: BackupState::CreateInProgress,
            cluster_id,
            create_timestamp: source.create_timestamp,
            copy_timestamp: Some(self.now),
            never_expires,
            source: Some(original.unwrap_or(from)),
            delete_timestamp: None,
            tags: tags.unwrap_or_else(|| source.tags.clone()),
            hsm_type: source.hsm_type.clone(),
            mode: source.mode,
            shared_with: BTreeSet::new(),
            policy: None,
        }
    }
}

fn check(request: &CopyBackupToRegion) -> Result<Option<Tags>, ApiError> {
    constraint::region("destinationRegion", &request.destination_region)?;
    constraint::backup_id("backupId", &request.backup_id)?;
    request.tag_list.as_deref().map(tag::checked).transpose()
}

/// The cluster that the key material comes from, through however many copies.
fn cluster_of(backup: &Backup) -> Option<String> {
    let of_source = || backup.source.as_ref()?.cluster_id.clone();
    of_source().or_else(|| backup.cluster_id.clone())
}
