//! What the lower layers tell, as metrics and log lines.

use std::time::Duration;

use plan::{
    effect::{Mutation, Outcome},
    error::Failure,
    model::Region,
    time::Clock,
};

use super::{clock::SystemClock, metrics::Metrics};
use crate::{
    aws::{Call, CallObserver},
    controller::report::Reporter,
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
        self.metrics.aws_call(call.operation, call.region.as_str(), call.outcome, call.elapsed);
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

    fn scan_failed(&self, region: &Region, failure: &Failure) {
        tracing::warn!(%region, class = failure.class.name(), %failure, "cannot list the backups of a region");
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

    fn deletions(&self, used: usize) {
        self.metrics.deletions_in_hour(u32::try_from(used).unwrap_or(u32::MAX));
    }

    fn resource(&self, before: Option<&str>, after: Option<&str>) {
        self.metrics.resource_changed(before, after);
    }

    fn passed(&self, outcome: &'static str, elapsed: Duration) {
        self.metrics.reconcile(outcome, elapsed);
    }
}
