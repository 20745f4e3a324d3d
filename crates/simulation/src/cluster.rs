//! A model of the API server: versions, conflicts, generations, finalizers, a log of events, one Lease.
//!
//! It knows what the operator relies on and no more. A test holds it to the real
//! kube-apiserver: the same operations give the same answers.

mod port;

use std::{collections::BTreeMap, time::Duration};

use cloudhsm_backup_operator::{
    api::{CloudHsmBackup, CloudHsmBackupSpec, CloudHsmBackupStatus, FINALIZER},
    kubernetes::{Refusal, StoredLease},
};
use k8s_openapi::{api::coordination::v1::Lease, apimachinery::pkg::apis::meta::v1::Time};
use kube::ResourceExt;
use plan::desired::ObjectName;
use serde_json::Value;

pub use self::port::Port;
use crate::clock;

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum Event {
    /// New or changed.
    Applied(Box<CloudHsmBackup>),
    /// Gone.
    Deleted(ObjectName),
}

/// What is stored.
#[derive(Clone, Debug, Default)]
pub struct Store {
    objects: BTreeMap<ObjectName, CloudHsmBackup>,
    lease: Option<Lease>,
    version: u64,
    uids: u64,
    log: Vec<(u64, Event)>,
    /// The time, for the record.
    pub(crate) now: Duration,
    /// What each object was, from when on; `None` while there is none.
    timeline: BTreeMap<ObjectName, Vec<(Duration, Option<CloudHsmBackup>)>>,
}

impl Store {
    /// The version of the last change.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// One object.
    pub fn get(&self, name: &ObjectName) -> Option<&CloudHsmBackup> {
        self.objects.get(name)
    }

    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = (&ObjectName, &CloudHsmBackup)> {
        self.objects.iter()
    }

    /// The holder of the Lease, as it is now.
    pub fn leader(&self) -> Option<String> {
        self.lease.clone().and_then(|lease| StoredLease::of(lease).says().holder)
    }

    /// What there was of all objects at any time from `from` on.
    pub fn versions_since(&self, from: Duration) -> impl Iterator<Item = &CloudHsmBackup> {
        self.timeline.values().flat_map(move |versions| {
            // The one that was there when the time began counts too.
            let first = versions.partition_point(|(at, _)| *at < from).saturating_sub(1);
            versions[first..].iter().filter_map(|(_, object)| object.as_ref())
        })
    }

    /// Whether the object of this uid was there at `at`.
    pub fn was_there(&self, name: &ObjectName, uid: Option<&str>, at: Duration) -> bool {
        let versions = self.timeline.get(name).map_or(&[][..], Vec::as_slice);
        let last = versions.partition_point(|(from, _)| *from <= at).checked_sub(1);
        let object = last.and_then(|last| versions[last].1.as_ref());
        object.is_some_and(|object| object.metadata.uid.as_deref() == uid)
    }

    /// Everything that each object ever was, from when on; `None` while there was none.
    pub fn timeline(&self) -> impl Iterator<Item = (&ObjectName, &[(Duration, Option<CloudHsmBackup>)])> {
        self.timeline.iter().map(|(name, versions)| (name, versions.as_slice()))
    }

    /// The events after `version`.
    pub fn since(&self, version: u64) -> impl Iterator<Item = &(u64, Event)> {
        let from = self.log.partition_point(|(at, _)| *at <= version);
        self.log[from..].iter()
    }

    /// Somebody creates an object; an older one of the same name has to be gone.
    pub fn create(&mut self, name: &ObjectName, spec: CloudHsmBackupSpec, at: jiff::Timestamp) -> bool {
        if self.objects.contains_key(name) {
            return false;
        }
        self.uids += 1;
        let mut object = CloudHsmBackup::new(&name.name, spec);
        object.metadata.namespace = Some(name.namespace.clone());
        object.metadata.uid = Some(format!("uid-{}", self.uids));
        object.metadata.generation = Some(1);
        object.metadata.creation_timestamp = Some(Time(cut(at)));
        self.store(name, object);
        true
    }

    /// Somebody changes an object. A changed spec is a new generation.
    pub fn change(&mut self, name: &ObjectName, change: impl FnOnce(&mut CloudHsmBackup)) -> bool {
        let Some(before) = self.objects.get(name) else { return false };
        let mut after = before.clone();
        change(&mut after);
        if json(&after.spec) != json(&before.spec) {
            after.metadata.generation = before.metadata.generation.map(|generation| generation + 1);
        }
        if json(&after) != json(before) {
            self.settle(name, after);
        }
        true
    }

