//! What a question, or a piece of news, in one region is about.

use std::collections::BTreeSet;

use crate::model::{Backup, BackupId, BackupKey, Source};

/// What a question, or a piece of news, in one region is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A backup of that region.
    Backup(BackupId),
    /// The copies in that region of a backup of another region.
    CopiesOf(BackupKey),
}

/// What kind of topic it is: each is asked about by a filter of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Backup,
    Copies,
}

impl Topic {
    /// Its kind.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Backup(_) => Kind::Backup,
            Self::CopiesOf(_) => Kind::Copies,
        }
    }
}

/// What an answer changed in one region.
#[derive(Debug, Default)]
pub(super) struct News {
    topics: BTreeSet<Topic>,
    /// Ids of sources of which AWS did not report the region: it may be any.
    unplaced: BTreeSet<BackupId>,
}

impl News {
    /// `backup` came, went or became another one. That concerns whoever looks for copies of its source, too.
    pub(super) fn about(&mut self, backup: &Backup) {
        self.topics.insert(Topic::Backup(backup.id.clone()));
        match &backup.source {
            Some(Source { region: Some(region), backup: Some(id), .. }) => {
                let source = BackupKey { region: region.clone(), id: id.clone() };
                self.topics.insert(Topic::CopiesOf(source));
            }
            Some(Source { region: None, backup: Some(id), .. }) => {
                self.unplaced.insert(id.clone());
            }
            _ => {}
        }
    }

    /// `id` has become known to be absent.
    pub(super) fn absent(&mut self, id: BackupId) {
        self.topics.insert(Topic::Backup(id));
    }

    /// What it is all about, where copies of `sources` are of interest.
    pub(super) fn topics(self, sources: &BTreeSet<BackupKey>) -> BTreeSet<Topic> {
        let Self { mut topics, unplaced } = self;
        let may_be = sources.iter().filter(|source| unplaced.contains(&source.id));
        topics.extend(may_be.cloned().map(Topic::CopiesOf));
        topics
    }
}
