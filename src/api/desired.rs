//! From an object to the wish that decisions take.

use std::collections::BTreeSet;

use kube::ResourceExt;
use plan::{
    deletion::ALLOW_LAST_BACKUP,
    desired::{DeletionPolicy, Desired, DesiredCopy, ObjectName},
    model::{AccountId, BackupId, BackupKey, Malformed, Region},
};

use super::{CloudHsmBackup, FINALIZER, RECONCILE_REQUEST, spec};

/// An object that the schema should have refused: it passed another version of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// An id, a region or an account is none.
    #[error("the resource cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// A copy is listed in the region of the backup itself.
    #[error("the resource cannot be read: it lists a copy in {0}, where the backup itself is")]
    CopyAtHome(Region),
    /// Two entries speak of the same copy, and may contradict each other.
    #[error("the resource cannot be read: it lists the copy in {0} twice")]
    CopyTwice(Region),
}

impl CloudHsmBackup {
    /// Namespace and name.
    pub fn object_name(&self) -> ObjectName {
        ObjectName { namespace: self.namespace().unwrap_or_default(), name: self.name_any() }
    }

    /// What this object asks for.
    pub fn desired(&self) -> Result<Desired, Undecodable> {
        let spec = &self.spec;
        let region = Region::parse(&spec.region)?;
        let copies = spec.copies.iter().flatten().map(copy).collect::<Result<Vec<_>, _>>()?;
        let mut taken = BTreeSet::new();
        for DesiredCopy { region: of_copy, .. } in &copies {
            if *of_copy == region {
                return Err(Undecodable::CopyAtHome(region));
            }
            if !taken.insert(of_copy) {
                return Err(Undecodable::CopyTwice(of_copy.clone()));
            }
        }
        Ok(Desired {
            name: self.object_name(),
            created: self.creation_timestamp().map(|time| time.0).unwrap_or_default(),
            backup: BackupKey { region, id: BackupId::parse(&spec.backup_id)? },
            account: spec.account_id.as_deref().map(AccountId::parse).transpose()?,
            never_expires: spec.never_expires,
            tags: spec.tags.clone(),
            copies,
            deleted: spec.deleted,
            deletion_policy: match spec.deletion_policy {
                Some(spec::DeletionPolicy::Delete) => DeletionPolicy::Delete,
                Some(spec::DeletionPolicy::Retain) | None => DeletionPolicy::Retain,
            },
            suspend: spec.suspend == Some(true),
            terminating: self.metadata.deletion_timestamp.is_some(),
            finalizer: self.finalizers().iter().any(|finalizer| finalizer == FINALIZER),
            reconcile_request: self.annotations().get(RECONCILE_REQUEST).cloned(),
            allow_last_backup: self.annotations().get(ALLOW_LAST_BACKUP).cloned(),
        })
    }
}

fn copy(copy: &spec::Copy) -> Result<DesiredCopy, Malformed> {
    Ok(DesiredCopy {
        region: Region::parse(&copy.region)?,
        tags: copy.tags.clone(),
        deleted: copy.deleted == Some(true),
    })
}
