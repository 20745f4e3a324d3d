//! What a decision comes to: the one effect, the summary of the findings, Events and the time of the next look.

use super::{Facts, Finding, Notice, Plan, Ready, Verdict, draft::Draft};
use crate::{
    desired::Desired,
    effect::{Change, Effect, EffectKey},
    inventory::Sight,
    model::BackupState,
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
    pub(super) fn finish(mut self) -> Plan {
        let effect = self.choose();
        let ready = self.ready();
        if ready.reason.stance() == Stance::Stalled {
            self.wake_at(self.now.tick.after(Settings::STALLED_INTERVAL));
        }
        let notices = self.notices(&ready);
        let unseen = matches!(self.observed.primary, Sight::Pending | Sight::Unclear(_));
        let wanted = if unseen { self.kept() } else { self.wanted };
        // A pass that did not see the backup, or was about the finalizer, has not done what was asked for.
        let handled = !unseen && !matches!(effect, Some(Effect::AddFinalizer | Effect::RemoveFinalizer));
        let request = if handled { &self.desired.reconcile_request } else { &self.ledger.handled_request };
        let handled_request = request.clone();
        let copies = self
            .copies_ready
            .as_ref()
            .map(|_| (0, self.desired.copies.iter().filter(|copy| !copy.deleted).count()));
        let verdict = Verdict {
            deletion_scheduled: deletion_scheduled(self.desired, &self.facts),
            facts: self.facts,
            marks: self.marks,
            ready,
            copies_ready: self.copies_ready,
            copies,
            handled_request,
        };
        Plan { verdict: Some(verdict), effect, notices, next: self.next, wanted }
    }

    fn choose(&mut self) -> Option<Effect> {
        if self.desired.suspend && !self.wanted.is_empty() {
            let message = "spec.suspend is true: nothing is changed until it is false or removed".to_owned();
            self.find(Reason::Suspended, message);
        }
        if let Some(trouble) = &self.observed.trouble
            && !matches!(self.observed.primary, Sight::Unclear(_))
        {
            self.cannot_see(trouble);
        }
        if self.finalizer.is_some() {
            return self.finalizer.take();
        }
        if self.desired.suspend || self.observed.trouble.is_some() {
            return None;
        }
        let preferred = self.candidates.drain(..).min_by_key(|candidate| candidate.mutation.change.kind())?;
        self.marks = preferred.marks;
        let mark = match preferred.mutation.change {
            Change::Delete => self.marks.deletion,
            Change::Restore => self.marks.restore,
            _ => None,
        };
        Some(Effect::Mutate { mutation: preferred.mutation, mark: mark.map(|mark| mark.requested_at) })
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
    fn notices(&self, ready: &Ready) -> Vec<Notice> {
        let new = self.ledger.ready_reason.as_deref() != Some(ready.reason.name());
        let matters = ready.reason.stance() == Stance::Stalled
            || ready.reason == Reason::DeletionHeld
            || (self.desired.terminating && !ready.is_ready() && ready.reason != Reason::Applying);
        if new && matters {
            vec![Notice { reason: ready.reason, message: ready.message.clone() }]
        } else {
            Vec::new()
        }
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
