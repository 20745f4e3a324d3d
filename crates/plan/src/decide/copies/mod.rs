//! Rows: copies in other regions (design §4, §5.2).
//!
//! Each region is decided by itself, in one of four ways: a copy that is [`wanted`] is
//! adopted, kept or made, one that is [`unwanted`] is deleted, one whose entry is gone is
//! [`released`], and with [`keep`] or [`report`] nothing is done but telling what is seen.

mod copy;
mod make;
mod others;
mod released;
mod request;
mod unwanted;
mod wanted;

use self::copy::Copy;
pub(super) use self::copy::made_under;
use super::{CopyVerdict, Facts, Finding, draft::Draft, subject::Subject};
use crate::{
    desired::DesiredCopy,
    error::Failure,
    ledger::{CopyRecord, Marks},
    model::{Backup, BackupState, Region},
    reason::Reason,
};

/// What is known of the backup that copies are made from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// It is there.
    Seen(&'a Backup),
    /// It was there, and is gone for good.
    Gone,
    /// Its region cannot be looked at.
    Unseen(&'a Failure),
}

/// A living resource that has the say: every region's copy is brought to what is wanted.
pub(super) fn decide<'a>(draft: &mut Draft<'a>, source: Source<'a>) {
    if let Source::Seen(backup) = source
        && backup.is_copy()
        && !draft.desired.copies.is_empty()
    {
        let message =
            "copies are declared, and the backup is itself a copy: declare them on its original instead";
        draft.find(Reason::CopyOfCopy, message.to_owned());
        draft.unsettled_copies = true;
        return report(draft);
    }
    for region in regions(draft) {
        let mut copy = Copy::of(draft, region);
        match copy.wish {
            Some(wish) if wish.deleted => unwanted::decide(draft, &mut copy),
            Some(_) => wanted::decide(draft, &mut copy, source),
            None => released::decide(draft, &mut copy),
        }
        let unfinished = copy.is_wanted() && !copy.ready;
        // A removed entry is the way out: what it may still lead to is not waited for.
        draft.unsettled_copies |= unfinished || (copy.wish.is_some() && copy.record.is_sought());
        copy.finish(draft);
    }
    sum_up(draft);
}

/// A resource whose finalizer holds it: every listed copy is deleted. Returns whether all are settled.
pub(super) fn remove(draft: &mut Draft<'_>) -> bool {
    let mut all_settled = true;
    for region in regions(draft) {
        let mut copy = Copy::of(draft, region);
        if copy.wish.is_some() {
            let settled = unwanted::remove(draft, &mut copy);
            draft.unsettled_copies |= copy.record.is_sought();
            all_settled &= settled;
        } else {
            released::decide(draft, &mut copy);
        }
        copy.finish(draft);
    }
    all_settled
}

/// Tells what is seen, and changes nothing: neither in AWS nor on record, but for what whoever has the say has found out.
pub(super) fn report(draft: &mut Draft<'_>) {
    report_with(draft, |_, _| {});
}

/// The same of a backup that is gone: what is missing now is missing for good, whoever has the say.
pub(super) fn report_what_is_left(draft: &mut Draft<'_>) {
    report_with(draft, |draft, copy| match copy.record.state {
        _ if !copy.is_wanted() || copy.ready => {}
        Some(BackupState::CreateInProgress) => {
            draft.find(Reason::CopyInProgress, format!("AWS is still making the copy in {}", copy.region));
        }
        _ => {
            make::can_be_copied(draft, copy, Source::Gone);
        }
    });
}

fn report_with<'a>(draft: &mut Draft<'a>, find: impl Fn(&mut Draft<'a>, &Copy<'a>)) {
    for region in regions(draft) {
        let mut copy = Copy::untouched(draft, region);
        if copy.seen.open.is_none() {
            copy.record.request = None;
        }
        copy.look_only(draft);
        find(draft, &copy);
        copy.finish(draft);
    }
    sum_up(draft);
}

/// Nothing can be told: what the status says stays.
pub(super) fn keep(draft: &mut Draft<'_>) {
    for region in regions(draft) {
        let mut copy = Copy::untouched(draft, region);
        copy.stay();
        copy.finish(draft);
    }
    sum_up(draft);
}

/// A wish to delete a copy, of a resource that another has the say over, is used up like that to delete the backup.
pub(super) fn spend_wishes(draft: &mut Draft<'_>) {
    let now = draft.now.wall;
    let held =
        |region: &Region| draft.desired.copies.iter().any(|copy| copy.region == *region && copy.deleted);
    for copy in &mut draft.copies {
        if held(&copy.region) && copy.record.marks.deletion.is_none() && !draft.desired.suspend {
            copy.record.marks.deletion = Some(crate::ledger::Mark::spent(now));
        }
    }
}

/// The listed regions, as listed, and those of which something is still on record.
fn regions(draft: &Draft<'_>) -> Vec<Region> {
    let listed: Vec<Region> = draft.desired.copies.iter().map(|copy| copy.region.clone()).collect();
    let others = draft.observed.copies.keys().filter(|region| !listed.contains(region)).cloned();
    listed.iter().cloned().chain(others).collect()
}

/// The condition `CopiesReady`, and the count.
fn sum_up(draft: &mut Draft<'_>) {
    let wanted: Vec<&DesiredCopy> = draft.desired.wanted_copies().collect();
    if wanted.is_empty() {
        return;
    }
    let of = |wish: &&DesiredCopy| draft.copies.iter().find(|copy| copy.region == wish.region);
    let is_ready = |copy: &CopyVerdict| draft.copies_there.contains(&copy.region);
    let ready = wanted.iter().filter_map(of).filter(|copy| is_ready(copy)).count();
    draft.copies_count = Some((ready, wanted.len()));
    let missing: Vec<&CopyVerdict> = wanted.iter().filter_map(of).filter(|copy| !is_ready(copy)).collect();
    let outstanding = missing.iter().filter_map(|copy| draft.copies_outstanding.get(&copy.region));
    // Where no copy is looked after at all, what keeps it so is what there is to say.
    let first = outstanding.chain(&draft.findings).min_by_key(|finding| finding.reason.stance());
    let messages: Vec<&str> = missing.iter().filter_map(|copy| copy.message.as_deref()).collect();
    draft.copies_ready = Some(if ready == wanted.len() {
        Finding { reason: Reason::InSync, message: "every wanted copy is READY".to_owned() }
    } else {
        let reason = first.map_or(Reason::CopyInProgress, |finding| finding.reason);
        let message = first.filter(|_| messages.is_empty()).map(|finding| finding.message.clone());
        Finding { reason, message: message.unwrap_or_else(|| messages.join("; ")) }
    });
}
