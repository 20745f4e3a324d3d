//! `RestoreBackup`: takes a backup back before it is purged.

use serde::Deserialize;

use super::super::{ApiError, Backup, BackupState, Caller, Cloud, constraint, time};
use super::or_default;

/// Request of `RestoreBackup`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestoreBackup {
    /// The backup.
    #[serde(default, deserialize_with = "or_default")]
    pub backup_id: String,
}

impl RestoreBackup {
    /// Restores this backup.
    pub fn new(backup_id: impl Into<String>) -> Self {
        Self { backup_id: backup_id.into() }
    }
}

impl Cloud {
    /// Makes a backup READY that was pending deletion.
    ///
    /// # Caveats
    /// A backup that its cluster's retention policy had expired is expired again at once.
    pub fn restore_backup(&mut self, caller: &Caller, request: &RestoreBackup) -> Result<Backup, ApiError> {
        constraint::backup_id("backupId", &request.backup_id)?;
        let backup = self.own(caller, &request.backup_id)?;
        let BackupState::PendingDeletion = backup.state else {
            return Err(ApiError::invalid(format!("Backup {} is not pending deletion.", request.backup_id)));
        };
        let margin = Some(self.knobs.restore_closes_before).filter(|margin| !margin.is_zero());
        let closed = margin.zip(backup.delete_timestamp).map(|(margin, purge)| time::before(purge, margin));
        if closed.is_some_and(|closed| self.now >= closed) {
            return Err(ApiError::invalid(format!(
                "It is too late to restore backup {}.",
                request.backup_id
            )));
        }
        let restored = self.change_own(caller, &request.backup_id, |backup| {
            backup.state = BackupState::Ready;
            backup.delete_timestamp = None;
        })?;
        self.settle();
        Ok(restored)
    }
}
