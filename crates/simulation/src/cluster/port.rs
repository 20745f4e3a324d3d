//! The port of one process to the API server, with all that can go wrong on the way.

use cloudhsm_backup_operator::{
    api::{CloudHsmBackup, CloudHsmBackupStatus, status::Mark},
    kubernetes::{Claim, Kubernetes, Leases, Occurrence, Refusal, StoredLease},
};
use k8s_openapi::api::coordination::v1::Lease;
use plan::desired::ObjectName;

use super::{Store, name_of};
use crate::{
    weather::{ClusterFault, Fault},
    world::{Moment, Shared, World},
};

/// The port of one process to the API server.
#[derive(Clone)]
pub struct Port {
    /// Which process.
    pub number: usize,
    /// The world.
    pub world: Shared,
}

impl Port {
    /// Carries out a write, with all that can go wrong on the way.
    async fn write<T>(
        &self,
        what: impl FnOnce() -> String,
        act: impl FnOnce(&mut World) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.world.alive(self.number, Some(Moment::Before)).await;
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
        let (result, fault) = {
            let mut world = self.world.lock();
            let fault = self.strike(&mut world);
            if matches!(fault, Some(ClusterFault::Before)) {
                (Err(Refusal::Failed("InternalError: nothing was done".to_owned())), fault)
            } else if matches!(fault, Some(ClusterFault::Conflict)) {
                (Err(Refusal::Conflict), fault)
            } else {
                world.catch_up();
                let result = act(&mut world);
                let told = match &result {
                    Ok(_) => "done".to_owned(),
                    Err(refusal) => refusal.to_string(),
                };
                let elapsed = world.elapsed();
                world.history.note_with(elapsed, || format!("process {}: {}: {told}", self.number, what()));
                world.changed.notify_waiters();
                (result, fault)
            }
        };
        self.world.alive(self.number, Some(Moment::After)).await;
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
        if matches!(fault, Some(ClusterFault::After)) {
            return Err(Refusal::TimedOut);
        }
        result
    }

    fn strike(&self, world: &mut World) -> Option<ClusterFault> {
        let count = world.count("cluster");
        let elapsed = world.elapsed();
        let World { weather, rng, history, .. } = world;
        let fault = weather.strike(elapsed, "", count, rng, |fault| match fault {
            Fault::Cluster(fault) => Some(fault),
            _ => None,
        });
        if let Some(fault) = fault {
            history.coverage.fault(Fault::Cluster(fault));
            history.note_with(elapsed, || format!("process {}: API server: {fault:?}", self.number));
        }
        fault
    }

    async fn look<T>(&self, act: impl FnOnce(&Store) -> T) -> Result<T, Refusal> {
        self.world.alive(self.number, None).await;
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
        let mut world = self.world.lock();
        if matches!(self.strike(&mut world), Some(ClusterFault::Before | ClusterFault::After)) {
            return Err(Refusal::TimedOut);
        }
        Ok(act(&world.store))
    }
}

impl Kubernetes for Port {
    async fn read(&self, name: &ObjectName) -> Result<Option<CloudHsmBackup>, Refusal> {
        self.look(|store| store.get(name).cloned()).await
    }

    async fn apply_status(
        &self,
        object: &CloudHsmBackup,
        status: &CloudHsmBackupStatus,
    ) -> Result<CloudHsmBackup, Refusal> {
        let what = || format!("status of {}: {}", name_of(object), brief(status));
        self.write(what, |world| {
            let before = world.store.version();
            let after = world.store.apply_status(object, status)?;
            if world.store.version() != before {
                let elapsed = world.elapsed();
                world.history.status_written(elapsed, &after);
            }
            Ok(after)
        })
        .await
    }

    async fn merge_status(
        &self,
        object: &CloudHsmBackup,
        _: &serde_json::Value,
    ) -> Result<CloudHsmBackup, Refusal> {
        // Nobody else applies a status in this world, so nothing of others is ever left.
        let what = || format!("status of {}: merged", name_of(object));
        self.write(what, |world| Ok(world.store.get(&name_of(object)).ok_or(Refusal::Gone)?.clone())).await
    }

    async fn set_finalizer(&self, object: &CloudHsmBackup, present: bool) -> Result<(), Refusal> {
        let what = || format!("finalizer of {}: {present}", name_of(object));
        self.write(what, |world| {
            let elapsed = world.elapsed();
            world.catch_up();
            let World { store, history, cloud, .. } = world;
            store.set_finalizer(object, present)?;
            if !present {
                history.finalizer_removed(elapsed, object, cloud, store);
            }
            Ok(())
        })
        .await
    }

    async fn publish(&self, object: &CloudHsmBackup, event: &Occurrence) -> Result<(), Refusal> {
        self.world.alive(self.number, None).await;
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
        let mut world = self.world.lock();
        let elapsed = world.elapsed();
        world
            .history
            .note_with(elapsed, || format!("Event of {}: {} {}", name_of(object), event.reason, event.note));
        Ok(())
    }
}

impl Leases for Port {
    async fn read(&self) -> Result<Option<StoredLease>, Refusal> {
        self.look(|store| store.lease.clone().map(StoredLease::of)).await
    }

    async fn create(&self, claim: Claim<'_>) -> Result<StoredLease, Refusal> {
        let lease = StoredLease::of(Lease::default()).with(claim);
        self.lease_write(None, lease).await
    }

    async fn update(&self, lease: &StoredLease, claim: Claim<'_>) -> Result<StoredLease, Refusal> {
        self.lease_write(Some(lease.says().version), lease.with(claim)).await
    }
}

impl Port {
    /// Renewals are many, so they are no effects at which a process is killed, and are not told.
    async fn lease_write(&self, replaces: Option<String>, lease: Lease) -> Result<StoredLease, Refusal> {
        self.world.alive(self.number, None).await;
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
        let (written, fault) = {
            let mut world = self.world.lock();
            let fault = self.strike(&mut world);
            if fault == Some(ClusterFault::Before) {
                return Err(Refusal::TimedOut);
            }
            let there = world.store.lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
            if there != replaces {
                return Err(Refusal::Conflict);
            }
            (world.store.write_lease(lease), fault)
        };
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
        if fault == Some(ClusterFault::After) { Err(Refusal::TimedOut) } else { Ok(written) }
    }
}

/// A status in a few words.
fn brief(status: &CloudHsmBackupStatus) -> String {
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let ready = ready.map(|ready| format!("{}/{}", ready.status, ready.reason)).unwrap_or_default();
    let mark = |mark: &Option<Mark>, name: &str| match mark {
        Some(mark) if mark.done_at.is_some() => format!(" {name}:done"),
        Some(_) => format!(" {name}:open"),
        None => String::new(),
    };
    let copies: Vec<String> = status
        .copies
        .iter()
        .map(|copy| {
            let request = copy
                .request
                .as_ref()
                .map_or("", |request| if request.accepted_at.is_some() { " accepted" } else { " requested" });
            format!(
                " [{} {}{}{request}{}{}]",
                copy.region,
                copy.backup_id.as_deref().unwrap_or("-"),
                copy.backup_state.as_deref().map(|state| format!(" {state}")).unwrap_or_default(),
                mark(&copy.deletion, "deletion"),
                mark(&copy.restore, "restore"),
            )
        })
        .collect();
    format!(
        "{ready} {}{}{}{}",
        status.backup_state.as_deref().unwrap_or("-"),
        mark(&status.deletion, "deletion"),
        mark(&status.restore, "restore"),
        copies.concat()
    )
}
