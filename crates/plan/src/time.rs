//! Two clocks, passed in as values.
//!
//! Waiting times are measured on the process's monotonic clock ([`Moment`]), which no
//! operator of NTP can turn back. What has to survive a restart (marks, AWS's
//! timestamps) is wall-clock time ([`jiff::Timestamp`]). [`Now`] holds both readings, so
//! that one can be put in terms of the other.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A point on the monotonic clock of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// Before anything that the process does.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// After anything that the process does.
    pub const MAX: Self = Self(Duration::MAX);

    /// When the process starts: a day after [`Moment::ZERO`], so that the recent past has moments too.
    pub const START: Self = Self(Duration::from_hours(24));

    /// The point `wait` earlier, or [`Moment::ZERO`].
    #[must_use]
    pub const fn before(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub(wait))
    }

    /// The point `elapsed` after [`Moment::START`].
    pub const fn from_start(elapsed: Duration) -> Self {
        Self(Self::START.0.saturating_add(elapsed))
    }

    /// The point `wait` later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Wall-clock time.
    pub wall: Timestamp,
    /// Monotonic time.
    pub tick: Moment,
}

impl Now {
    /// How long ago the wall-clock time `past` was; zero when it lies ahead, as it may
    /// after the wall clock was set back.
    pub fn age(self, past: Timestamp) -> Duration {
        Duration::try_from(self.wall.duration_since(past)).unwrap_or_default()
    }

    /// The wall-clock time that belongs to `moment`.
    pub fn wall_of(self, moment: Moment) -> Timestamp {
        if moment <= self.tick {
            earlier(self.wall, self.tick.since(moment))
        } else {
            later(self.wall, moment.since(self.tick))
        }
    }

    /// The monotonic point that belongs to the wall-clock time `wall`; [`Moment::ZERO`] for
    /// what lies more than a day before the process.
    pub fn moment_of(self, wall: Timestamp) -> Moment {
        let ahead = wall.duration_since(self.wall);
        match Duration::try_from(ahead) {
            Ok(ahead) => self.tick.after(ahead),
            Err(_) => Moment(self.tick.0.saturating_sub(ahead.unsigned_abs())),
        }
    }
}

/// `time` plus `wait`, or the end of time.
pub fn later(time: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| time.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

/// `time` minus `wait`, or the beginning of time.
pub fn earlier(time: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| time.checked_sub(wait).ok()).unwrap_or(Timestamp::MIN)
}

/// Whoever can tell the time. Reading a clock is an effect, so only the layers above
/// implement it; the rules here take a [`Now`].
pub trait Clock: Send + Sync + 'static {
    /// Both clocks, read together.
    fn now(&self) -> Now;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(wall: &str, tick: u64) -> Now {
        Now { wall: wall.parse().unwrap(), tick: Moment::from_start(Duration::from_secs(tick)) }
    }

    #[test]
    fn wall_and_monotonic_time_translate_both_ways() {
        let now = now("2026-11-21T10:00:00Z", 100);
        let past = Moment::from_start(Duration::from_secs(40));
        assert_eq!(now.wall_of(past), "2026-11-21T09:59:00Z".parse().unwrap());
        assert_eq!(now.moment_of("2026-11-21T09:59:00Z".parse().unwrap()), past);
        let ahead = Moment::from_start(Duration::from_secs(160));
        assert_eq!(now.moment_of(now.wall_of(ahead)), ahead);
    }

    #[test]
    fn the_recent_past_has_moments_and_the_distant_past_has_one() {
        let now = now("2026-11-21T10:00:00Z", 5);
        let past = now.moment_of("2026-11-21T09:00:00Z".parse().unwrap());
        assert_eq!(now.tick.since(past), Duration::from_hours(1));
        assert_eq!(now.moment_of("2020-01-01T00:00:00Z".parse().unwrap()), Moment::ZERO);
    }

    #[test]
    fn a_time_that_lies_ahead_has_no_age() {
        assert_eq!(
            now("2026-11-21T10:00:00Z", 5).age("2026-11-21T11:00:00Z".parse().unwrap()),
            Duration::ZERO
        );
        assert_eq!(
            now("2026-11-21T10:00:00Z", 5).age("2026-11-21T09:59:00Z".parse().unwrap()),
            Duration::from_mins(1)
        );
    }
}
