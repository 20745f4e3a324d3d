//! `ModifyBackupAttributes`: sets `NeverExpires`, the only attribute there is.

use serde::Deserialize;

use super::super::{ApiError, Backup, BackupState, Caller, Cloud, NeverExpiresOnCopies, constraint};
use super::or_default;

/// Request of `ModifyBackupAttributes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyBackupAttributes {
    /// The backup.
    #[serde(default, deserialize_with = "or_default")]
    pub backup_id: String,
    /// The flag's new value; required.
    #[serde(default)]
    pub never_expires: Option<bool>,
}

impl ModifyBackupAttributes {
    /// Sets the flag of this backup.
    pub fn new(backup_id: impl Into<String>, never_expires: bool) -> Self {
        Self { backup_id: backup_id.into(), never_expires: Some(never_expires) }
    }
}

impl Cloud {
    /// Sets the flag of a READY backup. Clearing it may expire the backup at once.
    pub fn modify_backup_attributes(
        &mut self,
        caller: &Caller,
        request: &ModifyBackupAttributes,
    ) -> Result<Backup, ApiError> {
        constraint::backup_id("backupId", &request.backup_id)?;
        let flag = request.never_expires.ok_or_else(|| constraint::missing("neverExpires"))?;
        let backup = self.own(caller, &request.backup_id)?;
        if backup.state != BackupState::Ready && !self.knobs.allow_undocumented_states {
            let message = format!("Backup {} cannot be modified in the state {}.", backup.id, backup.state);
            return Err(ApiError::invalid(message));
        }
        if self.knobs.refuse_never_expires_on_copies && backup.source.is_some() {
            return Err(ApiError::invalid(format!("Backup {} is a copy; it has no retention.", backup.id)));
        }
        let hidden_on_copies = self.knobs.never_expires_on_copies == NeverExpiresOnCopies::Absent;
        if hidden_on_copies && backup.source.is_some() {
            return Ok(backup.clone());
        }
        let modified =
            self.change_own(caller, &request.backup_id, |backup| backup.never_expires = Some(flag))?;
        self.settle();
        Ok(modified)
    }
}
