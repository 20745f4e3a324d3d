//! The numbers that rules depend on, with their defaults.

use std::time::Duration;

/// What the person who runs the operator can set, as far as decisions depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a request whose outcome is unknown may still show an effect (`--settle-window`).
    pub settle_window: Duration,
    /// The most deletions an hour and account (`--max-deletions`); 0 allows none.
    pub max_deletions: u32,
    /// How long after a change a look must have begun to prove that the change did not, or no longer, hold.
    pub confirm_after: Duration,
    /// Time between two scans of a region (`--poll-interval`), before jitter.
    pub poll_interval: Duration,
}

impl Settings {
    /// Time between two passes over a resource that waits for a person.
    pub const STALLED_INTERVAL: Duration = Duration::from_hours(1);
    /// The window over which deletions are counted.
    pub const BREAKER_WINDOW: Duration = Duration::from_hours(1);
    /// A backup that is pending deletion again is restored once in this time …
    pub const RESTORE_INTERVAL: Duration = Duration::from_hours(24);
    /// … but without limit once this little time is left to restore it.
    pub const RESTORE_LAST_CALL: Duration = Duration::from_hours(24);
    /// How long an accepted request for a copy may take to show one.
    pub const COPY_LIMIT: Duration = Duration::from_hours(24);
    /// How old the search that shows no copy may be when one is asked for: later ones are shown by scans.
    pub const SEARCH_LIFETIME: Duration = Duration::from_mins(5);
    /// By how much AWS's clock and ours can differ: beyond it AWS refuses our signatures.
    pub const CLOCK_SKEW: Duration = Duration::from_mins(5);
    /// How old a decision may be when it is sent.
    pub const DECISION_LIFETIME: Duration = Duration::from_mins(1);
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle_window: Duration::from_mins(15),
            max_deletions: 10,
            confirm_after: Duration::from_mins(1),
            poll_interval: Duration::from_mins(5),
        }
    }
}
