//! The rows about copies in other regions (design §4, §5.2), one file per question.

mod adopt;
mod ask;
mod claims;
mod conditions;
mod delete;
mod fail;
mod keep;
mod remove;
mod wait;

use super::*;

/// A copy in [`THERE`] is wanted.
fn wanting() -> Case {
    case().wish_copy(false)
}

/// It is there, and on record.
fn having() -> Case {
    wanting().there('a', "READY").on_record('a')
}

/// AWS accepted a request for it an hour ago, and nothing is listed yet.
fn waiting() -> Case {
    wanting().accepted(HOUR)
}

/// What the status is to say of the copy in [`THERE`].
#[track_caller]
fn said(case: &Case) -> CopyVerdict {
    let plan = case.plan();
    let there = verdict(&plan).copies.iter().find(|copy| copy.region == region(THERE));
    there.expect("it is in the status").clone()
}

/// What a pass decides that gets to see `observed`, and nothing that the process has learned from it.
fn planned(case: &Case, observed: &Observed) -> Plan {
    let Case { desired, ledger, standing, recent, settings, now, .. } = case;
    plan(desired, ledger, observed, standing, recent, settings, *now)
}

/// The search of [`THERE`] that is ordered.
fn ordered_search(case: &Case) -> Option<Moment> {
    case.plan().next.looks.get(&(region(THERE), Topic::CopiesOf(key(OWN)))).copied()
}
