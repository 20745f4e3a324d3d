//! What the operator counts.
//!
//! Each family stands once, in [`FAMILIES`] and the constants that it lists: the
//! exposition, the documentation and its test are made from them. Labels are few and
//! short: operation, region, outcome, reason; never a resource, a backup or an account.
//! A gauge whose object is gone goes, too; a counter stays until the process ends.

mod families;
mod family;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use plan::model::BackupState;
use plan::reason::Reason;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

pub use self::families::FAMILIES;
use self::family::{Counters, Gauges, Histograms, SecondGauges};
pub use self::family::{Description, Kind};

/// The media type of what [`Metrics::encode`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Up to the 30 s after which a call to AWS is given up.
const CALL_BUCKETS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From a pass that finds nothing to do to one that waits for AWS.
const RECONCILE_BUCKETS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0, 60.0];

/// The counters of a process. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    resources: Gauges<3>,
    backups: Gauges<2>,
    copies_wanted: Gauges<1>,
    copies_ready: Gauges<1>,
    pending_deletions: Gauges<1>,
    next_purge: SecondGauges<0>,
    deletions_held: Gauges<1>,
    deletions_in_hour: Gauges<0>,
    deletions_left_in_hour: Gauges<0>,
    changes: Counters<3>,
    aws_calls: Counters<3>,
    aws_call_duration: Histograms<1>,
    aws_throttles: Counters<1>,
    last_scan: SecondGauges<1>,
    scan_failures: Gauges<1>,
    inventory_disappearances: Counters<1>,
    leader: Gauges<0>,
    reconciles: Counters<1>,
    reconcile_duration: Histograms<0>,
    status_writes: Counters<1>,
    events_refused: Counters<0>,
}

impl Metrics {
    /// All families, empty; `version` is the one that runs.
    pub fn new(version: &str) -> Self {
        let mut registry = Registry::default();
        let r = &mut registry;
        let resources = Gauges::new(r, families::RESOURCES);
        let backups = Gauges::new(r, families::BACKUPS);
        let copies_wanted = Gauges::new(r, families::COPIES_WANTED);
        let copies_ready = Gauges::new(r, families::COPIES_READY);
        let pending_deletions = Gauges::new(r, families::PENDING_DELETIONS);
        let next_purge = SecondGauges::new(r, families::NEXT_PURGE);
        let deletions_held = Gauges::new(r, families::DELETIONS_HELD);
        let deletions_in_hour = Gauges::new(r, families::DELETIONS_IN_HOUR);
        let deletions_left_in_hour = Gauges::new(r, families::DELETIONS_LEFT_IN_HOUR);
        let changes = Counters::new(r, families::CHANGES);
        let aws_calls = Counters::new(r, families::AWS_CALLS);
        let aws_call_duration = Histograms::with_buckets(r, families::AWS_CALL_DURATION, CALL_BUCKETS);
        let aws_throttles = Counters::new(r, families::AWS_THROTTLES);
        let last_scan = SecondGauges::new(r, families::LAST_SCAN);
        let scan_failures = Gauges::new(r, families::SCAN_FAILURES);
        let inventory_disappearances = Counters::new(r, families::INVENTORY_DISAPPEARANCES);
        let leader = Gauges::new(r, families::LEADER);
        let reconciles = Counters::new(r, families::RECONCILES);
        let reconcile_duration = Histograms::with_buckets(r, families::RECONCILE_DURATION, RECONCILE_BUCKETS);
        let status_writes = Counters::new(r, families::STATUS_WRITES);
        let events_refused = Counters::new(r, families::EVENTS_REFUSED);
        Gauges::new(r, families::BUILD_INFO).with([version]).set(1);
        // So that they read 0, not "no data", before anything has happened.
        deletions_in_hour.with([]);
        leader.with([]);
        reconcile_duration.with([]);
        events_refused.with([]);
        for reason in Reason::ALL.iter().filter(|reason| reason.holds_deletion()) {
            deletions_held.with([reason.name()]);
        }
        Self(Arc::new(Inner {
            registry,
            resources,
            backups,
            copies_wanted,
            copies_ready,
            pending_deletions,
            next_purge,
            deletions_held,
            deletions_in_hour,
            deletions_left_in_hour,
            changes,
            aws_calls,
            aws_call_duration,
            aws_throttles,
            last_scan,
            scan_failures,
            inventory_disappearances,
            leader,
            reconciles,
            reconcile_duration,
            status_writes,
            events_refused,
        }))
    }

    /// So many resources have this condition.
    pub fn resources(&self, condition: &str, status: &str, reason: &str, resources: usize) {
        self.0.resources.show([condition, status, reason], resources);
    }

    /// So many resources are not Ready because a deletion is held, for this reason.
    pub fn deletions_held(&self, reason: &str, resources: usize) {
        self.0.deletions_held.with([reason]).set(whole(resources));
    }

