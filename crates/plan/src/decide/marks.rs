//! What has become of the calls that marks stand for.

use super::{draft::Draft, subject::Subject};
use crate::{
    effect::{Change, Outcome},
    ledger::Mark,
    model::{Backup, BackupState},
    reason::Reason,
};

/// Brings the mark of deletion up to date with the last outcome and with what AWS shows: the backup in `state`,
/// or that it is gone.
pub(super) fn resolve(draft: &mut Draft<'_>, subject: &mut Subject<'_>, state: &BackupState) {
    let deleted = matches!(state, BackupState::PendingDeletion | BackupState::Deleted);
    let mutation = subject.mutation(Change::Delete);
    if let Some(mark) = subject.marks.deletion.filter(|mark| mark.is_open()) {
        let attempt = draft.attempt(&mutation);
        subject.marks.deletion = match attempt {
            // Whatever AWS shows, it was not our doing.
            Some(attempt) if attempt.changed_nothing() => None,
            _ if deleted => Some(mark.done(draft.now)),
            Some(attempt) if attempt.outcome == Some(Outcome::Accepted) => Some(mark.done(draft.now)),
            // Not known: whoever comes after a crash finds the same.
            _ => Some(mark),
        };
        draft.remember(&mutation);
    }
    if !draft.desired.terminating && subject.deleted != Some(true) {
        withdraw(draft, subject, state);
    }
}

/// The wish is withdrawn. A deletion that may still take effect stays on record until a look,
/// begun well after it was asked for, shows the backup READY: no other state proves that it did not.
fn withdraw(draft: &mut Draft<'_>, subject: &mut Subject<'_>, state: &BackupState) {
    let Some(mark) = subject.marks.deletion else { return };
    if mark.is_spent() {
        subject.marks.deletion = None;
    } else if *state == BackupState::Ready {
        if draft.seen_settled(subject, mark.requested_at) {
            subject.marks.deletion = None;
        } else if mark.is_open() {
            let message = format!(
                "the deletion of {} is withdrawn; waiting to see whether AWS had begun it",
                subject.noun()
            );
            draft.find(Reason::Applying, message);
        }
    }
}

/// A restore is done once AWS said so, or a look shows the backup READY that began well after it was asked for:
/// an earlier one may show what was there before the backup was deleted.
pub(super) fn settle_restore(draft: &mut Draft<'_>, subject: &mut Subject<'_>, backup: &Backup) {
    let Some(mark) = subject.marks.restore.filter(|mark| mark.is_open()) else { return };
    let mutation = subject.mutation(Change::Restore);
    let accepted = draft.attempt(&mutation).is_some_and(|attempt| attempt.outcome == Some(Outcome::Accepted));
    if accepted || (backup.state == BackupState::Ready && draft.seen_settled(subject, mark.requested_at)) {
        subject.marks.restore = Some(mark.done(draft.now));
        return;
    }
    draft.remember(&mutation);
}

/// The wish to delete is back before its restore was carried out: the deletion that it would have undone stands.
pub(super) fn reinstate_deletion(draft: &Draft<'_>, subject: &mut Subject<'_>) {
    if let Some(mark) = subject.marks.restore.filter(|mark| mark.is_open()) {
        subject.marks.deletion = Some(Mark::requested(mark.requested_at).done(draft.now));
        subject.marks.restore = None;
    }
}
