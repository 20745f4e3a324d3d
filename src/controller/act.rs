//! The one effect of a pass, and what is told about it.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use plan::{
    decide::Notice,
    effect::{Change, Mutation, Outcome},
    inventory::Topic,
    model::{BackupId, BackupState, Region},
    settings::Settings,
    time::{Clock, Moment},
};
use tracing::Instrument;

use super::{Reconciler, lock, memory::Memory};
use crate::{
    api::CloudHsmBackup,
    aws::{Aws, Permit, Receipt},
    inventory::Describe,
    kubernetes::{Kubernetes, Occurrence, Refusal},
};

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Sends one change, unless its decision, made at `decided`, has grown too old by then; remembers and tells how it went.
    pub(super) async fn mutate(
        &self,
        object: &CloudHsmBackup,
        (mutation, mark): (Mutation, Option<Timestamp>),
        decided: Moment,
        memory: &mut Memory,
    ) {
        memory.recent.begin(mutation.clone(), mark, self.clock.now().tick);
        self.index.begin_request(&mutation, &object.ledger(), self.failed_copies(&mutation), decided);
        let (permit, span) = (self.permit(decided), memory.trace.pass(object));
        let receipt = self.aws.mutate(&mutation, &permit).instrument(span).await;
        let ended = self.clock.now().tick;
        self.index.end_request(&mutation, mark, &receipt.outcome, ended);
        self.conclude(object, mutation, receipt, memory).await;
    }

    /// The copies where `mutation` asks for one that AWS calls DELETED now.
    fn failed_copies(&self, mutation: &Mutation) -> BTreeSet<BackupId> {
        let Some(to) = mutation.destination() else { return BTreeSet::new() };
        let copies = self.inventory.read(|world| world.copies(to, &mutation.target));
        let deleted = copies.iter().filter(|(backup, _)| backup.state == BackupState::Deleted);
        deleted.map(|(backup, _)| backup.id.clone()).collect()
    }

    /// Remembers and tells how a change went.
    pub(super) async fn conclude(
        &self,
        object: &CloudHsmBackup,
        mutation: Mutation,
        receipt: Receipt,
        memory: &mut Memory,
    ) {
        let Receipt { outcome, request_id } = receipt;
        let now = self.clock.now();
        if let Some(failure) = outcome.failure() {
            self.changes.heed(mutation.region(), failure.class);
        } else if mutation.change == Change::Restore {
            lock(&self.breaker).undone(&mutation.target);
        }
        self.reporter.changed(&mutation, &outcome);
        memory.recent.note(mutation.clone(), outcome.clone(), now.tick, &self.settings, fastrand::f64());
        let (region, topic) = match &mutation.change {
            Change::Copy { to, .. } => (to, Topic::CopiesOf(mutation.target.clone())),
            _ => (mutation.region(), Topic::Backup(mutation.target.id.clone())),
        };
        memory.demand.raise(region, topic.clone(), now.tick);
        self.inventory.ask(region, topic, now.tick);
        self.tell(object, &mutation, &outcome, request_id.as_deref(), now.wall).await;
    }

    /// Holds until the decision made at `decided` is too old, or the process may not act any more.
    pub(super) fn permit(&self, decided: Moment) -> Permit {
        let (clock, mandate) = (self.clock.clone(), self.mandate.clone());
        Permit::new(Arc::new(move || {
            let now = clock.now().tick;
            now.since(decided) < Settings::DECISION_LIFETIME && mandate.may_begin(now)
        }))
    }

    async fn tell(
        &self,
        object: &CloudHsmBackup,
        mutation: &Mutation,
        outcome: &Outcome,
        request_id: Option<&str>,
        at: Timestamp,
    ) {
        let operation = mutation.change.kind().operation();
        let (backup, region) = (mutation.backup(), mutation.region());
        let doing = mutation.change.doing(&noun(object, mutation));
        let (resource, request_id) = (object.object_name(), request_id.unwrap_or("none"));
        let destination = mutation.destination().map(tracing::field::display);
        let Some(failure) = outcome.failure() else {
            tracing::info!(%resource, operation, %backup, %region, destination, request_id, "changed in AWS");
            let note = format!("{doing}: {operation} {backup} in {region}, AWS request id {request_id}");
            return self.publish(object, occurrence(mutation, false, done(&mutation.change), note, at)).await;
        };
        tracing::warn!(
            %resource, operation, %backup, %region, destination, request_id, outcome = outcome.name(), class = failure.class.name(), %failure,
            "change failed"
        );
        // A change that may have happened is told like one that has.
        if matches!(outcome, Outcome::Unknown(_)) {
            let note = format!(
                "{doing}: {operation} {backup} in {region} was sent, AWS request id {request_id}; what came of it is not known ({failure})"
            );
            self.publish(object, occurrence(mutation, true, "OutcomeUnknown", note, at)).await;
        }
    }

    /// Publishes the Events of a decision.
    pub(super) async fn announce(&self, object: &CloudHsmBackup, notices: Vec<Notice>, at: Timestamp) {
        for Notice { region, reason, message } in notices {
            let region = region.as_ref().map_or(object.spec.region.as_str(), Region::as_str);
            let key = format!("Reconcile {} {region}", object.spec.backup_id);
            let event = Occurrence {
                warning: true,
                reason: reason.name().to_owned(),
                action: key,
                note: message,
                at,
            };
            self.publish(object, event).await;
        }
    }

    /// An Event that cannot be published fails nothing: the condition, the log and the metrics say the same.
    async fn publish(&self, object: &CloudHsmBackup, event: Occurrence) {
        let Err(refusal) = self.kubernetes.publish(object, &event).await else { return };
        self.reporter.event_refused();
        let (resource, reason, note) = (object.object_name(), &event.reason, &event.note);
        match refusal {
            Refusal::NamespaceTerminating => {
                tracing::info!(%resource, reason, note, "no Event: its namespace is being deleted");
            }
            refusal => {
                tracing::warn!(%resource, reason, note, %refusal, "no Event: the API server refused it");
            }
        }
    }
}

/// What to call the backup that is changed.
fn noun(object: &CloudHsmBackup, mutation: &Mutation) -> String {
    if object.spec.region == mutation.region().as_str() {
        "the backup".to_owned()
    } else {
        format!("the copy in {}", mutation.region())
    }
}

/// The reason of the Event about a change that was made: one for each kind, so that a person can filter for it.
fn done(change: &Change) -> &'static str {
    match change {
        Change::NeverExpires(_) => "NeverExpiresSet",
        Change::Restore => "Restored",
        Change::Tag(_) => "Tagged",
        Change::Untag(_) => "Untagged",
        Change::Copy { .. } => "CopyRequested",
        Change::Delete => "Deleted",
    }
}

fn occurrence(mutation: &Mutation, warning: bool, reason: &str, note: String, at: Timestamp) -> Occurrence {
    let operation = mutation.change.kind().operation();
    Occurrence {
        warning,
        reason: reason.to_owned(),
        // The destination too: Events that differ only in their note would be merged into one.
        action: format!(
            "{operation} {} {}",
            mutation.backup(),
            mutation.destination().unwrap_or(mutation.region())
        ),
        note,
        at,
    }
}