    /// So many copies in `region` are wanted, and so many of these are there. Both are shown, or neither: their difference is
    /// what alerts look at.
    pub fn copies(&self, region: &str, wanted: usize, ready: usize) {
        self.0.copies_wanted.show([region], wanted);
        self.0.copies_ready.show([region], ready);
        if wanted > 0 && ready == 0 {
            self.0.copies_ready.with([region]).set(0);
        }
    }

    /// So many of the backups and copies of resources in `region` are pending deletion.
    pub fn pending_deletions(&self, region: &str, backups: usize) {
        self.0.pending_deletions.show([region], backups);
    }

    /// When the first of them is deleted for good.
    pub fn next_purge(&self, at: Option<Timestamp>) {
        match at {
            Some(at) => {
                self.0.next_purge.with([]).set(at.as_duration().as_secs_f64());
            }
            None => self.0.next_purge.remove([]),
        }
    }

    /// So many deletions of the last hour count against the limit, which is `most`.
    pub fn deletions(&self, used: usize, most: u32) {
        let (used, most) = (whole(used), i64::from(most));
        self.0.deletions_in_hour.with([]).set(used);
        self.0.deletions_left_in_hour.with([]).set(most.saturating_sub(used).max(0));
    }

    /// How many deletions count is not known any more.
    pub fn forget_deletions(&self) {
        self.0.deletions_in_hour.with([]).set(0);
        self.0.deletions_left_in_hour.remove([]);
    }

    /// A call to AWS ended: `outcome` is `ok` or the name of an error class; AWS throttled it `throttles` times.
    pub fn aws_call(&self, operation: &str, region: &str, outcome: &str, elapsed: Duration, throttles: u32) {
        self.0.aws_calls.with([operation, region, outcome]).inc();
        self.0.aws_call_duration.with([operation]).observe(elapsed.as_secs_f64());
        // Also when it is 0: an increase shows only after something was there.
        self.0.aws_throttles.with([region]).inc_by(throttles.into());
    }

    /// A request to change something in AWS ended; `outcome` is [`plan::effect::Outcome::name`].
    pub fn change(&self, operation: &str, region: &str, outcome: &str) {
        self.0.changes.with([operation, region, outcome]).inc();
    }

    /// A listing of `region` was complete at `at`.
    pub fn scanned(&self, region: &str, at: Timestamp) {
        self.0.last_scan.with([region]).set(at.as_duration().as_secs_f64());
        self.0.scan_failures.with([region]).set(0);
        // An alert on its increase sees the first one only if there was a 0 before.
        self.0.inventory_disappearances.with([region]);
    }

    /// Listings of `region` failed, so many in a row.
    pub fn scan_failed(&self, region: &str, in_a_row: u32) {
        self.0.scan_failures.with([region]).set(in_a_row.into());
    }

    /// Most backups of `region` were missing from a listing all at once.
    pub fn inventory_disappearance(&self, region: &str) {
        self.0.inventory_disappearances.with([region]).inc();
    }

    /// So many backups are in `region`, by [`BackupState::label`].
    pub fn backups(&self, region: &str, states: &BTreeMap<&'static str, usize>) {
        for state in BackupState::LABELS {
            let count = states.get(state).copied().unwrap_or_default();
            self.0.backups.with([region, state]).set(whole(count));
        }
    }

    /// `region` is no longer listed. What listings told is taken away, or an alert on old listings would fire for ever.
    pub fn forget_region(&self, region: &str) {
        self.0.last_scan.remove([region]);
        self.0.scan_failures.remove([region]);
        for state in BackupState::LABELS {
            self.0.backups.remove([region, state]);
        }
    }

    /// Whether this process acts.
    pub fn leader(&self, leads: bool) {
        self.0.leader.with([]).set(leads.into());
    }

    /// A pass over a resource ended: `ok` or `error`.
    pub fn reconcile(&self, outcome: &str, elapsed: Duration) {
        self.0.reconciles.with([outcome]).inc();
        self.0.reconcile_duration.with([]).observe(elapsed.as_secs_f64());
    }

    /// A write of a status ended: `written`, `conflict` or `error`.
    pub fn status_write(&self, outcome: &str) {
        self.0.status_writes.with([outcome]).inc();
    }

    /// The API server did not take an Event.
    pub fn event_refused(&self) {
        self.0.events_refused.with([]).inc();
    }

    /// All of it in the `OpenMetrics` text format ([`CONTENT_TYPE`]).
    pub fn encode(&self) -> String {
        let mut exposition = String::new();
        // Writing to a String cannot fail. Were it cut short, it would lack its "# EOF" and be refused whole.
        let _ = text::encode(&mut exposition, &self.0.registry);
        exposition
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
