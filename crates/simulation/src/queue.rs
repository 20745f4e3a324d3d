//! Who gets a pass, and when: as kube's controller does it. Never two passes over one resource at once; what is due
//! several times is due once, at the earliest.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloudhsm_backup_operator::{
    api::CloudHsmBackup,
    aws::Aws,
    controller::{Again, Error, Reconciler},
    inventory::Describe,
    kubernetes::Kubernetes,
};
use plan::{desired::ObjectName, time::Clock};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

/// What the watch has shown last of each object.
pub type Cache = Arc<Mutex<BTreeMap<ObjectName, CloudHsmBackup>>>;

/// How many passes run at once.
const CONCURRENCY: usize = 4;

/// Runs passes until `over`, and then waits for those that run.
pub async fn run<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
    cache: Cache,
    mut woken: mpsc::UnboundedReceiver<ObjectName>,
    over: CancellationToken,
) {
    let mut due: BTreeMap<ObjectName, Instant> = BTreeMap::new();
    let mut running: BTreeSet<ObjectName> = BTreeSet::new();
    let mut passes: JoinSet<(ObjectName, Result<Again, Error>)> = JoinSet::new();
    loop {
        let now = Instant::now();
        while running.len() < CONCURRENCY {
            let next = due.iter().find(|(name, at)| **at <= now && !running.contains(*name));
            let Some(name) = next.map(|(name, _)| name.clone()) else { break };
            due.remove(&name);
            let object = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
            let Some(object) = object else { continue };
            running.insert(name.clone());
            let reconciler = Arc::clone(&reconciler);
            passes.spawn(async move {
                let again = reconciler.reconcile(object).await;
                (name, again)
            });
        }
        let alarm = due.iter().filter(|(name, _)| !running.contains(*name)).map(|(_, at)| *at).min();
        let alarm = alarm.filter(|_| running.len() < CONCURRENCY);
        let alarm = async {
            match alarm {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = over.cancelled() => break,
            Some(name) = woken.recv() => soon(&mut due, name, Duration::ZERO),
            Some(Ok((name, again))) = passes.join_next() => {
                running.remove(&name);
                match again {
                    Ok(Again::Now) => soon(&mut due, name, Duration::from_millis(1)),
                    Ok(Again::After(wait)) => soon(&mut due, name, wait),
                    Ok(Again::WhenChanged) | Err(Error::Undecodable(_)) => {}
                    Err(Error::Kubernetes(_)) => {
                        let wait = reconciler.backoff(&name);
                        soon(&mut due, name, wait);
                    }
                }
            }
            () = alarm => {}
        }
    }
    while passes.join_next().await.is_some() {}
}

fn soon(due: &mut BTreeMap<ObjectName, Instant>, name: ObjectName, wait: Duration) {
    let at = Instant::now() + wait;
    due.entry(name).and_modify(|known| *known = at.min(*known)).or_insert(at);
}
