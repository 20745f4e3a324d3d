//! One region's looks at AWS: scans by the clock, lookups on demand.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    Listing, Names, Query, Search, Sight, Snapshot, Topic,
    lookup::{InFlight, Lookups},
    scan::Scan,
    topic::Kind,
};
use crate::{
    error::{ErrorClass, Failure},
    model::{Backup, BackupId, BackupKey, BackupState},
    settings::Settings,
    time::Moment,
};

/// What a region's inventory learns.
#[derive(Clone, Debug)]
pub enum Input {
    /// This is what resources want to know.
    Named(Names),
    /// Somebody wants a look at `topic` that began at `since` or later.
    Ask {
        /// What it is about.
        topic: Topic,
        /// How recent the look must be.
        since: Moment,
    },
    /// The scan ended.
    Scanned(Result<Listing, Failure>),
    /// The lookup ended.
    LookedUp(Result<Listing, Failure>),
    /// Time has passed.
    Tick,
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// List the whole region; answer with [`Input::Scanned`].
    Scan,
    /// Answer this query with [`Input::LookedUp`].
    Lookup(Query),
    /// Something about these topics has changed or become known: wake whom they concern.
    Changed(BTreeSet<Topic>),
    /// The account has become known, or another one: wake everybody.
    AccountChanged,
    /// Learn the account from GetCallerIdentity: no listing tells it.
    Identify,
}

/// The inventory of one region.
#[derive(Clone, Debug)]
pub struct Core {
    poll: Duration,
    pub(super) snapshot: Snapshot,
    names: Names,
    scan: Scan,
    lookups: Lookups,
    /// What was asked for and looked up, and is still not settled: that takes another scan.
    unsettled: BTreeSet<Topic>,
}

impl Core {
    /// A scan that lost most of what was known is repeated this soon.
    const RECHECK: Duration = Duration::from_secs(30);

