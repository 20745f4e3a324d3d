//! Everything outside the operator: AWS, the API server, the weather, and what happened so far.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicI64},
    time::Duration,
};

use emulator::Cloud;
use tokio::{sync::Notify, time::Instant};

use crate::{clock, cluster::Store, oracle::History, weather::Weather};

/// What a process was doing when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It was about to do something to the outside.
    Before,
    /// It had done it, and does not know yet how it went.
    After,
}

/// When a process is to be killed: at its n-th effect on the outside, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Which effect.
    pub effect: u64,
    /// Before it or after it.
    pub when: Moment,
}

/// The world.
pub struct World {
    /// AWS.
    pub cloud: Cloud,
    /// The API server.
    pub store: Store,
    /// What goes wrong.
    pub weather: Weather,
    /// What happened.
    pub history: History,
    /// All chance outside the operator.
    pub rng: fastrand::Rng,
    /// When the history began.
    pub beginning: Instant,
    /// By how much the machines' wall clocks are ahead of the true time, in milliseconds.
    pub ahead: Arc<AtomicI64>,
    /// When the next process that acts is killed.
    pub crash: Option<Crash>,
    /// Effects of processes so far, and calls of each kind.
    pub effects: u64,
    /// How many calls each port has had.
    pub calls: BTreeMap<&'static str, u64>,
    /// How long a page of a listing may take, beside the latency of all calls.
    pub slow_reads: Duration,
    /// For so long the next process that changes something in AWS stands still.
    pub frozen: Option<Duration>,
    /// Until when processes stand still.
    pub thaw: BTreeMap<usize, Instant>,
    /// The processes that were killed.
    pub dead: std::collections::BTreeSet<usize>,
    /// Rings whenever the store has changed, for watches to wait on.
    pub changed: Arc<Notify>,
    /// Told which process is to be killed.
    pub killed: tokio::sync::mpsc::UnboundedSender<usize>,
}

impl World {
    /// How long the history has lasted.
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(self.beginning)
    }

    /// Lets AWS's clock catch up with the true time.
    pub fn catch_up(&mut self) {
        self.store.now = self.elapsed();
        self.cloud.advance_to(clock::true_time(self.store.now));
    }

    /// Counts a call of `port`.
    pub fn count(&mut self, port: &'static str) -> u64 {
        let count = self.calls.entry(port).or_default();
        *count += 1;
        *count
    }

    /// A few milliseconds, now and then many.
    pub fn latency(&mut self) -> Duration {
        let millis = match self.rng.u8(..40) {
            0 => self.rng.u64(500..4000),
            1..=4 => self.rng.u64(60..500),
            _ => self.rng.u64(1..60),
        };
        Duration::from_millis(millis)
    }

    /// Whether the process `number`, which is about to change something, stands still now.
    pub fn freeze(&mut self, number: usize) -> bool {
        let Some(wait) = self.frozen.take() else { return false };
        self.history.note(self.elapsed(), format!("process {number} stands still for {wait:?}"));
        self.thaw.insert(number, Instant::now() + wait);
        true
    }

    /// The process `number` does something to the outside. True when it is killed here.
    pub fn struck(&mut self, number: usize, when: Moment) -> bool {
        if when == Moment::Before {
            self.effects += 1;
        }
        let here = self.crash == Some(Crash { effect: self.effects, when });
        if here {
            self.crash = None;
            self.history
                .note(self.elapsed(), format!("process {number} is killed {when:?} effect {}", self.effects));
            self.dead.insert(number);
            let _ = self.killed.send(number);
        }
        here
    }
}

/// The world, as those in it share it.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<World>>);

impl Shared {
    /// Shares `world`.
    pub fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// Looks at it, or changes it. Never held across an await.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as some call takes.
    pub async fn pass_time(&self) {
        let wait = self.lock().latency();
        tokio::time::sleep(wait).await;
    }

    /// Stops here for ever when process `number` is dead, or dies now, and as long as it stands still.
    pub async fn alive(&self, number: usize, when: Option<Moment>) {
        let thaw = self.lock().thaw.get(&number).copied();
        if let Some(thaw) = thaw {
            tokio::time::sleep_until(thaw).await;
        }
        let stops = {
            let mut world = self.lock();
            world.dead.contains(&number) || when.is_some_and(|when| world.struck(number, when))
        };
        if stops {
            std::future::pending::<()>().await;
        }
    }
}
