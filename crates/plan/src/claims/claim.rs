//! What one resource says of the backups that it names, as far as others are concerned.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    desired::{DeletionPolicy, Desired},
    ledger::{CopyRecord, Ledger},
    model::{BackupKey, Region},
};

/// A resource's claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The backup it names.
    pub backup: BackupKey,
    /// The copies on record.
    pub copies: BTreeSet<BackupKey>,
    /// The regions in which it lists a copy.
    pub listed: BTreeSet<Region>,
    /// These, and those in which something of a copy is on record.
    pub regions: BTreeSet<Region>,
    /// The regions in which its request for a copy is open, and is looked for.
    pub sought: BTreeSet<Region>,
    /// When the resource was created.
    pub created: Timestamp,
    /// Whether it writes anything, or still has to finish something. One that does neither is a
    /// view, and stands in nobody's way.
    pub acts: bool,
    /// Whether the resource is being deleted.
    pub terminating: bool,
    /// The backups that it deleted, or means to: these count as nobody's last resort.
    pub deletion_marked: BTreeSet<BackupKey>,
}

impl Claim {
    /// The claim of a resource.
    pub fn of(desired: &Desired, ledger: &Ledger) -> Self {
        let open = ledger.marks.deletion.is_some()
            || ledger.marks.are_open()
            || ledger.copies.values().any(CopyRecord::is_open);
        let writes = if desired.terminating {
            desired.deletes_on_removal()
        } else {
            desired.never_expires.is_some()
                || desired.tags.is_some()
                || !desired.copies.is_empty()
                || desired.deleted.is_some()
                || desired.deletion_policy == DeletionPolicy::Delete
        };
        let key = |(region, record): (&Region, &CopyRecord)| {
            record.id.clone().map(|id| BackupKey { region: region.clone(), id })
        };
        let own = ledger.marks.deletion.map(|_| desired.backup.clone());
        let deleted = ledger.copies.iter().filter(|(_, record)| record.marks.deletion.is_some());
        let sought = ledger.copies.iter().filter(|(_, record)| record.is_sought());
        Self {
            backup: desired.backup.clone(),
            copies: ledger.copies.iter().filter_map(key).collect(),
            listed: desired.copies.iter().map(|copy| copy.region.clone()).collect(),
            regions: desired
                .copies
                .iter()
                .map(|copy| &copy.region)
                .chain(ledger.copies.keys())
                .cloned()
                .collect(),
            sought: sought.map(|(region, _)| region.clone()).collect(),
            created: desired.created,
            acts: writes || (open && !desired.terminating),
            terminating: desired.terminating,
            deletion_marked: own.into_iter().chain(deleted.filter_map(key)).collect(),
        }
    }

    /// Every backup that it names or has on record.
    pub(super) fn backups(&self) -> impl Iterator<Item = &BackupKey> {
        std::iter::once(&self.backup).chain(&self.copies)
    }
}
