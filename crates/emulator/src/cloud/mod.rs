//! The service as a state machine: every account and region, a virtual clock, the operations.
//! It does no I/O and knows no clock but its own, so the same calls give the same history.

mod agenda;
mod backup;
mod cluster;
pub(crate) mod constraint;
mod error;
pub(crate) mod ids;
mod intervene;
mod knobs;
mod lifecycle;
mod operation;
mod page;
mod seed;
pub(crate) mod time;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use backup::{Backup, BackupState, Caller, Mode, Source, Tags};
pub use cluster::Cluster;
pub use error::ApiError;
pub use knobs::{
    ClusterIdOnCopies, DeletePending, KnobChanges, Knobs, NeverExpiresOnCopies, PolicyWhenNone,
    TagsOnUnfinishedCopies,
};
pub use operation::{
    BackupPage, ClusterPage, CopyBackupToRegion, DeleteBackup, DeleteResourcePolicy, DescribeBackups,
    DescribeClusters, DestinationBackup, GetResourcePolicy, ListTags, Listing, MadeCopy,
    ModifyBackupAttributes, Operation, PutResourcePolicy, Reply, ResourcePolicy, RestoreBackup, Tag, TagPage,
    TagResource, UntagResource,
};
pub use seed::Seed;

use agenda::Agenda;
use backup::Entry;
use ids::IdSource;

/// The account of everybody whose access key is not mapped to another one.
pub const DEFAULT_ACCOUNT: &str = "111122223333";

/// Where a resource lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    account: String,
    region: String,
    id: String,
}

impl Key {
    fn new(account: &str, region: &str, id: &str) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), id: id.to_owned() }
    }

    fn of(caller: &Caller, id: &str) -> Self {
        Self::new(&caller.account, &caller.region, id)
    }

    fn is_of(&self, caller: &Caller) -> bool {
        self.account == caller.account && self.region == caller.region
    }
}

/// All accounts and regions of an AWS that has only CloudHSM backups.
///
/// Cheap enough to clone, so that a simulation can try two futures.
#[derive(Debug, Clone)]
pub struct Cloud {
    now: Timestamp,
    account: String,
    knobs: Knobs,
    ids: IdSource,
    backups: BTreeMap<Key, Entry>,
    agenda: Agenda,
    clusters: BTreeMap<Key, Cluster>,
    made: Vec<MadeCopy>,
}

impl Cloud {
    /// An empty service whose clock stands at `now` (cut to milliseconds).
    pub fn new(now: Timestamp) -> Self {
        Self {
            now: time::to_milliseconds(now),
            account: DEFAULT_ACCOUNT.to_owned(),
            knobs: Knobs::default(),
            ids: IdSource::new(0),
            backups: BTreeMap::new(),
            agenda: Agenda::default(),
            clusters: BTreeMap::new(),
            made: Vec::new(),
        }
    }

    /// Sets the account of seeds that name none.
    #[must_use]
    pub fn with_account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// Sets the seed that ids are drawn from.
    #[must_use]
    pub fn with_id_seed(mut self, seed: u64) -> Self {
        self.ids = IdSource::new(seed);
        self
    }

    /// Sets the knobs.
    #[must_use]
    pub fn with_knobs(mut self, knobs: Knobs) -> Self {
        self.knobs = knobs;
        self
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The account of seeds that name none.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// How open questions are answered.
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// Changes how open questions are answered from now on.
    pub fn knobs_mut(&mut self) -> &mut Knobs {
        &mut self.knobs
    }

    /// A backup as the service's inside sees it, listed or not; the default account's first.
    pub fn backup(&self, region: &str, id: &str) -> Option<&Backup> {
        let own = self.backups.get(&Key::new(&self.account, region, id));
        let any =
            || self.backups.values().find(|entry| entry.backup.region == region && entry.backup.id == id);
        own.or_else(any).map(|entry| &entry.backup)
    }

    /// Every backup of every account and region, listed or not.
    pub fn backups(&self) -> impl Iterator<Item = &Backup> {
        self.backups.values().map(|entry| &entry.backup)
    }

    /// Every cluster that was seeded.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// Every copy that was ever accepted, oldest first: listed or not, live, DELETED or removed.
    pub fn copies_made(&self) -> &[MadeCopy] {
        &self.made
    }

    /// The caller's own backup, as long as it is not DELETED.
    fn own(&self, caller: &Caller, id: &str) -> Result<&Backup, ApiError> {
        match self.backups.get(&Key::of(caller, id)) {
            Some(entry) if entry.backup.state != BackupState::Deleted && entry.visible_from <= self.now => {
                Ok(&entry.backup)
            }
            None if self.is_shared_with(caller, id) && !self.knobs.shared_is_not_found => {
                let message = format!("{id} is shared with you by its owner, for reading only.");
                Err(ApiError::access_denied(message))
            }
            _ => Err(ApiError::not_found(id)),
        }
    }

    /// Changes the caller's own backup and returns what it has become.
    fn change_own(
        &mut self,
        caller: &Caller,
        id: &str,
        how: impl FnOnce(&mut Backup),
    ) -> Result<Backup, ApiError> {
        self.own(caller, id)?;
        self.change(&Key::of(caller, id), how);
        self.own(caller, id).cloned()
    }

    /// Changes a backup; whatever does so goes through here, or the agenda would not know.
    fn change(&mut self, key: &Key, how: impl FnOnce(&mut Backup)) {
        if let Some(entry) = self.backups.get_mut(key) {
            entry.change(self.now, how);
            self.agenda.note(key, Some(entry));
        }
    }

    fn is_shared_with(&self, caller: &Caller, id: &str) -> bool {
        self.backups().any(|backup| {
            backup.id == id && backup.region == caller.region && backup.shared_with.contains(&caller.account)
        })
    }

    /// An id that no backup of the account has in the region.
    fn free_id(&mut self, account: &str, region: &str) -> String {
        loop {
            let id = self.ids.backup_id();
            if self.is_free(account, region, &id) {
                return id;
            }
        }
    }

    fn is_free(&self, account: &str, region: &str, id: &str) -> bool {
        !self.backups.contains_key(&Key::new(account, region, id))
    }

    fn insert(&mut self, entry: Entry) {
        let backup = &entry.backup;
        let key = Key::new(&backup.account, &backup.region, &backup.id);
        self.agenda.note(&key, Some(&entry));
        self.backups.insert(key, entry);
    }
}

/// The ARN of a backup.
fn arn(account: &str, region: &str, id: &str) -> String {
    format!("arn:{}:cloudhsm:{region}:{account}:backup/{id}", constraint::partition(region))
}
