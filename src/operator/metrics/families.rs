//! Every family: its name, what it means and how it is labelled.

use super::family::{Description, Kind, Spec};

/// Every family, in the order of the exposition.
pub const FAMILIES: &[Description] = &[
    RESOURCES.describe(),
    BACKUPS.describe(),
    COPIES_WANTED.describe(),
    COPIES_READY.describe(),
    PENDING_DELETIONS.describe(),
    NEXT_PURGE.describe(),
    DELETIONS_HELD.describe(),
    DELETIONS_IN_HOUR.describe(),
    DELETIONS_LEFT_IN_HOUR.describe(),
    CHANGES.describe(),
    AWS_CALLS.describe(),
    AWS_CALL_DURATION.describe(),
    AWS_THROTTLES.describe(),
    LAST_SCAN.describe(),
    SCAN_FAILURES.describe(),
    INVENTORY_DISAPPEARANCES.describe(),
    LEADER.describe(),
    RECONCILES.describe(),
    RECONCILE_DURATION.describe(),
    STATUS_WRITES.describe(),
    EVENTS_REFUSED.describe(),
    BUILD_INFO.describe(),
];

pub(super) const RESOURCES: Spec<3> = Spec {
    name: "cloudhsm_backup_operator_resources",
    kind: Kind::Gauge,
    help: "Resources, by each condition that their status has",
    labels: &["condition", "status", "reason"],
};

pub(super) const BACKUPS: Spec<2> = Spec {
    name: "cloudhsm_backup_operator_backups",
    kind: Kind::Gauge,
    help: "Backups that AWS lists, copies included, by state; a state that this version does not know is other",
    labels: &["region", "state"],
};

pub(super) const COPIES_WANTED: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_copies_wanted",
    kind: Kind::Gauge,
    help: "Copies that resources want in a region",
    labels: &["region"],
};

pub(super) const COPIES_READY: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_copies_ready",
    kind: Kind::Gauge,
    help: "Those of the wanted copies in a region that were READY when they were last seen",
    labels: &["region"],
};

pub(super) const PENDING_DELETIONS: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_pending_deletions",
    kind: Kind::Gauge,
    help: "Backups and copies of resources that are PENDING_DELETION and can still be restored",
    labels: &["region"],
};

pub(super) const NEXT_PURGE: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_next_purge_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time at which AWS deletes the first of them for good; absent when there is none, or AWS does not say",
    labels: &[],
};

pub(super) const DELETIONS_HELD: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_deletions_held",
    kind: Kind::Gauge,
    help: "Resources that are not Ready because a deletion is held, by the reason",
    labels: &["reason"],
};

pub(super) const DELETIONS_IN_HOUR: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_deletions_in_hour",
    kind: Kind::Gauge,
    help: "Deletions of the last hour that count against --max-deletions",
    labels: &[],
};

pub(super) const DELETIONS_LEFT_IN_HOUR: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_deletions_left_in_hour",
    kind: Kind::Gauge,
    help: "Deletions that --max-deletions leaves for this hour; absent on a standby, and until every region was listed once",
    labels: &[],
};

pub(super) const CHANGES: Spec<3> = Spec {
    name: "cloudhsm_backup_operator_changes_total",
    kind: Kind::Counter,
    help: "Requests to change something in AWS; outcome is accepted, rejected, not_sent or unknown",
    labels: &["operation", "region", "outcome"],
};

pub(super) const AWS_CALLS: Spec<3> = Spec {
    name: "cloudhsm_backup_operator_aws_calls_total",
    kind: Kind::Counter,
    help: "Calls to AWS, those that change something included; outcome is ok or the class of the failure",
    labels: &["operation", "region", "outcome"],
};

pub(super) const AWS_CALL_DURATION: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_aws_call_duration_seconds",
    kind: Kind::Histogram,
    help: "How long calls to AWS took, until the answer or the failure, retries included",
    labels: &["operation"],
};

pub(super) const AWS_THROTTLES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_aws_throttles_total",
    kind: Kind::Counter,
    help: "Answers by which AWS throttled, those that a retry made good included",
    labels: &["region"],
};

pub(super) const LAST_SCAN: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_last_scan_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Unix time of the last complete listing of a region",
    labels: &["region"],
};

pub(super) const SCAN_FAILURES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_scan_failures",
    kind: Kind::Gauge,
    help: "Listings of a region that failed in a row; 0 when the last one was complete",
    labels: &["region"],
};

pub(super) const INVENTORY_DISAPPEARANCES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_inventory_disappearances_total",
    kind: Kind::Counter,
    help: "Listings in which most backups of a region were missing all at once; none is taken for gone because of it",
    labels: &["region"],
};

pub(super) const LEADER: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_leader",
    kind: Kind::Gauge,
    help: "1 while this process acts, 0 while it stands by",
    labels: &[],
};

pub(super) const RECONCILES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_reconciles_total",
    kind: Kind::Counter,
    help: "Passes over a resource; outcome is ok or error",
    labels: &["outcome"],
};

pub(super) const RECONCILE_DURATION: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_reconcile_duration_seconds",
    kind: Kind::Histogram,
    help: "How long a pass over a resource took",
    labels: &[],
};

pub(super) const STATUS_WRITES: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_status_writes_total",
    kind: Kind::Counter,
    help: "Writes of a status; outcome is written, conflict or error",
    labels: &["outcome"],
};

pub(super) const EVENTS_REFUSED: Spec<0> = Spec {
    name: "cloudhsm_backup_operator_events_refused_total",
    kind: Kind::Counter,
    help: "Events that the API server did not take, as in a namespace that is being deleted",
    labels: &[],
};

pub(super) const BUILD_INFO: Spec<1> = Spec {
    name: "cloudhsm_backup_operator_build_info",
    kind: Kind::Gauge,
    help: "Always 1; the label is the version that runs",
    labels: &["version"],
};
