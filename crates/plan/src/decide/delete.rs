//! Row: `deleted: true`, and the part of it that the finalizer shares (design §5.1).

use super::{
    draft::Draft,
    marks,
    subject::{Place, Subject},
    undelete,
};
use crate::{
    deletion::{ALLOW_LAST_BACKUP, LastBackup, Room, judge, never_expires},
    effect::{Change, Outcome},
    ledger::Mark,
    model::{Backup, BackupState},
    reason::Reason,
    time::later,
};

/// `deleted: true` on a living resource.
pub(super) fn decide(draft: &mut Draft<'_>, subject: &mut Subject<'_>, backup: &Backup) {
    match backup.state {
        // Counted as fulfilled now, the wish would be used up when the restore shows after all.
        BackupState::PendingDeletion if undelete::may_show_late(draft, subject) => {}
        BackupState::PendingDeletion => {
            marks::reinstate_deletion(draft, subject);
            fulfilled(draft, subject, Reason::DeletionScheduled);
        }
        BackupState::Ready => delete(draft, subject, backup),
        // Waited for; the state itself is reported already.
        _ => {}
    }
}

/// The wish is fulfilled, by whomever. That uses it up: what is restored later is not deleted again for it.
pub(super) fn fulfilled(draft: &mut Draft<'_>, subject: &mut Subject<'_>, reason: Reason) {
    if subject.place == Place::Own {
        draft.settled = reason;
    }
    spend_wish(draft, subject);
}

/// A wish that is fulfilled already, or that another resource has the say over, never leads to a call.
pub(super) fn spend_wish(draft: &Draft<'_>, subject: &mut Subject<'_>) {
    if subject.deleted == Some(true) && subject.marks.deletion.is_none() && !draft.desired.suspend {
        subject.marks.deletion = Some(Mark::spent(draft.now.wall));
    }
}

/// Deletes a READY backup, once, if every guard lets it pass.
pub(super) fn delete(draft: &mut Draft<'_>, subject: &mut Subject<'_>, backup: &Backup) {
    match subject.marks.deletion {
        Some(mark) if mark.is_open() => asked_before(draft, subject, backup, mark),
        Some(mark) => done_before(draft, subject, mark),
        None => {
            let requested = Mark::requested(draft.now.wall);
            if guards_pass(draft, subject, backup) {
                draft.want(subject, Change::Delete, |marks| {
                    marks.deletion = Some(requested);
                    marks.restore = None;
                });
            }
        }
    }
}

/// The deletion is done, and the backup READY: AWS does not show it yet, or someone rescued the backup.
fn done_before(draft: &mut Draft<'_>, subject: &Subject<'_>, mark: Mark) {
    let done = mark.done_at.unwrap_or(mark.requested_at);
    if !draft.seen_settled(subject, done) {
        draft.find(Reason::Applying, format!("{} was deleted; AWS does not show it yet", subject.noun()));
        return;
    }
    let message = format!(
        "the deletion recorded at {done} is used up, and {} is READY: someone restored it, or another resource had the \
         say over it. It is not deleted again for the same wish: take {}: true back, wait until {} is gone, and set it again",
        subject.noun(),
        subject.field(),
        subject.mark_field(),
    );
    draft.find(Reason::ExternallyRestored, message);
}

/// Nobody knows what became of the call. While it may still take effect it is asked again only after
/// two looks, the waiting time apart, have shown nothing; later it counts as done.
fn asked_before(draft: &mut Draft<'_>, subject: &mut Subject<'_>, backup: &Backup, mark: Mark) {
    let mutation = subject.mutation(Change::Delete);
    draft.remember(&mutation);
    if draft.now.age(mark.requested_at) >= draft.settings.settle_window {
        let done = mark.done(draft.now);
        subject.marks.deletion = Some(done);
        return done_before(draft, subject, done);
    }
    draft.wake_at(draft.now.moment_of(later(mark.requested_at, draft.settings.settle_window)));
    let attempt = draft.attempt(&mutation);
    let (reason, detail) =
        match attempt.and_then(|attempt| attempt.outcome.as_ref()).and_then(Outcome::failure) {
            Some(failure) => (failure.class.reason(), format!(" ({failure})")),
            None => (Reason::Applying, String::new()),
        };
    let message = format!(
        "deleting {}: what came of DeleteBackup is not known{detail}; looking again before it is repeated",
        subject.noun()
    );
    let first_look = match attempt {
        Some(attempt) => attempt.unchanged_at.ok_or(attempt.at),
        None => Err(draft.now.tick),
    };
    let proven = match first_look {
        Ok(first) => draft.seen_since(subject, first.after(draft.settings.confirm_after)),
        Err(since) => {
            draft.seen_since(subject, since.after(std::time::Duration::from_millis(1)));
            false
        }
    };
    if !proven {
        return draft.find(reason, message);
    }
    if guards_pass(draft, subject, backup) {
        draft.want(subject, Change::Delete, |_| {});
    }
}

/// Guards 1, 3 and 4 of §5.1, and the copies that come first. Each says why it holds the deletion.
fn guards_pass(draft: &mut Draft<'_>, subject: &Subject<'_>, backup: &Backup) -> bool {
    let noun = subject.noun();
    if never_expires(backup) {
        let message = match backup.never_expires {
            // A resource that is being deleted changes nothing but that.
            Some(_) if draft.desired.terminating => {
                "the deletion is held: AWS reports NeverExpires, which a resource that is being deleted does not change; set it to false in AWS, or release the resource with deletionPolicy: Retain"
            }
            // The spec clears the way already: the change itself is outstanding, and says so.
            Some(_) if draft.desired.never_expires == Some(false) => return false,
            Some(_) => "the deletion is held: AWS reports NeverExpires; set neverExpires: false first",
            None => "the deletion is held: AWS does not report NeverExpires",
        };
        draft.find(Reason::NeverExpires, message.to_owned());
        return false;
    }
    if subject.place == Place::Own && draft.unsettled_copies {
        let message = "the deletion waits until the copies are settled; to delete the backup without one, remove its entry from spec.copies";
        draft.find(Reason::WaitingForCopies, message.to_owned());
        return false;
    }
    if let LastBackup::Held(wanted) = judge(backup, &subject.key, draft.desired, &draft.observed.survivors) {
        let message = format!(
            "the deletion of {noun} is held: no other READY backup of its cluster is known; to delete it all the same, set annotation {ALLOW_LAST_BACKUP}: {wanted}"
        );
        draft.find(Reason::LastBackup, message);
        draft.wake_at(draft.now.tick.after(draft.settings.poll_interval));
        return false;
    }
    has_room(draft, &noun)
}

fn has_room(draft: &mut Draft<'_>, noun: &str) -> bool {
    let most = draft.settings.max_deletions;
    let message = match draft.observed.room {
        Room::Free => return true,
        Room::FullUntil(at) => {
            draft.wake_at(at);
            format!(
                "the deletion of {noun} is held: within the hour as many backups were deleted as --max-deletions allows ({most})"
            )
        }
        Room::Never => format!("the deletion of {noun} is held: --max-deletions is 0"),
        Room::Uncounted => {
            draft.wake_at(draft.now.tick.after(std::time::Duration::from_secs(1)));
            format!("the deletion of {noun} is held until every region has been looked at once")
        }
    };
    draft.find(Reason::DeletionHeld, message);
    false
}
