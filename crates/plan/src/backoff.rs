//! How long to wait before trying again.

use std::time::Duration;

use crate::{error::ErrorClass, reason::Reason};

/// How long to wait with the next copy after `attempts` in a row came to nothing for `reason`. Computed from what
/// the status records, so that a restart shortens nothing.
pub fn after_setback(reason: Reason, attempts: u32) -> Duration {
    match (reason, attempts) {
        (Reason::CopyFailed, 0 | 1) => Duration::from_mins(15),
        (Reason::CopyFailed, 2) => Duration::from_hours(1),
        (Reason::CopyFailed, 3) => Duration::from_hours(4),
        (Reason::CopyFailed, _) => Duration::from_hours(24),
        // The settle window was the wait.
        (Reason::CopyUnanswered, _) => Duration::ZERO,
        (Reason::AccessDenied | Reason::Rejected, _) => Backoff::REFUSED.wait(attempts, 0.0),
        _ => Backoff::FAILED.wait(attempts, 0.0),
    }
}

/// Waiting times that double from `first` to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// For calls that failed and may succeed soon.
    pub const FAILED: Self = Self::new(Duration::from_secs(5), Duration::from_mins(5));
    /// For refusals, which a person has to remove.
    pub const REFUSED: Self = Self::new(Duration::from_secs(30), Duration::from_mins(30));
    /// For backups that AWS is working on.
    pub const IN_PROGRESS: Self = Self::new(Duration::from_secs(2), Duration::from_secs(30));
    /// For the API server.
    pub const KUBERNETES: Self = Self::new(Duration::from_millis(500), Duration::from_mins(2));

    /// Doubles from `first` to `most`.
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most }
    }

    /// The backoff that suits a failure of `class`.
    pub const fn for_class(class: ErrorClass) -> Self {
        match class {
            ErrorClass::AccessDenied
            | ErrorClass::Invalid
            | ErrorClass::LimitExceeded
            | ErrorClass::NotFound => Self::REFUSED,
            _ => Self::FAILED,
        }
    }

    /// The wait after the `tries`-th try in a row (from 1). `jitter` from 0 to 1 shortens it
    /// by up to a fifth, so that what failed together does not come back together.
    pub fn wait(self, tries: u32, jitter: f64) -> Duration {
        let doublings = tries.saturating_sub(1).min(16);
        let full = self.first.saturating_mul(1 << doublings).min(self.most);
        full.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most() {
        let backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(30));
        let waits: Vec<u64> = (1..=6).map(|tries| backoff.wait(tries, 0.0).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff.wait(u32::MAX, 0.0), Duration::from_secs(30));
    }

    #[test]
    fn a_copy_that_failed_is_made_again_ever_more_rarely() {
        let minutes = |attempts| after_setback(Reason::CopyFailed, attempts).as_secs() / 60;
        assert_eq!([1, 2, 3, 4, 9].map(minutes), [15, 60, 240, 1440, 1440]);
        assert_eq!(after_setback(Reason::AccessDenied, 1), Duration::from_secs(30));
        assert_eq!(after_setback(Reason::Throttled, 1), Duration::from_secs(5));
    }

    #[test]
    fn jitter_takes_off_a_fifth_at_most() {
        assert_eq!(
            Backoff::new(Duration::from_secs(10), Duration::from_secs(10)).wait(1, 1.0),
            Duration::from_secs(8)
        );
    }
}
