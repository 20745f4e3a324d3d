//! Row: a backup that is PENDING_DELETION though the spec does not ask for it.

use super::{
    draft::Draft,
    subject::{Place, Subject},
};
use crate::{
    effect::Change,
    ledger::Mark,
    model::{Backup, BackupState},
    reason::Reason,
    recent::Attempt,
    settings::Settings,
    time::{earlier, later},
};

/// Restores what `deleted: false` asks to keep, and what this resource's own withdrawn wish deleted.
pub(super) fn decide(draft: &mut Draft<'_>, subject: &Subject<'_>, backup: &Backup) {
    if subject.deleted == Some(true) || backup.state != BackupState::PendingDeletion {
        return;
    }
    let own = subject.marks.deletion.is_some_and(|mark| !mark.is_spent());
    let begun = subject.marks.restore.is_some_and(Mark::is_open);
    if subject.deleted.is_none() && !own && !begun {
        let until = match backup.delete_timestamp {
            Some(until) => format!(" until {until}"),
            None => String::new(),
        };
        let message = format!(
            "the backup is being deleted, and this resource did not ask for it: set deleted: false to keep it; it can be restored{until}"
        );
        return draft.find(Reason::PendingDeletion, message);
    }
    if !own && may_not_restore_again(draft, subject, backup) {
        return;
    }
    let requested = Mark::requested(draft.now.wall);
    draft.want(subject, Change::Restore, |marks| {
        marks.restore = Some(requested);
        marks.deletion = None;
    });
}

/// Whether there is a restore that may have happened without being visible yet. Says so, and orders the look that tells.
pub(super) fn may_show_late(draft: &mut Draft<'_>, subject: &Subject<'_>) -> bool {
    let Some(mark) = subject.marks.restore else { return false };
    let mutation = subject.mutation(Change::Restore);
    // A restore that is known not to have happened needs no look; its own backoff holds it.
    let refused = draft.attempt(&mutation).is_some_and(Attempt::changed_nothing);
    let asked = mark.done_at.unwrap_or(mark.requested_at);
    if (refused && mark.is_open()) || draft.seen_settled(subject, asked) {
        return false;
    }
    draft.remember(&mutation);
    draft.find(Reason::Applying, format!("{} was restored; AWS does not show it yet", subject.noun()));
    true
}

/// Whether an earlier restore stands against another one: it is not visible yet, or it was undone within a day.
fn may_not_restore_again(draft: &mut Draft<'_>, subject: &Subject<'_>, backup: &Backup) -> bool {
    let Some(mark) = subject.marks.restore else { return false };
    if may_show_late(draft, subject) {
        return true;
    }
    if mark.is_open() {
        return false;
    }
    let again = later(mark.requested_at, Settings::RESTORE_INTERVAL);
    let again = match backup.delete_timestamp {
        Some(purge) => again.min(earlier(purge, Settings::RESTORE_LAST_CALL)),
        None => again,
    };
    if draft.now.wall >= again {
        return false;
    }
    draft.wake_at(draft.now.moment_of(again));
    let remedy = match subject.place {
        Place::Own => "set neverExpires: true, or raise the cluster's retention, or find who deletes it",
        // Copies have no retention.
        Place::Copy(_) => "find who deletes it",
    };
    let message = format!(
        "{} was restored and is being deleted again: {remedy}; it is restored again once a day, and without limit in its last day",
        subject.noun()
    );
    draft.find(Reason::RestoredAndDeletedAgain, message);
    true
}
