//! How a situation is put together: what AWS shows, what is asked for, what is on record, what happens next.

use super::*;

/// One situation. A fresh one: a READY backup of a cluster that has another one, in our account, seen right
/// now, and a resource that asks for nothing.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) desired: Desired,
    pub(super) ledger: Ledger,
    pub(super) observed: Observed,
    pub(super) standing: Standing,
    pub(super) recent: Recent,
    pub(super) settings: Settings,
    pub(super) now: Now,
}

pub(super) fn case() -> Case {
    let now = Now { wall: time("2026-11-21T10:00:00Z"), tick: Moment::from_start(Duration::from_hours(10)) };
    let account = OUR_ACCOUNT.parse().unwrap();
    Case {
        desired: Desired {
            name: object("own"),
            created: time("2026-11-01T00:00:00Z"),
            backup: key("backup-ro5c4er4aac"),
            account: None,
            never_expires: None,
            tags: None,
            copies: Vec::new(),
            deleted: None,
            deletion_policy: DeletionPolicy::Retain,
            suspend: false,
            terminating: false,
            finalizer: false,
            reconcile_request: None,
            allow_last_backup: None,
        },
        ledger: Ledger {
            recorded: Some(Recorded { account: Some(OUR_ACCOUNT.parse().unwrap()) }),
            ..Ledger::default()
        },
        observed: Observed {
            account: Some(account),
            primary: Sight::Pending,
            trouble: None,
            elsewhere: Vec::new(),
            survivors: vec![(key("backup-surviving22"), now.tick)],
            room: Room::Free,
        },
        standing: Standing::default(),
        recent: Recent::default(),
        settings: Settings::default(),
        now,
    }
    .ready()
}

/// What AWS shows.
impl Case {
    pub(super) fn state(self, name: &str) -> Self {
        let mut backup = Backup::new(self.desired.backup.id.clone(), BackupState::from_name(name));
        backup.arn = Some(arn(OUR_ACCOUNT));
        backup.cluster_id = Some(CLUSTER.parse().unwrap());
        backup.never_expires = Some(false);
        backup.tags = Some(Tags::new());
        if backup.state == BackupState::PendingDeletion {
            backup.delete_timestamp = Some(self.time_in(Duration::from_hours(6 * 24)));
        }
        self.shows(backup)
    }

    pub(super) fn ready(self) -> Self {
        self.state("READY")
    }

    pub(super) fn pending(self) -> Self {
        self.state("PENDING_DELETION")
    }

    /// The purge is so far ahead.
    pub(super) fn purge_in(self, wait: Duration) -> Self {
        let at = self.time_in(wait);
        self.with(|backup| backup.delete_timestamp = Some(at))
    }

    pub(super) fn tagged(self, tags: &[(&str, &str)]) -> Self {
        let tags = tag_map(tags);
        self.with(|backup| backup.tags = Some(tags))
    }

    pub(super) fn never_expires(self, value: Option<bool>) -> Self {
        self.with(|backup| backup.never_expires = value)
    }

    pub(super) fn copy(self) -> Self {
        self.with(|backup| {
            backup.source = Some(Source { cluster: Some(CLUSTER.parse().unwrap()), ..Source::default() });
        })
    }

    pub(super) fn with(self, change: impl FnOnce(&mut Backup)) -> Self {
        let mut backup = (**self.backup()).clone();
        change(&mut backup);
        self.shows(backup)
    }

    pub(super) fn backup(&self) -> &Arc<Backup> {
        let Sight::Present { backup, .. } = &self.observed.primary else { panic!("no backup is seen") };
        backup
    }

    pub(super) fn shows(mut self, backup: Backup) -> Self {
        self.observed.primary = Sight::Present { backup: Arc::new(backup), began: self.now.tick };
        self
    }

    pub(super) fn absent(mut self) -> Self {
        self.observed.primary = Sight::Absent { began: self.now.tick };
        self
    }

    pub(super) fn never_seen(mut self) -> Self {
        self.ledger.recorded = None;
        self
    }

    pub(super) fn unlooked(mut self) -> Self {
        self.observed.primary = Sight::Pending;
        self
    }

