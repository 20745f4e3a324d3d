//! The operator as a process: start, run, stop.

use std::{sync::Arc, time::Duration};

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
    shutdown,
    source::SharedAws,
};
use crate::{
    controller::{
        Index, Parts, Reconciler, Stopping,
        wiring::{self, Watches},
    },
    inventory::Inventory,
    kubernetes::KubeApi,
};

/// Why the operator cannot run at all. All else it waits for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither KUBECONFIG nor a service account leads to an API server.
    #[error("no Kubernetes configuration: set KUBECONFIG, or run in a cluster ({0})")]
    Kubeconfig(String),
    /// The configuration makes no client.
    #[error("the Kubernetes configuration cannot be used: {0}")]
    Client(#[from] kube::Error),
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
    let (watching, calling) = clients().await?;
    let settings = flags.settings();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        poll_interval = ?settings.poll_interval,
        settle_window = ?settings.settle_window,
        max_deletions = settings.max_deletions,
        "cloudhsm-backup-operator starts"
    );

    let namespaces: Vec<String> = flags.watch_namespaces().into_iter().map(str::to_owned).collect();
    let watches = Watches { namespaces, concurrency: flags.concurrency(), stop: stop.clone() };
    let gates = Gates::of(&readiness);
    let work = async {
        if let Some(aws) = gates.pass(&calling, &watches.namespaces, &observers, &stop).await {
            act(&flags, observers, aws, watching, calling, watches, &gates, stopping).await;
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

#[expect(clippy::too_many_arguments, reason = "everything that a process is made of comes together here")]
async fn act(
    flags: &RunFlags,
    observers: Observers,
    aws: SharedAws,
    watching: Client,
    calling: Client,
    watches: Watches,
    gates: &Gates,
    stopping: Stopping,
) {
    let (settings, clock) = (flags.settings(), observers.clock);
    let (index, concerned) = Index::new(watches.count(), Arc::new(observers.clone()));
    let index = Arc::new(index);
    let (inventory, changes) =
        Inventory::new(aws.clone(), clock, &settings, flags.aws_rate(), Arc::new(observers.clone()));
    let reconciler = Reconciler::new(Parts {
        aws,
        kubernetes: KubeApi::new(calling, instance()),
        clock,
        inventory: Arc::new(inventory),
        index: Arc::clone(&index),
        settings,
        rate: flags.aws_rate(),
        reporter: Arc::new(observers),
        stopping,
    });
    let stop = watches.stop.clone();
    tokio::join!(
        gates.caches(&index, &stop),
        wiring::run(Arc::new(reconciler), watching, watches, changes, concerned),
    );
}

/// Names this process in Events: the pod's name, where there is one.
#[expect(clippy::disallowed_methods, reason = "the operator layer owns the environment")]
fn instance() -> String {
    std::env::var("HOSTNAME")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| crate::api::FIELD_MANAGER.to_owned())
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

/// One client for watches, which are long and quiet, and one for calls, which have an answer
/// soon and are repeated by us alone.
async fn clients() -> Result<(Client, Client), Error> {
    let config = Config::infer().await.map_err(|error| Error::Kubeconfig(error.to_string()))?;
    let mut calls = config.clone();
    calls.default_retry = false;
    calls.read_timeout = Some(READ_TIMEOUT);
    calls.reset_reader_on_write = true;
    Ok((Client::try_from(config)?, Client::try_from(calls)?))
}
