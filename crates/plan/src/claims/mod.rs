//! Who may act on a backup when several resources name it.
//!
//! The index is fed with raw watch events, deletions included, and answers with the
//! resources whose standing may have changed. Resources in namespaces that are not watched
//! cannot be seen here.

mod claim;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

pub use claim::Claim;
pub use standing::Standing;

use crate::{
    desired::ObjectName,
    inventory::{Names, Topic},
    model::{BackupKey, Region},
};

/// The claims of all resources that are watched.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    claims: BTreeMap<ObjectName, Claim>,
    /// Whom a backup concerns: those that name it, and those that have it on record as a copy.
    by_backup: BTreeMap<BackupKey, BTreeSet<ObjectName>>,
}

impl Claims {
    /// Takes in a resource's claim; returns the others whose standing may have changed.
    pub fn set(&mut self, name: ObjectName, claim: Claim) -> BTreeSet<ObjectName> {
        if self.claims.get(&name) == Some(&claim) {
            return BTreeSet::new();
        }
        let mut touched = self.remove(&name);
        for key in claim.backups() {
            touched.extend(self.others(&name, key));
            self.by_backup.entry(key.clone()).or_default().insert(name.clone());
        }
        self.claims.insert(name, claim);
        touched
    }

    /// Forgets a resource; returns the others whose standing may have changed.
    pub fn remove(&mut self, name: &ObjectName) -> BTreeSet<ObjectName> {
        let Some(claim) = self.claims.remove(name) else { return BTreeSet::new() };
        let mut touched = BTreeSet::new();
        for key in claim.backups() {
            if let Some(names) = self.by_backup.get_mut(key) {
                names.remove(name);
                if names.is_empty() {
                    self.by_backup.remove(key);
                }
            }
            touched.extend(self.others(name, key));
        }
        touched
    }

    fn others(&self, name: &ObjectName, backup: &BackupKey) -> BTreeSet<ObjectName> {
        self.concerned(backup).filter(|other| *other != name).cloned().collect()
    }

    /// The resources that name `backup`, or have it on record as a copy.
    pub fn concerned(&self, backup: &BackupKey) -> impl Iterator<Item = &ObjectName> {
        self.by_backup.get(backup).into_iter().flatten()
    }

    /// The resources that news about `topic` in `region` concerns.
    pub fn concerned_by(&self, region: &Region, topic: &Topic) -> BTreeSet<ObjectName> {
        let key = match topic {
            Topic::Backup(id) => BackupKey { region: region.clone(), id: id.clone() },
            Topic::CopiesOf(source) => source.clone(),
        };
        self.concerned(&key).cloned().collect()
    }

    /// All resources, with their claims.
    pub fn all(&self) -> impl Iterator<Item = (&ObjectName, &Claim)> {
        self.claims.iter()
    }

    /// Whether the resource `name` has a claim here, if only one that claims nothing.
    pub fn knows(&self, name: &ObjectName) -> bool {
        self.claims.contains_key(name)
    }

    /// What each region's inventory has to know.
    pub fn named(&self) -> BTreeMap<Region, Names> {
        let mut named: BTreeMap<Region, Names> = BTreeMap::new();
        for claim in self.claims.values() {
            for key in claim.backups() {
                named.entry(key.region.clone()).or_default().backups.insert(key.id.clone());
            }
            for region in &claim.regions {
                named.entry(region.clone()).or_default().sources.insert(claim.backup.clone());
            }
            for region in &claim.sought {
                named.entry(region.clone()).or_default().sought.insert(claim.backup.clone());
            }
        }
        named
    }

    /// The backups that some resource deleted or means to delete.
    pub fn marked_for_deletion(&self) -> BTreeSet<BackupKey> {
        self.claims.values().flat_map(|claim| claim.deletion_marked.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests;