    pub(super) fn unclear(mut self, class: ErrorClass) -> Self {
        self.observed.primary = Sight::Unclear(Failure::new(class, "Failed"));
        self
    }

    pub(super) fn trouble(mut self, class: ErrorClass) -> Self {
        self.observed.trouble = Some(Failure::new(class, "Failed"));
        self
    }

    pub(super) fn alone_in_its_cluster(mut self) -> Self {
        self.observed.survivors.clear();
        self
    }

    pub(super) fn room(mut self, room: Room) -> Self {
        self.observed.room = room;
        self
    }
}

/// What the resource asks for.
impl Case {
    pub(super) fn wish_never_expires(mut self, value: bool) -> Self {
        self.desired.never_expires = Some(value);
        self
    }

    pub(super) fn wish_tags(mut self, tags: &[(&str, &str)]) -> Self {
        self.desired.tags = Some(tag_map(tags));
        self
    }

    pub(super) fn wish_deleted(mut self, deleted: impl Into<Option<bool>>) -> Self {
        self.desired.deleted = deleted.into();
        self
    }

    pub(super) fn wish_copy(mut self, deleted: bool) -> Self {
        self.desired.copies =
            vec![DesiredCopy { region: "eu-central-1".parse().unwrap(), tags: None, deleted }];
        self
    }

    pub(super) fn policy_delete(mut self) -> Self {
        self.desired.deletion_policy = DeletionPolicy::Delete;
        self
    }

    pub(super) fn finalizer(mut self) -> Self {
        self.desired.finalizer = true;
        self
    }

    pub(super) fn terminating(mut self) -> Self {
        self.desired.terminating = true;
        self
    }

    /// Being deleted, with policy Delete and our finalizer.
    pub(super) fn removing(self) -> Self {
        self.policy_delete().finalizer().terminating()
    }

    pub(super) fn suspended(mut self) -> Self {
        self.desired.suspend = true;
        self
    }

    pub(super) fn wish_account(mut self, account: &str) -> Self {
        self.desired.account = Some(account.parse().unwrap());
        self
    }

    pub(super) fn allow_last(mut self, value: &str) -> Self {
        self.desired.allow_last_backup = Some(value.to_owned());
        self
    }

    pub(super) fn request_reconcile(mut self, value: &str) -> Self {
        self.desired.reconcile_request = Some(value.to_owned());
        self.recent.end_backoffs(self.now.tick);
        self
    }

    pub(super) fn yields_to(mut self, other: &str) -> Self {
        self.standing.yields_to = Some(object(other));
        self
    }

    pub(super) fn left_to(mut self, other: &str) -> Self {
        self.standing.left_to = Some(object(other));
        self
    }
}

/// What is on record.
impl Case {
    pub(super) fn manages(mut self, keys: &[&str]) -> Self {
        self.ledger.marks.managed_tag_keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self
    }

    pub(super) fn deletion(mut self, mark: Mark) -> Self {
        self.ledger.marks.deletion = Some(mark);
        self
    }

    pub(super) fn restore(mut self, mark: Mark) -> Self {
        self.ledger.marks.restore = Some(mark);
        self
    }

    /// A mark written so long ago, of which nothing more is known.
    pub(super) fn open(&self, ago: Duration) -> Mark {
        Mark::requested(earlier(self.now.wall, ago))
    }

    /// A mark written so long ago, and done a second later.
    pub(super) fn done(&self, ago: Duration) -> Mark {
        let at = earlier(self.now.wall, ago);
        Mark { requested_at: at, done_at: Some(later(at, SECOND)) }
    }

    pub(super) fn open_deletion(self, ago: Duration) -> Self {
        let mark = self.open(ago);
        self.deletion(mark)
    }

    pub(super) fn done_deletion(self, ago: Duration) -> Self {
        let mark = self.done(ago);
        self.deletion(mark)
    }

    pub(super) fn spent_deletion(self, ago: Duration) -> Self {
        let mark = Mark::spent(earlier(self.now.wall, ago));
        self.deletion(mark)
    }

    pub(super) fn open_restore(self, ago: Duration) -> Self {
        let mark = self.open(ago);
        self.restore(mark)
    }

