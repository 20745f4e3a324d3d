//! The parts of a situation that are about copies: the other regions, the entries, and what is on record.

use super::*;

/// The region in which most copies are.
pub(super) const THERE: &str = "eu-central-1";
/// Another one.
pub(super) const FAR: &str = "ap-south-1";

/// What one other region shows.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    /// All that AWS lists.
    backups: Vec<Backup>,
    /// When the last look began, at the copy on record and for others.
    seen: Moment,
    looked: bool,
    /// Looks at single backups, and searches, fail.
    unclear: Option<Failure>,
    trouble: Option<Failure>,
    /// What a change of ours demands of later looks: at the copy on record, and for others.
    since: Moment,
    search_since: Moment,
}

impl Elsewhere {
    fn empty(seen: Moment) -> Self {
        Self {
            backups: Vec::new(),
            seen,
            looked: true,
            unclear: None,
            trouble: None,
            since: Moment::ZERO,
            search_since: Moment::ZERO,
        }
    }

    /// Only searches from then on count.
    pub(super) fn demand_from(&mut self, since: Moment) {
        self.search_since = since;
    }

    /// Only looks from then on at the copy on record count.
    pub(super) fn demand_look_from(&mut self, since: Moment) {
        self.since = since;
    }

    pub(super) fn lists(&self, id: &BackupId) -> bool {
        self.backups.iter().any(|backup| backup.id == *id)
    }

    fn observe(&self, source: &BackupKey, recorded: Option<&BackupId>, open: Option<Open>) -> CopyObserved {
        let backups = || self.backups.iter().map(|backup| Arc::new(backup.clone()));
        let found = backups().filter(|backup| backup.may_be_copy_of(source));
        let sight = |id: &BackupId| match (&self.unclear, backups().find(|backup| backup.id == *id)) {
            _ if !self.looked => Sight::Pending,
            (_, Some(backup)) => Sight::Present { backup, began: self.seen },
            (Some(failure), None) => Sight::Unclear(failure.clone()),
            (None, None) => Sight::Absent { began: self.seen },
        };
        CopyObserved {
            looked: self.looked,
            recorded: recorded.map(sight),
            found: found.map(|backup| (backup, self.seen)).collect(),
            search: match &self.unclear {
                _ if !self.looked => Search::Pending,
                Some(failure) => Search::Unclear(failure.clone()),
                None => Search::Done { began: self.seen },
            },
            trouble: self.trouble.clone(),
            since: self.since,
            search_since: self.search_since,
            open,
        }
    }
}

/// The copy in a test that is called by this letter.
pub(super) fn id(letter: char) -> BackupId {
    format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap()
}

pub(super) fn region(name: &str) -> Region {
    name.parse().unwrap()
}

pub(super) fn copy_key(letter: char) -> BackupKey {
    BackupKey { region: region(THERE), id: id(letter) }
}

/// What the other regions show.
impl Case {
    /// What a pass gets to see, put together as [`super::super::gather`] does.
    pub(super) fn observe(&self) -> Observed {
        let listed = self.desired.copies.iter().map(|copy| &copy.region);
        let source = &self.desired.backup;
        let regions: BTreeSet<&Region> =
            listed.chain(self.ledger.copies.keys()).chain(self.requests.destinations(source)).collect();
        let observe = |region: &Region| {
            let recorded = self.ledger.copies.get(region).and_then(|record| record.id.as_ref());
            let open = self.requests.open(source, region).cloned();
            self.elsewhere(region).observe(source, recorded, open)
        };
        let copies = regions.into_iter().map(|region| (region.clone(), observe(region)));
        Observed { copies: copies.collect(), ..self.observed.clone() }
    }

    fn elsewhere(&self, region: &Region) -> Elsewhere {
        self.regions.get(region).cloned().unwrap_or_else(|| Elsewhere::empty(self.looked))
    }

    /// What the region of this name shows.
    pub(super) fn region_there(&mut self, name: &str) -> &mut Elsewhere {
        self.at_region(&region(name))
    }

    fn at_region(&mut self, region: &Region) -> &mut Elsewhere {
        let looked = self.looked;
        self.regions.entry(region.clone()).or_insert_with(|| Elsewhere::empty(looked))
    }

    /// The other regions are looked at.
    pub(super) fn look_elsewhere(&mut self) {
        self.looked = self.now.tick;
        for elsewhere in self.regions.values_mut() {
            elsewhere.seen = self.now.tick;
        }
    }

