//! The only reader of AWS: timers, calls and sharing around the pure inventory of `plan`.
//!
//! One task for each region that some resource names. It feeds [`World`] with answers and
//! the passing of time, makes the calls that come out, and tells whom a change concerns.
//! What is known is read with [`Inventory::read`], without waiting; what is not known yet is
//! asked for with [`Inventory::ask`], and the answer wakes the resource.

mod listing;
mod pacer;
mod region;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use plan::{
    error::Failure,
    inventory::{Input, Names, Page, Query, Sight, Topic, World},
    model::{AccountId, BackupKey, Region},
    settings::Settings,
    time::{Clock, Moment},
};
use tokio::sync::{mpsc, watch};

pub use pacer::Pacer;

/// The calls that read AWS.
pub trait Describe: Send + Sync + 'static {
    /// One page of DescribeBackups.
    fn describe(
        &self,
        region: &Region,
        query: &Query,
        token: Option<&str>,
    ) -> impl Future<Output = Result<Page, Failure>> + Send;

    /// The account of the credentials.
    fn account(&self, region: &Region) -> impl Future<Output = Result<AccountId, Failure>> + Send;
}

/// What the inventory tells of its work.
pub trait Witness: Send + Sync + 'static {
    /// A scan of `region` ended well. `doubted`: it lost most of what was known.
    fn scanned(&self, region: &Region, doubted: bool);
    /// Scans of `region` failed, so many in a row, the last one for this reason.
    fn scan_failed(&self, region: &Region, failure: &Failure, in_a_row: u32);
    /// So many backups are known in `region`, by [`BackupState::label`](plan::model::BackupState::label).
    fn counted(&self, region: &Region, states: &BTreeMap<&'static str, usize>);
    /// No resource names `region` any more.
    fn forgotten(&self, region: &Region);
}

/// What something changed or became known about; `None` for all.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The region; `None` means everywhere.
    pub region: Option<Region>,
    /// The topics there.
    pub topics: BTreeSet<Topic>,
}

/// What the tasks share.
struct Shared<D, C> {
    describe: D,
    clock: C,
    world: Mutex<World>,
    reads: Pacer<C>,
    witness: Arc<dyn Witness>,
    changes: mpsc::UnboundedSender<Changed>,
    version: watch::Sender<u64>,
}

struct Task {
    /// Taken away at its end.
    inputs: Option<mpsc::UnboundedSender<Input>>,
    handle: tokio::task::JoinHandle<()>,
}

impl Task {
    fn send(&self, input: Input) {
        // The task lives as long as its entry.
        let _ = self.inputs.as_ref().map(|inputs| inputs.send(input));
    }

    /// It may still be in the middle of something; without its inputs it stops before it reports that.
    fn end(&mut self) {
        self.inputs = None;
        self.handle.abort();
    }
}

/// Everything that is known of one AWS account, kept fresh.
pub struct Inventory<D, C> {
    shared: Arc<Shared<D, C>>,
    tasks: Mutex<BTreeMap<Region, Task>>,
}

impl<D: Describe, C: Clock + Clone> Inventory<D, C> {
    /// An inventory that makes at most `rate` reads a second and region. Changes arrive at the receiver.
    pub fn new(
        describe: D,
        clock: C,
        settings: &Settings,
        rate: f64,
        witness: Arc<dyn Witness>,
    ) -> (Self, mpsc::UnboundedReceiver<Changed>) {
        let (changes, receiver) = mpsc::unbounded_channel();
        let shared = Shared {
            describe,
            reads: Pacer::new(clock.clone(), rate),
            clock,
            world: Mutex::new(World::new(settings.clone())),
            witness,
            changes,
            version: watch::Sender::new(0),
        };
        (Self { shared: Arc::new(shared), tasks: Mutex::default() }, receiver)
    }

    /// Reads what is known.
    pub fn read<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.shared.world())
    }

    /// This is what resources want to know: these regions are looked at, and no others.
    pub fn name(&self, named: BTreeMap<Region, Names>) {
        let mut tasks = lock(&self.tasks);
        tasks.retain(|region, task| {
            let stays = named.contains_key(region);
            if !stays {
                task.end();
                self.shared.forget(region);
            }
            stays
        });
        for (region, names) in named {
            let task = tasks.entry(region).or_insert_with_key(|region| self.watch(region.clone()));
            task.send(Input::Named(names));
        }
    }

    fn watch(&self, region: Region) -> Task {
        let (inputs, receiver) = mpsc::unbounded_channel();
        let handle = tokio::spawn(region::run(Arc::clone(&self.shared), region, receiver));
        Task { inputs: Some(inputs), handle }
    }

    /// Asks for a look at `topic` in `region` that begins at `since` or later. Its answer wakes the resources
    /// that it concerns.
    pub fn ask(&self, region: &Region, topic: Topic, since: Moment) {
        if let Some(task) = lock(&self.tasks).get(region) {
            task.send(Input::Ask { topic, since });
        }
    }

    /// Looks at `keys` now, and waits until all are answered or `patience` is over.
    pub async fn look(&self, keys: &[BackupKey], since: Moment, patience: Duration) {
        let mut versions = self.shared.version.subscribe();
        for key in keys {
            self.ask(&key.region, Topic::Backup(key.id.clone()), since);
        }
        let answered = async {
            loop {
                let pending =
                    self.read(|world| keys.iter().any(|key| world.sight(key, since) == Sight::Pending));
                if !pending || versions.changed().await.is_err() {
                    return;
                }
            }
        };
        // Without an answer in time the caller sees that nothing new is known.
        let _ = tokio::time::timeout(patience, answered).await;
    }
}

impl<D, C> Shared<D, C> {
    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// `region` is not looked at any more. Nothing is told of it after this.
    fn forget(&self, region: &Region) {
        let mut world = self.world();
        world.forget(region);
        self.witness.forgotten(region);
    }
}

impl<D, C> Drop for Inventory<D, C> {
    fn drop(&mut self) {
        for (region, task) in lock(&self.tasks).iter_mut() {
            task.end();
            self.shared.forget(region);
        }
    }
}

/// Locks `mutex`. A panic while it was held leaves plain data behind, no broken invariant.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