    /// Somebody puts an older status of an object back.
    pub fn restore_status(&mut self, name: &ObjectName) {
        let Some(object) = self.objects.get(name) else { return };
        let versions =
            self.timeline.get(name).into_iter().flatten().filter_map(|(_, object)| object.as_ref());
        let earlier: Vec<_> = versions.filter(|older| older.metadata.uid == object.metadata.uid).collect();
        let Some(status) = earlier.get(earlier.len() / 2).map(|older| older.status.clone()) else { return };
        self.change(name, |object| object.status = status);
    }

    /// Somebody deletes an object: it is gone, or terminates as long as it has finalizers.
    pub fn delete(&mut self, name: &ObjectName, at: jiff::Timestamp) -> bool {
        let Some(object) = self.objects.get(name) else { return false };
        if object.metadata.deletion_timestamp.is_some() {
            return true;
        }
        let mut object = object.clone();
        object.metadata.deletion_timestamp = Some(Time(cut(at)));
        object.metadata.generation = object.metadata.generation.map(|generation| generation + 1);
        self.settle(name, object);
        true
    }

    /// Stores `object`, unless it terminates and has no finalizers any more.
    fn settle(&mut self, name: &ObjectName, object: CloudHsmBackup) {
        if object.metadata.deletion_timestamp.is_some() && object.finalizers().is_empty() {
            self.version += 1;
            self.objects.remove(name);
            self.timeline.entry(name.clone()).or_default().push((self.now, None));
            self.log.push((self.version, Event::Deleted(name.clone())));
        } else {
            self.store(name, object);
        }
    }

    fn store(&mut self, name: &ObjectName, mut object: CloudHsmBackup) {
        self.version += 1;
        object.metadata.resource_version = Some(self.version.to_string());
        self.log.push((self.version, Event::Applied(Box::new(object.clone()))));
        self.timeline.entry(name.clone()).or_default().push((self.now, Some(object.clone())));
        self.objects.insert(name.clone(), object);
    }

    /// The object that a conditional write is about.
    fn current(&self, decided_on: &CloudHsmBackup) -> Result<(ObjectName, CloudHsmBackup), Refusal> {
        let name = name_of(decided_on);
        let object = self.objects.get(&name).ok_or(Refusal::Gone)?;
        if object.resource_version() != decided_on.resource_version() {
            return Err(Refusal::Conflict);
        }
        Ok((name, object.clone()))
    }

    /// The operator applies a status.
    pub fn apply_status(
        &mut self,
        decided_on: &CloudHsmBackup,
        status: &CloudHsmBackupStatus,
    ) -> Result<CloudHsmBackup, Refusal> {
        let (name, object) = self.current(decided_on)?;
        let mut after = object.clone();
        after.status = Some(status.clone());
        // An apply that changes nothing leaves the version.
        if json(&after.status) != json(&object.status) {
            self.store(&name, after);
        }
        Ok(self.objects[&name].clone())
    }

    /// The operator puts its finalizer on, or takes it off.
    pub fn set_finalizer(&mut self, decided_on: &CloudHsmBackup, present: bool) -> Result<(), Refusal> {
        let (name, object) = self.current(decided_on)?;
        let has = object.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
        if has == present {
            return Ok(());
        }
        if present && object.metadata.deletion_timestamp.is_some() {
            return Err(Refusal::Failed(
                "no new finalizers can be added if the object is being deleted".to_owned(),
            ));
        }
        let mut after = object;
        let finalizers = after.metadata.finalizers.get_or_insert_default();
        if present {
            finalizers.push(FINALIZER.to_owned());
        } else {
            finalizers.retain(|one| one != FINALIZER);
        }
        self.settle(&name, after);
        Ok(())
    }

    fn write_lease(&mut self, mut lease: Lease) -> StoredLease {
        self.version += 1;
        lease.metadata.resource_version = Some(self.version.to_string());
        self.lease = Some(lease.clone());
        StoredLease::of(lease)
    }
}

/// The name of an object.
pub fn name_of(object: &CloudHsmBackup) -> ObjectName {
    ObjectName { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

/// Kubernetes' times are whole seconds.
fn cut(at: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// What the true time is, for those who create and delete.
pub fn now(world: &crate::world::World) -> jiff::Timestamp {
    clock::true_time(world.elapsed())
}
