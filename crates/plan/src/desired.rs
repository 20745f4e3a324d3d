//! What the resource asks for: its spec and the parts of its metadata that matter.

use jiff::Timestamp;

use crate::model::{AccountId, BackupKey, Region, Tags};

/// The annotation of which a new value asks for a fresh look at AWS, at once.
pub const RECONCILE_REQUEST: &str = "cloudhsm-backup.dev/reconcile-requested-at";

/// Namespace and name of a resource. Ordered, so that ties are broken the same way everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What deleting the resource does to the backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// Nothing.
    #[default]
    Retain,
    /// It and the listed copies are deleted first.
    Delete,
}

/// A copy that the spec lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredCopy {
    /// The region it is wanted in.
    pub region: Region,
    /// Its tags; `None` leaves them alone.
    pub tags: Option<Tags>,
    /// Whether it is to be deleted.
    pub deleted: bool,
}

/// The wish: spec, deletion, finalizer and annotations of one resource. Unset members are `None` and not managed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The resource.
    pub name: ObjectName,
    /// When it was created; the older of two that claim a backup has the say.
    pub created: Timestamp,
    /// The backup it is about.
    pub backup: BackupKey,
    /// The account that the backup must belong to.
    pub account: Option<AccountId>,
    /// Whether the backup is exempt from retention.
    pub never_expires: Option<bool>,
    /// The tags it is to have.
    pub tags: Option<Tags>,
    /// The copies it is to have.
    pub copies: Vec<DesiredCopy>,
    /// Whether it is to be deleted.
    pub deleted: Option<bool>,
    /// What deleting the resource does.
    pub deletion_policy: DeletionPolicy,
    /// Observe, change nothing.
    pub suspend: bool,
    /// The resource is being deleted.
    pub terminating: bool,
    /// It carries our finalizer.
    pub finalizer: bool,
    /// The value of the reconcile annotation.
    pub reconcile_request: Option<String>,
    /// The value of the annotation that lets the last backup of a cluster be deleted.
    pub allow_last_backup: Option<String>,
}

impl Desired {
    /// The copies that are to be there. A resource that is being deleted wants none.
    pub fn wanted_copies(&self) -> impl Iterator<Item = &DesiredCopy> {
        self.copies.iter().filter(|copy| !copy.deleted && !self.terminating)
    }

    /// Whether the backup or a copy is to be deleted, by the spec or with the resource.
    pub fn wishes_deletion(&self) -> bool {
        if self.terminating {
            return self.deletes_on_removal();
        }
        self.deleted == Some(true) || self.copies.iter().any(|copy| copy.deleted)
    }

    /// Whether deleting the resource is to delete the backup: it must have carried our finalizer by then.
    pub fn deletes_on_removal(&self) -> bool {
        self.deletion_policy == DeletionPolicy::Delete && self.finalizer
    }
}
