//! The task that keeps one region in view.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use plan::{
    error::Failure,
    inventory::{Action, Core, Input, Query},
    model::{AccountId, Region},
    time::{Clock, Moment},
};
use tokio::sync::mpsc;

use super::{Changed, Describe, Shared, Witness, listing, pacer};

/// How long until the account is asked for again.
const AGAIN: Duration = Duration::from_secs(30);

/// A call that has ended.
enum Ended {
    Look(Input),
    Identity(Result<AccountId, Failure>),
}

/// The region is not looked at any more.
struct Forgotten;

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
        // In a fixed order, so that the same history comes out the same.
        let input = tokio::select! {
            biased;
            input = inputs.recv() => match input {
                Some(input) => input,
                None => return,
            },
            Some(ended) = calls.next() => match ended {
                Ended::Look(input) => input,
                Ended::Identity(result) => {
                    identified(&shared, &region, result, &calls);
                    Input::Tick
                }
            },
            () = alarm => Input::Tick,
        };
        match feed(&shared, &region, input, &calls, &inputs) {
            Ok(next) => wakes_at = next,
            Err(Forgotten) => return,
        }
    }
}

/// Feeds the inventory and begins the calls that it wants. Returns when it wants to be fed again.
fn feed<D: Describe, C: Clock>(
    shared: &Arc<Shared<D, C>>,
    region: &Region,
    input: Input,
    calls: &Calls,
    inputs: &mpsc::UnboundedReceiver<Input>,
) -> Result<Option<Moment>, Forgotten> {
    let (scan_ended, looked) = match &input {
        Input::Scanned(_) => (true, true),
        Input::LookedUp(_) => (false, true),
        Input::Named(_) | Input::Ask { .. } | Input::Tick => (false, false),
    };
    let (actions, wakes_at) = {
        let mut world = shared.world();
        if inputs.is_closed() {
            return Err(Forgotten);
        }
        let actions = world.on(region, input, shared.clock.now().tick, fastrand::f64());
        let core = world.region(region);
        // Told before the world is free again: whoever forgets the region comes before all of it or after.
        if let Some(core) = core {
            tell(&*shared.witness, region, core, scan_ended, looked);
        }
        (actions, core.and_then(Core::wakes_at))
    };
    for action in actions {
        match action {
            Action::Scan => {
                calls.push(Box::pin(query(Arc::clone(shared), region.clone(), Query::All, |result| {
                    Ended::Look(Input::Scanned(result))
                })));
            }
            Action::Lookup(asked) => {
                calls.push(Box::pin(query(Arc::clone(shared), region.clone(), asked, |result| {
                    Ended::Look(Input::LookedUp(result))
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
    Ok(wakes_at)
}

/// Tells what a look has come to.
fn tell(witness: &dyn Witness, region: &Region, core: &Core, scan_ended: bool, looked: bool) {
    let snapshot = core.snapshot();
    if scan_ended {
        match core.failing() {
            Some((failure, in_a_row)) => witness.scan_failed(region, failure, in_a_row),
            None => witness.scanned(region, snapshot.is_doubted()),
        }
    }
    // A region that was never listed is not empty: it is not known.
    if looked && snapshot.scanned().is_some() {
        let mut states = BTreeMap::new();
        for (backup, _) in snapshot.backups() {
            *states.entry(backup.state.label()).or_insert(0) += 1;
        }
        witness.counted(region, &states);
    }
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

#[cfg(test)]
mod tests;
