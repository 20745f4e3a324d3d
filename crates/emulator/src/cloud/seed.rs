//! Backups that exist without anybody having asked for them: what a test or a person starts from.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backup::{Backup, BackupState, Completion, Entry, Mode, Source, Tags};
use super::{ApiError, Cloud, Cluster, Key, NeverExpiresOnCopies, arn, constraint, time};
use crate::duration;

/// A backup to put into the service, as if it had been there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seed {
    /// Where it lies.
    pub region: String,
    /// Whose it is, or with `shared_from` who may see it. Absent: the default account.
    #[serde(default)]
    pub account: Option<String>,
    /// Absent: drawn.
    #[serde(default)]
    pub backup_id: Option<String>,
    /// Absent: the service reports none.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// Absent: READY.
    #[serde(default)]
    pub state: Option<BackupState>,
    /// Absent: now, less `age`.
    #[serde(default)]
    pub create_timestamp: Option<Timestamp>,
    /// How long ago it was made; instead of `create_timestamp`.
    #[serde(default, with = "duration::optional")]
    pub age: Option<Duration>,
    /// Absent: false; on a copy by the knob.
    #[serde(default)]
    pub never_expires: Option<bool>,
    /// Absent: those of its cluster, when that was seeded.
    #[serde(default)]
    pub tags: Option<Tags>,
    /// Makes it a copy.
    #[serde(default)]
    pub source: Option<Source>,
    /// When it was copied; now when absent. Copies only.
    #[serde(default)]
    pub copy_timestamp: Option<Timestamp>,
    /// When it is purged; in seven days when absent. `PENDING_DELETION` only.
    #[serde(default)]
    pub delete_timestamp: Option<Timestamp>,
    /// How long it takes to become READY; by the knobs when absent. `CREATE_IN_PROGRESS` only.
    #[serde(default, with = "duration::optional")]
    pub ready_after: Option<Duration>,
    /// Absent: `hsm1.medium`.
    #[serde(default)]
    pub hsm_type: Option<String>,
    /// Absent: FIPS.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The account that owns it and shares it with `account`.
    #[serde(default)]
    pub shared_from: Option<String>,
}

impl Seed {
    /// A READY backup of a cluster, made just now.
    pub fn ready(region: impl Into<String>, cluster_id: impl Into<String>) -> Self {
        Self { cluster_id: Some(cluster_id.into()), ..Self::bare(region) }
    }

    /// A READY copy, made just now, of a backup in another region.
    pub fn copy(region: impl Into<String>, source: Source) -> Self {
        Self { source: Some(source), ..Self::bare(region) }
    }

    fn bare(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            account: None,
            backup_id: None,
            cluster_id: None,
            state: None,
            create_timestamp: None,
            age: None,
            never_expires: None,
            tags: None,
            source: None,
            copy_timestamp: None,
            delete_timestamp: None,
            ready_after: None,
            hsm_type: None,
            mode: None,
            shared_from: None,
        }
    }

    /// With this id.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { backup_id: Some(id.into()), ..self }
    }

    /// Of this account.
    #[must_use]
    pub fn account(self, account: impl Into<String>) -> Self {
        Self { account: Some(account.into()), ..self }
    }

    /// Owned by another account and shared with this one.
    #[must_use]
    pub fn shared_from(self, owner: impl Into<String>) -> Self {
        Self { shared_from: Some(owner.into()), ..self }
    }

    /// In this state.
    #[must_use]
    pub fn state(self, state: BackupState) -> Self {
        Self { state: Some(state), ..self }
    }

    /// Still being made.
    #[must_use]
    pub fn in_progress(self) -> Self {
        self.state(BackupState::CreateInProgress)
    }

    /// Deleted, and restorable for seven days.
    #[must_use]
    pub fn pending_deletion(self) -> Self {
        self.state(BackupState::PendingDeletion)
    }

    /// Made so long ago.
    #[must_use]
    pub fn age(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }

    /// Made so many days ago.
    #[must_use]
    pub fn age_days(self, days: u32) -> Self {
        self.age(Duration::from_hours(u64::from(days) * 24))
    }

    /// With this flag.
    #[must_use]
    pub fn never_expires(self, never_expires: bool) -> Self {
        Self { never_expires: Some(never_expires), ..self }
    }

    /// With these tags.
    #[must_use]
    pub fn tags<K: Into<String>, V: Into<String>>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        let tags = tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { tags: Some(tags), ..self }
    }

    fn check(&self, now: Timestamp) -> Result<(), ApiError> {
        constraint::region("region", &self.region)?;
        for account in [&self.account, &self.shared_from].into_iter().flatten() {
            if !constraint::is_account(account) {
                return Err(ApiError::invalid(format!("'{account}' is not an account of twelve digits")));
            }
        }
        if let Some(id) = &self.backup_id {
            constraint::backup_id("backupId", id)?;
        }
        if let Some(id) = &self.cluster_id {
            constraint::cluster_id("clusterId", id)?;
        }
        if let Some(source) = &self.source {
            constraint::region("source.region", &source.region)?;
            constraint::backup_id("source.backupId", &source.backup_id)?;
        }
        for (key, value) in self.tags.iter().flatten() {
            constraint::tag_key(key)?;
            constraint::tag_value(value)?;
        }
        self.check_combination(now)
    }

    /// Members that make no sense together.
    fn check_combination(&self, now: Timestamp) -> Result<(), ApiError> {
        let state = self.state.unwrap_or(BackupState::Ready);
        let refusal = if self.age.is_some() && self.create_timestamp.is_some() {
            "give age or createTimestamp, not both"
        } else if self.delete_timestamp.is_some() && state != BackupState::PendingDeletion {
            "deleteTimestamp goes with the state PENDING_DELETION"
        } else if self.ready_after.is_some() && state != BackupState::CreateInProgress {
            "readyAfter goes with the state CREATE_IN_PROGRESS"
        } else if self.copy_timestamp.is_some() && self.source.is_none() {
            "copyTimestamp goes with source"
        } else if self.create_timestamp.is_some_and(|created| created > now) {
            "createTimestamp lies in the future"
        } else {
            return Ok(());
        };
        Err(ApiError::invalid(refusal))
    }
}

