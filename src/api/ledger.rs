//! From a status to the records that decisions take.

use plan::{
    ledger::{self, Ledger, Marks, Recorded},
    model::account_of_arn,
};

use super::{
    CloudHsmBackup, conditions, copies,
    status::{CloudHsmBackupStatus, Mark},
};

impl CloudHsmBackup {
    /// What the status of this object records.
    pub fn ledger(&self) -> Ledger {
        self.status.as_ref().map(CloudHsmBackupStatus::ledger).unwrap_or_default()
    }
}

impl CloudHsmBackupStatus {
    fn ledger(&self) -> Ledger {
        let ready = self.conditions.iter().find(|condition| condition.type_ == conditions::READY);
        Ledger {
            recorded: self
                .backup_state
                .as_ref()
                .map(|_| Recorded { account: self.backup_arn.as_deref().and_then(account_of_arn) }),
            marks: Marks {
                managed_tag_keys: self.managed_tag_keys.iter().cloned().collect(),
                deletion: self.deletion.map(Into::into),
                restore: self.restore.map(Into::into),
            },
            copies: self.copies.iter().filter_map(copies::record).collect(),
            ready_reason: ready.map(|condition| condition.reason.clone()),
            handled_request: self.last_handled_reconcile_at.clone(),
        }
    }
}

impl From<Mark> for ledger::Mark {
    fn from(mark: Mark) -> Self {
        Self { requested_at: mark.requested_at, done_at: mark.done_at }
    }
}

impl From<ledger::Mark> for Mark {
    fn from(mark: ledger::Mark) -> Self {
        Self { requested_at: mark.requested_at, done_at: mark.done_at }
    }
}
