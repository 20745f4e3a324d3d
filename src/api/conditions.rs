//! `metav1.Condition`s in the way that kubectl wait, Flux and Argo CD read them (kstatus).

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use plan::{
    decide::Verdict,
    reason::{Reason, Stance},
};

/// Whether AWS matches the spec.
pub const READY: &str = "Ready";
/// Present and True while the operator goes on by itself.
pub const RECONCILING: &str = "Reconciling";
/// Present and True while a person must act.
pub const STALLED: &str = "Stalled";
/// Present when copies are wanted: whether all of them are there.
pub const COPIES_READY: &str = "CopiesReady";
/// Present and True while the backup is PENDING_DELETION.
pub const DELETION_SCHEDULED: &str = "DeletionScheduled";

/// Every condition type of ours, in the order in which they are listed.
pub const TYPES: [&str; 5] = [READY, RECONCILING, STALLED, COPIES_READY, DELETION_SCHEDULED];

/// The conditions that say what `verdict` says. Those in `before` lend their transition times.
pub(super) fn of(
    verdict: &Verdict,
    generation: Option<i64>,
    before: &[Condition],
    now: Timestamp,
) -> Vec<Condition> {
    let make = |type_: &str, status: bool, reason: Reason, message: &str| {
        let status = if status { "True" } else { "False" };
        let since = before.iter().find(|condition| condition.type_ == type_ && condition.status == status);
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.name().to_owned(),
            message: message.to_owned(),
            observed_generation: generation,
            last_transition_time: since.map_or(Time(now), |condition| condition.last_transition_time.clone()),
        }
    };
    let ready = &verdict.ready;
    let mut conditions = vec![make(READY, ready.is_ready(), ready.reason, &ready.message)];
    match ready.reason.stance() {
        Stance::Settled => {}
        Stance::Reconciling => conditions.push(make(RECONCILING, true, ready.reason, &ready.message)),
        Stance::Stalled => conditions.push(make(STALLED, true, ready.reason, &ready.message)),
    }
    if let Some(copies) = &verdict.copies_ready {
        let settled = copies.reason.stance() == Stance::Settled;
        conditions.push(make(COPIES_READY, settled, copies.reason, &copies.message));
    }
    if let Some(message) = &verdict.deletion_scheduled {
        conditions.push(make(DELETION_SCHEDULED, true, Reason::DeletionScheduled, message));
    }
    conditions
}

/// Whether a condition is one of ours.
pub(super) fn is_ours(condition: &Condition) -> bool {
    TYPES.contains(&condition.type_.as_str())
}

/// Our conditions among `conditions`, in our order. Others belong to whoever set them.
pub(super) fn ours(conditions: &[Condition]) -> Vec<Condition> {
    TYPES
        .iter()
        .filter_map(|type_| conditions.iter().find(|condition| condition.type_ == *type_))
        .cloned()
        .collect()
}
