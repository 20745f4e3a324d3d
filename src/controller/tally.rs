//! Sums over all resources, kept as they change.
//!
//! Each resource adds its [`Share`]. When one changes, its old share is taken off and the new
//! one put on, so a change costs as much as one resource and not as much as all of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plan::{
    desired::{Desired, ObjectName},
    ledger::{CopyRecord, Ledger},
    model::{BackupKey, Region},
};

use super::report::Sum;
use crate::api::{
    CloudHsmBackup,
    shown::{Pending, Stated},
};

/// What one resource adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    stated: Vec<Stated>,
    /// Where copies are wanted, and whether they are there.
    copies: Vec<(Region, bool)>,
    pending: Vec<Pending>,
}

impl Share {
    /// What `object` adds, which wants `desired` and has `ledger` on record.
    pub(super) fn of(object: &CloudHsmBackup, desired: &Desired, ledger: &Ledger) -> Self {
        let is_there = |region: &Region| ledger.copies.get(region).is_some_and(CopyRecord::is_ready);
        let copies = desired.wanted_copies().map(|copy| (copy.region.clone(), is_there(&copy.region)));
        Self { stated: object.stated(), copies: copies.collect(), pending: object.pending() }
    }
}

/// How often each of something occurs; what does not occur has no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counts<K>(BTreeMap<K, usize>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Counts<K> {
    fn of(&self, key: &K) -> usize {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// One more. Returns whether it is the first.
    fn add(&mut self, key: &K) -> bool {
        let count = self.0.entry(key.clone()).or_insert(0);
        *count += 1;
        *count == 1
    }

    /// One less. Returns whether it was the last.
    fn take(&mut self, key: &K) -> bool {
        let Some(count) = self.0.get_mut(key) else { return false };
        *count -= 1;
        let last = *count == 0;
        if last {
            self.0.remove(key);
        }
        last
    }
}

/// The sums.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    shares: BTreeMap<ObjectName, Share>,
    sums: Sums,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums {
    stated: Counts<Stated>,
    wanted: Counts<Region>,
    ready: Counts<Region>,
    /// By how many resources each backup is named: it counts once.
    pending: Counts<BackupKey>,
    pending_in: Counts<Region>,
    until: Counts<Timestamp>,
}

impl Tally {
    /// Takes in what a resource adds now. Returns the sums that may have changed.
    pub(super) fn set(&mut self, name: &ObjectName, share: Share) -> Vec<Sum> {
        if self.shares.get(name) == Some(&share) {
            return Vec::new();
        }
        let before = self.shares.remove(name).unwrap_or_default();
        self.sums.take(&before);
        self.sums.add(&share);
        let changed = self.sums.of([&before, &share]);
        self.shares.insert(name.clone(), share);
        changed
    }

    /// A resource is gone. Returns the sums that may have changed.
    pub(super) fn remove(&mut self, name: &ObjectName) -> Vec<Sum> {
        let Some(before) = self.shares.remove(name) else { return Vec::new() };
        self.sums.take(&before);
        self.sums.of([&before])
    }
}

impl Sums {
    fn add(&mut self, share: &Share) {
        for stated in &share.stated {
            self.stated.add(stated);
        }
        for (region, is_there) in &share.copies {
            self.wanted.add(region);
            if *is_there {
                self.ready.add(region);
            }
        }
        for Pending { key, until } in &share.pending {
            if self.pending.add(key) {
                self.pending_in.add(&key.region);
            }
            if let Some(until) = until {
                self.until.add(until);
            }
        }
    }

    fn take(&mut self, share: &Share) {
        for stated in &share.stated {
            self.stated.take(stated);
        }
        for (region, is_there) in &share.copies {
            self.wanted.take(region);
            if *is_there {
                self.ready.take(region);
            }
        }
        for Pending { key, until } in &share.pending {
            if self.pending.take(key) {
                self.pending_in.take(&key.region);
            }
            if let Some(until) = until {
                self.until.take(until);
            }
        }
    }

    /// The sums that `shares` have a part in.
    fn of<const N: usize>(&self, shares: [&Share; N]) -> Vec<Sum> {
        let mut sums = Vec::new();
        for share in shares {
            let stated = share.stated.iter();
            sums.extend(
                stated.map(|stated| Sum::Stated { stated: *stated, resources: self.stated.of(stated) }),
            );
            sums.extend(share.copies.iter().map(|(region, _)| Sum::Copies {
                region: region.clone(),
                wanted: self.wanted.of(region),
                ready: self.ready.of(region),
            }));
            sums.extend(share.pending.iter().map(|Pending { key, .. }| Sum::Pending {
                region: key.region.clone(),
                backups: self.pending_in.of(&key.region),
            }));
        }
        if shares.iter().any(|share| !share.pending.is_empty()) {
            sums.push(Sum::NextPurge(self.until.0.keys().next().copied()));
        }
        sums
    }
}

#[cfg(test)]
mod tests;
