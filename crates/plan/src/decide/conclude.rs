//! What a decision comes to: the one effect, the summary of the findings, Events and the time of the next look.

use super::{
    Facts, Finding, Notice, Plan, Ready, Verdict,
    draft::{Candidate, Draft, Entry},
    subject::{Place, Subject},
};
use crate::{
    desired::Desired,
    effect::{Change, Effect, EffectKey, Mutation},
    inventory::Sight,
    ledger::{CopyRecord, Marks},
    model::{BackupState, Region},
    reason::{Reason, Stance},
    settings::Settings,
};

impl Draft<'_> {
    /// No look has ended yet: the status stays as it is.
    pub(super) fn nothing_known(self) -> Plan {
        let wanted = self.kept();
        Plan { verdict: None, effect: self.finalizer, notices: Vec::new(), next: self.next, wanted }
    }

    /// Without a look nobody can tell which tries still matter, so all are kept.
    fn kept(&self) -> Vec<EffectKey> {
        self.recent.keys().cloned().collect()
    }

    /// Draws the conclusions from what was found.
    pub(super) fn finish(mut self, own: Subject<'_>) -> Plan {
        let mut marks = own.marks;
        let effect = self.choose(&mut marks);
        let ready = self.ready();
        if ready.reason.stance() == Stance::Stalled {
            self.wake_at(self.now.tick.after(Settings::STALLED_INTERVAL));
        }
        let notice = self.notice(&ready);
        let notices = self.notices.drain(..).chain(notice).collect();
        let unseen = matches!(self.observed.primary, Sight::Pending | Sight::Unclear(_));
        let wanted = if unseen { self.kept() } else { self.wanted };
        // A pass that did not see the backup, or was about the finalizer, has not done what was asked for.
        let handled = !unseen
            && !self.keeps_request
            && !matches!(effect, Some(Effect::AddFinalizer | Effect::RemoveFinalizer));
        let request = if handled { &self.desired.reconcile_request } else { &self.ledger.handled_request };
        let handled_request = request.clone();
        let verdict = Verdict {
            deletion_scheduled: deletion_scheduled(self.desired, &self.facts),
            facts: self.facts,
            marks,
            ready,
            copies_count: self.copies_count,
            copies_ready: self.copies_ready,
            copies: self.copies,
            concluded: self.concluded,
            handled_request,
        };
        Plan { verdict: Some(verdict), effect, notices, next: self.next, wanted }
    }

    fn choose(&mut self, own: &mut Marks) -> Option<Effect> {
        if self.desired.suspend && self.changes {
            let message = "spec.suspend is true: nothing is changed until it is false or removed".to_owned();
            self.find(Reason::Suspended, message);
        }
        if let Some(trouble) = &self.observed.trouble
            && !matches!(self.observed.primary, Sight::Unclear(_))
        {
            self.cannot_see(&self.desired.backup.region, trouble);
        }
        if self.finalizer.is_some() {
            return self.finalizer.take();
        }
        if self.desired.suspend {
            return None;
        }
        let candidates = std::mem::take(&mut self.candidates);
        let Candidate { mutation, entry } = (candidates.into_iter())
            .filter(|candidate| self.can_see_both_ends(&candidate.mutation))
            .min_by_key(|candidate| candidate.mutation.change.kind())?;
        let mark = match entry {
            Entry::Marks(place, marks) => {
                let requested = match mutation.change {
                    Change::Delete => marks.deletion,
                    Change::Restore => marks.restore,
                    _ => None,
                };
                match place {
                    Place::Own => *own = marks,
                    Place::Copy(region) => self.put_on_record(&region, |record| record.marks = marks),
                }
                requested.map(|mark| mark.requested_at)
            }
            Entry::Request(region, asked) => {
                let requested = asked.request;
                self.put_on_record(&region, |record| *record = asked);
                requested.map(|request| request.requested_at)
            }
        };
        Some(Effect::Mutate { mutation, mark })
    }

    fn put_on_record(&mut self, region: &Region, change: impl FnOnce(&mut CopyRecord)) {
        if let Some(copy) = self.copies.iter_mut().find(|copy| copy.region == *region) {
            change(&mut copy.record);
        }
    }

    /// Nothing is changed in a region that cannot be seen as a whole, nor copied from or to one.
    fn can_see_both_ends(&self, mutation: &Mutation) -> bool {
        let in_trouble = |region: &Region| match self.observed.copies.get(region) {
            _ if *region == self.desired.backup.region => self.observed.trouble.is_some(),
            Some(copy) => copy.trouble.is_some(),
            None => false,
        };
        !in_trouble(mutation.region()) && !mutation.destination().is_some_and(in_trouble)
    }

    fn ready(&self) -> Ready {
        let stance = |finding: &&Finding| finding.reason.stance();
        // Stalled before Reconciling, and else in the order of the table, in which they were found.
        let Some(first) = self.findings.iter().min_by_key(stance) else {
            let message = match self.settled {
                Reason::DeletionScheduled => "the backup is deleted, as wanted, and can still be restored",
                Reason::Deleted => "the backup is gone for good, as wanted",
                _ => "AWS matches the spec",
            };
            return Ready { reason: self.settled, message: message.to_owned() };
        };
        let others = self.findings.iter().filter(|finding| *finding != first);
        let messages: Vec<_> =
            std::iter::once(first).chain(others).map(|finding| finding.message.as_str()).collect();
        Ready { reason: first.reason, message: messages.join("; ") }
    }

    /// One Event when a person must act, when a deletion is held, and when a finalizer cannot finish.
    fn notice(&self, ready: &Ready) -> Option<Notice> {
        let new = self.ledger.ready_reason.as_deref() != Some(ready.reason.name());
        let matters = ready.reason.stance() == Stance::Stalled
            || ready.reason == Reason::DeletionHeld
            || (self.desired.terminating && !ready.is_ready() && ready.reason != Reason::Applying);
        let notice = || Notice { region: None, reason: ready.reason, message: ready.message.clone() };
        (new && matters).then(notice)
    }
}

fn deletion_scheduled(desired: &Desired, facts: &Facts) -> Option<String> {
    let Facts::Seen(backup) = facts else { return None };
    if backup.state != BackupState::PendingDeletion {
        return None;
    }
    let until = match backup.delete_timestamp {
        Some(until) => format!("AWS deletes the backup for good at {until}"),
        None => "AWS deletes the backup for good within 7 days; it does not say when".to_owned(),
    };
    let how = if desired.terminating {
        "to keep it, restore it in AWS, or name it in a new resource with deleted: false"
    } else {
        "to keep it, set deleted: false before then"
    };
    Some(format!("{until}; {how}"))
}
