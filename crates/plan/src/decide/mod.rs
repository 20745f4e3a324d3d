//! One reconcile, decided (design §4).
//!
//! [`plan`] is total and pure: what the resource asks for, what its status records, what is
//! seen in AWS and what was tried lately go in; the new status, at most one effect and the
//! time of the next look come out. The rows of the design's table are the files of this
//! module, and [`plan`] is the list of them, in order.

mod account;
mod attributes;
mod conclude;
mod copies;
mod delete;
mod draft;
mod finalizer;
mod learn;
mod marks;
mod observed;
mod outcome;
mod removal;
mod subject;
mod tags;
mod undelete;

pub use learn::learn;
pub use observed::{CopyObserved, Demand, Lookout, Observed, gather};
pub use outcome::{CopyVerdict, Facts, Finding, Next, Notice, Plan, Ready, Verdict};

use self::{copies::Source, draft::Draft, subject::Subject};
use crate::{
    claims::Standing,
    desired::Desired,
    error::Failure,
    inventory::Sight,
    ledger::Ledger,
    model::{Backup, BackupState},
    reason::Reason,
    recent::Recent,
    settings::Settings,
    time::Now,
};

/// Decides one reconcile.
pub fn plan(
    desired: &Desired,
    ledger: &Ledger,
    observed: &Observed,
    standing: &Standing,
    recent: &Recent,
    settings: &Settings,
    now: Now,
) -> Plan {
    let mut draft = Draft::new(desired, ledger, observed, standing, recent, settings, now);
    let mut own = Subject::own(desired, ledger);
    finalizer::follow_policy(&mut draft);
    if observed.copies.values().any(|copy| !copy.looked) {
        return draft.nothing_known();
    }
    match &observed.primary {
        Sight::Pending => return draft.nothing_known(),
        Sight::Unclear(failure) => unseen(&mut draft, failure),
        Sight::Absent { .. } => {
            if account::matches(&mut draft, None) {
                absent(&mut draft, &mut own);
            } else {
                copies::keep(&mut draft);
            }
        }
        Sight::Present { backup, began } => {
            own.began = *began;
            if account::matches(&mut draft, Some(backup)) {
                present(&mut draft, &mut own, backup);
            } else {
                copies::keep(&mut draft);
            }
        }
    }
    draft.finish(own)
}

/// The backup cannot be looked at. Its copies in other regions can, and matter all the more.
fn unseen<'a>(draft: &mut Draft<'a>, failure: &'a Failure) {
    draft.cannot_see(&draft.desired.backup.region, failure);
    let has_the_say = !draft.desired.terminating && draft.standing.yields_to.is_none();
    if has_the_say && draft.ledger.recorded.is_some() && account::of_credentials_matches(draft) {
        copies::decide(draft, Source::Unseen(failure));
    } else {
        copies::keep(draft);
    }
}

/// The backup is not there.
fn absent(draft: &mut Draft<'_>, own: &mut Subject<'_>) {
    if draft.ledger.recorded.is_none() {
        draft.find(Reason::NotFound, not_found(draft));
        return copies::report(draft);
    }
    draft.facts = Facts::Gone;
    gone(draft, own);
}

/// The backup was there and is gone for good.
fn gone(draft: &mut Draft<'_>, own: &mut Subject<'_>) {
    marks::resolve(draft, own, &BackupState::Deleted);
    if draft.desired.terminating {
        return removal::decide(draft, own, None);
    }
    if draft.desired.deleted == Some(true) {
        delete::fulfilled(draft, own, Reason::Deleted);
    } else {
        let advice = if draft.desired.copies.iter().any(|copy| !copy.deleted) {
            "the copies that are listed stay, and are looked after as long as this resource is there; one that has a resource of its own needs this one no more"
        } else {
            "delete this resource, or make one for another backup"
        };
        draft.find(Reason::Gone, format!("the backup is gone for good; {advice}"));
    }
    if draft.standing.yields_to.is_some() {
        copies::report_what_is_left(draft);
        copies::spend_wishes(draft);
    } else {
        copies::decide(draft, Source::Gone);
    }
}

/// The backup is there, in the right account.
fn present<'a>(draft: &mut Draft<'a>, own: &mut Subject<'_>, backup: &'a Backup) {
    if backup.state == BackupState::Deleted {
        draft.facts = Facts::Gone;
        gone(draft, own);
        if !draft.desired.terminating && draft.desired.deleted != Some(true) {
            // Withdrawn, too late. Of a backup that is merely not listed the mark stays: should it be listed again,
            // still to be restored, it was this resource that deleted it.
            own.marks.deletion = None;
        }
        return;
    }
    draft.saw();
    marks::resolve(draft, own, &backup.state);
    marks::settle_restore(draft, own, backup);
    if draft.desired.terminating {
        return removal::decide(draft, own, Some(backup));
    }
    if let Some(other) = &draft.standing.yields_to {
        let message = format!(
            "{other} is older and manages this backup: delete one of the two, or take from one what it asks for"
        );
        draft.find(Reason::DuplicateClaim, message);
        delete::spend_wish(draft, own);
        copies::report(draft);
        return copies::spend_wishes(draft);
    }
    draft.wait_out(own, &backup.state);
    attributes::decide(draft, own, backup);
    undelete::decide(draft, own, backup);
    tags::decide(draft, own, backup);
    copies::decide(draft, Source::Seen(backup));
    if draft.desired.deleted == Some(true) {
        delete::decide(draft, own, backup);
    }
}

fn not_found(draft: &Draft<'_>) -> String {
    let key = &draft.desired.backup;
    let account = match &draft.observed.account {
        Some(account) => format!(" of account {account}"),
        None => String::new(),
    };
    let elsewhere: Vec<_> = (draft.observed.elsewhere.iter())
        .map(|(region, state)| format!("; {region} has a backup of this id, {}", state.name()))
        .collect();
    format!(
        "there is no backup {} in region {}{account}: check spec.backupId and spec.region (a wrong id and a wrong region look alike; \
         backups that another account shares are not supported){}",
        key.id,
        key.region,
        elsewhere.concat(),
    )
}

#[cfg(test)]
mod tests;
