//! One region's looks at AWS: scans by the clock, lookups on demand.

use std::{collections::BTreeSet, time::Duration};

use super::{Listing, Query, Sight, Snapshot, lookup::Lookups, scan::Scan};
use crate::{
    error::{ErrorClass, Failure},
    model::{BackupId, BackupState},
    settings::Settings,
    time::Moment,
};

/// What a region's inventory learns.
#[derive(Clone, Debug)]
pub enum Input {
    /// These backups are named by some resource.
    Named(BTreeSet<BackupId>),
    /// Somebody wants a look at `id` that began at `since` or later.
    Ask {
        /// The backup.
        id: BackupId,
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
    /// Something about these backups has changed or become known: wake whom they concern.
    Changed(BTreeSet<BackupId>),
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
    named: BTreeSet<BackupId>,
    scan: Scan,
    lookups: Lookups,
}

impl Core {
    /// A scan that lost most of what was known is repeated this soon.
    const RECHECK: Duration = Duration::from_secs(30);

    /// An inventory that knows nothing yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            poll: settings.poll_interval,
            snapshot: Snapshot::default(),
            named: BTreeSet::new(),
            scan: Scan::default(),
            lookups: Lookups::default(),
        }
    }

    /// Takes an input and says what to do. `jitter` from 0 to 1 spreads timers.
    pub fn on(&mut self, input: Input, now: Moment, jitter: f64) -> Vec<Action> {
        let troubled = self.trouble().cloned();
        // A question or the passing of time alone makes nothing in need of a look.
        let learns = !matches!(input, Input::Ask { .. } | Input::Tick);
        let mut changed = match input {
            Input::Named(named) => self.name(named),
            Input::Ask { id, since } => {
                self.ask(id, since, now);
                BTreeSet::new()
            }
            Input::Scanned(result) => self.scanned(result, now, jitter),
            Input::LookedUp(result) => self.looked_up(result, now, jitter),
            Input::Tick => BTreeSet::new(),
        };
        if self.trouble() != troubled.as_ref() {
            changed.extend(self.named.iter().cloned());
        }
        if learns {
            self.follow_up(now);
        }
        self.actions(changed, now)
    }

    fn ask(&mut self, id: BackupId, since: Moment, now: Moment) {
        let answered = self.snapshot.sight(&id, since).is_some();
        if !answered && self.lookups.has_looked(&id, since) {
            // The lookup missed what a scan had shown: only another scan can settle that.
            self.scan.hasten(now.after(Self::RECHECK));
        } else if !answered {
            self.lookups.want(id, since);
        }
    }

    fn name(&mut self, named: BTreeSet<BackupId>) -> BTreeSet<BackupId> {
        self.lookups.keep_only(&named);
        self.snapshot.forget_absent_but(&named);
        self.named = named;
        BTreeSet::new()
    }

    fn scanned(&mut self, result: Result<Listing, Failure>, now: Moment, jitter: f64) -> BTreeSet<BackupId> {
        let Some(began) = self.scan.running else { return BTreeSet::new() };
        let first = !self.scan.ended_once();
        let mut changed = match result {
            Ok(listing) if listing.complete => {
                let changed = self.snapshot.merge_scan(began, listing);
                // ±10 %, so that regions and replicas do not fall into step.
                let wait = self.poll.mul_f64(0.9 + 0.2 * jitter);
                self.scan
                    .succeeded(now, if self.snapshot.is_doubted() { wait.min(Self::RECHECK) } else { wait });
                changed
            }
            Ok(listing) => {
                let changed = self.snapshot.merge_scan(began, listing);
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
            changed.extend(self.named.iter().cloned());
        }
        changed.extend(self.drop_answered());
        changed
    }

    fn looked_up(
        &mut self,
        result: Result<Listing, Failure>,
        now: Moment,
        jitter: f64,
    ) -> BTreeSet<BackupId> {
        let Some(lookup) = self.lookups.end() else { return BTreeSet::new() };
        let listing = match result {
            Ok(listing) if listing.complete => listing,
            Ok(listing) => {
                // What it shows counts; what it does not show is asked again, but not in a loop.
                let failure =
                    Failure::new(ErrorClass::Implausible, "the answer has entries without a proper id");
                self.lookups.failed(&lookup, failure, now, jitter);
                let mut changed =
                    self.snapshot.merge_lookup(lookup.began, &Query::Ids(lookup.ids.clone()), listing);
                changed.extend(self.drop_answered());
                changed.extend(lookup.ids);
                return changed;
            }
            Err(failure) => {
                if !self.lookups.failed(&lookup, failure, now, jitter) {
                    return lookup.ids.into_iter().collect();
                }
                Listing { backups: Vec::new(), complete: true }
            }
        };
        self.lookups.answered(&lookup);
        let query = Query::Ids(lookup.ids.clone());
        let mut changed = self.snapshot.merge_lookup(lookup.began, &query, listing);
        changed.extend(lookup.ids);
        changed
    }

    /// A scan, or a part of an answer, may tell what somebody wanted a lookup for.
    fn drop_answered(&mut self) -> BTreeSet<BackupId> {
        self.lookups.drop_answered(|id, since| self.snapshot.sight(id, since).is_some())
    }

    /// Asks by itself for what needs a lookup: backups in progress, and named ones that a scan missed.
    fn follow_up(&mut self, now: Moment) {
        let in_progress = |id: &&BackupId| {
            self.snapshot.get(id).is_some_and(|backup| backup.state == BackupState::CreateInProgress)
        };
        let in_progress: BTreeSet<_> = self.named.iter().filter(in_progress).cloned().collect();
        self.lookups.follow(&in_progress, now);
        if self.snapshot.scanned().is_some() && !self.snapshot.is_doubted() {
            for id in self.named.iter().filter(|id| self.snapshot.is_open(id)) {
                self.lookups.want(id.clone(), Moment::ZERO);
            }
        }
    }

    fn actions(&mut self, changed: BTreeSet<BackupId>, now: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        if !changed.is_empty() {
            actions.push(Action::Changed(changed));
        }
        if self.named.is_empty() {
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
        if self.named.is_empty() {
            return None;
        }
        let lookups = self.lookups.wakes_at().filter(|_| self.scan.ended_once());
        self.scan.wakes_at().into_iter().chain(lookups).min()
    }

    /// What is known of `id` from looks that began at `since` or later.
    pub fn sight(&self, id: &BackupId, since: Moment) -> Sight {
        if let Some(sight) = self.snapshot.sight(id, since) {
            return sight;
        }
        let failure = self.lookups.failure_after(since).or_else(|| self.scan.failure_after(since));
        match failure.or_else(|| self.trouble()) {
            Some(failure) => Sight::Unclear(failure.clone()),
            None => Sight::Pending,
        }
    }

    /// Why the region cannot be seen as a whole, if so. Nothing is changed in it then.
    pub fn trouble(&self) -> Option<&Failure> {
        self.scan.trouble(self.snapshot.scanned().is_some())
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
