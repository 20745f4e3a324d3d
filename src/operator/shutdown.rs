//! Stopping: nothing new is begun, what is under way gets time to end.

use std::{io, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::controller::Stopping;

/// A call to AWS has an answer within 30 s; what is still under way then is given up. The
/// pod's `terminationGracePeriodSeconds` must be longer (45).
const GRACE: Duration = Duration::from_secs(35);

/// On SIGTERM or SIGINT nothing new is begun from that moment on.
pub(super) fn on_signal(stopping: Stopping, stop: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping: nothing new is begun, what is under way ends");
        stopping.stop();
        stop.cancel();
    });
    Ok(())
}

/// Runs `work`; once stopped it has [`GRACE`] to end.
#[expect(clippy::disallowed_methods, reason = "the operator layer owns the time it gives to stop")]
pub(super) async fn within_grace(work: impl Future<Output = ()>, stop: &CancellationToken) {
    let out_of_time = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = work => {}
        () = out_of_time => tracing::warn!("giving up what is still under way"),
    }
}

/// Waits; true when stopped meanwhile.
pub(super) async fn pause(wait: Duration, stop: &CancellationToken) -> bool {
    tokio::time::timeout(wait, stop.cancelled()).await.is_ok()
}
