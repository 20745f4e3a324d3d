//! Rows: a copy is wanted. It is adopted, kept, undeleted, or made.

use super::{
    Draft, Source,
    copy::{Copy, Recorded, made_under},
    make,
    others::{Others, Seen},
    request::{self, Search},
};
use crate::{
    decide::{marks, tags, undelete},
    ledger::Mark,
    model::BackupState,
    reason::Reason,
    time::Moment,
};

pub(super) fn decide(draft: &mut Draft<'_>, copy: &mut Copy<'_>, source: Source<'_>) {
    request::settle(draft, copy);
    if copy.record.id.is_none() {
        // A wish to delete that found nothing is withdrawn.
        copy.record.marks.deletion = None;
    }
    let others = Others::of(draft, copy);
    match copy.recorded(draft) {
        Recorded::Unseen => {
            copy.stay();
            copy.find_unseen(draft);
        }
        Recorded::Unsure((backup, _)) => {
            copy.show_unsure(draft, &backup);
        }
        Recorded::There(seen) if stays(copy, &seen, &others) => keep(draft, copy, &seen, &others),
        Recorded::Absent(began) if others.live.is_empty() && !is_surely_gone(draft, copy, began) => {}
        Recorded::Deleted => {
            // One that was pending was purged; any other has failed.
            fall(draft, copy, &[BackupState::CreateInProgress, BackupState::Ready]);
            without_record(draft, copy, source, &others);
        }
        Recorded::Absent(_) => {
            fall(draft, copy, &[BackupState::CreateInProgress]);
            without_record(draft, copy, source, &others);
        }
        Recorded::There(_) | Recorded::None => without_record(draft, copy, source, &others),
    }
}

/// Whether the recorded copy is the one to keep: one that is pending gives way to one that is live, unless this
/// resource itself deleted it and now takes that back.
fn stays(copy: &Copy<'_>, (backup, _): &Seen, others: &Others) -> bool {
    let marks = &copy.record.marks;
    let own = marks.deletion.is_some_and(|mark| !mark.is_spent()) || marks.restore.is_some_and(Mark::is_open);
    backup.state != BackupState::PendingDeletion || own || others.live.is_empty()
}

/// The copy of this region is there.
fn keep(draft: &mut Draft<'_>, copy: &mut Copy<'_>, seen: &Seen, others: &Others) {
    let (backup, _) = seen;
    // What a request has led to may also be one too many beside the one that is kept.
    for (backup, _) in std::iter::once(seen).chain(&others.live).chain(&others.pending) {
        copy.conclude_for(draft, backup);
    }
    let mut subject = copy.adopt(seen, others);
    marks::resolve(draft, &mut subject, &backup.state);
    marks::settle_restore(draft, &mut subject, backup);
    let claimed = draft.standing.copies.get(&subject.key).cloned();
    match (&claimed, &backup.state) {
        (Some(other), BackupState::PendingDeletion) => {
            let message = format!(
                "{} is being deleted; resource {other} has it as its own backup, and the say over it",
                subject.noun()
            );
            draft.find(Reason::CopyClaimedElsewhere, message);
        }
        (Some(other), _) => {
            copy.note = Some(format!("resource {other} has it as its own backup, and the say over it"));
        }
        // While a copy may be on its way, restoring an older one could make two.
        (None, BackupState::PendingDeletion) if copy.record.request.is_some() => {}
        (None, BackupState::PendingDeletion) => undelete::decide(draft, &subject, backup),
        (None, _) => tags::decide(draft, &mut subject, backup),
    }
    draft.wait_out(&subject, &backup.state);
    copy.record.marks = subject.marks;
    if copy.record.request.is_some() {
        request::outlive(draft, copy);
    } else if copy.ready {
        (copy.record.attempts, copy.record.last_failure) = (0, None);
    }
}

/// No copy is on record that could be kept.
fn without_record(draft: &mut Draft<'_>, copy: &mut Copy<'_>, source: Source<'_>, others: &Others) {
    if let Some(live) = others.live.first() {
        return keep(draft, copy, live, others);
    }
    if let Some((backup, _)) = others.unsure.first() {
        return copy.find_unsure(draft, backup);
    }
    let expected =
        |(backup, _): &&Seen| copy.record.request.is_none_or(|request| made_under(request, backup));
    if let Some(pending) = others.pending.iter().find(expected) {
        return keep(draft, copy, pending, others);
    }
    if copy.record.request.is_some() && request::search(draft, copy, others) == Search::GoesOn {
        return;
    }
    match others.pending.first() {
        Some(pending) => keep(draft, copy, pending, others),
        None => make::decide(draft, copy, source),
    }
}

/// The copy on record is gone for good; if it was last seen in one of the states `failing`, it failed.
fn fall(draft: &mut Draft<'_>, copy: &mut Copy<'_>, failing: &[BackupState]) {
    let failed = copy.record.state.as_ref().is_some_and(|state| failing.contains(state));
    copy.forget();
    if failed {
        copy.set_back(draft, Reason::CopyFailed);
    }
}

/// Whether a recorded copy that is not listed any more may be made again. One that was READY is missed twice, a
/// settle window apart, before that is believed.
fn is_surely_gone(draft: &mut Draft<'_>, copy: &Copy<'_>, began: Moment) -> bool {
    let could_vanish = matches!(
        copy.record.state,
        Some(BackupState::CreateInProgress | BackupState::PendingDeletion | BackupState::Deleted)
    );
    if could_vanish {
        return true;
    }
    let Some(id) = copy.record.id.clone() else { return true };
    let subject = super::Subject::copy(&copy.region, id, copy.wish, super::Marks::default());
    let first = draft.recent.missed_since(&subject.key).unwrap_or(began);
    let again = first.after(draft.settings.settle_window);
    if began >= again {
        return true;
    }
    draft.seen_since(&subject, again);
    let message = format!(
        "{} ({}) is not listed any more; it is made again if it is still missing after the settle window",
        subject.noun(),
        subject.key.id
    );
    draft.find(Reason::CopyMissing, message);
    false
}
