//! What happens next: passes, time, outcomes, and what AWS makes of a call.

use super::*;

impl Case {
    /// What one pass decides.
    pub(super) fn plan(&self) -> Plan {
        let case = self.clone().learned();
        let Case { desired, ledger, standing, recent, settings, now, .. } = &case;
        plan(desired, ledger, &case.observe(), standing, recent, settings, *now)
    }

    /// The process takes in what it sees.
    fn learned(mut self) -> Self {
        let observed = self.observe();
        let memory = (&mut self.recent, &mut self.requests);
        learn(memory, &self.desired, &self.ledger, &observed, &self.settings, self.now.tick);
        self
    }

    /// A pass takes place. Time goes by, AWS is looked at again, and another pass takes place.
    pub(super) fn later(self, wait: Duration) -> Self {
        let mut case = self.learned().without_a_look(wait);
        match &mut case.observed.primary {
            Sight::Present { began, .. } | Sight::Absent { began } => *began = case.now.tick,
            Sight::Pending | Sight::Unclear(_) => {}
        }
        for survivor in &mut case.observed.survivors {
            survivor.seen = case.now.tick;
        }
        case.look_elsewhere();
        case.learned()
    }

    /// Time passes, and nobody looks.
    pub(super) fn without_a_look(mut self, wait: Duration) -> Self {
        self.now = Now { wall: later(self.now.wall, wait), tick: self.now.tick.after(wait) };
        self
    }

    /// The status of `plan` was written.
    pub(super) fn written(self, plan: &Plan) -> Self {
        let mut case = self.learned();
        case.recent.keep_only(&plan.wanted);
        let Some(verdict) = &plan.verdict else { return case };
        case.ledger.marks = verdict.marks.clone();
        case.ledger.copies =
            verdict.copies.iter().map(|copy| (copy.region.clone(), copy.record.clone())).collect();
        case.ledger.ready_reason = Some(verdict.ready.reason.name().to_owned());
        case.ledger.handled_request.clone_from(&verdict.handled_request);
        case.see_requests();
        for (region, requested_at) in &verdict.concluded {
            case.requests.conclude(&case.desired.backup, region, *requested_at);
        }
        case
    }

    /// What a pass decides is written, and nothing done.
    pub(super) fn passed(self) -> Self {
        let plan = self.plan();
        self.written(&plan)
    }

    /// The status was written and the mutation tried, with this outcome.
    pub(super) fn acted(self, outcome: Outcome) -> Self {
        let plan = self.plan();
        let Some(Effect::Mutate { mutation, mark }) = plan.effect.clone() else {
            panic!("no mutation in {plan:#?}")
        };
        let mut case = self.written(&plan);
        case.send(&mutation, mark, outcome, case.now.tick);
        case.demand_looks(&mutation);
        case
    }

    /// The process tries `mutation` at `at`, and remembers how it turned out.
    pub(super) fn send(
        &mut self,
        mutation: &Mutation,
        mark: Option<Timestamp>,
        outcome: Outcome,
        at: Moment,
    ) {
        self.recent.begin(mutation.clone(), mark, at);
        if let (Change::Copy { to, .. }, Some(mark)) = (&mutation.change, mark) {
            let found = self.observe().copies.remove(to).map(|copy| copy.found).unwrap_or_default();
            let failed = found.iter().filter(|(backup, _)| backup.state == BackupState::Deleted);
            let failed = failed.map(|(backup, _)| backup.id.clone()).collect();
            self.requests.begin(&mutation.target, to, &self.ledger.copies[to], failed, at);
            self.requests.answered(&mutation.target, to, mark, outcome.clone(), at);
        }
        self.recent.note(mutation.clone(), outcome, at, &self.settings, 0.0);
    }

    /// The status was written, the mutation tried, and AWS has done it.
    pub(super) fn done_by_aws(self) -> Self {
        let plan = self.plan();
        let Some(Effect::Mutate { mutation, .. }) = plan.effect else { panic!("no mutation in {plan:#?}") };
        self.acted(Outcome::Accepted).aws_does(&mutation)
    }

    /// One pass, which notes its effect in `order` and tries a mutation as `act` says.
    pub(super) fn round(self, order: &mut Vec<String>, act: impl FnOnce(Self) -> Self) -> Self {
        let plan = self.plan();
        order.extend(plan.effect.is_some().then(|| effect(&plan)));
        match plan.effect {
            Some(Effect::Mutate { .. }) => act(self),
            _ => self.written(&plan),
        }
    }

    /// AWS does what it was asked to do.
    pub(super) fn aws_does(self, mutation: &Mutation) -> Self {
        if let Change::Copy { to, tags } = &mutation.change {
            let now = self.now.wall;
            return self.aws_copies(to, tags.as_ref(), now);
        }
        let change = |backup: &mut Backup| match &mutation.change {
            Change::NeverExpires(value) => backup.never_expires = Some(*value),
            Change::Restore => backup.state = BackupState::Ready,
            Change::Tag(tags) => backup.tags.get_or_insert_default().extend(tags.clone()),
            Change::Untag(keys) => backup.tags.get_or_insert_default().retain(|key, _| !keys.contains(key)),
            Change::Delete => backup.state = BackupState::PendingDeletion,
            Change::Copy { .. } => {}
        };
        if mutation.target == self.desired.backup {
            self.with(change)
        } else {
            self.with_copy_in(mutation.region(), mutation.backup(), change)
        }
    }

    /// The process is a new one: what is left are the marks of the one before.
    pub(super) fn restarted(mut self) -> Self {
        (self.recent, self.requests) = (Recent::default(), Requests::default());
        self.see_requests();
        self.learned()
    }

    /// The watch shows what is on record.
    pub(super) fn see_requests(&mut self) {
        for (region, record) in &self.ledger.copies {
            self.requests.see(&self.desired.backup, region, record, self.now.tick);
        }
    }

    pub(super) fn mutation(&self, change: Change) -> Mutation {
        Mutation { target: self.desired.backup.clone(), change }
    }

    pub(super) fn time_in(&self, wait: Duration) -> Timestamp {
        later(self.now.wall, wait)
    }

    /// A plan in a line: the effect, the reason, which marks change and how, and what changes of the copies.
    pub(super) fn line(&self) -> String {
        let plan = self.plan();
        let Some(verdict) = &plan.verdict else { return format!("{} nothing known", effect(&plan)) };
        let marks = marks(&self.ledger.marks, &verdict.marks);
        let copies = records(&self.ledger.copies, &verdict.copies);
        format!("{} {}{marks}{copies}", effect(&plan), verdict.ready.reason)
    }

    #[track_caller]
    pub(super) fn expect(&self, line: &str) {
        assert_eq!(self.line(), line, "{:#?}", self.plan());
    }
}
