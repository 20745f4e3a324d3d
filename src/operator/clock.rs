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
        // A mark is known by its time, so two operators that wake at the same moment must not read the same. Finer
        // digits in a status help nobody.
        let wall = wall.round(Unit::Microsecond).unwrap_or(wall);
        Now { wall, tick: Moment::from_start(self.started.elapsed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_read_the_time_at_the_same_moment_hardly_read_the_same() {
        let clock = SystemClock::start();
        let finer = |_| clock.now().wall.subsec_nanosecond() % 1_000_000 != 0;
        assert!((0..20).any(finer), "a millisecond holds more than one reading");
        assert!((0..20).all(|_| clock.now().wall.subsec_nanosecond() % 1000 == 0));
    }
}
