//! What is known of one region, and since when.
//!
//! Calls overlap, and their answers arrive in any order. So everything carries the moment
//! at which the call that saw it *began*: merging keeps the newest, and a scan removes only
//! what it could have seen and did not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Listing, Names, Query, Sight, Topic, copies::Copies, topic::News};
use crate::{
    model::{Backup, BackupId, BackupKey},
    time::Moment,
};

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
    copies: Copies,
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

    /// Whether what looks miss can be taken to be missing: the region was scanned, and the last scan is believed.
    pub fn is_credible(&self) -> bool {
        self.scanned.is_some() && !self.is_doubted()
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

    /// The known backups that are, or may be, copies of `source`, in whatever state, with the begin of the
    /// last look at each.
    pub fn copies_of(&self, source: &BackupKey) -> impl Iterator<Item = (&Arc<Backup>, Moment)> {
        (self.copies.of(source))
            .filter_map(|id| self.entries.get(id))
            .filter(|entry| entry.backup.may_be_copy_of(source))
            .map(|entry| (&entry.backup, entry.seen))
    }

    /// The begin of the last search for copies of `source`, if that was at `since` or later: a lookup that was
    /// answered in full, after a scan. What it and other looks found is in [`Self::copies_of`].
    pub fn search(&self, source: &BackupKey, since: Moment) -> Option<Moment> {
        self.copies.searched(source).filter(|began| *began >= since)
    }

    /// Whether looks that began at `since` or later answer a question about `topic`.
    pub(super) fn answers(&self, topic: &Topic, since: Moment) -> bool {
        match topic {
            Topic::Backup(id) => self.sight(id, since).is_some(),
            Topic::CopiesOf(source) => self.search(source, since).is_some(),
        }
    }

    /// Merges the answer to a scan that began at `began`; returns what changed.
    pub(super) fn merge_scan(&mut self, began: Moment, listing: Listing) -> News {
        let known = self.entries.len();
        let listed: BTreeSet<BackupId> = listing.backups.iter().map(|backup| backup.id.clone()).collect();
        let mut news = self.merge(began, listing.backups);
        if !listing.complete {
            return news;
        }
        let lost: Vec<BackupId> = self
            .entries
            .iter()
            .filter(|(id, entry)| entry.seen < began && !listed.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        self.scanned = self.scanned.max(Some(began));
        self.doubted = (lost.len() >= Self::MASS && lost.len() * 2 > known).then_some(began);
        if self.is_doubted() {
            self.copies.keep_searches(|_| false);
        }
        for entry in lost.iter().filter_map(|id| self.entries.remove(id)) {
            self.copies.remove(&entry.backup);
            news.about(&entry.backup);
        }
        news
    }

    /// Merges the answer to a lookup of `query` that began at `began`; returns what changed.
    pub(super) fn merge_lookup(&mut self, began: Moment, query: &Query, listing: Listing) -> News {
        let mut news = self.merge(began, listing.backups);
        let missed_before = self.scanned.is_some_and(|scan| scan < began) && self.doubted.is_none();
        if !listing.complete || !missed_before {
            return news;
        }
        match query {
            Query::All => {}
            Query::Ids(ids) => {
                for id in ids.iter().filter(|id| !self.entries.contains_key(*id)) {
                    let newest = self.absent.get(id).map_or(began, |absent| began.max(*absent));
                    if self.absent.insert(id.clone(), newest).is_none() {
                        news.absent(id.clone());
                    }
                }
            }
            Query::CopiesOf(sources) => {
                for source in sources {
                    self.copies.count_search(source, began);
                }
            }
        }
        news
    }

    fn merge(&mut self, began: Moment, backups: Vec<Backup>) -> News {
        let mut news = News::default();
        for backup in backups {
            if self.absent.get(&backup.id).is_some_and(|absent| *absent > began) {
                continue;
            }
            self.absent.remove(&backup.id);
            match self.entries.get_mut(&backup.id) {
                Some(entry) if entry.seen > began => {}
                Some(entry) if *entry.backup == backup => entry.seen = began,
                before => {
                    if let Some(entry) = before.filter(|entry| entry.backup.source != backup.source) {
                        self.copies.remove(&entry.backup);
                        news.about(&entry.backup);
                    }
                    news.about(&backup);
                    self.copies.add(&backup);
                    self.entries.insert(backup.id.clone(), Entry { backup: Arc::new(backup), seen: began });
                }
            }
        }
        news
    }

    /// Drops verdicts about what nobody names any more.
    pub(super) fn forget_verdicts_but(&mut self, names: &Names) {
        self.absent.retain(|id, _| names.backups.contains(id));
        self.copies.keep_searches(|source| names.contains(&Topic::CopiesOf(source.clone())));
    }
}

#[cfg(test)]
mod tests;
