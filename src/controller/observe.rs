//! The first step: what is known of the backup, and what is asked for because it is not.

use std::collections::BTreeSet;

use plan::{
    decide::{Lookout, Observed, gather},
    desired::Desired,
    effect::{Change, Mutation},
    inventory::{Sight, Topic},
    ledger::Ledger,
    model::BackupState,
    time::{Clock, Moment, Now},
};

use super::{Reconciler, lock, memory::Memory};
use crate::{aws::Aws, inventory::Describe, kubernetes::Kubernetes};

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Collects what looks that began at `since` or later show.
    pub(super) fn gather(&self, desired: &Desired, since: Moment, now: Now) -> Observed {
        // Looked through only when it matters: it goes over every resource.
        let marked =
            if desired.wishes_deletion() { self.index.marked_for_deletion() } else { BTreeSet::new() };
        let mut breaker = lock(&self.breaker);
        self.inventory.read(|world| {
            for (region, core) in world.regions().filter(|(_, core)| core.snapshot().scanned().is_some()) {
                breaker.count_region(region, core.snapshot().backups().map(|(backup, _)| &**backup), now);
            }
            let lookout = Lookout { world, breaker: &breaker, marked: &marked };
            gather(desired, lookout, since, &self.settings, now.tick)
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
        let deletion = Mutation { target: desired.backup.clone(), change: Change::Delete };
        if let Some(mark) = ledger.marks.deletion.filter(|mark| mark.is_open()) {
            memory.recent.found_mark(deletion.clone(), mark.requested_at, now.tick);
        }
        let observed = self.gather(desired, memory.since, now);
        match &observed.primary {
            Sight::Present { backup, began } if backup.state == BackupState::Ready => {
                memory.recent.saw_unchanged(&deletion.key(), *began);
            }
            Sight::Pending | Sight::Unclear(_) => {
                let topic = Topic::Backup(desired.backup.id.clone());
                self.inventory.ask(&desired.backup.region, topic, memory.since);
            }
            Sight::Present { .. } | Sight::Absent { .. } => {}
        }
        observed
    }
}
