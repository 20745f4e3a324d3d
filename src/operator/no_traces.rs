//! What stands for traces in a build without the feature `otel`: nothing.

use tracing_subscriber::{Layer, Registry};

/// No traces.
#[derive(Debug)]
pub struct Traces;

impl Traces {
    pub(super) const fn start() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "with the feature there is one")]
    pub(super) fn layer(&self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        None
    }

    #[expect(clippy::unused_self, reason = "with the feature there is something to say")]
    pub(super) const fn announce(&self) {}

    /// Does nothing.
    pub const fn flush(self) {}
}
