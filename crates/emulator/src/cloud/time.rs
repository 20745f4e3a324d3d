//! Arithmetic on the virtual clock. Nothing here reads a real one.

use std::time::Duration;

use jiff::Timestamp;

/// How long a deleted backup can be restored.
pub(crate) const DELETION_WINDOW: Duration = Duration::from_hours(7 * 24);

/// `at + by`, held at the end of time.
pub(crate) fn after(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `at - by`, held at the beginning of time.
pub(crate) fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Cut to the service's precision.
pub(crate) fn to_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
