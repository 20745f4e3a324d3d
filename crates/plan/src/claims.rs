//! Who may act on a backup when several resources name it.
//!
//! The index is fed with raw watch events, deletions included, and answers with the
//! resources whose standing may have changed. Resources in namespaces that are not watched
//! cannot be seen here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    desired::{DeletionPolicy, Desired, ObjectName},
    inventory::Names,
    ledger::Ledger,
    model::{BackupKey, Region},
};

/// What one resource says of its backup, as far as others are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The backup it names.
    pub backup: BackupKey,
    /// When the resource was created.
    pub created: Timestamp,
    /// Whether it writes anything, or still has to finish something. One that does neither is a
    /// view, and stands in nobody's way.
    pub acts: bool,
    /// Whether the resource is being deleted.
    pub terminating: bool,
    /// Whether it deleted the backup, or means to: then the backup counts as nobody's last resort.
    pub deletion_marked: bool,
}

impl Claim {
    /// The claim of a resource.
    pub fn of(desired: &Desired, ledger: &Ledger) -> Self {
        let marks = &ledger.marks;
        let open = marks.deletion.is_some() || marks.restore.is_some_and(crate::ledger::Mark::is_open);
        let writes = if desired.terminating {
            desired.deletes_on_removal()
        } else {
            desired.never_expires.is_some()
                || desired.tags.is_some()
                || !desired.copies.is_empty()
                || desired.deleted.is_some()
                || desired.deletion_policy == DeletionPolicy::Delete
        };
        Self {
            backup: desired.backup.clone(),
            created: desired.created,
            acts: writes || (open && !desired.terminating),
            terminating: desired.terminating,
            deletion_marked: marks.deletion.is_some(),
        }
    }
}

/// How a resource stands among those that name the same backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// An older resource has the say: this one changes nothing.
    pub yields_to: Option<ObjectName>,
    /// For a resource that is being deleted: another one keeps the backup, or will delete it.
    pub left_to: Option<ObjectName>,
}

/// The claims of all resources that are watched.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    claims: BTreeMap<ObjectName, Claim>,
    by_backup: BTreeMap<BackupKey, BTreeSet<ObjectName>>,
}

impl Claims {
    /// Takes in a resource's claim; returns the others whose standing may have changed.
    pub fn set(&mut self, name: ObjectName, claim: Claim) -> BTreeSet<ObjectName> {
        if self.claims.get(&name) == Some(&claim) {
            return BTreeSet::new();
        }
        let mut touched = self.remove(&name);
        touched.extend(self.others(&name, &claim.backup));
        self.by_backup.entry(claim.backup.clone()).or_default().insert(name.clone());
        self.claims.insert(name, claim);
        touched
    }

    /// Forgets a resource; returns the others whose standing may have changed.
    pub fn remove(&mut self, name: &ObjectName) -> BTreeSet<ObjectName> {
        let Some(claim) = self.claims.remove(name) else { return BTreeSet::new() };
        if let Some(names) = self.by_backup.get_mut(&claim.backup) {
            names.remove(name);
            if names.is_empty() {
                self.by_backup.remove(&claim.backup);
            }
        }
        self.others(name, &claim.backup)
    }

    fn others(&self, name: &ObjectName, backup: &BackupKey) -> BTreeSet<ObjectName> {
        self.concerned(backup).filter(|other| *other != name).cloned().collect()
    }

    /// The resources that name `backup`.
    pub fn concerned(&self, backup: &BackupKey) -> impl Iterator<Item = &ObjectName> {
        self.by_backup.get(backup).into_iter().flatten()
    }

    /// The resources in `namespace`, or all, with their claims.
    pub fn all(&self) -> impl Iterator<Item = (&ObjectName, &Claim)> {
        self.claims.iter()
    }

    /// Whether the resource `name` has a claim here, if only one that claims nothing.
    pub fn knows(&self, name: &ObjectName) -> bool {
        self.claims.contains_key(name)
    }

