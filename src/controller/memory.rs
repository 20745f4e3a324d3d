//! What the process remembers of each resource between two passes.

use std::{collections::HashMap, sync::Mutex};

use kube::ResourceExt;
use plan::{
    decide::Demand,
    desired::ObjectName,
    recent::Recent,
    time::{Moment, Now},
};

use super::{lock, trace::Trace};
use crate::api::{CloudHsmBackup, RECONCILE_REQUEST};

/// What is remembered of one resource.
#[derive(Debug, Default)]
pub(super) struct Memory {
    uid: Option<String>,
    generation: Option<i64>,
    request: Option<String>,
    /// How recent looks must be to count.
    pub(super) demand: Demand,
    /// The last tries.
    pub(super) recent: Recent,
    /// The version that our last write replaced, and what the write made of it: the cache may
    /// still show the former.
    written: Option<(Option<String>, Box<CloudHsmBackup>)>,
    /// How many passes failed in a row.
    pub(super) failures: u32,
    /// The span of the pass that is under way.
    pub(super) trace: Trace,
}

impl Memory {
    /// Takes note of `object` as the cache shows it. A new or changed wish wants a new look.
    pub(super) fn meet(&mut self, object: &CloudHsmBackup, looked_before: bool, now: Now) {
        if self.uid != object.uid() {
            *self = Self { uid: object.uid(), ..Self::default() };
            // At start one scan answers for all; later each new resource gets a look of its own.
            self.demand = Demand::all(if looked_before { now.tick } else { Moment::ZERO });
        } else if self.generation != object.metadata.generation {
            self.demand = Demand::all(now.tick);
        }
        self.generation = object.metadata.generation;
        let request = object.annotations().get(RECONCILE_REQUEST);
        let handled = object.status.as_ref().and_then(|status| status.last_handled_reconcile_at.as_ref());
        if request.is_some() && request != handled && request != self.request.as_ref() {
            self.demand = Demand::all(now.tick);
            self.recent.end_backoffs(now);
        }
        self.request = request.cloned();
    }

    /// `object` as it is after our own last write, if the cache does not show that yet.
    pub(super) fn newest(&mut self, object: CloudHsmBackup) -> CloudHsmBackup {
        match &self.written {
            Some((replaced, written)) if *replaced == object.metadata.resource_version => (**written).clone(),
            _ => {
                // The cache has caught up: two copies of every resource would be one too many.
                self.written = None;
                object
            }
        }
    }

    /// Our write made `after` of the version `replaced`.
    pub(super) fn wrote(&mut self, replaced: Option<String>, after: &CloudHsmBackup) {
        if replaced != after.metadata.resource_version {
            self.written = Some((replaced, Box::new(after.clone())));
        }
    }
}

/// What is remembered of all resources.
#[derive(Debug, Default)]
pub(super) struct Memories(Mutex<HashMap<ObjectName, Memory>>);

impl Memories {
    /// Takes out what is remembered of `name`. A resource is never reconciled twice at once, so nobody misses it meanwhile.
    pub(super) fn take(&self, name: &ObjectName) -> Memory {
        lock(&self.0).remove(name).unwrap_or_default()
    }

    /// Remembers it.
    pub(super) fn keep(&self, name: ObjectName, memory: Memory) {
        lock(&self.0).insert(name, memory);
    }

    /// How many passes over `name` failed in a row.
    pub(super) fn failures(&self, name: &ObjectName) -> u32 {
        lock(&self.0).get(name).map_or(0, |memory| memory.failures)
    }

    /// Forgets it: the resource is gone.
    pub(super) fn forget(&self, name: &ObjectName) {
        lock(&self.0).remove(name);
    }
}
