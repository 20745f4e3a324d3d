//! Leave to send one mutation.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Leave to send one mutation, which can lapse until the last moment.
///
/// It is asked after credentials were found and the request was signed, right before the
/// request is handed to the connection. A clone is the same permit.
#[derive(Clone)]
pub struct Permit {
    valid: Arc<dyn Fn() -> bool + Send + Sync>,
    sent: Arc<AtomicBool>,
}

impl Permit {
    /// A permit that holds as long as `valid` says so: the leadership claim has not expired
    /// and the decision is fresh.
    pub fn new(valid: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        Self { valid, sent: Arc::new(AtomicBool::new(false)) }
    }

    /// Whether the request was handed to the connection.
    ///
    /// False proves that AWS cannot have seen it. True does not prove that it has: the
    /// connection may not have come about, which the outcome tells.
    pub fn was_sent(&self) -> bool {
        self.sent.load(Ordering::Acquire)
    }

    /// Asks, and records the request as sent when the answer is yes. For whoever is about to send it.
    pub fn use_now(&self) -> bool {
        let valid = (self.valid)();
        if valid {
            self.sent.store(true, Ordering::Release);
        }
        valid
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("sent", &self.was_sent()).finish_non_exhaustive()
    }
}
