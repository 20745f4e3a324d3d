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
use plan::{desired::ObjectName, time::Clock};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Error, Feed, Reconciler, Watched, reconcile::Again};
use crate::{
    api::CloudHsmBackup,
    aws::Aws,
    inventory::{Changed, Describe},
    kubernetes::{Kubernetes, without_values, words},
};

type Guarded = DeserializeGuard<CloudHsmBackup>;

/// How many objects a page of a list holds: small pages keep the peak of memory low.
const PAGE: u32 = 50;
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
    fn wake(&self, name: ObjectName) {
        let mut scopes = self.0.iter();
        let of = |scope: &Option<String>| scope.as_ref().is_none_or(|namespace| *namespace == name.namespace);
        if let Some((_, waker)) = scopes.find(|(scope, _)| of(scope)) {
            // A controller that has ended needs no waking.
            let _ = waker.send(name);
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
    let attend = Arc::clone(&reconciler).attend(changes, concerned, move |name| wakers.wake(name));
    let controllers = receivers
        .into_iter()
        .map(|(scope, woken)| control(Arc::clone(&reconciler), client.clone(), scope, woken, &watches));
    let controllers = futures::future::join_all(controllers);
    tokio::select! {
        _ = controllers => {}
        () = attend => {}
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
    let mut feed = Feed::new(Arc::clone(&reconciler), scope);
    let trigger = watcher(api, watcher::Config::default().page_size(PAGE))
        .default_backoff()
        // Nobody here asks who owns which field, and it is more than half of an object.
        .modify(|object| object.managed_fields_mut().clear())
        .reflect(writer)
        .inspect_ok(move |event| show(&mut feed, event))
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

/// Shows the feed what kube's watcher has seen.
fn show<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe>(
    feed: &mut Feed<A, K, C, D>,
    event: &watcher::Event<Guarded>,
) {
    match event {
        watcher::Event::Init => feed.take(Watched::Restarted),
        watcher::Event::InitApply(object) => {
            feed.take(Watched::Listed(&name_of(object), object.0.as_ref().ok()));
        }
        watcher::Event::InitDone => feed.take(Watched::ListedAll),
        watcher::Event::Apply(object) => {
            feed.take(Watched::Changed(&name_of(object), object.0.as_ref().ok()));
        }
        watcher::Event::Delete(object) => feed.take(Watched::Deleted(&name_of(object))),
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
            let error = without_values(&invalid.error);
            tracing::error!(resource = %name_of(&object), error, "the resource cannot be decoded; mend or delete it");
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
        ControllerError::QueueError(error) => {
            tracing::warn!(error = words(error), "watch failed; it is begun again");
        }
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
        wakers.wake(name("b"));
        wakers.wake(name("unwatched"));
        assert!(of_a.try_recv().is_err());
        assert_eq!(of_b.try_recv().unwrap(), name("b"));
        assert!(of_b.try_recv().is_err());
    }
}
