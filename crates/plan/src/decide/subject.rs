//! The backup that a row is about: the resource's own, or a copy of it.

use crate::{
    desired::{Desired, DesiredCopy},
    effect::{Change, Mutation},
    inventory::Topic,
    ledger::{Ledger, Marks},
    model::{BackupId, BackupKey, Region, Tags},
    time::Moment,
};

/// Which of the resource's backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The one that `spec.backupId` names.
    Own,
    /// The copy in this region.
    Copy(Region),
}

/// A backup with what is wanted of it and what is on record. The rows of undeletion, tags and deletion are
/// the same for the resource's own backup and for its copies.
pub(super) struct Subject<'a> {
    pub(super) place: Place,
    pub(super) key: BackupKey,
    /// Whether it is wanted deleted (`true`), kept (`false`), or left alone.
    pub(super) deleted: Option<bool>,
    pub(super) tags: Option<&'a Tags>,
    pub(super) marks: Marks,
    /// When the look began that shows it.
    pub(super) began: Moment,
    /// Nothing is changed on the strength of a look that began before this.
    pub(super) since: Moment,
}

impl<'a> Subject<'a> {
    /// The backup that the resource is about.
    pub(super) fn own(desired: &'a Desired, ledger: &Ledger) -> Self {
        Self {
            place: Place::Own,
            key: desired.backup.clone(),
            deleted: desired.deleted,
            tags: desired.tags.as_ref(),
            marks: ledger.marks.clone(),
            began: Moment::ZERO,
            since: Moment::ZERO,
        }
    }

    /// The copy `id` that `wish` asks for: one that is wanted is kept, whoever deleted it.
    pub(super) fn copy(region: &Region, id: BackupId, wish: Option<&'a DesiredCopy>, marks: Marks) -> Self {
        Self {
            place: Place::Copy(region.clone()),
            key: BackupKey { region: region.clone(), id },
            deleted: wish.map(|wish| wish.deleted),
            tags: wish.and_then(|wish| wish.tags.as_ref()),
            marks,
            began: Moment::ZERO,
            since: Moment::ZERO,
        }
    }

    /// What to call it in a sentence.
    pub(super) fn noun(&self) -> String {
        match &self.place {
            Place::Own => "the backup".to_owned(),
            Place::Copy(region) => format!("the copy in {region}"),
        }
    }

    /// The field of the spec that deletes it.
    pub(super) fn field(&self) -> &'static str {
        match self.place {
            Place::Own => "deleted",
            Place::Copy(_) => "the entry's deleted",
        }
    }

    /// The field of the status with the mark of its deletion.
    pub(super) fn mark_field(&self) -> &'static str {
        match self.place {
            Place::Own => "status.deletion",
            Place::Copy(_) => "the deletion in its status",
        }
    }

    /// The mutation that makes `change` to it.
    pub(super) fn mutation(&self, change: Change) -> Mutation {
        Mutation { target: self.key.clone(), change }
    }

    /// What looks at it are about.
    pub(super) fn topic(&self) -> Topic {
        Topic::Backup(self.key.id.clone())
    }
}
