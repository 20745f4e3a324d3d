//! The copies in one region: whose they are, and which sources were searched for.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Backup, BackupId, BackupKey, Source},
    time::Moment,
};

/// An index of the copies by their source, and the searches that count.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies {
    /// By the id of the source alone: AWS may not report its region, and ids rarely coincide.
    by_source: BTreeMap<BackupId, BTreeSet<BackupId>>,
    /// When the last lookup of the copies began that a scan had gone before.
    searched: BTreeMap<BackupKey, Moment>,
}

impl Copies {
    /// `backup` is there.
    pub(super) fn add(&mut self, backup: &Backup) {
        if let Some(source) = source_id(backup) {
            self.by_source.entry(source.clone()).or_default().insert(backup.id.clone());
        }
    }

    /// `backup` is there no more, or no copy of what it was a copy of. Searches that knew of it do not say
    /// that there is none: that takes a later one.
    pub(super) fn remove(&mut self, backup: &Backup) {
        let Some(Source { region, backup: Some(source), .. }) = &backup.source else { return };
        if let Some(copies) = self.by_source.get_mut(source) {
            copies.remove(&backup.id);
            if copies.is_empty() {
                self.by_source.remove(source);
            }
        }
        match region {
            Some(region) => {
                self.searched.remove(&BackupKey { region: region.clone(), id: source.clone() });
            }
            None => self.searched.retain(|searched, _| searched.id != *source),
        }
    }

    /// The backups whose source has the id of `source`, in the order of their ids.
    pub(super) fn of(&self, source: &BackupKey) -> impl Iterator<Item = &BackupId> {
        self.by_source.get(&source.id).into_iter().flatten()
    }

    /// A lookup of the copies of `source`, begun at `began`, counts.
    pub(super) fn count_search(&mut self, source: &BackupKey, began: Moment) {
        let last = self.searched.entry(source.clone()).or_insert(began);
        *last = began.max(*last);
    }

    /// When the last search for the copies of `source` began.
    pub(super) fn searched(&self, source: &BackupKey) -> Option<Moment> {
        self.searched.get(source).copied()
    }

    /// Drops the searches that `keep` does not keep.
    pub(super) fn keep_searches(&mut self, keep: impl Fn(&BackupKey) -> bool) {
        self.searched.retain(|source, _| keep(source));
    }
}

fn source_id(backup: &Backup) -> Option<&BackupId> {
    backup.source.as_ref()?.backup.as_ref()
}
