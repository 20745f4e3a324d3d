//! The operator as a process in the simulation: the same terms, election, duties, inventory and reconcile as the
//! real one, over the ports of this world.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
    time::Duration,
};

use cloudhsm_backup_operator::{
    controller::{
        Feed, Index, Mandate, Parts, Reconciler, Stopping, Watched,
        report::{Reporter, Sum},
    },
    inventory::{Inventory, Witness},
    kubernetes::Refusal,
    operator::{leadership::Term, metrics::Metrics},
};
use plan::{
    effect::{Mutation, Outcome},
    error::Failure,
    leadership::{Candidate, Times},
    model::Region,
    settings::Settings,
    time::Moment,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::ProcessClock,
    cloud, cluster,
    queue::{self, Cache},
    world::Shared,
};

/// Calls to AWS a second and region.
const RATE: f64 = 20.0;

/// Times of elections that do not make virtual time expensive.
pub const ELECTION: Times = Times {
    lease_duration: Duration::from_mins(1),
    renew_deadline: Duration::from_secs(40),
    retry_period: Duration::from_secs(12),
};

/// What a process is started with.
#[derive(Clone)]
pub struct Start {
    /// Which process this is in the history.
    pub number: usize,
    /// Its settings.
    pub settings: Settings,
    /// Whether it stands for election.
    pub elected: bool,
    /// The account of its credentials, if it is not that of the backups.
    pub account: Option<&'static str>,
}

/// Runs a process until `stop`, and lets what is under way end.
pub async fn run(world: Shared, start: Start, stopping: Stopping, stop: CancellationToken) {
    let clock = {
        let world = world.lock();
        ProcessClock::start(world.beginning, Arc::clone(&world.ahead), start.number)
    };
    let metrics = Metrics::new("simulation");
    let mut term = 0;
    while !stop.is_cancelled() {
        term += 1;
        let mandate = Mandate::new(stopping.clone());
        let (over, done) = (stop.child_token(), CancellationToken::new());
        let name = format!("process-{}-{term}", start.number);
        let election = async {
            if start.elected {
                let leases = cluster::Port { number: start.number, world: world.clone() };
                let candidate = Candidate::new(name.clone(), ELECTION);
                let (clock, mandate, metrics) = (clock.clone(), mandate.clone(), metrics.clone());
                Term { leases, clock, candidate, mandate, metrics }.serve(&stop, &done).await;
            } else {
                mandate.extend(Moment::MAX);
                done.cancelled().await;
            }
            over.cancel();
        };
        let work = async {
            let candidate = start.elected.then(|| name.clone());
            act(world.clone(), &start, candidate, clock.clone(), mandate.clone(), over.clone()).await;
            done.cancel();
        };
        tokio::join!(election, work);
    }
}

async fn act(
    world: Shared,
    start: &Start,
    candidate: Option<String>,
    clock: ProcessClock,
    mandate: Mandate,
    over: CancellationToken,
) {
    let (index, concerned) = Index::new(1, Arc::new(Deaf));
    let index = Arc::new(index);
    let aws = cloud::Port { number: start.number, candidate, account: start.account, world: world.clone() };
    let (inventory, changes) =
        Inventory::new(aws.clone(), clock.clone(), &start.settings, RATE, Arc::new(Deaf));
    let inventory = Arc::new(inventory);
    let reconciler = Arc::new(Reconciler::new(Parts {
        aws,
        kubernetes: cluster::Port { number: start.number, world: world.clone() },
        clock,
        inventory: Arc::clone(&inventory),
        index,
        settings: start.settings.clone(),
        rate: RATE,
        reporter: Arc::new(Deaf),
        mandate,
    }));
    let cache = Cache::default();
    let (waker, woken) = mpsc::unbounded_channel();
    let wake = waker.clone();
    let attend = Arc::clone(&reconciler).attend(changes, concerned, move |name| {
        let _ = wake.send(name);
    });
    let watch =
        watch(world, start.number, Feed::new(Arc::clone(&reconciler), None), Arc::clone(&cache), waker);
    let passes = queue::run(reconciler, cache, woken, over);
    tokio::select! {
        biased;
        () = passes => {}
        () = attend => {}
        () = watch => {}
    }
    inventory.name(BTreeMap::new());
}

