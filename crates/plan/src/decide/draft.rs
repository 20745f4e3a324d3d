//! A decision in the making.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    CopyVerdict, Facts, Finding, Next, Notice, Observed,
    subject::{Place, Subject},
};
use crate::{
    claims::Standing,
    desired::Desired,
    effect::{Change, Effect, EffectKey, Mutation, Outcome},
    error::{ErrorClass, Failure},
    inventory::{Sight, Topic},
    ledger::{CopyRecord, Ledger, Marks},
    model::{BackupState, Region},
    reason::Reason,
    recent::{Attempt, Recent},
    settings::Settings,
    time::{Moment, Now, later},
};

/// A change that may be made now, and what to put on record before it.
pub(super) struct Candidate {
    pub(super) mutation: Mutation,
    pub(super) entry: Entry,
}

/// What goes on record.
pub(super) enum Entry {
    /// The marks of one backup.
    Marks(Place, Marks),
    /// The record of the copy that is asked for.
    Request(Region, CopyRecord),
}

/// Inputs and what the rows have found so far.
#[expect(clippy::struct_excessive_bools, reason = "each is what one row tells another")]
pub(super) struct Draft<'a> {
    pub(super) desired: &'a Desired,
    pub(super) ledger: &'a Ledger,
    pub(super) observed: &'a Observed,
    pub(super) standing: &'a Standing,
    pub(super) recent: &'a Recent,
    pub(super) settings: &'a Settings,
    pub(super) now: Now,
    pub(super) facts: Facts,
    pub(super) copies: Vec<CopyVerdict>,
    /// The regions whose copy is READY.
    pub(super) copies_there: BTreeSet<Region>,
    /// What counts most of what is outstanding in each region.
    pub(super) copies_outstanding: BTreeMap<Region, Finding>,
    pub(super) copies_count: Option<(usize, usize)>,
    pub(super) concluded: Vec<(Region, Timestamp)>,
    /// The deletion of the source waits for a copy.
    pub(super) unsettled_copies: bool,
    /// Copies are to be deleted first, and a look at them is under way.
    pub(super) copies_go_first: bool,
    pub(super) copies_ready: Option<Finding>,
    /// Why it is Ready, if nothing is found.
    pub(super) settled: Reason,
    /// The finalizer effect comes before any other.
    pub(super) finalizer: Option<Effect>,
    pub(super) findings: Vec<Finding>,
    pub(super) notices: Vec<Notice>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) wanted: Vec<EffectKey>,
    /// Something would be changed.
    pub(super) changes: bool,
    /// What a person asked for by annotation is still to be done.
    pub(super) keeps_request: bool,
    pub(super) next: Next,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        desired: &'a Desired,
        ledger: &'a Ledger,
        observed: &'a Observed,
        standing: &'a Standing,
        recent: &'a Recent,
        settings: &'a Settings,
        now: Now,
    ) -> Self {
        Self {
            desired,
            ledger,
            observed,
            standing,
            recent,
            settings,
            now,
            facts: Facts::Keep,
            copies: Vec::new(),
            copies_there: BTreeSet::new(),
            copies_outstanding: BTreeMap::new(),
            copies_count: None,
            concluded: Vec::new(),
            unsettled_copies: false,
            copies_go_first: false,
            copies_ready: None,
            settled: Reason::InSync,
            finalizer: None,
            findings: Vec::new(),
            notices: Vec::new(),
            candidates: Vec::new(),
            wanted: Vec::new(),
            changes: false,
            keeps_request: false,
            next: Next::default(),
        }
    }

    /// The resource's own backup was seen.
    pub(super) fn saw(&mut self) {
        if let Sight::Present { backup, .. } = &self.observed.primary {
            self.facts = Facts::Seen(backup.clone());
        }
    }

    /// Something is outstanding.
    pub(super) fn find(&mut self, reason: Reason, message: String) {
        self.findings.push(Finding { reason, message });
    }

    /// In some states nothing can be done with a backup; they are waited out.
    pub(super) fn wait_out(&mut self, subject: &Subject<'_>, state: &BackupState) {
        let noun = subject.noun();
        match state {
            BackupState::Ready | BackupState::PendingDeletion | BackupState::Deleted => {}
            BackupState::CreateInProgress => {
                let reason = match subject.place {
                    Place::Own => Reason::CreateInProgress,
                    Place::Copy(_) => Reason::CopyInProgress,
                };
                self.find(reason, format!("AWS is still making {noun}"));
            }
            BackupState::Unknown(name) => {
                let message =
                    format!("AWS reports the state {name:?} of {noun}, which this version does not know");
                self.find(Reason::UnknownState, message);
            }
        }
    }

    /// Looking at a backup in `region`, or at the region as a whole, failed.
    pub(super) fn cannot_see(&mut self, region: &Region, failure: &Failure) {
        let advice = match failure.class {
            ErrorClass::AccessDenied => ": check the credentials, and allow cloudhsm:DescribeBackups there",
            ErrorClass::Unreachable => ": check the region's name, and that its endpoint can be reached",
            _ => "",
        };
        let message =
            format!("cannot look at region {region} ({failure}){advice}; nothing is changed there meanwhile");
        self.find(failure.class.reason(), message);
    }

    /// Come back at `at` even if nothing changes.
    pub(super) fn wake_at(&mut self, at: Moment) {
        self.next.wake = Some(self.next.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Whether `subject` was seen in a look that began at `at` or later; if not, such a look is ordered.
    pub(super) fn seen_since(&mut self, subject: &Subject<'_>, at: Moment) -> bool {
        let seen = subject.began >= at;
        if !seen {
            self.look(&subject.key.region, subject.topic(), at);
        }
        seen
    }

    /// Whether `subject` was seen in a look that began so long after `at` that what was asked for then would show; if
    /// not, such a look is ordered.
    pub(super) fn seen_settled(&mut self, subject: &Subject<'_>, at: Timestamp) -> bool {
        let settled = self.now.moment_of(later(at, self.settings.confirm_after));
        self.seen_since(subject, settled)
    }

    /// Orders a look that begins at `at` or later.
    pub(super) fn look(&mut self, region: &Region, topic: Topic, at: Moment) {
        let look = self.next.looks.entry((region.clone(), topic)).or_insert(at);
        *look = at.min(*look);
        if at > self.now.tick {
            self.wake_at(at);
        }
    }

    /// The last try of `mutation`, if that very one was tried.
    pub(super) fn attempt(&self, mutation: &Mutation) -> Option<&'a Attempt> {
        self.recent.attempt(&mutation.key()).filter(|attempt| attempt.mutation == *mutation)
    }

    /// Keeps the memory of tries of this kind, though none is due.
    pub(super) fn remember(&mut self, mutation: &Mutation) {
        self.wanted.push(mutation.key());
    }

    /// `subject` differs from the wish: `change` would mend it. It is done when its own backoff
    /// allows, with `marks` written first; other changes go on meanwhile.
    pub(super) fn want(&mut self, subject: &Subject<'_>, change: Change, marks: impl FnOnce(&mut Marks)) {
        let mutation = subject.mutation(change);
        self.remember(&mutation);
        self.changes = true;
        let attempt = self.attempt(&mutation);
        let (reason, message) = account_for(attempt, &mutation, &subject.noun());
        self.find(reason, message);
        if !attempt.is_none_or(|attempt| self.may_retry(subject, attempt)) {
            return;
        }
        let deletes = mutation.change == Change::Delete;
        let seen = self.seen_since(subject, subject.since);
        self.copies_go_first |= deletes && !seen;
        if seen && !(deletes && subject.place == Place::Own && self.copies_go_first) {
            let mut after = subject.marks.clone();
            marks(&mut after);
            self.candidates.push(Candidate { mutation, entry: Entry::Marks(subject.place.clone(), after) });
        }
    }

    fn may_retry(&mut self, subject: &Subject<'_>, attempt: &Attempt) -> bool {
        match attempt.outcome {
            None => true,
            // What AWS accepted must have been looked for, after the waiting time, and not be there.
            Some(Outcome::Accepted) => self.seen_since(subject, attempt.retry_at),
            Some(_) if self.now.tick >= attempt.retry_at => true,
            Some(_) => {
                self.wake_at(attempt.retry_at);
                false
            }
        }
    }
}

/// What to say of a change that is wanted.
fn account_for(attempt: Option<&Attempt>, mutation: &Mutation, noun: &str) -> (Reason, String) {
    let doing = mutation.change.doing(noun);
    let operation = mutation.change.kind().operation();
    let applying = (Reason::Applying, doing.clone());
    let Some(attempt) = attempt else { return applying };
    match &attempt.outcome {
        None => applying,
        Some(Outcome::Accepted) if attempt.tries <= 1 => applying,
        Some(Outcome::Accepted) => {
            (Reason::NotApplied, format!("{doing}: AWS accepts {operation}, but nothing changes"))
        }
        Some(Outcome::NotSent(failure)) => {
            (failure.class.reason(), format!("{doing}: {operation} could not be sent ({failure})"))
        }
        Some(Outcome::Unknown(failure)) => {
            (failure.class.reason(), format!("{doing}: what came of {operation} is not known ({failure})"))
        }
        Some(Outcome::Rejected(failure)) => {
            let advice = match failure.class {
                ErrorClass::AccessDenied => format!(": allow cloudhsm:{operation} on {noun}"),
                _ => String::new(),
            };
            (failure.class.reason(), format!("{doing}: AWS refuses {operation} ({failure}){advice}"))
        }
    }
}
