//! Owns waiting for something to come to hold.

use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(100);

/// Whether `condition` comes to hold in time.
pub fn within(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}
