//! One reconcile: observe, plan, write the status, do one thing, look again.
//!
//! [`Reconciler`] is generic over the port to AWS, the port to the API server and the clock,
//! and holds no socket, timer or controller runtime, so that a simulation can drive it.
//! [`wiring`] alone knows `kube::runtime::Controller`.

mod act;
mod delete;
mod duties;
mod feed;
mod fence;
mod index;
mod led;
mod mandate;
mod memory;
mod observe;
mod reconcile;
pub mod report;
mod tally;
mod trace;
pub mod wiring;

use std::sync::{Arc, Mutex};

use plan::{deletion::Breaker, settings::Settings, time::Clock};

pub use feed::{Feed, Watched};
pub use index::Index;
pub use mandate::{Mandate, Stopping};
pub use reconcile::{Again, Error};

use self::{led::Led, memory::Memories, report::Reporter};
use crate::{
    aws::Aws,
    inventory::{Describe, Inventory, Pacer, lock},
    kubernetes::Kubernetes,
};

/// Everything that a reconcile needs.
pub struct Reconciler<A, K, C, D> {
    aws: A,
    kubernetes: Led<K, C>,
    clock: C,
    inventory: Arc<Inventory<D, C>>,
    index: Arc<Index>,
    settings: Settings,
    reporter: Arc<dyn Reporter>,
    mandate: Mandate,
    changes: Pacer<C>,
    memories: Memories,
    breaker: Mutex<Breaker>,
    /// Deletions of the whole account pass here one at a time.
    deletion: tokio::sync::Mutex<()>,
}

/// What a [`Reconciler`] is made of.
pub struct Parts<A, K, C, D> {
    /// The port to AWS, for changes.
    pub aws: A,
    /// The port to the API server.
    pub kubernetes: K,
    /// The clock.
    pub clock: C,
    /// What is known of AWS.
    pub inventory: Arc<Inventory<D, C>>,
    /// What is known of the other resources.
    pub index: Arc<Index>,
    /// The settings.
    pub settings: Settings,
    /// The most changes a second and region.
    pub rate: f64,
    /// Who hears of what happens.
    pub reporter: Arc<dyn Reporter>,
    /// Whether the process may act.
    pub mandate: Mandate,
}

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Reconciler<A, K, C, D> {
    /// Puts the parts together.
    pub fn new(parts: Parts<A, K, C, D>) -> Self {
        let Parts { aws, kubernetes, clock, inventory, index, settings, rate, reporter, mandate } = parts;
        Self {
            aws,
            kubernetes: Led { port: kubernetes, mandate: mandate.clone(), clock: clock.clone() },
            changes: Pacer::new(clock.clone(), rate),
            clock,
            inventory,
            index,
            settings,
            reporter,
            mandate,
            memories: Memories::default(),
            breaker: Mutex::default(),
            deletion: tokio::sync::Mutex::default(),
        }
    }
}
