//! The operator as a process: start, run, stop.

use std::{sync::Arc, time::Duration};

use kube::{Client, Config};
use plan::settings::Settings;
use tokio_util::sync::CancellationToken;

use super::{
    clock::SystemClock,
    flags::RunFlags,
    health::Readiness,
    http::{BindError, Server, Sources},
    metrics::Metrics,
    observers::Observers,
    preflight::{self, Check},
    shutdown,
    source::SharedAws,
};
use crate::{
    aws::SdkAws,
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
    let aws = SharedAws(Arc::new(SdkAws::from_environment(Arc::new(observers.clone())).await));
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
    let index = Arc::new(Index::new(watches.count(), Arc::new(observers.clone())));
    let work = async {
        if !gates.pass(&calling, &aws, &watches.namespaces, &stop).await {
            return;
        }
        tokio::join!(
            gates.caches(&index, &stop),
            act(&flags, settings, observers, &aws, watching, calling, watches, Arc::clone(&index), stopping),
        );
    };
    shutdown::within_grace(work, &stop).await;
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
    settings: Settings,
    observers: Observers,
    aws: &SharedAws,
    watching: Client,
    calling: Client,
    watches: Watches,
    index: Arc<Index>,
    stopping: Stopping,
) {
    let clock = observers.clock;
    let (inventory, changes) =
        Inventory::new(aws.clone(), clock, &settings, flags.aws_rate(), Arc::new(observers.clone()));
    let reconciler = Reconciler::new(Parts {
        aws: aws.clone(),
        kubernetes: KubeApi::new(calling, instance()),
        clock,
        inventory: Arc::new(inventory),
        index,
        settings,
        rate: flags.aws_rate(),
        reporter: Arc::new(observers),
        stopping,
    });
    wiring::run(Arc::new(reconciler), watching, watches, changes).await;
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

/// What has to be in place.
struct Gates {
    crd: super::health::Gate,
    permissions: super::health::Gate,
    credentials: super::health::Gate,
    caches: super::health::Gate,
}

impl Gates {
    fn of(readiness: &Readiness) -> Self {
        Self {
            crd: readiness.gate("crd", "not looked for yet"),
            permissions: readiness.gate("permissions", "not looked at yet"),
            credentials: readiness.gate("credentials", "not looked for yet"),
            caches: readiness.gate("caches", "the resources are not listed yet"),
        }
    }

    /// Looks until everything is in place; false when the process is to stop first.
    async fn pass(
        &self,
        client: &Client,
        aws: &SharedAws,
        namespaces: &[String],
        stop: &CancellationToken,
    ) -> bool {
        let mut crd = Check::new(self.crd.clone());
        let mut permissions = Check::new(self.permissions.clone());
        let mut credentials = Check::new(self.credentials.clone());
        loop {
            // All three each time, so that one start shows everything that is wrong.
            let well = [
                crd.take(preflight::crd(client).await),
                permissions.take(preflight::permissions(client, namespaces).await),
                credentials.take(aws.0.credentials().await.map(drop).map_err(|why| {
                    format!("{why}: see AWS_PROFILE, AWS_ACCESS_KEY_ID, IRSA or EKS Pod Identity")
                })),
            ];
            if well.into_iter().all(|well| well) {
                return true;
            }
            if shutdown::pause(preflight::AGAIN, stop).await {
                return false;
            }
        }
    }

    /// Opens the gate of the caches once everything is listed.
    async fn caches(&self, index: &Index, stop: &CancellationToken) {
        while !index.is_complete() {
            if shutdown::pause(Duration::from_millis(50), stop).await {
                return;
            }
        }
        self.caches.ready();
        tracing::info!("all resources are listed");
    }
}