    /// An inventory that knows nothing yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            poll: settings.poll_interval,
            snapshot: Snapshot::default(),
            names: Names::default(),
            scan: Scan::default(),
            lookups: Lookups::default(),
            unsettled: BTreeSet::new(),
        }
    }

    /// Takes an input and says what to do. `jitter` from 0 to 1 spreads timers.
    pub fn on(&mut self, input: Input, now: Moment, jitter: f64) -> Vec<Action> {
        let troubled = self.trouble().cloned();
        // A question or the passing of time alone makes nothing in need of a look.
        let learns = !matches!(input, Input::Ask { .. } | Input::Tick);
        let mut changed = match input {
            Input::Named(names) => self.name(names),
            Input::Ask { topic, since } => {
                self.ask(topic, since, now);
                BTreeSet::new()
            }
            Input::Scanned(result) => self.scanned(result, now, jitter),
            Input::LookedUp(result) => self.looked_up(result, now, jitter),
            Input::Tick => BTreeSet::new(),
        };
        if self.trouble() != troubled.as_ref() {
            changed.extend(self.names.topics());
        }
        if learns {
            self.follow_up(now);
        }
        self.actions(changed, now)
    }

    fn ask(&mut self, topic: Topic, since: Moment, now: Moment) {
        if self.snapshot.answers(&topic, since) {
            return;
        }
        let needs_scan = self.lookups.has_looked(&topic, since)
            && match &topic {
                // The lookup missed what a scan had shown.
                Topic::Backup(_) => true,
                // It did not count, and the next one would not either.
                Topic::CopiesOf(_) => !self.snapshot.is_credible(),
            };
        if needs_scan {
            self.scan.hasten(now.after(Self::RECHECK));
            self.unsettled.insert(topic);
        } else {
            self.lookups.want(topic, since);
        }
    }

    fn name(&mut self, names: Names) -> BTreeSet<Topic> {
        self.lookups.keep_only(&names);
        self.snapshot.forget_verdicts_but(&names);
        self.names = names;
        BTreeSet::new()
    }

    fn scanned(&mut self, result: Result<Listing, Failure>, now: Moment, jitter: f64) -> BTreeSet<Topic> {
        let Some(began) = self.scan.running else { return BTreeSet::new() };
        let first = !self.scan.ended_once();
        let mut changed = match result {
            Ok(listing) if listing.complete => {
                let mut changed = self.merge_scan(began, listing);
                // Whoever waits for it asks again if it settled nothing.
                changed.append(&mut self.unsettled);
                // ±10 %, so that regions and replicas do not fall into step.
                let wait = self.poll.mul_f64(0.9 + 0.2 * jitter);
                self.scan
                    .succeeded(now, if self.snapshot.is_doubted() { wait.min(Self::RECHECK) } else { wait });
                changed
            }
            Ok(listing) => {
                let changed = self.merge_scan(began, listing);
                let failure =
                    Failure::new(ErrorClass::Implausible, "the listing has entries without a proper id");
                self.scan.failed(failure, now, self.poll, jitter);
                changed
            }
            Err(failure) => {
                self.scan.failed(failure, now, self.poll, jitter);
                BTreeSet::new()
            }
        };
        if first {
            changed.extend(self.names.topics());
        }
        changed.extend(self.drop_answered());
        changed
    }

    fn looked_up(&mut self, result: Result<Listing, Failure>, now: Moment, jitter: f64) -> BTreeSet<Topic> {
        let Some(lookup) = self.lookups.end() else { return BTreeSet::new() };
        let listing = match result {
            Ok(listing) if listing.complete => listing,
            Ok(listing) => {
                // What it shows counts; what it does not show is asked again, but not in a loop.
                let failure = Failure::new(
                    ErrorClass::Implausible,
                    "the answer has entries without a proper id or source",
                );
                self.lookups.failed(&lookup, failure, now, jitter);
                let mut changed = self.merge_lookup(&lookup, listing);
                changed.extend(self.drop_answered());
                changed.extend(lookup.topics);
                return changed;
            }
            Err(failure) => {
                if !self.lookups.failed(&lookup, failure, now, jitter) {
                    return lookup.topics.into_iter().collect();
                }
                Listing { backups: Vec::new(), complete: true }
            }
        };
        self.lookups.answered(&lookup);
        let mut changed = self.merge_lookup(&lookup, listing);
        changed.extend(lookup.topics);
        changed
    }

    fn merge_scan(&mut self, began: Moment, listing: Listing) -> BTreeSet<Topic> {
        self.snapshot.merge_scan(began, listing).topics(&self.names.sources)
    }

    fn merge_lookup(&mut self, lookup: &InFlight, listing: Listing) -> BTreeSet<Topic> {
        self.snapshot.merge_lookup(lookup.began, &lookup.query(), listing).topics(&self.names.sources)
    }

    /// A scan, or a part of an answer, may tell what somebody wanted a lookup for.
    fn drop_answered(&mut self) -> BTreeSet<Topic> {
        self.lookups.drop_answered(|topic, since| self.snapshot.answers(topic, since))
    }

    /// Asks by itself for what needs a lookup: backups in progress, copies that are sought, and named
    /// backups that a scan missed.
    fn follow_up(&mut self, now: Moment) {
        let in_progress = |id: &&BackupId| {
            self.snapshot.get(id).is_some_and(|backup| backup.state == BackupState::CreateInProgress)
        };
        let in_progress = self.names.backups.iter().filter(in_progress).cloned().map(Topic::Backup);
        let sought = self.names.sought.iter().cloned().map(Topic::CopiesOf);
        self.lookups.follow(&in_progress.chain(sought).collect(), now);
        if self.snapshot.is_credible() {
            for id in self.names.backups.iter().filter(|id| self.snapshot.is_open(id)) {
                self.lookups.want(Topic::Backup(id.clone()), Moment::ZERO);
            }
        }
    }

    fn actions(&mut self, changed: BTreeSet<Topic>, now: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        if !changed.is_empty() {
            actions.push(Action::Changed(changed));
        }
        if self.names.is_empty() {
            return actions;
        }
        if self.scan.begin(now) {
            actions.push(Action::Scan);
        }
        // At start one scan answers for all; lookups before it would be a call each.
        if self.scan.ended_once()
            && let Some(query) = self.lookups.begin(now)
        {
            actions.push(Action::Lookup(query));
        }
        actions
    }

    /// When it wants an [`Input::Tick`].
    pub fn wakes_at(&self) -> Option<Moment> {
        if self.names.is_empty() {
            return None;
        }
        let lookups = self.lookups.wakes_at().filter(|_| self.scan.ended_once());
        self.scan.wakes_at().into_iter().chain(lookups).min()
    }

    /// What is known of `id` from looks that began at `since` or later.
    pub fn sight(&self, id: &BackupId, since: Moment) -> Sight {
        match (self.snapshot.sight(id, since), self.failure_after(Kind::Backup, since)) {
            (Some(sight), _) => sight,
            (None, Some(failure)) => Sight::Unclear(failure.clone()),
            (None, None) => Sight::Pending,
        }
    }

    /// The known backups that are, or may be, copies of `source`, in whatever state, with the begin of the
    /// last look at each.
    pub fn copies(&self, source: &BackupKey) -> Vec<(Arc<Backup>, Moment)> {
        self.snapshot.copies_of(source).map(|(backup, seen)| (Arc::clone(backup), seen)).collect()
    }

    /// Whether copies of `source` were searched for by looks that began at `since` or later.
    pub fn search(&self, source: &BackupKey, since: Moment) -> Search {
        match (self.snapshot.search(source, since), self.failure_after(Kind::Copies, since)) {
            (Some(began), _) => Search::Done { began },
            (None, Some(failure)) => Search::Unclear(failure.clone()),
            (None, None) => Search::Pending,
        }
    }

    /// Why a question of this kind asked at `since` has no answer, if something failed.
    fn failure_after(&self, kind: Kind, since: Moment) -> Option<&Failure> {
        let failure = self.lookups.failure_after(kind, since).or_else(|| self.scan.failure_after(since));
        failure.or_else(|| self.trouble())
    }

    /// Why the region cannot be seen as a whole, if so. Nothing is changed in it then.
    pub fn trouble(&self) -> Option<&Failure> {
        self.scan.trouble(self.snapshot.scanned().is_some())
    }

    /// Why the last scan failed, if it did, and how many have failed in a row.
    pub fn failing(&self) -> Option<(&Failure, u32)> {
        self.scan.failing()
    }

    /// Whether the first scan has ended, well or not.
    pub fn looked_once(&self) -> bool {
        self.scan.ended_once()
    }

    /// What is known of the region.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

#[cfg(test)]
mod tests;
