//! What the operator counts.
//!
//! Each family stands once, in [`FAMILIES`] and the constants that it lists: the
//! exposition, the documentation and its test are made from them. Labels are few and
//! short: operation, region, outcome, reason; never a resource, a backup or an account.

mod family;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use self::family::{Counters, Gauges, Histograms, SecondGauges, Spec};
pub use self::family::{Description, Kind};

/// The media type of what [`Metrics::encode`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every family, in the order of the exposition.
pub const FAMILIES: &[Description] = &[
    AWS_CALLS.describe(),
    AWS_CALL_DURATION.describe(),
    CHANGES.describe(),
    DELETIONS_IN_HOUR.describe(),
    INVENTORY_DISAPPEARANCES.describe(),
    LAST_SCAN.describe(),
    LEADER.describe(),
    RECONCILES.describe(),
    RECONCILE_DURATION.describe(),
    RESOURCES.describe(),
    STATUS_WRITES.describe(),
    EVENTS_REFUSED.describe(),
    BUILD_INFO.describe(),
];

const AWS_CALLS: Spec<3> = Spec {
    name: "cloudhsm_backup_operator_aws_calls_total",
    kind: Kind::Counter,
    help: "Calls to AWS, those that change something included; outcome is ok or the class of the failure",
    labels: &["operation", "region", "outcome"],
};

const AWS_CALL_DURATION: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_aws_call_duration_seconds",
    kind: Kind::Histogram,
    help: "How long calls to AWS took, until the answer or the failure",
    labels: &["operation"],
};

const CHANGES: Spec<3> = Spec {
    name: "cloudhsm_backup_operator_changes_total",
    kind: Kind::Counter,
    help: "Requests to change something in AWS; outcome is accepted, rejected, not_sent or unknown",
    labels: &["operation", "region", "outcome"],
};

const DELETIONS_IN_HOUR: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_deletions_in_hour",
    kind: Kind::Gauge,
    help: "Deletions of the last hour that count against --max-deletions",
    labels: &[],
};

const INVENTORY_DISAPPEARANCES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_inventory_disappearances_total",
    kind: Kind::Counter,
    help: "Listings in which most backups of a region were missing all at once; none is taken for gone because of it",
    labels: &["region"],
};

const LAST_SCAN: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_last_scan_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time of the last complete listing of a region",
    labels: &["region"],
};

const LEADER: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_leader",
    kind: Kind::Gauge,
    help: "1 while this process acts, 0 while it stands by",
    labels: &[],
};

const RECONCILES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_reconciles_total",
    kind: Kind::Counter,
    help: "Passes over a resource; outcome is ok or error",
    labels: &["outcome"],
};

const RECONCILE_DURATION: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_reconcile_duration_seconds",
    kind: Kind::Histogram,
    help: "How long a pass over a resource took",
    labels: &[],
};

const RESOURCES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_resources",
    kind: Kind::Gauge,
    help: "Resources, by the reason of their Ready condition",
    labels: &["reason"],
};

const STATUS_WRITES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_status_writes_total",
    kind: Kind::Counter,
    help: "Writes of a status; outcome is written, conflict or error",
    labels: &["outcome"],
};

const EVENTS_REFUSED: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_events_refused_total",
    kind: Kind::Counter,
    help: "Events that the API server did not take, as in a namespace that is being deleted",
    labels: &[],
};

const BUILD_INFO: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_build_info",
    kind: Kind::Gauge,
    help: "Always 1; the label is the version that runs",
    labels: &["version"],
};

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
    aws_calls: Counters<3>,
    aws_call_duration: Histograms<1>,
    changes: Counters<3>,
    deletions_in_hour: Gauges<0>,
    inventory_disappearances: Counters<1>,
    last_scan: SecondGauges<1>,
    leader: Gauges<0>,
    reconciles: Counters<1>,
    reconcile_duration: Histograms<0>,
    resources: Gauges<1>,
    status_writes: Counters<1>,
    events_refused: Counters<0>,
}

impl Metrics {
    /// All families, empty; `version` is the one that runs.
    pub fn new(version: &str) -> Self {
        let mut registry = Registry::default();
        let r = &mut registry;
        let aws_calls = Counters::new(r, AWS_CALLS);
        let aws_call_duration = Histograms::with_buckets(r, AWS_CALL_DURATION, CALL_BUCKETS);
        let changes = Counters::new(r, CHANGES);
        let deletions_in_hour = Gauges::new(r, DELETIONS_IN_HOUR);
        let inventory_disappearances = Counters::new(r, INVENTORY_DISAPPEARANCES);
        let last_scan = SecondGauges::new(r, LAST_SCAN);
        let leader = Gauges::new(r, LEADER);
        let reconciles = Counters::new(r, RECONCILES);
        let reconcile_duration = Histograms::with_buckets(r, RECONCILE_DURATION, RECONCILE_BUCKETS);
        let resources = Gauges::new(r, RESOURCES);
        let status_writes = Counters::new(r, STATUS_WRITES);
        let events_refused = Counters::new(r, EVENTS_REFUSED);
        Gauges::new(r, BUILD_INFO).with([version]).set(1);
        // So that they read 0, not "no data", before anything has happened.
        deletions_in_hour.with([]);
        leader.with([]);
        reconcile_duration.with([]);
        events_refused.with([]);
        Self(Arc::new(Inner {
            registry,
            aws_calls,
            aws_call_duration,
            changes,
            deletions_in_hour,
            inventory_disappearances,
            last_scan,
            leader,
            reconciles,
            reconcile_duration,
            resources,
            status_writes,
            events_refused,
        }))
    }

    /// A call to AWS ended: `outcome` is `ok` or the name of an error class.
    pub fn aws_call(&self, operation: &str, region: &str, outcome: &str, elapsed: Duration) {
        self.0.aws_calls.with([operation, region, outcome]).inc();
        self.0.aws_call_duration.with([operation]).observe(elapsed.as_secs_f64());
    }

    /// A request to change something in AWS ended; `outcome` is [`plan::effect::Outcome::name`].
    pub fn change(&self, operation: &str, region: &str, outcome: &str) {
        self.0.changes.with([operation, region, outcome]).inc();
    }

    /// How many deletions of the last hour count against the limit.
    pub fn deletions_in_hour(&self, count: u32) {
        self.0.deletions_in_hour.with([]).set(count.into());
    }

    /// Most backups of `region` were missing from a listing all at once.
    pub fn inventory_disappearance(&self, region: &str) {
        self.0.inventory_disappearances.with([region]).inc();
    }

    /// A listing of `region` was complete at `at`.
    pub fn scanned(&self, region: &str, at: Timestamp) {
        self.0.last_scan.with([region]).set(at.as_duration().as_secs_f64());
        // An alert on its increase sees the first one only if there was a 0 before.
        self.0.inventory_disappearances.with([region]);
    }

    /// No resource names `region` any more, so it is no longer listed. Its time is taken
    /// away, or an alert on old listings would fire for ever.
    pub fn forget_region(&self, region: &str) {
        self.0.last_scan.remove([region]);
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

    /// The reason of a resource's Ready condition went from `before` (none: a resource not
    /// counted yet) to `after` (none: the resource is gone).
    pub fn resource_changed(&self, before: Option<&str>, after: Option<&str>) {
        if let Some(reason) = before {
            self.0.resources.with([reason]).dec();
        }
        if let Some(reason) = after {
            self.0.resources.with([reason]).inc();
        }
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

#[cfg(test)]
mod tests;