type ProcessFeed = Feed<cloud::Port, cluster::Port, ProcessClock, cloud::Port>;

/// Shows the process what the API server has, late, and now and then with a gap that only listing anew heals.
async fn watch(
    world: Shared,
    number: usize,
    mut feed: ProcessFeed,
    cache: Cache,
    waker: mpsc::UnboundedSender<plan::desired::ObjectName>,
) {
    // Whoever waits is woken in turn: with a channel in an order that only chance knows, and no seed.
    let changed = Arc::clone(&world.lock().changed);
    loop {
        world.pass_time().await;
        let (objects, mut seen) = {
            let world = world.lock();
            let objects: Vec<_> =
                world.store.objects().map(|(name, object)| (name.clone(), object.clone())).collect();
            (objects, world.store.version())
        };
        feed.take(Watched::Restarted);
        *cache.lock().unwrap_or_else(PoisonError::into_inner) = objects.iter().cloned().collect();
        for (name, object) in &objects {
            feed.take(Watched::Listed(name, Some(object)));
        }
        feed.take(Watched::ListedAll);
        let names: BTreeSet<_> = objects.into_iter().map(|(name, _)| name).collect();
        for name in names {
            let _ = waker.send(name);
        }
        loop {
            // From here on nothing is missed.
            let news = changed.notified();
            let lag = {
                let mut world = world.lock();
                if world.store.version() == seen { None } else { Some(lag(&mut world)) }
            };
            let Some((lag, gap)) = lag else {
                news.await;
                continue;
            };
            tokio::time::sleep(lag).await;
            world.alive(number, None).await;
            if gap {
                break;
            }
            let events: Vec<_> = {
                let world = world.lock();
                let events = world.store.since(seen).map(|(_, event)| event.clone()).collect();
                // Renewals of the Lease have a version too, and are not told.
                seen = world.store.version();
                events
            };
            for event in events {
                let name = match &event {
                    cluster::Event::Applied(object) => {
                        let name = cluster::name_of(object);
                        feed.take(Watched::Changed(&name, Some(object)));
                        cache
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(name.clone(), (**object).clone());
                        name
                    }
                    cluster::Event::Deleted(name) => {
                        feed.take(Watched::Deleted(name));
                        cache.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
                        continue;
                    }
                };
                let _ = waker.send(name);
            }
        }
    }
}

/// How late the watch is, and whether it has to begin anew.
fn lag(world: &mut crate::world::World) -> (Duration, bool) {
    let stormy = world.weather.is_stormy(world.elapsed());
    let millis = match world.rng.u8(..50) {
        0 if stormy => world.rng.u64(2_000..40_000),
        1..=4 => world.rng.u64(200..2_000),
        _ => world.rng.u64(1..200),
    };
    (Duration::from_millis(millis), stormy && world.rng.u8(..40) == 0)
}

/// Nobody listens: what is done is seen from outside.
struct Deaf;

impl Reporter for Deaf {
    fn changed(&self, _: &Mutation, _: &Outcome) {}
    fn status_written(&self, _: Result<(), &Refusal>) {}
    fn event_refused(&self) {}
    fn deletions(&self, _: usize, _: u32) {}
    fn summed(&self, _: &Sum) {}
    fn passed(&self, _: &'static str, _: Duration) {}
}

impl Witness for Deaf {
    fn scanned(&self, _: &Region, _: bool) {}
    fn scan_failed(&self, _: &Region, _: &Failure, _: u32) {}
    fn counted(&self, _: &Region, _: &BTreeMap<&'static str, usize>) {}
    fn forgotten(&self, _: &Region) {}
}
