//! The words of AWS: backups, their ids, states and tags.

mod backup;
mod text;

pub use backup::{Backup, BackupState, Source, account_of_arn};
pub use text::{AccountId, BackupId, ClusterId, Malformed, Region};

/// Tags by key.
pub type Tags = std::collections::BTreeMap<String, String>;

/// The most tags AWS keeps on one backup.
pub const MAX_TAGS: usize = 50;

/// How long AWS keeps a backup restorable after DeleteBackup.
pub const UNDELETE_WINDOW: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// Where a backup is. Ids are unique only within a region, so nothing is ever matched by id alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupKey {
    /// The region it lives in.
    pub region: Region,
    /// Its id there.
    pub id: BackupId,
}

impl std::fmt::Display for BackupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.id, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_told_with_its_region() {
        let key =
            BackupKey { region: "eu-west-1".parse().unwrap(), id: "backup-ro5c4er4aac".parse().unwrap() };
        assert_eq!(key.to_string(), "backup-ro5c4er4aac in eu-west-1");
    }
}
