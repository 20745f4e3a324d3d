//! `DeleteBackup`: seven days to think again. AWS guards nothing here, neither a backup that never
//! expires nor the last one of its cluster; that is the caller's part.

use serde::Deserialize;

use super::super::{ApiError, Backup, BackupState, Caller, Cloud, DeletePending, Key, constraint};
use super::or_default;

/// Request of `DeleteBackup`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteBackup {
    /// The backup.
    #[serde(default, deserialize_with = "or_default")]
    pub backup_id: String,
}

impl DeleteBackup {
    /// Deletes this backup.
    pub fn new(backup_id: impl Into<String>) -> Self {
        Self { backup_id: backup_id.into() }
    }
}

impl Cloud {
    /// Marks a READY backup for deletion in seven days.
    pub fn delete_backup(&mut self, caller: &Caller, request: &DeleteBackup) -> Result<Backup, ApiError> {
        constraint::backup_id("backupId", &request.backup_id)?;
        let now = self.now;
        let knobs = &self.knobs;
        let backup = self.own(caller, &request.backup_id)?;
        let allowed = match backup.state {
            BackupState::Ready => true,
            BackupState::CreateInProgress => knobs.allow_undocumented_states,
            BackupState::PendingDeletion => match knobs.delete_pending {
                DeletePending::Reject => false,
                DeletePending::Noop => return Ok(backup.clone()),
                DeletePending::Reset => true,
            },
            BackupState::Deleted => false,
        };
        if !allowed {
            let message = format!("Backup {} cannot be deleted in the state {}.", backup.id, backup.state);
            return Err(ApiError::invalid(message));
        }
        if knobs.refuse_deleting_never_expires && backup.never_expires == Some(true) {
            return Err(ApiError::invalid(format!("Backup {} never expires.", backup.id)));
        }
        if knobs.refuse_deleting_last_backup && self.agenda.is_last(&Key::of(caller, &backup.id)) {
            return Err(ApiError::invalid(format!("Backup {} is the last one of its cluster.", backup.id)));
        }
        let knobs = knobs.clone();
        self.change_own(caller, &request.backup_id, |backup| backup.schedule_deletion(now, &knobs))
    }
}
