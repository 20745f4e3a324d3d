//! What has become of the calls that marks stand for.

use super::{Facts, draft::Draft};
use crate::{
    effect::{Change, Outcome},
    ledger::Mark,
    model::{Backup, BackupState},
    time::later,
};

/// Brings the marks of deletion up to date with the last outcome, and with `deleted`: AWS shows the backup pending or gone.
pub(super) fn resolve(draft: &mut Draft<'_>, deleted: bool) {
    let mutation = draft.mutation(Change::Delete);
    if let Some(mark) = draft.marks.deletion.filter(|mark| mark.is_open()) {
        let attempt = draft.attempt(&mutation);
        draft.marks.deletion = match attempt {
            // Whatever AWS shows, it was not our doing.
            Some(attempt) if attempt.changed_nothing() => None,
            _ if deleted => Some(mark.done(draft.now)),
            Some(attempt) if attempt.outcome == Some(Outcome::Accepted) => Some(mark.done(draft.now)),
            // Not known: whoever comes after a crash finds the same.
            _ => Some(mark),
        };
        draft.remember(&mutation);
    }
    if !draft.desired.terminating && draft.desired.deleted != Some(true) {
        withdraw(draft);
    }
}

/// The wish is withdrawn. A deletion that may still take effect stays on record until a look,
/// begun well after it was asked for, shows the backup READY: no other state proves that it did not.
fn withdraw(draft: &mut Draft<'_>) {
    let Some(mark) = draft.marks.deletion else { return };
    let ready = matches!(&draft.facts, Facts::Seen(backup) if backup.state == BackupState::Ready);
    if mark.is_spent() {
        draft.marks.deletion = None;
    } else if ready {
        let settled = draft.now.moment_of(later(mark.requested_at, draft.settings.confirm_after));
        if draft.seen_since(settled) {
            draft.marks.deletion = None;
        } else if mark.is_open() {
            let message = "the deletion is withdrawn; waiting to see whether AWS had begun it".to_owned();
            draft.find(crate::reason::Reason::Applying, message);
        }
    }
}

/// The wish is withdrawn, too late.
pub(super) fn drop_withdrawn(draft: &mut Draft<'_>) {
    draft.marks.deletion = None;
}

/// A restore is done once AWS said so or shows the backup READY.
pub(super) fn settle_restore(draft: &mut Draft<'_>, backup: &Backup) {
    let Some(mark) = draft.marks.restore.filter(|mark| mark.is_open()) else { return };
    let mutation = draft.mutation(Change::Restore);
    let accepted = draft.attempt(&mutation).is_some_and(|attempt| attempt.outcome == Some(Outcome::Accepted));
    if accepted || backup.state == BackupState::Ready {
        draft.marks.restore = Some(mark.done(draft.now));
        return;
    }
    draft.remember(&mutation);
}

/// The wish to delete is back before its restore was carried out: the deletion that it would have undone stands.
pub(super) fn reinstate_deletion(draft: &mut Draft<'_>) {
    if let Some(mark) = draft.marks.restore.filter(|mark| mark.is_open()) {
        draft.marks.deletion = Some(Mark::requested(mark.requested_at).done(draft.now));
        draft.marks.restore = None;
    }
}
