//! How many calls a second go to AWS.

use std::time::Duration;

use crate::time::Moment;

/// A token bucket that halves its rate while AWS throttles and doubles it back afterwards.
///
/// AWS publishes no limit for this API, so the rate is careful and gives way.
#[derive(Clone, Debug)]
pub struct Rate {
    full: f64,
    current: f64,
    /// Calls that may go out at once; less than one means wait.
    tokens: f64,
    filled: Moment,
    calm_since: Moment,
}

impl Rate {
    /// Calls that may go out at once after a pause.
    const BURST: f64 = 5.0;
    /// The slowest it gets, as a part of the full rate.
    const FLOOR: f64 = 1.0 / 32.0;
    /// How long without throttling until the rate doubles.
    const RECOVERY: Duration = Duration::from_secs(30);

    /// `full` calls a second.
    pub fn new(full: f64, now: Moment) -> Self {
        Self { full, current: full, tokens: Self::BURST, filled: now, calm_since: now }
    }

    /// Takes one call, or says how long to wait before asking again.
    pub fn take(&mut self, now: Moment) -> Result<(), Duration> {
        self.recover(now);
        self.tokens = (self.tokens + now.since(self.filled).as_secs_f64() * self.current).min(Self::BURST);
        self.filled = self.filled.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.current) + Duration::from_millis(1))
    }

    /// AWS throttled a call: half the rate, and no burst.
    pub fn throttled(&mut self, now: Moment) {
        self.current = (self.current / 2.0).max(self.full * Self::FLOOR);
        self.tokens = self.tokens.min(0.0);
        self.calm_since = now;
    }

    fn recover(&mut self, now: Moment) {
        while self.current < self.full && now.since(self.calm_since) >= Self::RECOVERY {
            self.current = (self.current * 2.0).min(self.full);
            self.calm_since = self.calm_since.after(Self::RECOVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Moment {
        Moment::from_start(Duration::from_secs_f64(seconds))
    }

    /// How many calls go out in the second that begins at `from`.
    fn calls_in_a_second(rate: &mut Rate, from: f64) -> u32 {
        let end = at(from + 1.0);
        let (mut now, mut calls) = (at(from), 0);
        let mut turns = 0..100;
        while now < end && turns.next().is_some() {
            match rate.take(now) {
                Ok(()) => calls += 1,
                Err(wait) => now = now.after(wait),
            }
        }
        calls
    }

    #[test]
    fn a_burst_goes_out_at_once_and_then_the_rate_holds() {
        let mut rate = Rate::new(5.0, at(0.0));
        assert!((9..=10).contains(&calls_in_a_second(&mut rate, 0.0)));
        assert!((4..=5).contains(&calls_in_a_second(&mut rate, 1.0)));
    }

    #[test]
    fn throttling_halves_it_and_calm_doubles_it_back() {
        let mut rate = Rate::new(8.0, at(0.0));
        rate.throttled(at(0.0));
        assert!((3..=4).contains(&calls_in_a_second(&mut rate, 0.0)));
        rate.throttled(at(1.0));
        assert!((1..=2).contains(&calls_in_a_second(&mut rate, 1.0)));
        for _ in 0..40 {
            rate.throttled(at(2.0));
        }
        assert!(rate.take(at(12.0)).is_ok(), "however much is throttled, it never stops");
        let _ = rate.take(at(300.0));
        assert!((rate.current - rate.full).abs() < f64::EPSILON);
    }

    #[test]
    fn whoever_has_to_wait_is_told_how_long() {
        let mut rate = Rate::new(5.0, at(0.0));
        for _ in 0..5 {
            assert_eq!(rate.take(at(0.0)), Ok(()));
        }
        // Half a call has come in, and the other half takes as long.
        assert_eq!(rate.take(at(0.1)), Err(Duration::from_millis(101)));
    }

    #[test]
    fn half_a_minute_of_calm_doubles_the_rate_once() {
        let mut rate = Rate::new(8.0, at(0.0));
        rate.throttled(at(0.0));
        let _ = rate.take(at(29.0));
        assert!((rate.current - 4.0).abs() < f64::EPSILON);
        let _ = rate.take(at(30.0));
        assert!((rate.current - 8.0).abs() < f64::EPSILON);
    }
}
