//! Row: there is no copy, and one is wanted (design §5.2).

use jiff::Timestamp;

use super::{Draft, Source, copy::Copy};
use crate::{
    backoff,
    decide::draft::{Candidate, Entry},
    desired::RECONCILE_REQUEST,
    inventory::Search,
    ledger::{CopyRecord, Request, Setback},
    model::BackupState,
    reason::Reason,
    settings::Settings,
    time::later,
};

/// Asks for a copy: none is there, and none on its way.
pub(super) fn decide(draft: &mut Draft<'_>, copy: &Copy<'_>, source: Source<'_>) {
    if !can_be_copied(draft, copy, source) || !may_try(draft, copy) {
        return;
    }
    let (reason, message) = match &copy.record.last_failure {
        Some(setback) if !setback.was_unanswered() => (setback.reason, trouble(copy, setback, None)),
        _ => (Reason::CopyInProgress, format!("a copy in {} is missing, and is to be made", copy.region)),
    };
    draft.find(reason, message);
    draft.changes = true;
    let asked_for =
        copy.record.last_failure.as_ref().is_some_and(|setback| draft.recent.asked_since(setback.at));
    draft.keeps_request |= asked_for && !draft.desired.suspend;
    if proves_none(draft, copy) {
        ask(draft, copy);
    }
}

/// Whether the source is there and READY.
pub(super) fn can_be_copied(draft: &mut Draft<'_>, copy: &Copy<'_>, source: Source<'_>) -> bool {
    let region = &copy.region;
    let (reason, message) = match source {
        Source::Seen(backup) => match &backup.state {
            BackupState::Ready => return true,
            BackupState::CreateInProgress => {
                (Reason::CreateInProgress, format!("the copy in {region} waits until the backup is READY"))
            }
            BackupState::PendingDeletion if draft.desired.deleted == Some(false) => {
                (Reason::Applying, format!("the copy in {region} waits until the backup is restored"))
            }
            state => (
                Reason::SourceUnavailable,
                format!("a copy in {region} is wanted and cannot be made: the backup is {}", state.name()),
            ),
        },
        Source::Gone => (
            Reason::SourceUnavailable,
            format!("a copy in {region} is wanted and cannot be made: the backup is gone; remove the entry"),
        ),
        Source::Unseen(failure) => (
            failure.class.reason(),
            format!("a copy in {region} is wanted, and the backup itself cannot be looked at"),
        ),
    };
    draft.find(reason, message);
    false
}

/// Whether the wait after the last attempt is over, or a person asked not to wait.
fn may_try(draft: &mut Draft<'_>, copy: &Copy<'_>) -> bool {
    let Some(setback) = &copy.record.last_failure else { return true };
    if draft.recent.asked_since(setback.at) {
        return true;
    }
    let again = later(setback.at, backoff::after_setback(setback.reason, copy.record.attempts));
    if draft.now.wall >= again {
        return true;
    }
    draft.wake_at(draft.now.moment_of(again));
    draft.find(setback.reason, trouble(copy, setback, Some(again)));
    false
}

/// What to say of an attempt that came to nothing, when the next one comes at `again`.
fn trouble(copy: &Copy<'_>, setback: &Setback, again: Option<Timestamp>) -> String {
    let region = &copy.region;
    let attempt = match copy.record.attempts {
        1 => String::new(),
        attempts => format!(" {attempts} times in a row, last"),
    };
    let what = match setback.reason {
        Reason::CopyFailed => format!("the copy to {region} failed{attempt}"),
        reason => format!("copying the backup to {region} did not succeed ({reason}){attempt}"),
    };
    let advice = match setback.reason {
        Reason::AccessDenied => {
            ": allow cloudhsm:CopyBackupToRegion on the backup, and cloudhsm:TagResource in both regions"
        }
        _ => "",
    };
    let again = match again {
        Some(again) => format!(
            "it is tried again at {again}, or at once for a new value of annotation {RECONCILE_REQUEST}"
        ),
        None => "it is tried again now".to_owned(),
    };
    format!("{what} at {}{advice}; {again}", setback.at)
}

/// Whether a complete scan and a later search, made just now, show no copy.
fn proves_none(draft: &mut Draft<'_>, copy: &Copy<'_>) -> bool {
    if let Search::Unclear(failure) = &copy.seen.search
        && copy.seen.trouble.is_none()
    {
        draft.cannot_see(&copy.region, failure);
    }
    if !copy.searched_since(draft, copy.seen.search_since) {
        return false;
    }
    // A search of long ago says nothing about what a person has copied since.
    let fresh = draft.now.tick.before(Settings::SEARCH_LIFETIME);
    let Search::Done { began } = copy.seen.search else { return false };
    began >= fresh || copy.searched_since(draft, draft.now.tick)
}

fn ask(draft: &mut Draft<'_>, copy: &Copy<'_>) {
    let mutation = copy.mutation(draft);
    let request = Request { requested_at: draft.now.wall, accepted_at: None };
    let mut record = CopyRecord { request: Some(request), ..copy.record.clone() };
    // On record before they are set, so that no crash leaves a tag that nobody remembers.
    record
        .marks
        .managed_tag_keys
        .extend(copy.wish.iter().flat_map(|wish| wish.tags.iter().flat_map(|tags| tags.keys().cloned())));
    draft.candidates.push(Candidate { mutation, entry: Entry::Request(copy.region.clone(), record) });
}
