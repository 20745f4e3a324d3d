//! The operator as a process: start, run, stop.

use std::time::Duration;

use kube::{Client, Config};
use tokio_util::sync::CancellationToken;

use super::{
    clock::SystemClock,
    flags::RunFlags,
    gates::Gates,
    health::Readiness,
    http::{BindError, Server, Sources},
    metrics::Metrics,
    observers::Observers,
    preflight::Scope,
    process::Process,
    shutdown,
};
use crate::{controller::Stopping, kubernetes::words};

/// Why the operator cannot run at all. All else it waits for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither KUBECONFIG nor a service account leads to an API server.
    #[error("no Kubernetes configuration: set KUBECONFIG, or run in a cluster ({0})")]
    Kubeconfig(String),
    /// The configuration makes no client.
    #[error("the Kubernetes configuration cannot be used: {0}")]
    Client(String),
    /// The address of metrics and health is taken.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals: {0}")]
    Signals(#[from] std::io::Error),
}

/// What of a read from the API server may stay unanswered.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// Runs until SIGTERM or SIGINT.
pub async fn run(flags: RunFlags) -> Result<(), Error> {
    let observers =
        Observers { metrics: Metrics::new(env!("CARGO_PKG_VERSION")), clock: SystemClock::start() };
    let readiness = Readiness::new();
    let stop = CancellationToken::new();
    let stopping = Stopping::default();
    shutdown::on_signal(stopping.clone(), stop.clone())?;
    // It answers until the very end: the last changes are to be counted too.
    let until_the_end = CancellationToken::new();
    let server = serve(&flags, &observers.metrics, &readiness, until_the_end.clone()).await?;
    let clients = clients().await?;
    let settings = flags.settings();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        poll_interval = ?settings.poll_interval,
        settle_window = ?settings.settle_window,
        max_deletions = settings.max_deletions,
        "cloudhsm-backup-operator starts"
    );

    let gates = Gates::of(&readiness);
    let scope = Scope::of(&flags, &clients.calling);
    let work = async {
        let Some(aws) = gates.pass(&clients.calling, &scope, &observers, &stop).await else { return };
        let stop = stop.clone();
        let process = Process { flags, observers, aws, clients, scope, gates, stopping, stop };
        while !process.stop.is_cancelled() {
            process.serve_term().await;
        }
    };
    shutdown::within_grace(Box::pin(work), &stop).await;
    until_the_end.cancel();
    if let Some(server) = server {
        // It ends by itself once stopped; a panic in it is no reason not to stop.
        let _ = server.await;
    }
    tracing::info!("stopped");
    Ok(())
}

async fn serve(
    flags: &RunFlags,
    metrics: &Metrics,
    readiness: &Readiness,
    stop: CancellationToken,
) -> Result<Option<tokio::task::JoinHandle<()>>, BindError> {
    let Some(address) = flags.metrics_addr().address() else { return Ok(None) };
    let server = Server::bind(address).await?;
    tracing::info!(address = %server.address(), "serving /metrics, /livez and /readyz");
    let sources = Sources { metrics: metrics.clone(), readiness: readiness.clone() };
    Ok(Some(tokio::spawn(server.serve(sources, stop))))
}

/// The ways to the API server, each with connections of its own.
pub(super) struct Clients {
    /// For watches, which are long and quiet.
    pub(super) watching: Client,
    /// For calls, which have an answer soon and are repeated by us alone.
    pub(super) calling: Client,
    /// For the Lease: its renewal waits for nothing else, and takes no connection away when it hangs.
    pub(super) leasing: Client,
}

/// Whether the bearer token, if there is one, fits into a header. The client would panic over one that does not, such as
/// one with the line break of the file that it was copied from.
fn has_sendable_token(config: &Config) -> bool {
    // Written out it is no secret any more, and here nobody keeps it.
    let written = serde_json::to_value(&config.auth_info).unwrap_or_default();
    let token = written.get("token").and_then(serde_json::Value::as_str);
    token.is_none_or(|token| hyper::header::HeaderValue::try_from(token).is_ok())
}

async fn clients() -> Result<Clients, Error> {
    let config = Config::infer().await.map_err(|error| Error::Kubeconfig(words(&error)))?;
    if !has_sendable_token(&config) {
        return Err(Error::Client("the token has characters that no token may have".to_owned()));
    }
    let mut calls = config.clone();
    calls.default_retry = false;
    calls.read_timeout = Some(READ_TIMEOUT);
    calls.reset_reader_on_write = true;
    let client = |config| Client::try_from(config).map_err(|error| Error::Client(words(&error)));
    Ok(Clients { watching: client(config)?, calling: client(calls.clone())?, leasing: client(calls)? })
}
