//! One pass over one resource.

use std::time::Duration;

use plan::{
    backoff::Backoff,
    decide::{Plan, plan},
    desired::{Desired, ObjectName},
    effect::Effect,
    inventory::Core,
    ledger::Ledger,
    model::Region,
    time::{Clock, Moment, Now},
};
use tracing::Instrument;

use super::{Reconciler, fence::Written, memory::Memory};
use crate::{
    api::{CloudHsmBackup, Undecodable},
    aws::Aws,
    inventory::Describe,
    kubernetes::{Kubernetes, Refusal},
};

/// Why a pass failed. It is repeated, ever more rarely.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server did not do what was asked.
    #[error("API server: {0}")]
    Kubernetes(#[from] Refusal),
    /// The resource passed another version of the schema.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
}

/// When to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// At once: what the decision rested on has changed.
    Now,
    /// After this time.
    After(Duration),
    /// When the resource, the backup or a claim changes.
    WhenChanged,
}

/// What a pass rests on, beside AWS.
pub(super) struct Pass {
    pub(super) desired: Desired,
    pub(super) ledger: Ledger,
}

/// How long until every watch has listed what there is; asked again at this interval.
const INDEX_WAIT: Duration = Duration::from_millis(100);
/// No pass asks to be repeated sooner, however its waiting times fall.
const SHORTEST: Duration = Duration::from_millis(10);

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Observes, plans, writes the status and does at most one thing. `object` is what the cache shows.
    pub async fn reconcile(&self, object: CloudHsmBackup) -> Result<Again, Error> {
        if !self.may_begin() {
            return Ok(Again::WhenChanged);
        }
        if !self.index.is_complete() {
            return Ok(Again::After(INDEX_WAIT));
        }
        let name = object.object_name();
        let mut memory = self.memories.take(&name);
        let object = memory.newest(object);
        let began = self.clock.now().tick;
        memory.meet(&object, self.looked_at(&object.spec.region), self.clock.now());
        let result = self.pass(object, &mut memory).await;
        let outcome = if result.is_ok() { "ok" } else { "error" };
        self.reporter.passed(outcome, self.clock.now().tick.since(began));
        memory.trace.end(outcome);
        memory.failures = if result.is_ok() { 0 } else { memory.failures.saturating_add(1) };
        // A pass that took off the finalizer may outlast its resource: then nobody would ever forget it.
        if self.index.knows(&name) {
            self.memories.keep(name, memory);
        }
        result
    }

    /// How long to wait after a pass over `name` that failed.
    pub fn backoff(&self, name: &ObjectName) -> Duration {
        Backoff::KUBERNETES.wait(self.memories.failures(name), fastrand::f64())
    }

    /// The resource is gone.
    pub fn forget(&self, name: &ObjectName) {
        self.memories.forget(name);
    }

    /// Whether something new may be begun.
    pub(super) fn may_begin(&self) -> bool {
        self.mandate.may_begin(self.clock.now().tick)
    }

    fn looked_at(&self, region: &str) -> bool {
        let Ok(region) = Region::parse(region) else { return false };
        self.inventory.read(|world| world.region(&region).is_some_and(Core::looked_once))
    }

    async fn pass(&self, mut object: CloudHsmBackup, memory: &mut Memory) -> Result<Again, Error> {
        let pass = Pass { desired: object.desired()?, ledger: object.ledger() };
        let mut now = self.clock.now();
        let mut plan = self.decide(&pass, memory, now);
        if plan.effect.as_ref().is_some_and(Effect::is_deletion) {
            return self.delete(&mut object, &pass, memory).await;
        }
        if let Some(Effect::Mutate { mutation, .. }) = &plan.effect {
            // The permit comes before the mark, and before the decision: neither is to grow old in a queue.
            self.changes.permit(mutation.region()).await;
            let mutation = mutation.clone();
            now = self.clock.now();
            plan = self.decide(&pass, memory, now);
            let still =
                matches!(&plan.effect, Some(Effect::Mutate { mutation: same, .. }) if *same == mutation);
            if !still || !self.may_begin() {
                return Ok(Again::Now);
            }
        }
        let soon = |wake: Moment| Again::After(wake.since(now.tick).max(SHORTEST));
        let again = plan.next.wake.map_or(Again::WhenChanged, soon);
        let fence = matches!(&plan.effect, Some(Effect::Mutate { mark: Some(_), .. }));
        if let Some(verdict) = &plan.verdict {
            let written = self.write(&mut object, verdict, fence, memory, now).await;
            if let (Err(_), Some(Effect::Mutate { mutation, mark })) = (&written, &plan.effect) {
                self.index.drop_request(mutation, *mark, now.tick);
            }
            match written? {
                Written::Done => {}
                Written::Outdated => return Ok(Again::Now),
                Written::Gone => return Ok(Again::WhenChanged),
            }
        }
        self.announce(&object, plan.notices, now.wall).await;
        match plan.effect {
            Some(_) if !self.may_begin() => Ok(Again::WhenChanged),
            Some(Effect::Mutate { mutation, mark }) => {
                self.mutate(&object, (mutation, mark), now.tick, memory).await;
                // What became of a marked change goes on record at once, whatever the watch shows by then.
                Ok(if mark.is_some() { Again::Now } else { Again::WhenChanged })
            }
            Some(Effect::AddFinalizer) => {
                self.set_finalizer(&object, true, again).instrument(memory.trace.pass(&object)).await
            }
            Some(Effect::RemoveFinalizer) => {
                self.set_finalizer(&object, false, again).instrument(memory.trace.pass(&object)).await
            }
            None => Ok(again),
        }
    }

    /// Observes and plans.
    pub(super) fn decide(&self, pass: &Pass, memory: &mut Memory, now: Now) -> Plan {
        let Pass { desired, ledger } = pass;
        let observed = self.observe(desired, ledger, memory, now);
        let standing = self.index.standing(&desired.name, &observed.copies_found());
        let plan = plan(desired, ledger, &observed, &standing, &memory.recent, &self.settings, now);
        memory.recent.keep_only(&plan.wanted);
        for ((region, topic), since) in plan.next.looks.iter().filter(|(_, since)| **since <= now.tick) {
            self.inventory.ask(region, topic.clone(), *since);
        }
        plan
    }

    async fn set_finalizer(
        &self,
        object: &CloudHsmBackup,
        present: bool,
        again: Again,
    ) -> Result<Again, Error> {
        match self.kubernetes.set_finalizer(object, present).await {
            Ok(()) => {
                let resource = object.object_name();
                tracing::info!(%resource, "finalizer {}", if present { "added" } else { "removed" });
                Ok(again)
            }
            Err(Refusal::Gone) => Ok(again),
            Err(Refusal::Conflict) => Ok(Again::Now),
            Err(refusal) => Err(refusal.into()),
        }
    }
}
