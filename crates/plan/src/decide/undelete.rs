//! Row: a backup that is PENDING_DELETION though the spec does not ask for it.

use super::draft::Draft;
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
pub(super) fn decide(draft: &mut Draft<'_>, backup: &Backup) {
    if draft.desired.deleted == Some(true) || backup.state != BackupState::PendingDeletion {
        return;
    }
    let own = draft.marks.deletion.is_some_and(|mark| !mark.is_spent());
    let begun = draft.marks.restore.is_some_and(Mark::is_open);
    if draft.desired.deleted.is_none() && !own && !begun {
        let until = match backup.delete_timestamp {
            Some(until) => format!(" until {until}"),
            None => String::new(),
        };
        let message = format!(
            "the backup is being deleted, and this resource did not ask for it: set deleted: false to keep it; it can be restored{until}"
        );
        return draft.find(Reason::PendingDeletion, message);
    }
    if !own && may_not_restore_again(draft, backup) {
        return;
    }
    let requested = Mark::requested(draft.now.wall);
    draft.want(Change::Restore, |marks| {
        marks.restore = Some(requested);
        marks.deletion = None;
    });
}

/// Whether there is a restore that may have happened without being visible yet. Says so, and orders the look that tells.
pub(super) fn may_show_late(draft: &mut Draft<'_>) -> bool {
    let Some(mark) = draft.marks.restore else { return false };
    let mutation = draft.mutation(Change::Restore);
    // A restore that is known not to have happened needs no look; its own backoff holds it.
    let refused = draft.attempt(&mutation).is_some_and(Attempt::changed_nothing);
    let visible_from = later(mark.done_at.unwrap_or(mark.requested_at), draft.settings.confirm_after);
    if (refused && mark.is_open()) || draft.seen_since(draft.now.moment_of(visible_from)) {
        return false;
    }
    draft.remember(&mutation);
    draft.find(Reason::Applying, "the backup was restored; AWS does not show it yet".to_owned());
    true
}

/// Whether an earlier restore stands against another one: it is not visible yet, or it was undone within a day.
fn may_not_restore_again(draft: &mut Draft<'_>, backup: &Backup) -> bool {
    let Some(mark) = draft.marks.restore else { return false };
    if may_show_late(draft) {
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
    let message = "the backup was restored and is being deleted again: set neverExpires: true, or raise the cluster's \
                   retention, or find who deletes it; it is restored again once a day, and without limit in its last day"
        .to_owned();
    draft.find(Reason::RestoredAndDeletedAgain, message);
    true
}