    /// After a change of ours only later looks count.
    pub(super) fn demand_looks(&mut self, mutation: &Mutation) {
        let now = self.now.tick;
        match mutation.destination() {
            Some(to) => self.at_region(to).search_since = now,
            None if mutation.target == self.desired.backup => {}
            None => self.at_region(mutation.region()).since = now,
        }
    }

    /// A copy made an hour ago is listed in [`THERE`].
    pub(super) fn there(self, letter: char, state: &str) -> Self {
        self.listed(THERE, letter, state)
    }

    /// A copy made an hour ago is listed in this region.
    pub(super) fn listed(mut self, name: &str, letter: char, state: &str) -> Self {
        let mut copy = Backup::new(id(letter), BackupState::from_name(state));
        copy.arn = Some(arn(OUR_ACCOUNT));
        copy.copy_timestamp = Some(earlier(self.now.wall, HOUR));
        copy.tags = Some(Tags::new());
        copy.source = Some(Source {
            region: Some(self.desired.backup.region.clone()),
            backup: Some(self.desired.backup.id.clone()),
            cluster: Some(CLUSTER.parse().unwrap()),
        });
        if copy.state == BackupState::PendingDeletion {
            copy.delete_timestamp = Some(self.time_in(6 * DAY));
        }
        let backups = &mut self.at_region(&region(name)).backups;
        backups.retain(|backup| backup.id != copy.id);
        backups.push(copy);
        self
    }

    /// AWS lists a copy made at `made`, called by the first letter that is free.
    pub(super) fn aws_copies(self, to: &Region, tags: Option<&Tags>, made: Timestamp) -> Self {
        let taken = |id: &BackupId| self.regions.values().any(|there| there.lists(id));
        let id = ('a'..='z').map(id).find(|id| !taken(id)).expect("a free letter");
        let tags = tags.cloned().unwrap_or_default();
        let listed = self.listed(to.as_str(), letter(&id).chars().next().unwrap(), "CREATE_IN_PROGRESS");
        listed.with_copy_in(to, &id, |copy| (copy.copy_timestamp, copy.tags) = (Some(made), Some(tags)))
    }

    /// AWS finishes the copies that it is making.
    pub(super) fn aws_finishes(self) -> Self {
        self.ends_in(&BackupState::Ready)
    }

    /// The copies that AWS is making fail.
    pub(super) fn aws_fails(self) -> Self {
        self.ends_in(&BackupState::Deleted)
    }

    fn ends_in(mut self, state: &BackupState) -> Self {
        let making = |copy: &&mut Backup| copy.state == BackupState::CreateInProgress;
        for copy in self.regions.values_mut().flat_map(|there| &mut there.backups).filter(making) {
            copy.state = state.clone();
        }
        self
    }

    pub(super) fn with_copy(self, letter: char, change: impl FnOnce(&mut Backup)) -> Self {
        self.with_copy_in(&region(THERE), &id(letter), change)
    }

    pub(super) fn with_copy_in(
        mut self,
        region: &Region,
        id: &BackupId,
        change: impl FnOnce(&mut Backup),
    ) -> Self {
        let backups = &mut self.at_region(region).backups;
        change(backups.iter_mut().find(|backup| backup.id == *id).expect("the copy is listed"));
        self
    }

    /// The copy is in this state now.
    pub(super) fn becomes(self, letter: char, state: &str) -> Self {
        let purge = self.time_in(6 * DAY);
        self.with_copy(letter, |copy| {
            copy.state = BackupState::from_name(state);
            copy.delete_timestamp = (copy.state == BackupState::PendingDeletion).then_some(purge);
        })
    }

    /// The copy was made so long ago.
    pub(super) fn made(self, letter: char, ago: Duration) -> Self {
        let made = earlier(self.now.wall, ago);
        self.with_copy(letter, |copy| copy.copy_timestamp = Some(made))
    }

    /// The copy is not listed any more.
    pub(super) fn vanishes(mut self, letter: char) -> Self {
        self.at_region(&region(THERE)).backups.retain(|backup| backup.id != id(letter));
        self
    }

    /// The last look at [`THERE`] began so long ago.
    pub(super) fn looked_ago(self, ago: Duration) -> Self {
        self.looked_in(THERE, ago)
    }

    /// The last look at this region began so long ago.
    pub(super) fn looked_in(mut self, name: &str, ago: Duration) -> Self {
        let seen = self.now.tick.before(ago);
        self.at_region(&region(name)).seen = seen;
        self
    }

