//! Who has the say (design §5.3).

use std::collections::{BTreeMap, BTreeSet};

use super::{Claim, Claims};
use crate::{
    desired::ObjectName,
    model::{BackupKey, Region},
};

/// How a resource stands among those that name the same backups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// An older resource has the say: this one changes nothing.
    pub yields_to: Option<ObjectName>,
    /// For a resource that is being deleted: another one keeps the backup, or will delete it.
    pub left_to: Option<ObjectName>,
    /// Copies that another resource has the say over.
    pub copies: BTreeMap<BackupKey, ObjectName>,
    /// For a resource that is being deleted: regions whose copies another resource of the same backup keeps.
    pub kept_regions: BTreeSet<Region>,
}

type Rival<'a> = (&'a ObjectName, &'a Claim);

impl Claims {
    /// How the resource `name` stands, with an eye on the copies `found`.
    pub fn standing(&self, name: &ObjectName, found: &BTreeSet<BackupKey>) -> Standing {
        let Some(own) = self.claims.get(name) else { return Standing::default() };
        if own.terminating { self.leaving((name, own), found) } else { self.staying((name, own), found) }
    }

    fn staying(&self, own: Rival<'_>, found: &BTreeSet<BackupKey>) -> Standing {
        let (name, claim) = own;
        let keepers = self.keepers(&claim.backup, name).into_iter();
        let yields_to = if claim.acts { first(keepers.filter(|rival| is_older(*rival, own))) } else { None };
        let copies =
            found.iter().filter_map(|key| Some((key.clone(), first(self.keepers(key, name).into_iter())?)));
        Standing { yields_to, copies: copies.collect(), ..Standing::default() }
    }

    fn leaving(&self, own: Rival<'_>, found: &BTreeSet<BackupKey>) -> Standing {
        let (name, claim) = own;
        // What another one keeps is left alone, however young that is; among those that leave the oldest deletes.
        let leaves_to = |rival: &Rival<'_>| !rival.1.terminating || is_older(*rival, own);
        // Whoever keeps the backup and lists a region keeps the copy there, also before it is on its record.
        let heirs: Vec<_> =
            self.keepers(&claim.backup, name).into_iter().filter(|rival| self.has_the_say(*rival)).collect();
        let of = |key: &BackupKey| {
            let owners = self.primaries(key, name).into_iter().chain(self.owners_of_copy(key, name));
            let heirs = heirs.iter().copied().filter(|(_, heir)| heir.listed.contains(&key.region));
            first(owners.filter(leaves_to).chain(heirs.filter(|_| *key != claim.backup)))
        };
        Standing {
            yields_to: None,
            left_to: of(&claim.backup),
            copies: found.iter().filter_map(|key| Some((key.clone(), of(key)?))).collect(),
            kept_regions: heirs.iter().flat_map(|(_, heir)| heir.listed.iter().cloned()).collect(),
        }
    }

    /// The others that act and are concerned by `key`, as `part` says.
    fn rivals<'a>(
        &'a self,
        key: &BackupKey,
        but: &ObjectName,
        part: impl Fn(Rival<'a>) -> bool,
    ) -> Vec<Rival<'a>> {
        self.concerned(key)
            .filter(|name| *name != but)
            .filter_map(|name| Some((name, self.claims.get(name)?)))
            .filter(|rival| rival.1.acts && part(*rival))
            .collect()
    }

    /// The others that act and name `key` as their own backup.
    fn primaries(&self, key: &BackupKey, but: &ObjectName) -> Vec<Rival<'_>> {
        self.rivals(key, but, |(_, claim)| claim.backup == *key)
    }

    /// Those of them that stay.
    fn keepers(&self, key: &BackupKey, but: &ObjectName) -> Vec<Rival<'_>> {
        self.rivals(key, but, |(_, claim)| claim.backup == *key && !claim.terminating)
    }

    /// The others that act, have the say, and have `key` on record as a copy.
    fn owners_of_copy(&self, key: &BackupKey, but: &ObjectName) -> Vec<Rival<'_>> {
        self.rivals(key, but, |rival| rival.1.copies.contains(key) && self.has_the_say(rival))
    }

    /// Whether no older resource has the say over the backup of this one.
    fn has_the_say(&self, own: Rival<'_>) -> bool {
        let (name, claim) = own;
        claim.terminating || !self.keepers(&claim.backup, name).into_iter().any(|rival| is_older(rival, own))
    }
}

fn is_older((name, claim): Rival<'_>, (other, than): Rival<'_>) -> bool {
    (claim.created, name) < (than.created, other)
}

fn first<'a>(rivals: impl Iterator<Item = Rival<'a>>) -> Option<ObjectName> {
    rivals.min_by_key(|(name, claim)| (claim.created, (*name).clone())).map(|(name, _)| name.clone())
}
