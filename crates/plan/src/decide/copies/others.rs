//! The copies that a region has, beside the one on record.

use std::sync::Arc;

use super::copy::Copy;
use crate::{
    decide::draft::Draft,
    model::{Backup, BackupId, BackupState},
    time::Moment,
};

/// A backup, and when the look began that shows it.
pub(super) type Seen = (Arc<Backup>, Moment);

/// Copies of the backup that are not on record, by what can be done with them.
pub(super) struct Others {
    /// READY ones first, then by CopyTimestamp and id: the first is the one to adopt.
    pub(super) live: Vec<Seen>,
    /// Those that can be restored, in the same order.
    pub(super) pending: Vec<Seen>,
    /// Those that failed, or were purged.
    pub(super) deleted: Vec<Seen>,
    /// Those of which something is not known that a decision would need: they are left alone, and keep another from being made.
    pub(super) unsure: Vec<Seen>,
}

impl Others {
    pub(super) fn of(draft: &Draft<'_>, copy: &Copy<'_>) -> Self {
        let mut others =
            Self { live: Vec::new(), pending: Vec::new(), deleted: Vec::new(), unsure: Vec::new() };
        for seen in copy.seen.found.iter().filter(|(backup, _)| Some(&backup.id) != copy.record.id.as_ref()) {
            let (backup, _) = seen;
            let group = match &backup.state {
                // Gone is gone, whoever it was; that it was ours is another question.
                BackupState::Deleted if !is_surely_ours(draft, backup) => continue,
                _ if !is_surely_ours(draft, backup) => &mut others.unsure,
                BackupState::Ready | BackupState::CreateInProgress => &mut others.live,
                BackupState::PendingDeletion => &mut others.pending,
                BackupState::Deleted => &mut others.deleted,
                BackupState::Unknown(_) => &mut others.unsure,
            };
            group.push(seen.clone());
        }
        others.live.sort_by_cached_key(order);
        others.pending.sort_by_cached_key(order);
        others
    }

    /// The live ones, by id.
    pub(super) fn live_ids(&self) -> Vec<BackupId> {
        let mut ids: Vec<_> = self.live.iter().map(|(backup, _)| backup.id.clone()).collect();
        ids.sort();
        ids
    }
}

/// An entry without CopyTimestamp comes after those with one.
fn order((backup, _): &Seen) -> (bool, bool, Option<jiff::Timestamp>, BackupId) {
    let made = backup.copy_timestamp;
    (backup.state != BackupState::Ready, made.is_none(), made, backup.id.clone())
}

/// Whether everything says that `backup` is a copy of ours: its source, and the account.
pub(super) fn is_surely_ours(draft: &Draft<'_>, backup: &Backup) -> bool {
    let recorded = draft.ledger.recorded.as_ref().and_then(|recorded| recorded.account.as_ref());
    let expected = [draft.desired.account.as_ref(), recorded, draft.observed.account.as_ref()];
    let account = match backup.account() {
        Some(account) => expected.into_iter().flatten().all(|expected| *expected == account),
        None => draft.desired.account.is_none(),
    };
    account && backup.is_copy_of(&draft.desired.backup)
}
