//! The clocks of the machine.

use std::time::Instant;

use jiff::{Timestamp, Unit};
use plan::time::{Clock, Moment, Now};

/// Wall-clock and monotonic time of this process.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose [`Moment::START`] is now.
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that others are passed")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that others are passed")]
    fn now(&self) -> Now {
        let wall = Timestamp::now();
        // Milliseconds, as AWS reports them: finer digits in a status help nobody.
        let wall = wall.round(Unit::Millisecond).unwrap_or(wall);
        Now { wall, tick: Moment::from_start(self.started.elapsed()) }
    }
}
