//! The task that keeps one region in view.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use plan::{
    error::Failure,
    inventory::{Action, Input, Query},
    model::{AccountId, Region},
    time::{Clock, Moment},
};
use tokio::sync::mpsc;

use super::{Changed, Describe, Shared, listing, pacer};

/// How long until the account is asked for again.
const AGAIN: Duration = Duration::from_secs(30);

/// A call that has ended.
enum Ended {
    Scan(Input),
    Lookup(Input),
    Identity(Result<AccountId, Failure>),
}

type Calls = FuturesUnordered<BoxFuture<'static, Ended>>;

/// Runs until its handle is aborted.
pub(super) async fn run<D: Describe, C: Clock>(
    shared: Arc<Shared<D, C>>,
    region: Region,
    mut inputs: mpsc::UnboundedReceiver<Input>,
) {
    let mut calls = Calls::new();
    let mut wakes_at: Option<Moment> = None;
    loop {
        let alarm = async {
            match wakes_at {
                Some(at) => pacer::pause(at.since(shared.clock.now().tick)).await,
                None => std::future::pending().await,
            }
        };
        let input = tokio::select! {
            input = inputs.recv() => match input {
                Some(input) => input,
                None => return,
            },
            Some(ended) = calls.next() => match ended {
                Ended::Scan(input) => {
                    report(&shared, &region, &input);
                    input
                }
                Ended::Lookup(input) => input,
                Ended::Identity(result) => {
                    identified(&shared, &region, result, &calls);
                    Input::Tick
                }
            },
            () = alarm => Input::Tick,
        };
        wakes_at = feed(&shared, &region, input, &calls);
    }
}

/// Feeds the inventory and begins the calls that it wants. Returns when it wants to be fed again.
fn feed<D: Describe, C: Clock>(
    shared: &Arc<Shared<D, C>>,
    region: &Region,
    input: Input,
    calls: &Calls,
) -> Option<Moment> {
    let scan_ended = matches!(input, Input::Scanned(Ok(_)));
    let (actions, wakes_at, doubted) = {
        let mut world = shared.world();
        let actions = world.on(region, input, shared.clock.now().tick, fastrand::f64());
        let core = world.region(region);
        let doubted = core.is_some_and(|core| core.snapshot().is_doubted());
        (actions, core.and_then(plan::inventory::Core::wakes_at), doubted)
    };
    if scan_ended {
        shared.witness.scanned(region, doubted);
    }
    for action in actions {
        match action {
            Action::Scan => {
                calls.push(Box::pin(query(Arc::clone(shared), region.clone(), Query::All, |result| {
                    Ended::Scan(Input::Scanned(result))
                })));
            }
            Action::Lookup(asked) => {
                calls.push(Box::pin(query(Arc::clone(shared), region.clone(), asked, |result| {
                    Ended::Lookup(Input::LookedUp(result))
                })));
            }
            Action::Identify => {
                calls.push(Box::pin(identify(Arc::clone(shared), region.clone(), Duration::ZERO)));
            }
            Action::AccountChanged => {
                let _ = shared.changes.send(Changed { region: None, topics: BTreeSet::new() });
            }
            Action::Changed(topics) => {
                // Nobody listens any more when the process stops.
                let _ = shared.changes.send(Changed { region: Some(region.clone()), topics });
            }
        }
    }
    shared.version.send_modify(|version| *version += 1);
    wakes_at
}

async fn query<D: Describe, C: Clock>(
    shared: Arc<Shared<D, C>>,
    region: Region,
    query: Query,
    ended: fn(Result<plan::inventory::Listing, Failure>) -> Ended,
) -> Ended {
    ended(listing::collect(&shared, &region, &query).await)
}

async fn identify<D: Describe, C: Clock>(shared: Arc<Shared<D, C>>, region: Region, wait: Duration) -> Ended {
    pacer::pause(wait).await;
    Ended::Identity(shared.describe.account(&region).await)
}

/// Absences become known with the account, so every resource is woken; also to say why not.
fn identified<D: Describe, C: Clock>(
    shared: &Arc<Shared<D, C>>,
    region: &Region,
    result: Result<AccountId, Failure>,
    calls: &Calls,
) {
    if let Err(failure) = &result {
        tracing::warn!(%region, %failure, class = failure.class.name(), "cannot learn the account of the credentials");
        calls.push(Box::pin(identify(Arc::clone(shared), region.clone(), AGAIN)));
    }
    shared.world().identified(result);
    let _ = shared.changes.send(Changed { region: None, topics: BTreeSet::new() });
}

fn report<D, C>(shared: &Shared<D, C>, region: &Region, input: &Input) {
    if let Input::Scanned(Err(failure)) = input {
        shared.witness.scan_failed(region, failure);
    }
}
