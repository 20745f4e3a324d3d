//! One SDK client per region, made when first needed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use plan::model::Region;

/// Clients by region. A client is a handle: cloning it shares its connections.
#[derive(Debug)]
pub(super) struct Clients<C>(Mutex<BTreeMap<Region, C>>);

impl<C> Default for Clients<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Clone> Clients<C> {
    /// The client of `region`, made by `make` when there is none yet.
    pub(super) fn of(&self, region: &Region, make: impl FnOnce() -> C) -> C {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.clone()).or_insert_with(make).clone()
    }
}
