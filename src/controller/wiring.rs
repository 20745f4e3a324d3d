//! From the API server's watches to passes, through `kube::runtime`.
//!
//! Each watched namespace has a watch, a store and a controller of its own (merging several
//! watches into one store loses objects when one of them lists again); all feed one index.
//! The index reads raw watch events, deletions included. No predicate filters anything: a
//! status that somebody wiped must be seen too, and a pass that finds nothing to do is cheap.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use kube::{
    Api, Client, ResourceExt,
    core::DeserializeGuard,
    runtime::{
        Controller, WatchStreamExt,
        controller::{Action, Config, Error as ControllerError},
        reflector::{self, ObjectRef},
        watcher,
    },
};
use plan::{
    desired::ObjectName,
    time::{Clock, Moment},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Error, Index, Reconciler, reconcile::Again};
use crate::{
    api::CloudHsmBackup,
    aws::Aws,
    inventory::{Changed, Describe},
    kubernetes::Kubernetes,
};

type Guarded = DeserializeGuard<CloudHsmBackup>;

/// How many objects a page of a list holds: small pages keep the peak of memory low.
const PAGE: u32 = 50;
/// How often the number of deletions is told anew: it falls by the passing of time alone.
const COUNTING_PAUSE: Duration = Duration::from_secs(5);
/// Names that change together are handed on together.
const NAMING_PAUSE: Duration = Duration::from_millis(20);

/// What is watched, and how.
pub struct Watches {
    /// The namespaces; empty for all.
    pub namespaces: Vec<String>,
    /// How many resources of a namespace are worked on at once.
    pub concurrency: u16,
    /// When cancelled, no pass is begun any more, and those that run are waited for.
    pub stop: CancellationToken,
}

impl Watches {
    fn scopes(&self) -> Vec<Option<String>> {
        if self.namespaces.is_empty() {
            return vec![None];
        }
        let distinct: BTreeSet<_> = self.namespaces.iter().cloned().collect();
        distinct.into_iter().map(Some).collect()
    }

    /// How many watches there are: as many as the index waits for.
    pub fn count(&self) -> usize {
        self.scopes().len()
    }
}

/// Hands wake-ups to the controller of the right namespace.
#[derive(Clone)]
struct Wakers(Arc<Vec<(Option<String>, mpsc::UnboundedSender<ObjectName>)>>);

impl Wakers {
    fn wake(&self, names: impl IntoIterator<Item = ObjectName>) {
        for name in names {
            let mut scopes = self.0.iter();
            let of =
                |scope: &Option<String>| scope.as_ref().is_none_or(|namespace| *namespace == name.namespace);
            if let Some((_, waker)) = scopes.find(|(scope, _)| of(scope)) {
                // A controller that has ended needs no waking.
                let _ = waker.send(name);
            }
        }
    }
}

/// Runs until `watches.stop` is cancelled and every pass has ended.
pub async fn run<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
    client: Client,
    watches: Watches,
    changes: mpsc::UnboundedReceiver<Changed>,
    concerned: mpsc::UnboundedReceiver<ObjectName>,
) {
    let (wakers, receivers): (Vec<_>, Vec<_>) = (watches.scopes().into_iter())
        .map(|scope| {
            let (sender, receiver) = mpsc::unbounded_channel();
            ((scope.clone(), sender), (scope, receiver))
        })
        .unzip();
    let wakers = Wakers(Arc::new(wakers));
    let hand_on = hand_on(Arc::clone(&reconciler), changes, concerned, wakers.clone());
    let office = take_over(Arc::clone(&reconciler), wakers);
    let name = name_backups(Arc::clone(&reconciler));
    let count = count_deletions(Arc::clone(&reconciler));
    let controllers = receivers
        .into_iter()
        .map(|(scope, woken)| control(Arc::clone(&reconciler), client.clone(), scope, woken, &watches));
    let controllers = futures::future::join_all(controllers);
    tokio::select! {
        _ = controllers => {}
        () = hand_on => {}
        () = name => {}
        () = count => {}
        () = office => {}
    }
}

/// Once this process leads, begins: until then passes did nothing, and AWS was not looked at.
async fn take_over<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
    wakers: Wakers,
) {
    reconciler.mandate.given().await;
    reconciler.index.take_over(reconciler.clock.now().tick);
    wakers.wake(reconciler.index.concerned(None, &BTreeSet::new()));
    std::future::pending::<()>().await;
}

/// Wakes the resources that a change in AWS, or in somebody's claim, concerns.
async fn hand_on<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
    mut changes: mpsc::UnboundedReceiver<Changed>,
    mut concerned: mpsc::UnboundedReceiver<ObjectName>,
    wakers: Wakers,
) {
    loop {
        tokio::select! {
            Some(Changed { region, topics }) = changes.recv() => {
                wakers.wake(reconciler.index.concerned(region.as_ref(), &topics));
            }
            Some(name) = concerned.recv() => wakers.wake([name]),
            else => return,
        }
    }
}

/// Tells the inventory which backups are named.
#[expect(clippy::disallowed_methods, reason = "the wiring owns the pause that gathers names")]
async fn name_backups<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
) {
    loop {
        let named = reconciler.index.renamed().await;
        // Before everything is listed a region might look unnamed and be forgotten. Who does not lead does not call AWS.
        if reconciler.index.is_complete() && reconciler.may_begin() {
            reconciler.inventory.name(named);
        }
        tokio::time::sleep(NAMING_PAUSE).await;
    }
}

