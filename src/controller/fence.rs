//! The conditional write of the status, which fences every marked effect.

use kube::ResourceExt;
use plan::{
    decide::Verdict,
    desired::Desired,
    time::{Clock, Now},
};
use tracing::Instrument;

use super::{Reconciler, memory::Memory, trace};
use crate::{
    api::{CloudHsmBackup, CloudHsmBackupStatus, report},
    aws::Aws,
    inventory::Describe,
    kubernetes::{Kubernetes, Refusal},
};

/// How a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The status says what the decision says.
    Done,
    /// What the decision rested on has changed: decide again.
    Outdated,
    /// The resource is gone.
    Gone,
}

/// How often a write is repeated when only others' fields have changed.
const MOST_TRIES: u32 = 5;

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Writes what `verdict` says to the status of `object`, which becomes what the API server has then.
    ///
    /// Nothing is written when the status says it already, except as a `fence`: then the API
    /// server has to agree, at this moment, that nothing has changed since the decision.
    pub(super) async fn write(
        &self,
        object: &mut CloudHsmBackup,
        verdict: &Verdict,
        fence: bool,
        memory: &mut Memory,
        now: Now,
    ) -> Result<Written, Refusal> {
        for _ in 0..MOST_TRIES {
            let before = object.status.clone().unwrap_or_default();
            let after = report::status(verdict, object.metadata.generation, &before, now.wall);
            if !fence && report::ours(&before) == after {
                return Ok(self.concluded(object, verdict));
            }
            match self.apply(object, &after, memory).await {
                Ok(()) => return Ok(self.concluded(object, verdict)),
                Err(Refusal::Gone) => return Ok(Written::Gone),
                Err(Refusal::Conflict) => {}
                Err(refusal) => return Err(refusal),
            }
            let Some(current) = self.kubernetes.read(&object.object_name()).await? else {
                return Ok(Written::Gone);
            };
            memory.saw(object.metadata.resource_version.clone(), &current);
            let same = rests_on_the_same(object, &current);
            *object = current;
            if !same {
                return Ok(Written::Outdated);
            }
        }
        Ok(Written::Outdated)
    }

    /// The status says what became of requests for copies: they are forgotten.
    fn concluded(&self, object: &CloudHsmBackup, verdict: &Verdict) -> Written {
        if let Ok(Desired { backup, .. }) = object.desired() {
            self.index.with_requests(|requests| {
                for (region, requested_at) in &verdict.concluded {
                    requests.conclude(&backup, region, *requested_at);
                }
            });
        }
        Written::Done
    }

    async fn apply(
        &self,
        object: &mut CloudHsmBackup,
        status: &CloudHsmBackupStatus,
        memory: &mut Memory,
    ) -> Result<(), Refusal> {
        let span = memory.trace.write(object);
        let result = self.kubernetes.apply_status(object, status).instrument(span.clone()).await;
        trace::written(&span, &result);
        self.reporter.status_written(result.as_ref().map(drop));
        let mut after = result?;
        // An apply cannot remove what somebody else has set as well; left standing it would be taken for ours.
        let left = after.status.as_ref().and_then(|now| report::leftovers(now, status));
        if let Some(patch) = left {
            let result = self.kubernetes.merge_status(&after, &patch).await;
            self.reporter.status_written(result.as_ref().map(drop));
            after = result?;
        }
        memory.saw(object.metadata.resource_version.clone(), &after);
        self.index.set(&after, self.clock.now().tick);
        *object = after;
        Ok(())
    }
}

/// Whether a decision about `before` holds for `after`: same object, wish, annotations, finalizers and marks.
fn rests_on_the_same(before: &CloudHsmBackup, after: &CloudHsmBackup) -> bool {
    let ours = |object: &CloudHsmBackup| {
        let annotations = object.annotations().iter();
        let ours = annotations.filter(|(key, _)| key.starts_with(crate::api::GROUP));
        ours.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
    };
    before.uid() == after.uid()
        && before.metadata.generation == after.metadata.generation
        && before.metadata.deletion_timestamp == after.metadata.deletion_timestamp
        && ours(before) == ours(after)
        && before.finalizers() == after.finalizers()
        && before.ledger().marks == after.ledger().marks
        && before.ledger().copies == after.ledger().copies
}