impl Cloud {
    /// Puts a backup into the service and returns its id.
    pub fn seed(&mut self, seed: Seed) -> Result<String, ApiError> {
        seed.check(self.now)?;
        let reader = seed.account.clone().unwrap_or_else(|| self.account.clone());
        let owner = seed.shared_from.clone().unwrap_or_else(|| reader.clone());
        let id = match &seed.backup_id {
            Some(id) => id.clone(),
            None => self.free_id(&owner, &seed.region),
        };
        if self.backups.contains_key(&Key::new(&owner, &seed.region, &id)) {
            return Err(ApiError::invalid(format!("{id} already exists in {} of {owner}", seed.region)));
        }
        let shared_with = if reader == owner { BTreeSet::new() } else { BTreeSet::from([reader]) };
        let (now, ready_after) = (self.now, seed.ready_after);
        let backup = self.seeded(seed, id.clone(), owner, shared_with);
        let mut entry = Entry::established(backup, now);
        if entry.backup.state == BackupState::CreateInProgress {
            let usual = match entry.backup.source {
                Some(_) => self.knobs.copy_ready_after,
                None => self.knobs.create_ready_after,
            };
            let at = time::after(now, ready_after.unwrap_or(usual));
            entry.completion = Some(Completion { at, fails: false });
        }
        self.insert(entry);
        self.settle();
        Ok(id)
    }

    /// Puts a cluster's policy and tags into the service, or replaces them.
    pub fn seed_cluster(&mut self, cluster: Cluster) -> Result<(), ApiError> {
        cluster.check()?;
        let account = cluster.account.clone().unwrap_or_else(|| self.account.clone());
        self.clusters.insert(Key::new(&account, &cluster.region, &cluster.cluster_id), cluster);
        self.settle();
        Ok(())
    }

    fn seeded(&self, seed: Seed, id: String, account: String, shared_with: BTreeSet<String>) -> Backup {
        let state = seed.state.unwrap_or(BackupState::Ready);
        let never_expires = match (seed.never_expires, &seed.source) {
            (Some(flag), _) => Some(flag),
            (None, Some(_)) if self.knobs.never_expires_on_copies == NeverExpiresOnCopies::Absent => None,
            (None, _) => Some(false),
        };
        let created =
            seed.create_timestamp.unwrap_or_else(|| time::before(self.now, seed.age.unwrap_or_default()));
        let pending = state == BackupState::PendingDeletion;
        let purge = seed.delete_timestamp.unwrap_or_else(|| time::after(self.now, time::DELETION_WINDOW));
        let copied = seed.copy_timestamp.unwrap_or(self.now);
        let inherited = || {
            let cluster = seed.cluster_id.as_deref()?;
            Some(self.clusters.get(&Key::new(&account, &seed.region, cluster))?.tags.clone())
        };
        Backup {
            arn: arn(&account, &seed.region, &id),
            id,
            state,
            create_timestamp: time::to_milliseconds(created),
            copy_timestamp: seed.source.as_ref().map(|_| time::to_milliseconds(copied)),
            never_expires,
            delete_timestamp: pending.then(|| time::to_milliseconds(purge)),
            tags: seed.tags.or_else(inherited).unwrap_or_default(),
            hsm_type: seed.hsm_type.unwrap_or_else(|| "hsm1.medium".to_owned()),
            mode: seed.mode.unwrap_or_default(),
            cluster_id: seed.cluster_id,
            source: seed.source,
            region: seed.region,
            account,
            shared_with,
            policy: None,
        }
    }
}
