//! The adapter: the port over the AWS SDK.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudhsmv2::config::{FrameworkMetadata, SharedCredentialsProvider};
use plan::effect::{ChangeKind, Mutation};
use plan::error::Failure;
use plan::inventory::{Page, Query};
use plan::model::{AccountId, Region};
use tracing::{Instrument, Span};

use super::clients::Clients;
use super::wire::Wire;
use super::{Aws, Call, CallObserver, Permit, Receipt, describe, identity, mutate, settings, trace};

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
    /// SDK's own environment variables, `~/.aws` and the metadata services. The error says what is wrong with them.
    pub async fn from_environment(observer: Arc<dyn CallObserver>) -> Result<Self, String> {
        // A fixed version: a newer SDK must not change how calls are retried or connected by itself.
        let version = BehaviorVersion::v2026_01_12();
        settings::check(version).await?;
        let mut loader = aws_config::defaults(version);
        let name = env!("CARGO_PKG_NAME");
        if let Ok(agent) = FrameworkMetadata::new(name, Some(env!("CARGO_PKG_VERSION"))) {
            loader = loader.framework_metadata(agent);
        }
        Ok(Self::from_config(&loader.load().await, Timeouts::default(), observer))
    }

    /// The adapter over a given configuration; of its deadlines only `timeouts` count.
    pub fn from_config(config: &SdkConfig, timeouts: Timeouts, observer: Arc<dyn CallObserver>) -> Self {
        let deadlines = TimeoutConfig::builder()
            .connect_timeout(timeouts.connect)
            .operation_attempt_timeout(timeouts.attempt)
            .operation_timeout(timeouts.operation)
            .build();
        let checked = config.credentials_provider().map(identity::Checked);
        let checked = checked.map(SharedCredentialsProvider::new);
        let mut builder = config.to_builder().timeout_config(deadlines);
        builder.set_credentials_provider(checked);
        let config = builder.build();
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
        let call = Underway::start(describe::OPERATION, region);
        let client = self.cloudhsm(region);
        let describing = describe::describe(&client, query, token, &call.wire);
        let result = describing.instrument(call.span.clone()).await;
        self.observe(&call, result.as_ref().err());
        result
    }

    /// The account whose credentials are used (GetCallerIdentity of STS), asked in `region`.
    pub async fn account(&self, region: &Region) -> Result<AccountId, Failure> {
        let call = Underway::start(identity::OPERATION, region);
        let client = self.sts(region);
        let result = identity::account(&client, &call.wire).instrument(call.span.clone()).await;
        self.observe(&call, result.as_ref().err());
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

    fn observe(&self, call: &Underway<'_>, failure: Option<&Failure>) {
        let Underway { operation, region, began, wire, span } = call;
        let outcome = failure.map_or("ok", |failure| failure.class.name());
        trace::end(span, outcome, wire.request_id().as_deref());
        let (elapsed, throttles) = (began.elapsed(), wire.throttles());
        self.observer.called(Call { operation, region, outcome, elapsed, throttles });
    }
}

impl Aws for SdkAws {
    async fn mutate(&self, mutation: &Mutation, permit: &Permit) -> Receipt {
        let kind = mutation.change.kind();
        let call = Underway::start(kind.operation(), mutation.region());
        let (client, deadline) = (self.cloudhsm(mutation.region()), self.timeouts.of(kind));
        let changing = mutate::mutate(&client, mutation, deadline, permit, &call.wire);
        let receipt = changing.instrument(call.span.clone()).await;
        self.observe(&call, receipt.outcome.failure());
        receipt
    }
}

impl fmt::Debug for SdkAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkAws").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

/// One call, from its begin.
struct Underway<'a> {
    operation: &'static str,
    region: &'a Region,
    /// For the observer; nothing is decided by it.
    began: Instant,
    wire: Arc<Wire>,
    span: Span,
}

impl<'a> Underway<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "measures a duration; decisions take the Clock that was passed in"
    )]
    fn start(operation: &'static str, region: &'a Region) -> Self {
        let span = trace::begin(operation, region);
        Self { operation, region, began: Instant::now(), wire: Arc::default(), span }
    }
}
