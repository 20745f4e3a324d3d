//! How a situation is put together: what AWS shows, what is asked for, what is on record.

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
    pub(super) requests: Requests,
    /// The other regions. What is not here was looked at, and is empty.
    pub(super) regions: BTreeMap<Region, Elsewhere>,
    /// When the other regions were looked at last.
    pub(super) looked: Moment,
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
            backup: key(OWN),
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
            copies: BTreeMap::new(),
            survivors: vec![Survivor {
                key: key("backup-surviving22"),
                cluster: CLUSTER.parse().unwrap(),
                seen: now.tick,
            }],
            room: Room::Free,
        },
        standing: Standing::default(),
        recent: Recent::default(),
        requests: Requests::default(),
        regions: BTreeMap::new(),
        looked: now.tick,
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
        self.recent.end_backoffs(self.now);
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

    /// `change` was tried so long ago, under the mark on record, and turned out so.
    pub(super) fn tried(mut self, change: Change, outcome: Outcome, ago: Duration) -> Self {
        let at = self.now.tick.before(ago);
        let mark = match change {
            Change::Delete => self.ledger.marks.deletion,
            Change::Restore => self.ledger.marks.restore,
            _ => None,
        };
        let mutation = self.mutation(change);
        self.send(&mutation, mark.map(|mark| mark.requested_at), outcome, at);
        self
    }
}
