//! What the lower layers tell, as metrics and log lines.

use std::{collections::BTreeMap, time::Duration};

use plan::{
    effect::{Mutation, Outcome},
    error::Failure,
    model::Region,
    reason::Reason,
    time::Clock,
};

use super::{clock::SystemClock, metrics::Metrics};
use crate::{
    api::{conditions::READY, shown::Stated},
    aws::{Call, CallObserver},
    controller::report::{Reporter, Sum},
    inventory::Witness,
    kubernetes::Refusal,
};

/// Counts everything in one set of metrics.
#[derive(Clone, Debug)]
pub struct Observers {
    /// Where it is counted.
    pub metrics: Metrics,
    /// The clock of the process.
    pub clock: SystemClock,
}

impl CallObserver for Observers {
    fn called(&self, call: Call<'_>) {
        let Call { operation, region, outcome, elapsed, throttles } = call;
        self.metrics.aws_call(operation, region.as_str(), outcome, elapsed, throttles);
    }
}

impl Witness for Observers {
    fn scanned(&self, region: &Region, doubted: bool) {
        self.metrics.scanned(region.as_str(), self.clock.now().wall);
        if doubted {
            self.metrics.inventory_disappearance(region.as_str());
            tracing::warn!(%region, "most backups are missing from a listing; nothing is concluded before another one");
        }
    }

    fn scan_failed(&self, region: &Region, failure: &Failure, in_a_row: u32) {
        self.metrics.scan_failed(region.as_str(), in_a_row);
        tracing::warn!(%region, class = failure.class.name(), %failure, in_a_row, "cannot list the backups of a region");
    }

    fn counted(&self, region: &Region, states: &BTreeMap<&'static str, usize>) {
        self.metrics.backups(region.as_str(), states);
    }

    fn forgotten(&self, region: &Region) {
        self.metrics.forget_region(region.as_str());
    }
}

impl Reporter for Observers {
    fn changed(&self, mutation: &Mutation, outcome: &Outcome) {
        self.metrics.change(mutation.change.kind().operation(), mutation.region().as_str(), outcome.name());
    }

    fn status_written(&self, result: Result<(), &Refusal>) {
        self.metrics.status_write(match result {
            Ok(()) => "written",
            Err(Refusal::Conflict) => "conflict",
            Err(_) => "error",
        });
    }

    fn event_refused(&self) {
        self.metrics.event_refused();
    }

    fn deletions(&self, used: usize, most: u32) {
        self.metrics.deletions(used, most);
    }

    fn summed(&self, sum: &Sum) {
        match sum {
            Sum::Stated { stated, resources } => {
                let Stated { condition, status, reason } = *stated;
                self.metrics.resources(condition, status, reason, *resources);
                let holds = Reason::from_name(reason).is_some_and(Reason::holds_deletion);
                if condition == READY && status == "False" && holds {
                    self.metrics.deletions_held(reason, *resources);
                }
            }
            Sum::Copies { region, wanted, ready } => self.metrics.copies(region.as_str(), *wanted, *ready),
            Sum::Pending { region, backups } => self.metrics.pending_deletions(region.as_str(), *backups),
            Sum::NextPurge(at) => self.metrics.next_purge(*at),
        }
    }

    fn passed(&self, outcome: &'static str, elapsed: Duration) {
        self.metrics.reconcile(outcome, elapsed);
    }
}
