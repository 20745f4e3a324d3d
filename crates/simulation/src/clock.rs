//! The clocks of one process: monotonic from its start, and a wall clock that people can set.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use plan::time::{Clock, Moment, Now};
use tokio::time::Instant;

/// When every history begins.
pub const BEGINNING: Timestamp = Timestamp::constant(1_796_083_200, 0);

/// The true time, `elapsed` after the beginning, cut to milliseconds as AWS does.
pub fn true_time(elapsed: Duration) -> Timestamp {
    let millis = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
    BEGINNING.checked_add(SignedDuration::from_millis(millis)).unwrap_or(Timestamp::MAX)
}

/// The clocks of one process. Clones are the same clocks.
#[derive(Clone, Debug)]
pub struct ProcessClock {
    beginning: Instant,
    started: Instant,
    /// Milliseconds by which its wall clock is ahead of the true time.
    ahead: Arc<AtomicI64>,
    /// Microseconds that tell its readings from those of every other process.
    own: i64,
}

impl ProcessClock {
    /// The clocks of process `number`, which starts now, in a history that began at `beginning`; the wall clock is the
    /// machine's.
    pub fn start(beginning: Instant, ahead: Arc<AtomicI64>, number: usize) -> Self {
        let own = i64::try_from(number).unwrap_or_default();
        Self { beginning, started: Instant::now(), ahead, own }
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Now {
        let now = Instant::now();
        let ahead = SignedDuration::from_millis(self.ahead.load(Ordering::SeqCst))
            + SignedDuration::from_micros(self.own);
        let wall = true_time(now.duration_since(self.beginning));
        Now {
            wall: wall.checked_add(ahead).unwrap_or(wall),
            tick: Moment::from_start(now.duration_since(self.started)),
        }
    }
}