/// Keeps the number of deletions that count right while nothing happens.
#[expect(clippy::disallowed_methods, reason = "the wiring owns the pause between two counts")]
async fn count_deletions<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
) {
    loop {
        tokio::time::sleep(COUNTING_PAUSE).await;
        reconciler.report_deletions();
    }
}

/// The controller of one scope.
async fn control<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    reconciler: Arc<Reconciler<A, K, C, D>>,
    client: Client,
    scope: Option<String>,
    woken: mpsc::UnboundedReceiver<ObjectName>,
    watches: &Watches,
) {
    let api: Api<Guarded> = match &scope {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let (reader, writer) = reflector::store();
    let mut feed = Feed { reconciler: Arc::clone(&reconciler), scope, listed: BTreeSet::new(), first: true };
    let trigger = watcher(api, watcher::Config::default().page_size(PAGE))
        .default_backoff()
        // Nobody here asks who owns which field, and it is more than half of an object.
        .modify(|object| object.managed_fields_mut().clear())
        .reflect(writer)
        .inspect_ok(move |event| feed.take(event))
        .applied_objects();
    let woken =
        stream::unfold(woken, |mut woken| async move { woken.recv().await.map(|name| (name, woken)) })
            .map(|name| ObjectRef::new(&name.name).within(&name.namespace));
    let stop = watches.stop.clone();
    Controller::for_stream(trigger, reader)
        .with_config(Config::default().concurrency(watches.concurrency))
        .reconcile_on(woken)
        .graceful_shutdown_on(async move { stop.cancelled().await })
        .run(pass, after_error, reconciler)
        .for_each(|result| async move {
            if let Err(error) = result {
                log(&error);
            }
        })
        .await;
}

/// Takes raw watch events into the index.
struct Feed<A, K, C, D> {
    reconciler: Arc<Reconciler<A, K, C, D>>,
    scope: Option<String>,
    listed: BTreeSet<ObjectName>,
    first: bool,
}

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Feed<A, K, C, D> {
    fn take(&mut self, event: &watcher::Event<Guarded>) {
        let index: &Index = &self.reconciler.index;
        let now = self.reconciler.clock.now().tick;
        match event {
            watcher::Event::Init => self.listed.clear(),
            watcher::Event::InitApply(object) => {
                self.listed.insert(name_of(object));
                set(index, object, now);
            }
            watcher::Event::Apply(object) => set(index, object, now),
            watcher::Event::InitDone => {
                index.keep_only(self.scope.as_deref(), &self.listed);
                if std::mem::take(&mut self.first) {
                    index.listed_one();
                }
            }
            watcher::Event::Delete(object) => {
                // In this order: a pass that ends in between keeps nothing of what is not in the index.
                index.remove(&name_of(object));
                self.reconciler.forget(&name_of(object));
            }
        }
    }
}

fn set(index: &Index, object: &Guarded, now: Moment) {
    match &object.0 {
        Ok(object) => index.set(object, now),
        Err(_) => index.remove(&name_of(object)),
    }
}

fn name_of(object: &Guarded) -> ObjectName {
    ObjectName { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

fn named<T: kube::runtime::reflector::Lookup>(object: &ObjectRef<T>) -> ObjectName {
    ObjectName { namespace: object.namespace.clone().unwrap_or_default(), name: object.name.clone() }
}

async fn pass<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    object: Arc<Guarded>,
    reconciler: Arc<Reconciler<A, K, C, D>>,
) -> Result<Action, Error> {
    match &object.0 {
        Ok(backup) => Ok(match reconciler.reconcile(backup.clone()).await? {
            Again::Now => Action::requeue(Duration::from_millis(1)),
            Again::After(wait) => Action::requeue(wait),
            Again::WhenChanged => Action::await_change(),
        }),
        // It cannot be read, let alone written; the others go on.
        Err(invalid) => {
            tracing::error!(resource = %name_of(&object), error = %invalid.error, "the resource cannot be decoded; mend or delete it");
            Ok(Action::await_change())
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is kube's")]
fn after_error<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    object: Arc<Guarded>,
    error: &Error,
    reconciler: Arc<Reconciler<A, K, C, D>>,
) -> Action {
    match error {
        Error::Kubernetes(_) => Action::requeue(reconciler.backoff(&name_of(&object))),
        Error::Undecodable(_) => Action::await_change(),
    }
}

fn log(error: &ControllerError<Error, watcher::Error>) {
    match error {
        // Woken for what was deleted meanwhile.
        ControllerError::ObjectNotFound(_) => {}
        ControllerError::ReconcilerFailed(error @ Error::Undecodable(_), object) => {
            tracing::error!(resource = %named(object), %error, "mend or delete it");
        }
        ControllerError::ReconcilerFailed(error @ Error::Kubernetes(_), object) => {
            tracing::warn!(resource = %named(object), %error, "pass failed; it is repeated");
        }
        ControllerError::QueueError(error) => tracing::warn!(%error, "watch failed; it is begun again"),
        ControllerError::RunnerError(error) => tracing::warn!(%error, "the controller's runner failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_reaches_the_controller_of_its_namespace() {
        let (a, mut of_a) = mpsc::unbounded_channel();
        let (b, mut of_b) = mpsc::unbounded_channel();
        let wakers = Wakers(Arc::new(vec![(Some("a".to_owned()), a), (Some("b".to_owned()), b)]));
        let name = |namespace: &str| ObjectName { namespace: namespace.to_owned(), name: "x".to_owned() };
        wakers.wake([name("b"), name("unwatched")]);
        assert!(of_a.try_recv().is_err());
        assert_eq!(of_b.try_recv().unwrap(), name("b"));
        assert!(of_b.try_recv().is_err());
    }
}
