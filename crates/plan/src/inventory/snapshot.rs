//! What is known of one region, and since when.
//!
//! Calls overlap, and their answers arrive in any order. So everything carries the moment
//! at which the call that saw it *began*: merging keeps the newest, and a scan removes only
//! what it could have seen and did not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Listing, Query};
use crate::{
    error::Failure,
    model::{Backup, BackupId},
    time::Moment,
};

/// What is known of one backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// No look that is recent enough has ended yet.
    Pending,
    /// Looking failed.
    Unclear(Failure),
    /// It is not there: missing from a scan and from a later lookup.
    Absent {
        /// When that lookup began.
        began: Moment,
    },
    /// It is there.
    Present {
        /// As the look showed it.
        backup: Arc<Backup>,
        /// When the look began.
        began: Moment,
    },
}

#[derive(Clone, Debug)]
struct Entry {
    backup: Arc<Backup>,
    seen: Moment,
}

/// All that is known of one region.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    entries: BTreeMap<BackupId, Entry>,
    absent: BTreeMap<BackupId, Moment>,
    /// The begin of the last complete scan.
    scanned: Option<Moment>,
    /// A scan, begun then, lost so much at once that it needs a second one to be believed.
    doubted: Option<Moment>,
}

impl Snapshot {
    /// Losing fewer backups than this at once is daily business.
    const MASS: usize = 3;

    /// The begin of the last complete scan.
    pub fn scanned(&self) -> Option<Moment> {
        self.scanned
    }

    /// Whether the last scan lost more than half of what was known, and none has confirmed it yet.
    pub fn is_doubted(&self) -> bool {
        self.doubted.is_some()
    }

    /// The backups that are known to be there.
    pub fn backups(&self) -> impl Iterator<Item = (&Arc<Backup>, Moment)> {
        self.entries.values().map(|entry| (&entry.backup, entry.seen))
    }

    /// The backup with this id, however long ago it was seen.
    pub fn get(&self, id: &BackupId) -> Option<&Arc<Backup>> {
        self.entries.get(id).map(|entry| &entry.backup)
    }

    /// What looks that began at `since` or later say of `id`; `None` if there was none.
    pub fn sight(&self, id: &BackupId, since: Moment) -> Option<Sight> {
        if let Some(entry) = self.entries.get(id) {
            return (entry.seen >= since)
                .then(|| Sight::Present { backup: Arc::clone(&entry.backup), began: entry.seen });
        }
        let began = *self.absent.get(id)?;
        (began >= since).then_some(Sight::Absent { began })
    }

    /// Whether `id` is known to be neither there nor absent.
    pub fn is_open(&self, id: &BackupId) -> bool {
        !self.entries.contains_key(id) && !self.absent.contains_key(id)
    }

