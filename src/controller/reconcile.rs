//! One pass over one resource.

use std::time::Duration;

use plan::{
    backoff::Backoff,
    claims::Standing,
    decide::{Plan, plan},
    desired::{Desired, ObjectName},
    effect::Effect,
    inventory::{Core, Topic},
    ledger::Ledger,
    model::Region,
    time::{Clock, Moment, Now},
};

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
    ledger: Ledger,
    standing: Standing,
}

/// How long until every watch has listed what there is; asked again at this interval.
const INDEX_WAIT: Duration = Duration::from_millis(100);
/// No pass asks to be repeated sooner, however its waiting times fall.
const SHORTEST: Duration = Duration::from_millis(10);

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Observes, plans, writes the status and does at most one thing. `object` is what the cache shows.
    pub async fn reconcile(&self, object: CloudHsmBackup) -> Result<Again, Error> {
        if self.stopping.is_stopping() {
            return Ok(Again::WhenChanged);
        }
        if !self.index.is_complete() {
            return Ok(Again::After(INDEX_WAIT));
        }
        let name = object.object_name();
        let mut memory = self.memories.take(&name);
        let object = memory.newest(object);
        let began = self.clock.now().tick;
        memory.meet(&object, self.looked_at(&object.spec.region), began);
        let result = self.pass(object, &mut memory).await;
        let outcome = if result.is_ok() { "ok" } else { "error" };
        self.reporter.passed(outcome, self.clock.now().tick.since(began));
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

    fn looked_at(&self, region: &str) -> bool {
        let Ok(region) = Region::parse(region) else { return false };
        self.inventory.read(|world| world.region(&region).is_some_and(Core::looked_once))
    }

    async fn pass(&self, mut object: CloudHsmBackup, memory: &mut Memory) -> Result<Again, Error> {
        let pass = self.pass_over(&object)?;
        let now = self.clock.now();
        let plan = self.decide(&pass, memory, now);
        let soon = |wake: Moment| Again::After(wake.since(now.tick).max(SHORTEST));
        let again = plan.next.wake.map_or(Again::WhenChanged, soon);
        if plan.effect.as_ref().is_some_and(Effect::is_deletion) {
            return self.delete(&mut object, &pass, memory).await;
        }
        let fence = match &plan.effect {
            Some(Effect::Mutate { mutation, mark }) => {
                // The permit comes before the mark: a mark is not to grow old in a queue.
                self.changes.permit(mutation.region()).await;
                mark.is_some()
            }
            _ => false,
        };
        if let Some(verdict) = &plan.verdict {
            match self.write(&mut object, verdict, fence, memory, now).await? {
                Written::Done => {}
                Written::Outdated => return Ok(Again::Now),
                Written::Gone => return Ok(Again::WhenChanged),
            }
        }
        self.announce(&object, plan.notices, now.wall).await;
        match plan.effect {
            Some(_) if self.stopping.is_stopping() => Ok(Again::WhenChanged),
            Some(Effect::Mutate { mutation, mark }) => {
                memory.recent.begin(mutation.clone(), mark, self.clock.now().tick);
                self.mutate(&object, mutation, now.tick, memory).await;
                Ok(Again::WhenChanged)
            }
            Some(Effect::AddFinalizer) => self.set_finalizer(&object, true, again).await,
            Some(Effect::RemoveFinalizer) => self.set_finalizer(&object, false, again).await,
            None => Ok(again),
        }
    }

    fn pass_over(&self, object: &CloudHsmBackup) -> Result<Pass, Undecodable> {
        let desired = object.desired()?;
        let standing = self.index.standing(&desired.name);
        Ok(Pass { desired, ledger: object.ledger(), standing })
    }

    /// Observes and plans.
    pub(super) fn decide(&self, pass: &Pass, memory: &mut Memory, now: Now) -> Plan {
        let Pass { desired, ledger, standing } = pass;
        let observed = self.observe(desired, ledger, memory, now);
        let plan = plan(desired, ledger, &observed, standing, &memory.recent, &self.settings, now);
        memory.recent.keep_only(&plan.wanted);
        if let Some(look) = plan.next.look.filter(|look| *look <= now.tick) {
            let topic = Topic::Backup(desired.backup.id.clone());
            self.inventory.ask(&desired.backup.region, topic, look);
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
            Ok(()) | Err(Refusal::Gone) => Ok(again),
            Err(Refusal::Conflict) => Ok(Again::Now),
            Err(refusal) => Err(refusal.into()),
        }
    }
}
