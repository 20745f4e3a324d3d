//! The port to the Lease that an election is about.
//!
//! Every write names the version that it replaces, so of two writers one gets a conflict.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease as KubernetesLease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, ResourceExt, api::PostParams};
use plan::leadership::Lease;

use super::{Refusal, api::refusal};
use crate::api::FIELD_MANAGER;

/// A Lease as the API server has it. What others wrote into it, such as labels, stays.
#[derive(Clone, Debug)]
pub struct StoredLease(KubernetesLease);

impl StoredLease {
    /// A Lease as it was read.
    pub const fn of(lease: KubernetesLease) -> Self {
        Self(lease)
    }

    /// What it becomes when `claim` is written into it.
    pub fn with(&self, claim: Claim<'_>) -> KubernetesLease {
        let mut lease = self.0.clone();
        lease.spec = Some(written(&lease.spec.unwrap_or_default(), claim));
        lease
    }

    /// What it says, as far as the election goes.
    pub fn says(&self) -> Lease {
        let spec = self.0.spec.as_ref();
        let seconds = spec.and_then(|spec| spec.lease_duration_seconds);
        Lease {
            version: self.0.resource_version().unwrap_or_default(),
            holder: spec.and_then(|spec| spec.holder_identity.clone()).filter(|holder| !holder.is_empty()),
            duration: seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
        }
    }
}

/// What a leader writes.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Its name; `None` lets go of the Lease.
    pub holder: Option<&'a str>,
    /// For how long it has it.
    pub duration: Duration,
    /// The wall-clock time, for people: nobody decides by it.
    pub at: Timestamp,
}

/// What an election needs of the API server.
pub trait Leases: Send + Sync {
    /// Reads the Lease; `None` if there is none.
    fn read(&self) -> impl Future<Output = Result<Option<StoredLease>, Refusal>> + Send;

    /// Makes it; a conflict if it is there.
    fn create(&self, claim: Claim<'_>) -> impl Future<Output = Result<StoredLease, Refusal>> + Send;

    /// Writes `claim` into `lease`, provided that it still is the version given.
    fn update(
        &self,
        lease: &StoredLease,
        claim: Claim<'_>,
    ) -> impl Future<Output = Result<StoredLease, Refusal>> + Send;
}

/// The real Lease. Its calls have no deadline of their own: whoever makes them knows how long they may take.
#[derive(Clone)]
pub struct KubeLease {
    api: Api<KubernetesLease>,
    name: String,
}

impl KubeLease {
    /// The Lease `name` in `namespace`.
    pub fn new(client: Client, namespace: &str, name: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), name: name.to_owned() }
    }
}

impl Leases for KubeLease {
    async fn read(&self) -> Result<Option<StoredLease>, Refusal> {
        Ok(self.api.get_opt(&self.name).await.map_err(refusal)?.map(StoredLease))
    }

    async fn create(&self, claim: Claim<'_>) -> Result<StoredLease, Refusal> {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let lease = StoredLease(KubernetesLease { metadata, spec: None }).with(claim);
        self.api.create(&by_us(), &lease).await.map(StoredLease).map_err(refusal)
    }

    async fn update(&self, lease: &StoredLease, claim: Claim<'_>) -> Result<StoredLease, Refusal> {
        self.api.replace(&self.name, &by_us(), &lease.with(claim)).await.map(StoredLease).map_err(refusal)
    }
}

fn by_us() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

fn written(before: &LeaseSpec, claim: Claim<'_>) -> LeaseSpec {
    let Claim { holder, duration, at } = claim;
    let taken = holder.is_some() && holder != before.holder_identity.as_deref();
    let transitions = before.lease_transitions.unwrap_or(0).saturating_add(i32::from(taken));
    // Whole seconds, and never less than the holder counts on.
    let seconds = i32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(i32::MAX);
    LeaseSpec {
        holder_identity: holder.map(str::to_owned),
        acquire_time: if taken { Some(MicroTime(at)) } else { before.acquire_time.clone() },
        renew_time: Some(MicroTime(at)),
        lease_duration_seconds: Some(seconds),
        lease_transitions: Some(transitions),
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(holder: Option<&str>, second: i64) -> Claim<'_> {
        Claim { holder, duration: Duration::from_millis(2500), at: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn a_lease_tells_people_who_took_it_when_and_how_often_it_changed_hands() {
        let time = |second| Some(MicroTime(Timestamp::from_second(second).unwrap()));
        let first = written(&LeaseSpec::default(), claim(Some("a"), 1));
        assert_eq!((first.acquire_time.clone(), first.lease_transitions), (time(1), Some(1)));
        assert_eq!(first.lease_duration_seconds, Some(3), "rounded up: nobody takes it too early");
        let renewed = written(&first, claim(Some("a"), 5));
        assert_eq!((renewed.acquire_time.clone(), renewed.renew_time.clone()), (time(1), time(5)));
        let released = written(&renewed, claim(None, 6));
        assert_eq!((released.holder_identity.clone(), released.lease_transitions), (None, Some(1)));
        let taken = written(&released, claim(Some("b"), 7));
        assert_eq!((taken.acquire_time, taken.lease_transitions), (time(7), Some(2)));
    }

    #[test]
    fn a_lease_that_says_nothing_useful_is_read_as_such() {
        let says = |spec| StoredLease(KubernetesLease { spec, ..KubernetesLease::default() }).says();
        let silent = Lease { version: String::new(), holder: None, duration: None };
        assert_eq!(says(None), silent);
        let odd = LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(-1),
            ..LeaseSpec::default()
        };
        assert_eq!(says(Some(odd)), silent);
    }
}