    /// [`THERE`] was not looked at yet.
    pub(super) fn never_looked_there(mut self) -> Self {
        self.at_region(&region(THERE)).looked = false;
        self
    }

    /// Lookups in [`THERE`] fail.
    pub(super) fn unclear_there(self, class: ErrorClass) -> Self {
        self.unclear_in(THERE, class)
    }

    /// Lookups in this region fail.
    pub(super) fn unclear_in(mut self, name: &str, class: ErrorClass) -> Self {
        self.at_region(&region(name)).unclear = Some(Failure::new(class, "Failed"));
        self
    }

    /// The region cannot be seen as a whole.
    pub(super) fn trouble_in(mut self, name: &str, class: ErrorClass) -> Self {
        self.at_region(&region(name)).trouble = Some(Failure::new(class, "Failed"));
        self
    }

    /// Another resource names the copy as its own backup.
    pub(super) fn claimed(mut self, letter: char, by: &str) -> Self {
        self.standing.copies.insert(copy_key(letter), object(by));
        self
    }

    /// How many copies are in [`THERE`], without those that have failed.
    pub(super) fn live_there(&self) -> usize {
        let there = self.elsewhere(&region(THERE)).backups;
        there.iter().filter(|copy| copy.state != BackupState::Deleted).count()
    }
}

/// What the resource asks for.
impl Case {
    /// An entry for [`THERE`], and no other.
    pub(super) fn wish_copy(mut self, deleted: bool) -> Self {
        self.desired.copies.clear();
        self.lists(THERE, deleted)
    }

    /// One more entry.
    pub(super) fn lists(mut self, name: &str, deleted: bool) -> Self {
        self.desired.copies.push(DesiredCopy { region: region(name), tags: None, deleted });
        self
    }

    /// The entries ask for these tags.
    pub(super) fn wish_copy_tags(mut self, tags: &[(&str, &str)]) -> Self {
        for copy in &mut self.desired.copies {
            copy.tags = Some(tag_map(tags));
        }
        self
    }

    /// The entries are removed.
    pub(super) fn unlisted(mut self) -> Self {
        self.desired.copies.clear();
        self
    }
}

/// What is on record.
impl Case {
    /// This copy is on record in [`THERE`], in the state that AWS shows it in, or else READY.
    pub(super) fn on_record(self, letter: char) -> Self {
        let listed = self.elsewhere(&region(THERE)).backups;
        let state = listed.into_iter().find(|backup| backup.id == id(letter)).map(|backup| backup.state);
        self.record(|record| {
            record.id = Some(id(letter));
            record.state = Some(state.unwrap_or(BackupState::Ready));
        })
    }

    /// Changes what is on record of the copy in [`THERE`].
    pub(super) fn record(mut self, change: impl FnOnce(&mut CopyRecord)) -> Self {
        change(self.ledger.copies.entry(region(THERE)).or_default());
        self
    }

    /// What is on record of the copy in [`THERE`].
    pub(super) fn recorded(&self) -> CopyRecord {
        self.ledger.copies.get(&region(THERE)).cloned().unwrap_or_default()
    }

    /// A copy in [`THERE`] was asked for so long ago, as the process has known since, and what came of it is not known.
    pub(super) fn asked(self, ago: Duration) -> Self {
        let request = Request { requested_at: earlier(self.now.wall, ago), accepted_at: None };
        let mut case = self.record(|record| record.request = Some(request));
        let since = case.now.tick.before(ago);
        case.requests.see(&case.desired.backup, &region(THERE), &case.recorded(), since);
        case
    }

    /// A copy in [`THERE`] was asked for so long ago, and AWS accepted that a second later.
    pub(super) fn accepted(self, ago: Duration) -> Self {
        let accepted = later(earlier(self.now.wall, ago), SECOND);
        let mut case = self.asked(ago).record(|record| {
            let request = record.request.as_mut().expect("it was asked for");
            request.accepted_at = Some(accepted);
        });
        case.see_requests();
        case
    }

    /// So many attempts in a row have come to nothing, the last one so long ago.
    pub(super) fn failed(self, reason: Reason, attempts: u32, ago: Duration) -> Self {
        let at = earlier(self.now.wall, ago);
        let mut case = self.record(|record| {
            record.attempts = attempts;
            record.last_failure = Some(Setback { at, reason });
        });
        case.see_requests();
        case
    }
}
