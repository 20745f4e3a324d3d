//! DeleteBackup: the gate, the mark, the fresh look, the call.

use std::time::Duration;

use plan::{
    decide::Demand,
    deletion::{Survivor, confirm},
    effect::{Effect, Mutation, Outcome},
    error::{ErrorClass, Failure},
    inventory::Sight,
    model::BackupKey,
    time::{Clock, Moment},
};
use tracing::Instrument;

use super::{
    Reconciler,
    fence::Written,
    lock,
    memory::Memory,
    reconcile::{Again, Error, Pass},
};
use crate::{
    api::CloudHsmBackup,
    aws::{Aws, Receipt},
    inventory::Describe,
    kubernetes::Kubernetes,
};

/// How long the fresh look may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// When to come back while another deletion is under way.
const QUEUE: Duration = Duration::from_millis(500);
/// Of so many survivors one must be seen READY.
const WITNESSES: usize = 3;

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Deletes the backup of `pass`, if within the gate that is still what the rules decide.
    pub(super) async fn delete(
        &self,
        object: &mut CloudHsmBackup,
        pass: &Pass,
        memory: &mut Memory,
    ) -> Result<Again, Error> {
        let Ok(_gate) = self.deletion.try_lock() else { return Ok(Again::After(QUEUE)) };
        self.changes.permit(&pass.desired.backup.region).await;
        // Others may have deleted meanwhile; the guards have to see that.
        let now = self.clock.now();
        let plan = self.decide(pass, memory, now);
        let Some(Effect::Mutate { mutation, mark }) = plan.effect.filter(Effect::is_deletion) else {
            return Ok(Again::Now);
        };
        let Some(verdict) = plan.verdict else { return Ok(Again::Now) };
        match self.write(object, &verdict, true, memory, now).await? {
            Written::Done => {}
            Written::Outdated => return Ok(Again::Now),
            Written::Gone => return Ok(Again::WhenChanged),
        }
        memory.recent.begin(mutation.clone(), mark, self.clock.now().tick);
        self.announce(object, plan.notices, now.wall).await;
        let span = memory.trace.pass(object);
        let receipt = self.confirm_and_send(pass, &mutation, now.tick).instrument(span).await;
        self.conclude(object, mutation, receipt, memory).await;
        self.report_deletions();
        Ok(Again::WhenChanged)
    }

    /// The fresh look, and the call if it confirms what was decided at `decided`.
    async fn confirm_and_send(&self, pass: &Pass, mutation: &Mutation, decided: Moment) -> Receipt {
        let Pass { desired, ledger } = pass;
        let now = self.clock.now();
        let known = self.gather(desired, ledger, &Demand::default(), now);
        let cluster = match known.sight(desired, &mutation.target) {
            Some(Sight::Present { backup, .. }) => backup.cluster().cloned(),
            _ => None,
        };
        let of_it = |survivor: &Survivor| {
            survivor.key != mutation.target && Some(&survivor.cluster) == cluster.as_ref()
        };
        let witnesses =
            known.survivors.into_iter().filter(of_it).map(|survivor| survivor.key).take(WITNESSES);
        let keys: Vec<BackupKey> = std::iter::once(mutation.target.clone()).chain(witnesses).collect();
        self.inventory.look(&keys, now.tick, PATIENCE).await;
        let observed = self.gather(desired, ledger, &Demand::all(now.tick), self.clock.now());
        if let Err(unconfirmed) = confirm(desired, &observed, &mutation.target, now.tick) {
            return withdrawn(unconfirmed.to_string());
        }
        if !self.may_begin() {
            return withdrawn("the operator is stopping, or does not lead any more".to_owned());
        }
        lock(&self.breaker).begin(mutation.target.clone(), self.clock.now().tick);
        let receipt = self.aws.mutate(mutation, &self.permit(decided)).await;
        if receipt.outcome.changed_nothing() {
            lock(&self.breaker).give_back(&mutation.target);
        }
        receipt
    }
}

fn withdrawn(why: String) -> Receipt {
    Receipt { outcome: Outcome::NotSent(Failure::new(ErrorClass::Withdrawn, why)), request_id: None }
}