    /// Merges the answer to a scan that began at `began`; returns the ids of which something changed.
    pub fn merge_scan(&mut self, began: Moment, listing: Listing) -> BTreeSet<BackupId> {
        let known = self.entries.len();
        let listed: BTreeSet<BackupId> = listing.backups.iter().map(|backup| backup.id.clone()).collect();
        let mut changed = self.merge(began, listing.backups);
        if !listing.complete {
            return changed;
        }
        let lost: Vec<BackupId> = self
            .entries
            .iter()
            .filter(|(id, entry)| entry.seen < began && !listed.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        self.scanned = self.scanned.max(Some(began));
        self.doubted = (lost.len() >= Self::MASS && lost.len() * 2 > known).then_some(began);
        for id in lost {
            self.entries.remove(&id);
            changed.insert(id);
        }
        changed
    }

    /// Merges the answer to a lookup of `query` that began at `began`; returns the ids of which something changed.
    pub fn merge_lookup(&mut self, began: Moment, query: &Query, listing: Listing) -> BTreeSet<BackupId> {
        let mut changed = self.merge(began, listing.backups);
        let missed_before = self.scanned.is_some_and(|scan| scan < began) && self.doubted.is_none();
        if let Query::Ids(ids) = query
            && listing.complete
            && missed_before
        {
            for id in ids.iter().filter(|id| !self.entries.contains_key(*id)) {
                let newest = self.absent.get(id).map_or(began, |absent| began.max(*absent));
                if self.absent.insert(id.clone(), newest).is_none() {
                    changed.insert(id.clone());
                }
            }
        }
        changed
    }

    fn merge(&mut self, began: Moment, backups: Vec<Backup>) -> BTreeSet<BackupId> {
        let mut changed = BTreeSet::new();
        for backup in backups {
            if self.absent.get(&backup.id).is_some_and(|absent| *absent > began) {
                continue;
            }
            self.absent.remove(&backup.id);
            match self.entries.get_mut(&backup.id) {
                Some(entry) if entry.seen > began => {}
                Some(entry) if *entry.backup == backup => entry.seen = began,
                _ => {
                    changed.insert(backup.id.clone());
                    self.entries.insert(backup.id.clone(), Entry { backup: Arc::new(backup), seen: began });
                }
            }
        }
        changed
    }

    /// Drops verdicts about ids that nobody names any more.
    pub fn forget_absent_but(&mut self, named: &BTreeSet<BackupId>) {
        self.absent.retain(|id, _| named.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::BackupState;

    fn at(second: u64) -> Moment {
        Moment::from_start(Duration::from_secs(second))
    }

    fn id(letter: char) -> BackupId {
        format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap()
    }

    fn listing(letters: &str, state: &BackupState) -> Listing {
        let backups = letters.chars().map(|letter| Backup::new(id(letter), state.clone())).collect();
        Listing { backups, complete: true }
    }

    fn ready(letters: &str) -> Listing {
        listing(letters, &BackupState::Ready)
    }

    fn lookup(letters: &str) -> Query {
        Query::Ids(letters.chars().map(id).collect())
    }

    fn state(snapshot: &Snapshot, letter: char) -> Option<BackupState> {
        snapshot.get(&id(letter)).map(|backup| backup.state.clone())
    }

    #[test]
    fn the_look_that_began_later_wins_whichever_answer_comes_first() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_lookup(at(20), &lookup("a"), listing("a", &BackupState::PendingDeletion));
        assert!(snapshot.merge_scan(at(10), ready("a")).is_empty());
        assert_eq!(state(&snapshot, 'a'), Some(BackupState::PendingDeletion));
    }

    #[test]
    fn a_scan_does_not_remove_what_was_first_seen_after_it_began() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_lookup(at(20), &lookup("a"), ready("a"));
        snapshot.merge_scan(at(10), ready(""));
        assert_eq!(state(&snapshot, 'a'), Some(BackupState::Ready));
    }

    #[test]
    fn absent_takes_a_scan_and_a_later_lookup() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_lookup(at(5), &lookup("a"), ready(""));
        assert_eq!(snapshot.sight(&id('a'), at(0)), None, "a lookup alone proves nothing");
        snapshot.merge_scan(at(10), ready(""));
        assert_eq!(snapshot.sight(&id('a'), at(0)), None, "nor a scan alone");
        let changed = snapshot.merge_lookup(at(11), &lookup("a"), ready(""));
        assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(11) }));
        assert_eq!(changed, [id('a')].into());
    }

    #[test]
    fn a_backup_that_a_scan_shows_is_not_absent_because_one_lookup_misses_it() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready("a"));
        snapshot.merge_lookup(at(11), &lookup("a"), ready(""));
        assert!(matches!(snapshot.sight(&id('a'), at(0)), Some(Sight::Present { .. })));
    }

    #[test]
    fn an_incomplete_listing_adds_and_never_removes() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready("a"));
        snapshot.merge_scan(at(20), Listing { complete: false, ..ready("b") });
        assert!(state(&snapshot, 'a').is_some() && state(&snapshot, 'b').is_some());
        assert_eq!(snapshot.scanned(), Some(at(10)));
    }

    #[test]
    fn what_is_seen_again_is_absent_no_more() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready(""));
        snapshot.merge_lookup(at(11), &lookup("a"), ready(""));
        snapshot.merge_scan(at(20), ready("a"));
        assert!(matches!(snapshot.sight(&id('a'), at(0)), Some(Sight::Present { .. })));
        // And the answer to an older call does not bring back what a newer one missed.
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready(""));
        snapshot.merge_lookup(at(30), &lookup("a"), ready(""));
        snapshot.merge_lookup(at(20), &lookup("a"), ready("a"));
        assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(30) }));
    }

    #[test]
    fn after_a_mass_disappearance_nothing_is_absent_until_a_second_scan() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready("abcd"));
        snapshot.merge_scan(at(20), ready(""));
        assert!(snapshot.is_doubted());
        snapshot.merge_lookup(at(21), &lookup("a"), ready(""));
        assert_eq!(snapshot.sight(&id('a'), at(0)), None);
        snapshot.merge_scan(at(30), ready(""));
        snapshot.merge_lookup(at(31), &lookup("a"), ready(""));
        assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(31) }));
    }

    #[test]
    fn an_older_look_does_not_satisfy_a_newer_question() {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready("a"));
        assert_eq!(snapshot.sight(&id('a'), at(11)), None);
        snapshot.merge_lookup(at(11), &lookup("a"), ready("a"));
        assert!(snapshot.sight(&id('a'), at(11)).is_some());
    }
}
