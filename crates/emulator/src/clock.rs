//! Where the virtual clock of a running emulator gets its time from.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The real time: the one place that reads it.
#[expect(clippy::disallowed_methods, reason = "an emulator that people use runs in real time")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// Drives the virtual clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// With the real clock, and ahead of it by all that was advanced.
    Running { ahead: SignedDuration },
    /// Only by advancing.
    Frozen,
}

impl Clock {
    /// A clock that starts at `start` and runs with the real one.
    pub(crate) fn running_from(start: Timestamp) -> Self {
        Self::Running { ahead: start.duration_since(real_now()) }
    }

    /// What the virtual clock should show; `None`: what it shows already.
    pub(crate) fn reading(self) -> Option<Timestamp> {
        match self {
            Self::Running { ahead } => real_now().checked_add(ahead).ok(),
            Self::Frozen => None,
        }
    }

    /// Keeps ahead by this much more.
    pub(crate) fn advance(&mut self, by: Duration) {
        if let Self::Running { ahead } = self {
            let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
            *ahead = ahead.saturating_add(by);
        }
    }
}