    pub(super) fn done_restore(self, ago: Duration) -> Self {
        let mark = self.done(ago);
        self.restore(mark)
    }

    pub(super) fn said(mut self, reason: Reason) -> Self {
        self.ledger.ready_reason = Some(reason.name().to_owned());
        self
    }

    /// `change` was tried so long ago, and turned out so.
    pub(super) fn tried(mut self, change: Change, outcome: Outcome, ago: Duration) -> Self {
        let at = Moment::ZERO.after(self.now.tick.since(Moment::ZERO).checked_sub(ago).unwrap());
        let mutation = self.mutation(change);
        self.recent.note(mutation, outcome, at, &self.settings, 0.0);
        self
    }
}

/// What happens next.
impl Case {
    pub(super) fn plan(&self) -> Plan {
        plan(
            &self.desired,
            &self.ledger,
            &self.observed,
            &self.standing,
            &self.recent,
            &self.settings,
            self.now,
        )
    }

    /// Time passes, and AWS is looked at again.
    pub(super) fn later(mut self, wait: Duration) -> Self {
        self = self.without_a_look(wait);
        match &mut self.observed.primary {
            Sight::Present { began, .. } | Sight::Absent { began } => *began = self.now.tick,
            Sight::Pending | Sight::Unclear(_) => {}
        }
        for (_, seen) in &mut self.observed.survivors {
            *seen = self.now.tick;
        }
        let backup = self.desired.backup.clone();
        let delete = Mutation { target: backup, change: Change::Delete };
        if matches!(&self.observed.primary, Sight::Present { backup, .. } if backup.state == BackupState::Ready)
        {
            self.recent.saw_unchanged(&delete.key(), self.now.tick);
        }
        self
    }

    /// Time passes, and nobody looks.
    pub(super) fn without_a_look(mut self, wait: Duration) -> Self {
        self.now = Now { wall: later(self.now.wall, wait), tick: self.now.tick.after(wait) };
        self
    }

    /// The status of `plan` was written.
    pub(super) fn written(mut self, plan: &Plan) -> Self {
        self.recent.keep_only(&plan.wanted);
        let Some(verdict) = &plan.verdict else { return self };
        self.ledger.marks = verdict.marks.clone();
        self.ledger.ready_reason = Some(verdict.ready.reason.name().to_owned());
        self.ledger.handled_request.clone_from(&verdict.handled_request);
        self
    }

    /// The status was written and the mutation tried, with this outcome.
    pub(super) fn acted(mut self, outcome: Outcome) -> Self {
        let plan = self.plan();
        let Some(Effect::Mutate { mutation, mark }) = plan.effect.clone() else {
            panic!("no mutation in {plan:#?}")
        };
        self = self.written(&plan);
        self.recent.begin(mutation.clone(), mark, self.now.tick);
        self.recent.note(mutation, outcome, self.now.tick, &self.settings, 0.0);
        self
    }

    /// The process is a new one, which finds the marks of the one before.
    pub(super) fn restarted(mut self) -> Self {
        self.recent = Recent::default();
        for (mark, change) in
            [(self.ledger.marks.deletion, Change::Delete), (self.ledger.marks.restore, Change::Restore)]
        {
            if let Some(mark) = mark.filter(|mark| mark.is_open()) {
                let mutation = self.mutation(change);
                self.recent.found_mark(mutation, mark.requested_at, self.now.tick);
            }
        }
        self
    }

    pub(super) fn mutation(&self, change: Change) -> Mutation {
        Mutation { target: self.desired.backup.clone(), change }
    }

    pub(super) fn time_in(&self, wait: Duration) -> Timestamp {
        later(self.now.wall, wait)
    }

    /// A plan in a line: the effect, the reason, and which marks change and how.
    pub(super) fn line(&self) -> String {
        let plan = self.plan();
        let Some(verdict) = &plan.verdict else { return format!("{} nothing known", effect(&plan)) };
        format!("{} {}{}", effect(&plan), verdict.ready.reason, marks(&self.ledger.marks, &verdict.marks))
    }

    #[track_caller]
    pub(super) fn expect(&self, line: &str) {
        assert_eq!(self.line(), line, "{:#?}", self.plan());
    }
}
