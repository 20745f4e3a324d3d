//! The first step: what is known of the backups, and what is asked for because it is not.

use std::collections::BTreeSet;

use plan::{
    decide::{Demand, Lookout, Observed, gather, learn},
    deletion::Breaker,
    desired::Desired,
    inventory::{Sight, Topic, World},
    ledger::Ledger,
    time::{Clock, Moment, Now},
};

use super::{Reconciler, lock, memory::Memory};
use crate::{aws::Aws, inventory::Describe, kubernetes::Kubernetes};

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Collects what looks as recent as `demand` wants show.
    pub(super) fn gather(&self, desired: &Desired, ledger: &Ledger, demand: &Demand, now: Now) -> Observed {
        // Looked through only when it matters: it goes over every resource.
        let marked =
            if desired.wishes_deletion() { self.index.marked_for_deletion() } else { BTreeSet::new() };
        let mut breaker = lock(&self.breaker);
        self.index.with_requests(|requests| {
            self.inventory.read(|world| {
                count(&mut breaker, world, now);
                let lookout = Lookout { world, requests, breaker: &breaker, marked: &marked };
                gather(desired, ledger, lookout, demand, &self.settings, now.tick)
            })
        })
    }

    /// Tells how many deletions of the last hour count, and returns when it is fewer. Who does not lead does not know, nor
    /// does anybody until every region was looked at.
    pub(super) fn report_deletions(&self) -> Option<Moment> {
        let now = self.clock.now();
        if !self.index.is_complete() || !self.mandate.holds(now.tick) {
            return None;
        }
        let mut breaker = lock(&self.breaker);
        let known = self.inventory.read(|world| {
            count(&mut breaker, world, now);
            world.looked_everywhere_once()
        });
        known.then(|| {
            self.reporter.deletions(breaker.used(now.tick), self.settings.max_deletions);
            breaker.falls(now.tick)
        })
    }

    /// Observes for one pass, asks for what is missing, and brings the memory up to date.
    pub(super) fn observe(
        &self,
        desired: &Desired,
        ledger: &Ledger,
        memory: &mut Memory,
        now: Now,
    ) -> Observed {
        // The watch may show this pass a status before it shows it to the index.
        self.index.see_requests(&desired.backup, ledger, now.tick);
        let observed = self.gather(desired, ledger, &memory.demand, now);
        self.index.with_requests(|requests| {
            let memory = (&mut memory.recent, requests);
            learn(memory, desired, ledger, &observed, &self.settings, now.tick);
        });
        if matches!(observed.primary, Sight::Pending | Sight::Unclear(_)) {
            let (region, topic) = (&desired.backup.region, Topic::Backup(desired.backup.id.clone()));
            self.inventory.ask(region, topic.clone(), memory.demand.of(region, topic));
        }
        observed
    }
}

/// Counts the deletions that listed regions show; each region once.
fn count(breaker: &mut Breaker, world: &World, now: Now) {
    for (region, core) in world.regions().filter(|(_, core)| core.snapshot().scanned().is_some()) {
        breaker.count_region(region, core.snapshot().backups().map(|(backup, _)| &**backup), now);
    }
}
