//! A decision in the making.

use super::{Facts, Finding, Next, Observed};
use crate::{
    claims::Standing,
    desired::Desired,
    effect::{Change, Effect, EffectKey, Mutation, Outcome},
    error::{ErrorClass, Failure},
    inventory::Sight,
    ledger::{Ledger, Marks},
    model::BackupState,
    reason::Reason,
    recent::{Attempt, Recent},
    settings::Settings,
    time::{Moment, Now},
};

/// A change that may be made now, and the marks to write before it.
pub(super) struct Candidate {
    pub(super) mutation: Mutation,
    pub(super) marks: Marks,
}

/// Inputs and what the rows have found so far.
pub(super) struct Draft<'a> {
    pub(super) desired: &'a Desired,
    pub(super) ledger: &'a Ledger,
    pub(super) observed: &'a Observed,
    pub(super) standing: &'a Standing,
    pub(super) recent: &'a Recent,
    pub(super) settings: &'a Settings,
    pub(super) now: Now,
    /// When the look began that shows the backup.
    pub(super) began: Moment,
    pub(super) facts: Facts,
    pub(super) marks: Marks,
    pub(super) copies_ready: Option<Finding>,
    /// Why it is Ready, if nothing is found.
    pub(super) settled: Reason,
    /// The finalizer effect comes before any other.
    pub(super) finalizer: Option<Effect>,
    pub(super) findings: Vec<Finding>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) wanted: Vec<EffectKey>,
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
            began: Moment::ZERO,
            facts: Facts::Keep,
            marks: ledger.marks.clone(),
            copies_ready: None,
            settled: Reason::InSync,
            finalizer: None,
            findings: Vec::new(),
            candidates: Vec::new(),
            wanted: Vec::new(),
            next: Next::default(),
        }
    }

    /// The backup was seen in a look that began at `began`.
    pub(super) fn saw(&mut self, began: Moment) {
        self.began = began;
        if let Sight::Present { backup, .. } = &self.observed.primary {
            self.facts = Facts::Seen(backup.clone());
        }
    }

    /// Something is outstanding.
    pub(super) fn find(&mut self, reason: Reason, message: String) {
        self.findings.push(Finding { reason, message });
    }

    /// In some states nothing can be done with a backup; they are waited out.
    pub(super) fn wait_out(&mut self, state: &BackupState) {
        match state {
            BackupState::Ready | BackupState::PendingDeletion | BackupState::Deleted => {}
            BackupState::CreateInProgress => {
                self.find(Reason::CreateInProgress, "AWS is still making the backup".to_owned());
            }
            BackupState::Unknown(name) => {
                let message = format!("AWS reports the state {name:?}, which this version does not know");
                self.find(Reason::UnknownState, message);
            }
        }
    }

    /// Looking at the backup, or at its region as a whole, failed.
    pub(super) fn cannot_see(&mut self, failure: &Failure) {
        let region = &self.desired.backup.region;
        let advice = match failure.class {
            ErrorClass::AccessDenied => ": check the credentials, and allow cloudhsm:DescribeBackups there",
            ErrorClass::Unreachable => ": check the region's name, and that its endpoint can be reached",
            _ => "",
        };
        let message =
            format!("cannot look at region {region} ({failure}){advice}; nothing is changed meanwhile");
        self.find(failure.class.reason(), message);
    }

    /// Come back at `at` even if nothing changes.
    pub(super) fn wake_at(&mut self, at: Moment) {
        self.next.wake = Some(self.next.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Whether the backup was seen in a look that began at `at` or later; if not, such a look is ordered.
    pub(super) fn seen_since(&mut self, at: Moment) -> bool {
        let seen = self.began >= at;
        if !seen {
            self.next.look = Some(self.next.look.map_or(at, |look| look.min(at)));
            if at > self.now.tick {
                self.wake_at(at);
            }
        }
        seen
    }

    /// The mutation that makes `change` to the backup.
    pub(super) fn mutation(&self, change: Change) -> Mutation {
        Mutation { target: self.desired.backup.clone(), change }
    }

    /// The last try of `mutation`, if that very one was tried.
    pub(super) fn attempt(&self, mutation: &Mutation) -> Option<&'a Attempt> {
        self.recent.attempt(&mutation.key()).filter(|attempt| attempt.mutation == *mutation)
    }

    /// Keeps the memory of tries of this kind, though none is due.
    pub(super) fn remember(&mut self, mutation: &Mutation) {
        self.wanted.push(mutation.key());
    }

    /// The backup differs from the wish: `change` would mend it. It is done when its own backoff
    /// allows, with `marks` written first; other changes go on meanwhile.
    pub(super) fn want(&mut self, change: Change, marks: impl FnOnce(&mut Marks)) {
        let mutation = self.mutation(change);
        self.remember(&mutation);
        let attempt = self.attempt(&mutation);
        let (reason, message) = account_for(attempt, &mutation);
        self.find(reason, message);
        if attempt.is_none_or(|attempt| self.may_retry(attempt)) {
            let mut after = self.marks.clone();
            marks(&mut after);
            self.candidates.push(Candidate { mutation, marks: after });
        }
    }

    fn may_retry(&mut self, attempt: &Attempt) -> bool {
        match attempt.outcome {
            None => true,
            // What AWS accepted must have been looked for, after the waiting time, and not be there.
            Some(Outcome::Accepted) => self.seen_since(attempt.retry_at),
            Some(_) if self.now.tick >= attempt.retry_at => true,
            Some(_) => {
                self.wake_at(attempt.retry_at);
                false
            }
        }
    }
}

/// What to say of a change that is wanted.
fn account_for(attempt: Option<&Attempt>, mutation: &Mutation) -> (Reason, String) {
    let doing = mutation.change.doing();
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
                ErrorClass::AccessDenied => format!(": allow cloudhsm:{operation} on this backup"),
                _ => String::new(),
            };
            (failure.class.reason(), format!("{doing}: AWS refuses {operation} ({failure}){advice}"))
        }
    }
}
