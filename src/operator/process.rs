//! The process at work: one term after the other, each with everything made anew.
//!
//! Whoever loses the Lease knows nothing for sure any more: another one may act. So what was
//! known goes with the term, as if the process had been started again, and nothing of it can
//! leak into the next one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plan::{leadership::Candidate, time::Moment};
use tokio_util::sync::CancellationToken;

use super::{
    clock::SystemClock, flags::RunFlags, gates::Gates, leadership::Term, observers::Observers,
    preflight::Scope, run::Clients, source::SharedAws,
};
use crate::{
    controller::{
        Index, Mandate, Parts, Reconciler, Stopping,
        wiring::{self, Watches},
    },
    inventory::Inventory,
    kubernetes::{KubeApi, KubeLease},
};

/// What all terms share.
pub(super) struct Process {
    pub(super) flags: RunFlags,
    pub(super) observers: Observers,
    pub(super) aws: SharedAws,
    pub(super) clients: Clients,
    pub(super) scope: Scope,
    pub(super) gates: Gates,
    pub(super) stopping: Stopping,
    /// Cancelled when the process is to stop.
    pub(super) stop: CancellationToken,
}

impl Process {
    /// Stands by, leads, and returns when the Lease is lost or the process stops, once nothing is under way any more.
    pub(super) async fn serve_term(&self) {
        let mandate = Mandate::new(self.stopping.clone());
        let (over, done) = (self.stop.child_token(), CancellationToken::new());
        let election = async {
            self.stand(mandate.clone(), &done).await;
            over.cancel();
        };
        let work = async {
            self.act(mandate.clone(), over.clone()).await;
            done.cancel();
        };
        tokio::join!(election, work);
    }

    /// Gives the mandate, after an election if there is to be one, and keeps it up until it is lost or the work is `done`.
    async fn stand(&self, mandate: Mandate, done: &CancellationToken) {
        let Observers { metrics, clock } = self.observers.clone();
        let (Some(election), Some(at)) = (self.flags.election(), &self.scope.lease) else {
            mandate.extend(Moment::MAX);
            metrics.leader(true);
            return done.cancelled().await;
        };
        let leases = KubeLease::new(self.clients.leasing.clone(), &at.namespace, &at.name);
        // A name that nobody has had before, not even this process.
        let name = format!("{}_{:08x}", instance(), fastrand::u32(..));
        let candidate = Candidate::new(name, election.times);
        Term { leases, clock, candidate, mandate, metrics }.serve(&self.stop, done).await;
    }

    /// Watches, and acts while the mandate holds; until `over`.
    async fn act(&self, mandate: Mandate, over: CancellationToken) {
        let Observers { clock, .. } = self.observers;
        let (settings, rate) = (self.flags.settings(), self.flags.aws_rate());
        let reporter = Arc::new(self.observers.clone());
        let watches = Watches {
            namespaces: self.scope.namespaces.clone(),
            concurrency: self.flags.concurrency(),
            stop: over.clone(),
        };
        let (index, concerned) = Index::new(watches.count(), Arc::clone(&reporter) as _);
        let index = Arc::new(index);
        let (inventory, changes) =
            Inventory::new(self.aws.clone(), clock, &settings, rate, Arc::clone(&reporter) as _);
        let inventory = Arc::new(inventory);
        let reconciler = Reconciler::<_, _, SystemClock, _>::new(Parts {
            aws: self.aws.clone(),
            kubernetes: KubeApi::new(self.clients.calling.clone(), instance()),
            clock,
            inventory: Arc::clone(&inventory),
            index: Arc::clone(&index),
            settings,
            rate,
            reporter,
            mandate,
        });
        let work =
            wiring::run(Arc::new(reconciler), self.clients.watching.clone(), watches, changes, concerned);
        tokio::join!(self.gates.caches(&index, &over), work);
        // The metrics are those of the process: what this term counted is not to be counted twice.
        inventory.name(BTreeMap::new());
        index.keep_only(None, &BTreeSet::new());
        self.observers.metrics.forget_deletions();
    }
}

/// Names this process: the pod's name, where there is one.
#[expect(clippy::disallowed_methods, reason = "the operator layer owns the environment")]
fn instance() -> String {
    std::env::var("HOSTNAME")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| crate::api::FIELD_MANAGER.to_owned())
}
