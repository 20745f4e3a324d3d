//! What goes back over the wire, and how whole.

use std::time::Duration;

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: String,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
    /// Kept back for so long.
    pub(crate) hold: Duration,
}

/// How much of an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// All.
    Whole,
    /// The head and half of the body; then the connection closes.
    Truncated,
    /// Nothing; the connection closes.
    Dropped,
}

impl Answer {
    pub(super) fn whole(status: u16, content_type: &'static str, request_id: String, body: Vec<u8>) -> Self {
        Self { status, content_type, request_id, body, delivery: Delivery::Whole, hold: Duration::ZERO }
    }

    /// No answer at all.
    pub(super) fn dropped(request_id: String) -> Self {
        Self { delivery: Delivery::Dropped, ..Self::whole(200, "", request_id, Vec::new()) }
    }
}
