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
mod marks;
mod observed;
mod outcome;
mod removal;
mod tags;
mod undelete;

pub use observed::{Lookout, Observed, gather};
pub use outcome::{Facts, Finding, Next, Notice, Plan, Ready, Verdict};

use self::draft::Draft;
use crate::{
    claims::Standing,
    desired::Desired,
    inventory::Sight,
    ledger::Ledger,
    model::{Backup, BackupState},
    reason::Reason,
    recent::Recent,
    settings::Settings,
    time::{Moment, Now},
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
    finalizer::follow_policy(&mut draft);
    match &observed.primary {
        Sight::Pending => return draft.nothing_known(),
        Sight::Unclear(failure) => draft.cannot_see(failure),
        Sight::Absent { .. } => {
            if account::matches(&mut draft, None) {
                absent(&mut draft);
            }
        }
        Sight::Present { backup, began } => {
            if account::matches(&mut draft, Some(backup)) {
                present(&mut draft, backup, *began);
            }
        }
    }
    draft.finish()
}

/// The backup is not there.
fn absent(draft: &mut Draft<'_>) {
    if draft.ledger.recorded.is_none() {
        draft.find(Reason::NotFound, not_found(draft));
        return;
    }
    draft.facts = Facts::Gone;
    gone(draft);
}

/// The backup was there and is gone for good.
fn gone(draft: &mut Draft<'_>) {
    marks::resolve(draft, true);
    if draft.desired.terminating {
        removal::decide(draft, None);
    } else if draft.desired.deleted == Some(true) {
        delete::fulfilled(draft, Reason::Deleted);
    } else {
        marks::drop_withdrawn(draft);
        draft.find(
            Reason::Gone,
            "the backup is gone for good; delete this resource, or make one for another backup".to_owned(),
        );
    }
    copies::report(draft);
}

/// The backup is there, in the right account.
fn present(draft: &mut Draft<'_>, backup: &Backup, began: Moment) {
    if backup.state == BackupState::Deleted {
        draft.facts = Facts::Gone;
        return gone(draft);
    }
    draft.saw(began);
    marks::resolve(draft, backup.state == BackupState::PendingDeletion);
    marks::settle_restore(draft, backup);
    if draft.desired.terminating {
        return removal::decide(draft, Some(backup));
    }
    if let Some(other) = &draft.standing.yields_to {
        let message = format!(
            "{other} is older and manages this backup: delete one of the two, or take from one what it asks for"
        );
        draft.find(Reason::DuplicateClaim, message);
        return delete::spend_wish(draft);
    }
    draft.wait_out(&backup.state);
    attributes::decide(draft, backup);
    undelete::decide(draft, backup);
    tags::decide(draft, backup);
    copies::report(draft);
    if draft.desired.deleted == Some(true) {
        delete::decide(draft, backup);
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
