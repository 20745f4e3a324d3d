//! What resources want to know of one region.

use std::collections::BTreeSet;

use super::Topic;
use crate::model::{BackupId, BackupKey};

/// What resources want to know of one region. One that nobody wants to know anything of is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The backups that are named there.
    pub backups: BTreeSet<BackupId>,
    /// The backups of other regions whose copies there are of interest.
    pub sources: BTreeSet<BackupKey>,
    /// Those of the sources for whose copy a request is open: it is looked for again and again.
    pub sought: BTreeSet<BackupKey>,
}

impl Names {
    /// Whether nobody wants to know anything.
    pub fn is_empty(&self) -> bool {
        self.backups.is_empty() && self.sources.is_empty() && self.sought.is_empty()
    }

    /// Whether somebody wants to know about `topic`.
    pub(super) fn contains(&self, topic: &Topic) -> bool {
        match topic {
            Topic::Backup(id) => self.backups.contains(id),
            Topic::CopiesOf(source) => self.sources.contains(source) || self.sought.contains(source),
        }
    }

    /// All that somebody wants to know about.
    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> {
        let backups = self.backups.iter().cloned().map(Topic::Backup);
        backups.chain(self.sources.union(&self.sought).cloned().map(Topic::CopiesOf))
    }
}
