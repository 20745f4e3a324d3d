//! What is asked of DescribeBackups.

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

    /// Whether `backup` is an answer to it. Checked on every item, since an emulator, a proxy
    /// or AWS itself may ignore a filter and a wrong item must not pass for the right one.
    pub fn matches(&self, backup: &Backup) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&backup.id),
            Self::CopiesOf(sources) => sources.iter().any(|source| backup.may_be_copy_of(source)),
        }
    }
}
