//! Rows: `copies[].deleted: true`, and a listed copy of a resource that its finalizer holds.

use super::{
    Draft,
    copy::{Copy, Recorded},
    others::Others,
    request,
};
use crate::{
    decide::{delete, marks},
    ledger::{Mark, Marks},
    model::BackupState,
    reason::Reason,
};

/// The copy is to be deleted, once, and no new one made.
pub(super) fn decide(draft: &mut Draft<'_>, copy: &mut Copy<'_>) {
    let others = begin(draft, copy);
    let settled = match copy.recorded(draft) {
        Recorded::There(seen) => {
            let (backup, _) = &seen;
            let mut subject = copy.adopt(&seen, &others);
            let claimed = draft.standing.copies.get(&subject.key).cloned();
            marks::resolve(draft, &mut subject, &backup.state);
            marks::settle_restore(draft, &mut subject, backup);
            match claimed {
                Some(other) if backup.state != BackupState::PendingDeletion => {
                    let message = format!(
                        "resource {other} has {} as its own backup: it is not deleted here",
                        subject.noun()
                    );
                    draft.find(Reason::CopyClaimedElsewhere, message);
                    delete::spend_wish(draft, &mut subject);
                }
                _ => {
                    draft.wait_out(&subject, &backup.state);
                    delete::decide(draft, &mut subject, backup);
                }
            }
            copy.record.marks = subject.marks;
            backup.state == BackupState::PendingDeletion
        }
        Recorded::Deleted | Recorded::Absent(_) => {
            copy.gone();
            copy.record.marks.restore = None;
            spend(draft, copy);
            true
        }
        Recorded::Unsure((backup, _)) => {
            copy.show_unsure(draft, &backup);
            false
        }
        Recorded::Unseen => {
            copy.find_unseen(draft);
            false
        }
        // The wish was used up when there was nothing to delete; what has come since is not deleted for it.
        Recorded::None if copy.record.marks.deletion.is_some() => {
            find_used_up(draft, copy, &others);
            false
        }
        Recorded::None => {
            let none = none_left(draft, copy, &others);
            if none {
                spend(draft, copy);
            }
            none
        }
    };
    copy.duplicates = others.live_ids();
    if settled && !others.live.is_empty() {
        let message = format!(
            "the copy in {} is deleted as wanted, and more copies of the backup are there: {}; they are left alone, delete those that are not needed in AWS",
            copy.region,
            ids(&others)
        );
        draft.find(Reason::AmbiguousCopy, message);
    }
    wait_for_request(draft, copy);
}

/// The copy is deleted with its resource. Returns whether nothing more is to be done.
pub(super) fn remove(draft: &mut Draft<'_>, copy: &mut Copy<'_>) -> bool {
    let others = begin(draft, copy);
    let settled = match copy.recorded(draft) {
        Recorded::There(seen) => {
            let (backup, _) = &seen;
            let mut subject = copy.adopt(&seen, &others);
            let left = draft.standing.copies.contains_key(&subject.key);
            marks::resolve(draft, &mut subject, &backup.state);
            let settled = left || backup.state == BackupState::PendingDeletion;
            match &backup.state {
                _ if settled => {}
                BackupState::Ready => delete::delete(draft, &mut subject, backup),
                state => draft.wait_out(&subject, state),
            }
            copy.record.marks = subject.marks;
            settled
        }
        Recorded::Deleted | Recorded::Absent(_) => {
            copy.gone();
            true
        }
        Recorded::Unsure((backup, _)) => {
            copy.show_unsure(draft, &backup);
            false
        }
        Recorded::Unseen => {
            copy.find_unseen(draft);
            false
        }
        // Deleting the resource does not revive a wish that was used up.
        Recorded::None if copy.record.marks.deletion.is_some() => true,
        Recorded::None => {
            draft.standing.kept_regions.contains(&copy.region) || none_left(draft, copy, &others)
        }
    };
    wait_for_request(draft, copy) && settled
}

/// Copies are there that the wish is not about, since it is used up.
fn find_used_up(draft: &mut Draft<'_>, copy: &Copy<'_>, others: &Others) {
    if others.live.is_empty() {
        return;
    }
    let message = format!(
        "the wish to delete the copy in {} is used up, and {} is there: someone made it, or another resource had the say over it. \
         To delete it, take the entry's deleted: true back, wait until the deletion in its status is gone, and set it again",
        copy.region,
        ids(others)
    );
    draft.find(Reason::ExternallyRestored, message);
}

fn begin(draft: &mut Draft<'_>, copy: &mut Copy<'_>) -> Others {
    request::settle(draft, copy);
    let others = Others::of(draft, copy);
    // A request that came to nothing leaves nothing to be deleted.
    if let Some(asked) = copy.record.request
        && others.live.iter().chain(&others.pending).any(|(backup, _)| super::copy::made_under(asked, backup))
    {
        copy.conclude(draft);
    }
    others
}

/// No copy is on record. The only one that there is goes on record, to be deleted next; among several nobody here can choose.
fn none_left(draft: &mut Draft<'_>, copy: &mut Copy<'_>, others: &Others) -> bool {
    if let Some((backup, _)) = others.unsure.first() {
        copy.find_unsure(draft, backup);
        return false;
    }
    match others.live.as_slice() {
        [] if copy.record.request.is_some() => false,
        [] if copy.searched_since(draft, copy.seen.search_since) => true,
        [] => {
            draft.find(
                Reason::Applying,
                format!("looking for a copy in {} that is to be deleted", copy.region),
            );
            false
        }
        [only] => {
            let subject = copy.adopt(only, others);
            draft.find(Reason::Applying, format!("deleting {}", subject.noun()));
            copy.record.marks = Marks::default();
            false
        }
        _ => {
            let message = format!(
                "several copies are in {} and none of them is on record, so none is deleted: {}; delete those that are not needed in AWS",
                copy.region,
                ids(others)
            );
            draft.find(Reason::AmbiguousCopy, message);
            false
        }
    }
}

/// A copy that is on its way has to be there before it can be deleted. Returns whether there is nothing to wait for.
fn wait_for_request(draft: &mut Draft<'_>, copy: &mut Copy<'_>) -> bool {
    request::let_go(draft, copy);
    let Some(asked) = copy.record.request else { return true };
    if !copy.record.is_lost() {
        return false;
    }
    let given_up = copy.record.last_failure.as_ref().map_or(asked.requested_at, |setback| setback.at);
    if draft.recent.asked_since(given_up) {
        copy.conclude(draft);
        return true;
    }
    let message = format!(
        "a copy in {} was asked for at {} and never appeared, so it cannot be deleted: look for it in AWS; a new value of annotation {} lets go of it",
        copy.region,
        asked.requested_at,
        crate::desired::RECONCILE_REQUEST,
    );
    draft.find(Reason::CopyLost, message);
    false
}

/// The wish is fulfilled without a call, and used up.
fn spend(draft: &Draft<'_>, copy: &mut Copy<'_>) {
    match copy.record.marks.deletion {
        Some(mark) => copy.record.marks.deletion = Some(mark.done(draft.now)),
        None if !draft.desired.suspend => copy.record.marks.deletion = Some(Mark::spent(draft.now.wall)),
        None => {}
    }
}

fn ids(others: &Others) -> String {
    let ids: Vec<String> = others.live_ids().iter().map(ToString::to_string).collect();
    ids.join(", ")
}