    /// How the resource `name` stands.
    pub fn standing(&self, name: &ObjectName) -> Standing {
        let Some(own) = self.claims.get(name) else { return Standing::default() };
        let rivals = || {
            self.concerned(&own.backup)
                .filter_map(|other| Some((other, self.claims.get(other)?)))
                .filter(|(other, claim)| claim.acts && *other != name)
        };
        let older = |(other, claim): &(&ObjectName, &Claim)| (claim.created, *other) < (own.created, name);
        let first = |names: &mut dyn Iterator<Item = (&ObjectName, &Claim)>| {
            names
                .min_by_key(|(other, claim)| (claim.created, (*other).clone()))
                .map(|(other, _)| other.clone())
        };
        let keeper = |(_, claim): &(&ObjectName, &Claim)| !claim.terminating;
        if own.terminating {
            let mut leaves_to = rivals().filter(|rival| keeper(rival) || older(rival));
            return Standing { yields_to: None, left_to: first(&mut leaves_to) };
        }
        if !own.acts {
            return Standing::default();
        }
        Standing {
            yields_to: first(&mut rivals().filter(|rival| keeper(rival) && older(rival))),
            left_to: None,
        }
    }

    /// What each region's inventory has to know.
    pub fn named(&self) -> BTreeMap<Region, Names> {
        let mut named: BTreeMap<Region, Names> = BTreeMap::new();
        for key in self.by_backup.keys() {
            named.entry(key.region.clone()).or_default().backups.insert(key.id.clone());
        }
        named
    }

    /// The backups that some resource deleted or means to delete.
    pub fn marked_for_deletion(&self) -> BTreeSet<BackupKey> {
        self.claims.values().filter(|claim| claim.deletion_marked).map(|claim| claim.backup.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> ObjectName {
        ObjectName { namespace: "hsm".to_owned(), name: name.to_owned() }
    }

    fn claim(created: i64) -> Claim {
        Claim {
            backup: BackupKey {
                region: "eu-west-1".parse().unwrap(),
                id: "backup-ro5c4er4aac".parse().unwrap(),
            },
            created: Timestamp::from_second(created).unwrap(),
            acts: true,
            terminating: false,
            deletion_marked: false,
        }
    }

    fn yields(claims: &Claims, who: &str) -> Option<String> {
        claims.standing(&name(who)).yields_to.map(|other| other.name)
    }

    fn left(claims: &Claims, who: &str) -> Option<String> {
        claims.standing(&name(who)).left_to.map(|other| other.name)
    }

    #[test]
    fn the_oldest_acts_and_the_name_breaks_a_tie() {
        let mut claims = Claims::default();
        claims.set(name("young"), claim(20));
        claims.set(name("old"), claim(10));
        claims.set(name("a-twin"), claim(10));
        assert_eq!(yields(&claims, "a-twin"), None);
        assert_eq!(yields(&claims, "old"), Some("a-twin".to_owned()));
        assert_eq!(yields(&claims, "young"), Some("a-twin".to_owned()));
    }

    #[test]
    fn a_view_claims_nothing_and_yields_to_nobody() {
        let mut claims = Claims::default();
        claims.set(name("view"), Claim { acts: false, ..claim(1) });
        claims.set(name("owner"), claim(10));
        assert_eq!(yields(&claims, "owner"), None);
        assert_eq!(yields(&claims, "view"), None);
    }

    #[test]
    fn a_finalizer_leaves_the_backup_to_whoever_keeps_it_however_young() {
        let mut claims = Claims::default();
        claims.set(name("leaving"), Claim { terminating: true, ..claim(1) });
        claims.set(name("staying"), claim(10));
        assert_eq!(left(&claims, "leaving"), Some("staying".to_owned()));
        assert_eq!(yields(&claims, "staying"), None);
    }

    #[test]
    fn among_those_that_leave_the_oldest_deletes() {
        let mut claims = Claims::default();
        claims.set(name("first"), Claim { terminating: true, ..claim(1) });
        claims.set(name("second"), Claim { terminating: true, ..claim(2) });
        assert_eq!(left(&claims, "first"), None);
        assert_eq!(left(&claims, "second"), Some("first".to_owned()));
    }

    #[test]
    fn whoever_shares_the_backup_is_woken_by_a_change_and_by_a_departure() {
        let mut claims = Claims::default();
        assert!(claims.set(name("a"), claim(1)).is_empty());
        assert_eq!(claims.set(name("b"), claim(2)), [name("a")].into());
        assert!(claims.set(name("b"), claim(2)).is_empty(), "a repetition wakes nobody");
        assert_eq!(claims.set(name("b"), Claim { acts: false, ..claim(2) }), [name("a")].into());
        assert_eq!(claims.remove(&name("a")), [name("b")].into());
        assert!(claims.remove(&name("a")).is_empty());
    }
}
