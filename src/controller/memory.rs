//! What the process remembers of each resource between two passes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
};

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
    /// The newest that we know from a write or a read of our own, and the versions before it that the cache may still
    /// show.
    newer: Option<(BTreeSet<String>, Box<CloudHsmBackup>)>,
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

    /// `object` as the cache shows it, or what is newer, if that is known.
    pub(super) fn newest(&mut self, object: CloudHsmBackup) -> CloudHsmBackup {
        let version = object.metadata.resource_version.as_ref();
        match &self.newer {
            Some((older, newer)) if version.is_some_and(|version| older.contains(version)) => {
                (**newer).clone()
            }
            _ => {
                // The cache has caught up: two copies of every resource would be one too many.
                self.newer = None;
                object
            }
        }
    }

    /// What was `before` is `after` by now: we have written it, or read it past the cache.
    pub(super) fn saw(&mut self, before: Option<String>, after: &CloudHsmBackup) {
        if before == after.metadata.resource_version {
            return;
        }
        let mut older = self.newer.take().map(|(older, _)| older).unwrap_or_default();
        older.extend(before);
        self.newer = Some((older, Box::new(after.clone())));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn version(version: &str) -> CloudHsmBackup {
        let mut object = CloudHsmBackup::new(
            "main",
            serde_json::from_value(
                serde_json::json!({ "backupId": "backup-ro5c4er4aac", "region": "eu-west-1" }),
            )
            .unwrap(),
        );
        object.metadata.resource_version = Some(version.to_owned());
        object
    }

    fn newest(memory: &mut Memory, cached: &str) -> Option<String> {
        memory.newest(version(cached)).metadata.resource_version
    }

    #[test]
    fn a_cache_that_lags_several_writes_behind_is_not_believed_until_it_has_caught_up() {
        let mut memory = Memory::default();
        for (before, after) in [("1", "2"), ("2", "3"), ("3", "5")] {
            memory.saw(Some(before.to_owned()), &version(after));
        }
        for cached in ["1", "3", "2"] {
            assert_eq!(newest(&mut memory, cached).as_deref(), Some("5"), "{cached}");
        }
        assert_eq!(newest(&mut memory, "5").as_deref(), Some("5"));
        assert!(memory.newer.is_none(), "it is forgotten then");
        assert_eq!(newest(&mut memory, "6").as_deref(), Some("6"));
    }

    #[test]
    fn a_write_that_changes_nothing_is_nothing_to_remember() {
        let mut memory = Memory::default();
        memory.saw(Some("1".to_owned()), &version("1"));
        assert!(memory.newer.is_none());
    }
}
