//! What is asked of DescribeBackups.

use super::Topic;
use crate::model::{Backup, BackupId, BackupKey};

/// One question: everything, or one filter key with its values.
///
/// Never two keys: how AWS combines them is not documented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Every backup of the region.
    All,
    /// These backups.
    Ids(Vec<BackupId>),
    /// The copies of these backups of other regions.
    CopiesOf(Vec<BackupKey>),
}

impl Query {
    /// The most values that one filter is given.
    pub const MAX_VALUES: usize = 50;

    /// One question about `topics`, which are all of one kind.
    pub(super) fn about(topics: &[Topic]) -> Self {
        let (mut ids, mut sources) = (Vec::new(), Vec::new());
        for topic in topics {
            match topic {
                Topic::Backup(id) => ids.push(id.clone()),
                Topic::CopiesOf(source) => sources.push(source.clone()),
            }
        }
        debug_assert!(ids.is_empty() || sources.is_empty(), "one filter key a call");
        if sources.is_empty() { Self::Ids(ids) } else { Self::CopiesOf(sources) }
    }

    /// Whether `backup` is an answer to it. Checked on every item, since an emulator, a proxy
    /// or AWS itself may ignore a filter and a wrong item must not pass for the right one.
    pub fn matches(&self, backup: &Backup) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&backup.id),
            Self::CopiesOf(sources) => sources.iter().any(|source| backup.may_be_copy_of(source)),
        }
    }

    /// Whether nothing tells if `backup` is an answer to it: a copy that does not say of what.
    pub(super) fn is_unclear_about(&self, backup: &Backup) -> bool {
        let (Self::CopiesOf(sources), Some(source)) = (self, &backup.source) else { return false };
        let region = source.region.as_ref();
        source.backup.is_none()
            && sources.iter().any(|asked| region.is_none_or(|region| *region == asked.region))
    }
}
