//! What a process does beside its passes: it takes over, wakes whom news concerns, and tells the inventory what
//! is named. Who runs the passes is handed in as `wake`, so that a simulation runs the same.

use std::{sync::Arc, time::Duration};

use plan::{desired::ObjectName, time::Clock};
use tokio::sync::mpsc;

use super::Reconciler;
use crate::{
    aws::Aws,
    inventory::{Changed, Describe},
    kubernetes::Kubernetes,
};

/// How soon the number of deletions is told when it is not known yet.
const COUNTING_SOON: Duration = Duration::from_secs(5);
/// How late it may be told that regions which were named later have added to it.
const COUNTING_PAUSE: Duration = Duration::from_mins(1);
/// Names that change together are handed on together.
const NAMING_PAUSE: Duration = Duration::from_millis(20);

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Does all of it, until it is dropped. `changes` are those of the inventory, `concerned` are those of the index;
    /// `wake` is called with each resource that needs a pass.
    pub async fn attend(
        self: Arc<Self>,
        changes: mpsc::UnboundedReceiver<Changed>,
        concerned: mpsc::UnboundedReceiver<ObjectName>,
        wake: impl Fn(ObjectName) + Send + Sync,
    ) {
        tokio::join!(
            self.take_over(&wake),
            self.hand_on(changes, concerned, &wake),
            self.name_backups(),
            self.count_deletions(),
        );
    }

    /// Once this process leads, begins: until then passes did nothing, and AWS was not looked at.
    async fn take_over(&self, wake: impl Fn(ObjectName)) {
        self.mandate.given().await;
        self.index.take_over(self.clock.now().tick);
        self.index.everyone().into_iter().for_each(wake);
    }

    /// Wakes the resources that a change in AWS, or in somebody's claim, concerns.
    async fn hand_on(
        &self,
        mut changes: mpsc::UnboundedReceiver<Changed>,
        mut concerned: mpsc::UnboundedReceiver<ObjectName>,
        wake: impl Fn(ObjectName),
    ) {
        loop {
            // In a fixed order, so that the same history comes out the same. Neither can starve the other: what is
            // sent to one of them is not sent by handing on the other.
            tokio::select! {
                biased;
                Some(name) = concerned.recv() => wake(name),
                Some(Changed { region, topics }) = changes.recv() => {
                    self.index.concerned(region.as_ref(), &topics).into_iter().for_each(&wake);
                }
                else => return,
            }
        }
    }

    /// Tells the inventory which backups are named.
    #[expect(clippy::disallowed_methods, reason = "the controller owns the pause that gathers names")]
    async fn name_backups(&self) {
        loop {
            let named = self.index.renamed().await;
            // Before everything is listed a region might look unnamed and be forgotten. Who does not lead does not call AWS.
            if self.index.is_complete() && self.may_begin() {
                self.inventory.name(named);
            }
            tokio::time::sleep(NAMING_PAUSE).await;
        }
    }

    /// Keeps the number of deletions that count right while nothing happens: it falls by the passing of time alone.
    #[expect(clippy::disallowed_methods, reason = "the controller owns the pause between two counts")]
    async fn count_deletions(&self) {
        loop {
            let falls = self.report_deletions();
            let pause = falls.map_or(COUNTING_SOON, |falls| falls.since(self.clock.now().tick));
            tokio::time::sleep(pause.min(COUNTING_PAUSE)).await;
        }
    }
}
