//! An open request: what has become of it, and for how long it is waited for (design §5.2).

use super::{Draft, copy::Copy, others::Others};
use crate::{
    effect::Outcome,
    error::ErrorClass,
    inventory::Search as Found,
    ledger::{Request, Setback},
    model::Backup,
    reason::Reason,
    settings::Settings,
    time::later,
};

/// Whether the search for what a request has led to goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// A copy may still appear.
    GoesOn,
    /// None will, as far as anybody can tell: another one may be asked for.
    Over,
}

/// Takes in how our own try turned out, if it was one. A refusal, or a request that never left, made nothing.
pub(super) fn settle(draft: &mut Draft<'_>, copy: &mut Copy<'_>) {
    let Some(request) = &mut copy.record.request else { return };
    match copy.seen.open.as_ref().and_then(|open| open.outcome.as_ref()) {
        Some(Outcome::NotSent(failure) | Outcome::Rejected(failure)) => {
            let class = failure.class;
            copy.conclude(draft);
            // What we held back ourselves was no attempt.
            if class != ErrorClass::Withdrawn {
                copy.set_back(draft, class.reason());
            }
            if copy.record.id.is_none() {
                // They were put on record with the request, and never applied.
                copy.record.marks.managed_tag_keys.clear();
            }
        }
        Some(Outcome::Accepted) => {
            request.accepted_at.get_or_insert(draft.now.wall);
        }
        Some(Outcome::Unknown(_)) | None => {}
    }
}

/// Looks for what the open request has led to; nothing live is there.
pub(super) fn search(draft: &mut Draft<'_>, copy: &mut Copy<'_>, others: &Others) -> Search {
    let Some(request) = copy.record.request else { return Search::Over };
    if others.deleted.iter().any(|(backup, _)| has_failed(copy, request, backup)) {
        copy.conclude(draft);
        copy.set_back(draft, Reason::CopyFailed);
        return Search::Over;
    }
    if copy.record.is_lost() {
        return lost(draft, copy);
    }
    match waits(draft, copy, request) {
        Wait::On => Search::GoesOn,
        Wait::Accepted => give_up(draft, copy),
        Wait::Unknown if copy.record.last_failure.as_ref().is_some_and(Setback::was_unanswered) => {
            give_up(draft, copy)
        }
        Wait::Unknown => {
            copy.conclude(draft);
            copy.set_back(draft, Reason::CopyUnanswered);
            Search::Over
        }
    }
}

/// Whether `backup`, which is DELETED, is what became of `request`: it is new since then, and was not copied before.
pub(super) fn has_failed(copy: &Copy<'_>, request: Request, backup: &Backup) -> bool {
    let Some(made) = backup.copy_timestamp else { return false };
    let skewed = later(made, Settings::CLOCK_SKEW);
    if let Some(before) = copy.seen.open.as_ref().and_then(|open| open.failed_before.as_ref()) {
        return !before.contains(&backup.id) && skewed >= request.requested_at;
    }
    // Another process sent it. An entry that may be that of an earlier failure proves nothing: clocks differ.
    let earlier = copy.record.last_failure.as_ref().filter(|setback| setback.may_have_left_a_copy());
    made >= request.requested_at
        && earlier.is_none_or(|setback| made >= later(setback.at, Settings::CLOCK_SKEW))
}

/// The copy of this region was there before the request, and is kept: what the request leads to would be one too many.
/// It is waited for as long as it may appear, and never asked for again.
pub(super) fn outlive(draft: &mut Draft<'_>, copy: &mut Copy<'_>) {
    let Some(request) = copy.record.request else { return };
    if copy.record.is_lost() || waits(draft, copy, request) != Wait::On {
        copy.conclude(draft);
    }
}

/// An open request whose copy nobody wants any more. It is waited for, and then let go.
pub(super) fn let_go(draft: &mut Draft<'_>, copy: &mut Copy<'_>) {
    let Some(request) = copy.record.request else { return };
    if copy.record.is_lost() {
        let at = request.requested_at;
        copy.note = Some(format!("a copy was asked for at {at} and never appeared: look for it in AWS"));
        return;
    }
    match waits(draft, copy, request) {
        Wait::On => {}
        Wait::Accepted => {
            copy.record.last_failure = Some(Setback { at: draft.now.wall, reason: Reason::CopyLost });
        }
        Wait::Unknown => copy.conclude(draft),
    }
}

/// A request that was given up, until a person asks for another one.
fn lost(draft: &mut Draft<'_>, copy: &Copy<'_>) -> Search {
    let at = copy.record.last_failure.as_ref().map(|setback| setback.at);
    if at.is_some_and(|at| draft.recent.asked_since(at)) {
        return Search::Over;
    }
    let asked =
        copy.record.request.map_or_else(String::new, |request| format!(" at {}", request.requested_at));
    let message = format!(
        "a copy in {} was asked for{asked} and never appeared: look for it in AWS; a new value of annotation {} asks for one more",
        copy.region,
        crate::desired::RECONCILE_REQUEST,
    );
    draft.find(Reason::CopyLost, message);
    Search::GoesOn
}

fn give_up(draft: &mut Draft<'_>, copy: &mut Copy<'_>) -> Search {
    copy.set_back(draft, Reason::CopyLost);
    lost(draft, copy)
}

/// How the wait for a copy stands.
#[derive(PartialEq, Eq)]
enum Wait {
    /// One may still appear.
    On,
    /// AWS accepted the request, and none appeared in a day.
    Accepted,
    /// Nobody knows whether AWS took the request, and none appeared within the settle window.
    Unknown,
}

fn waits(draft: &mut Draft<'_>, copy: &Copy<'_>, request: Request) -> Wait {
    let region = &copy.region;
    if let Some(accepted) = request.accepted_at {
        let limit = draft.now.moment_of(later(accepted, Settings::COPY_LIMIT));
        if copy.searched_since(draft, limit) {
            return Wait::Accepted;
        }
        draft.find(Reason::CopyInProgress, format!("a copy is on its way to {region}"));
        return Wait::On;
    }
    let window = draft.settings.settle_window;
    if let Some(open) = &copy.seen.open {
        let half = open.since.after(window / 2);
        let now = match copy.seen.search {
            Found::Done { began } if began >= half => Some(began),
            _ => None,
        };
        let last = open.halfway.or(now).map(|halfway| halfway.after(window / 2));
        if copy.searched_since(draft, last.unwrap_or(half)) && last.is_some() {
            return Wait::Unknown;
        }
    }
    let message = format!(
        "a copy in {region} was asked for, and whether AWS took the request is not known: it is looked for before it is asked for again"
    );
    draft.find(Reason::CopyInProgress, message);
    Wait::On
}
