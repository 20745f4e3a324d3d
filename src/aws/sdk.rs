//! The adapter: the port over the AWS SDK.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudhsmv2::config::FrameworkMetadata;
use plan::effect::{ChangeKind, Mutation};
use plan::error::Failure;
use plan::inventory::{Page, Query};
use plan::model::{AccountId, Region};

use super::clients::Clients;
use super::wire::Wire;
use super::{Aws, Call, CallObserver, Permit, Receipt, describe, identity, mutate, proxy};

/// Deadlines of a call. Without them the SDK would wait for an answer for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to come about, name and TLS included.
    pub connect: Duration,
    /// For one attempt, credentials and connection included.
    pub attempt: Duration,
    /// For the one attempt at a copy.
    pub copy: Duration,
    /// For all attempts and the waiting between them.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(10),
            // Where the answer to another change was lost, the next look shows what it came to. Whether
            // a copy was begun may not show for a quarter of an hour, and to ask again is to risk a
            // second one. So its answer is waited for longer, though not beyond the grace that calls
            // under way get at a shutdown.
            copy: Duration::from_secs(30),
            operation: Duration::from_secs(30),
        }
    }
}

impl Timeouts {
    /// For the one attempt at a change of this kind.
    pub(super) const fn of(&self, kind: ChangeKind) -> Duration {
        match kind {
            ChangeKind::Copy => self.copy,
            ChangeKind::NeverExpires
            | ChangeKind::Restore
            | ChangeKind::Tag
            | ChangeKind::Untag
            | ChangeKind::Delete => self.attempt,
        }
    }
}

/// [`Aws`] over the AWS SDK, with one client per region.
pub struct SdkAws {
    config: SdkConfig,
    timeouts: Timeouts,
    observer: Arc<dyn CallObserver>,
    cloudhsm: Clients<aws_sdk_cloudhsmv2::Client>,
    sts: Clients<aws_sdk_sts::Client>,
}

impl SdkAws {
    /// Credentials, endpoints, FIPS and retries as every AWS tool takes them: from the
    /// SDK's own environment variables, `~/.aws` and the metadata services.
    pub async fn from_environment(observer: Arc<dyn CallObserver>) -> Self {
        // A fixed version: a newer SDK must not change how calls are retried or connected by itself.
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(proxy::client());
        let name = env!("CARGO_PKG_NAME");
        if let Ok(agent) = FrameworkMetadata::new(name, Some(env!("CARGO_PKG_VERSION"))) {
            loader = loader.framework_metadata(agent);
        }
        Self::from_config(&loader.load().await, Timeouts::default(), observer)
    }

    /// The adapter over a given configuration; of its deadlines only `timeouts` count.
    pub fn from_config(config: &SdkConfig, timeouts: Timeouts, observer: Arc<dyn CallObserver>) -> Self {
        let deadlines = TimeoutConfig::builder()
            .connect_timeout(timeouts.connect)
            .operation_attempt_timeout(timeouts.attempt)
            .operation_timeout(timeouts.operation)
            .build();
        let config = config.to_builder().timeout_config(deadlines).build();
        Self { config, timeouts, observer, cloudhsm: Clients::default(), sts: Clients::default() }
    }

    /// Looks for credentials, without calling CloudHSM, and says in a few words, free of
    /// secrets, what was found or what is wrong.
    ///
    /// # Caveats
    /// It asks the sources of credentials anew each time, which may mean a call to STS: fit for
    /// the start and for an occasional check, not for every probe.
    pub async fn credentials(&self) -> Result<String, String> {
        identity::credentials(&self.config, self.timeouts.attempt).await
    }

    /// One page of DescribeBackups: the first, or the one at `token`.
    pub async fn describe(
        &self,
        region: &Region,
        query: &Query,
        token: Option<&str>,
    ) -> Result<Page, Failure> {
        let watch = Stopwatch::start();
        let wire = Arc::default();
        let result = describe::describe(&self.cloudhsm(region), query, token, &wire).await;
        self.observe(describe::OPERATION, region, result.as_ref().err(), &watch, &wire);
        result
    }

    /// The account whose credentials are used (GetCallerIdentity of STS), asked in `region`.
    pub async fn account(&self, region: &Region) -> Result<AccountId, Failure> {
        let watch = Stopwatch::start();
        let wire = Arc::default();
        let result = identity::account(&self.sts(region), &wire).await;
        self.observe(identity::OPERATION, region, result.as_ref().err(), &watch, &wire);
        result
    }

    fn cloudhsm(&self, region: &Region) -> aws_sdk_cloudhsmv2::Client {
        self.cloudhsm.of(region, || {
            let mut config = aws_sdk_cloudhsmv2::config::Builder::from(&self.config)
                .region(aws_sdk_cloudhsmv2::config::Region::new(region.to_string()));
            // CloudHSM's FIPS endpoints exist only under the dual-stack domain.
            if self.config.use_fips() == Some(true) {
                config = config.use_dual_stack(true);
            }
            aws_sdk_cloudhsmv2::Client::from_conf(config.build())
        })
    }

    fn sts(&self, region: &Region) -> aws_sdk_sts::Client {
        self.sts.of(region, || {
            let config = aws_sdk_sts::config::Builder::from(&self.config)
                .region(aws_sdk_sts::config::Region::new(region.to_string()));
            aws_sdk_sts::Client::from_conf(config.build())
        })
    }

    fn observe(
        &self,
        operation: &'static str,
        region: &Region,
        failure: Option<&Failure>,
        watch: &Stopwatch,
        wire: &Wire,
    ) {
        let outcome = failure.map_or("ok", |failure| failure.class.name());
        let (elapsed, throttles) = (watch.elapsed(), wire.throttles());
        self.observer.called(Call { operation, region, outcome, elapsed, throttles });
    }
}

impl Aws for SdkAws {
    async fn mutate(&self, mutation: &Mutation, permit: &Permit) -> Receipt {
        let (watch, region, kind) = (Stopwatch::start(), mutation.region(), mutation.change.kind());
        let (deadline, wire) = (self.timeouts.of(kind), Arc::default());
        let receipt = mutate::mutate(&self.cloudhsm(region), mutation, deadline, permit, &wire).await;
        self.observe(kind.operation(), region, receipt.outcome.failure(), &watch, &wire);
        receipt
    }
}

impl fmt::Debug for SdkAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkAws").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

/// How long a call takes: a measurement for the observer, which nothing is decided by.
struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "measures a duration; decisions take the Clock that was passed in"
    )]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
