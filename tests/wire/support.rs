//! What all tests here start from.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudhsmv2::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use cloudhsm_backup_operator::aws::{Call, CallObserver, Permit, SdkAws, Timeouts, Unobserved};
use emulator::{Config, Emulator, Seed};
use plan::effect::{Change, Mutation};
use plan::error::{ErrorClass, Failure};
use plan::model::{BackupKey, Region, Tags};

/// The region of most tests.
pub(crate) const REGION: &str = "eu-west-1";

/// The region that copies go to.
pub(crate) const ELSEWHERE: &str = "eu-central-1";

/// A cluster.
pub(crate) const CLUSTER: &str = "cluster-aaaaaaaaaaa";

/// A backup that no emulator has.
pub(crate) const STRANGER: &str = "backup-zzzzzzzzzzz";

/// An emulator with default settings.
pub(crate) fn emulator() -> Emulator {
    Emulator::start(Config::default()).unwrap()
}

/// An emulator with one READY backup, and its id.
pub(crate) fn emulator_with_backup() -> (Emulator, String) {
    let emulator = emulator();
    let id = emulator.seed(Seed::ready(REGION, CLUSTER));
    (emulator, id)
}

/// A region.
pub(crate) fn region(name: &str) -> Region {
    name.parse().unwrap()
}

/// Deadlines for tests in which one has to end; far more than a working call needs.
pub(crate) fn hasty() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(2),
        copy: Duration::from_secs(2),
        operation: Duration::from_secs(20),
    }
}

/// A configuration for `endpoint` with these credentials, whose retries do not wait long.
pub(crate) fn configuration(endpoint: &str, credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Credentials of an access key.
pub(crate) fn access_key(id: &str) -> Credentials {
    Credentials::new(id, "the-secret-key", None, None, "test")
}

/// The adapter for `endpoint`.
pub(crate) fn adapter(endpoint: &str) -> SdkAws {
    adapter_within(endpoint, Timeouts::default())
}

/// The adapter for `endpoint`, with these deadlines.
pub(crate) fn adapter_within(endpoint: &str, timeouts: Timeouts) -> SdkAws {
    SdkAws::from_config(&configuration(endpoint, access_key("AKIAEXAMPLE")), timeouts, Arc::new(Unobserved))
}

/// A change of the backup `id` in [`REGION`].
pub(crate) fn mutation(id: &str, change: Change) -> Mutation {
    Mutation { target: BackupKey { region: region(REGION), id: id.parse().unwrap() }, change }
}

/// Tags.
pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A change of every kind. Each takes effect on a READY backup with the tag `old`, the last on
/// one that is pending deletion.
pub(crate) fn every_change() -> [Change; 6] {
    [
        Change::NeverExpires(true),
        Change::Tag(tags(&[("team", "payments"), ("empty", "")])),
        Change::Untag(["old".to_owned()].into()),
        Change::Copy { to: region(ELSEWHERE), tags: Some(tags(&[("team", "archive")])) },
        Change::Delete,
        Change::Restore,
    ]
}

/// A permit that holds.
pub(crate) fn permit() -> Permit {
    Permit::new(Arc::new(|| true))
}

/// A failure.
pub(crate) fn failure(class: ErrorClass, detail: &str) -> Failure {
    Failure::new(class, detail)
}

/// An observer that remembers operation, region and outcome of every call, and how often AWS throttled.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    calls: Mutex<Vec<(&'static str, String, &'static str)>>,
    throttles: Mutex<u32>,
}

impl Observed {
    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<(&'static str, String, &'static str)> {
        self.calls.lock().unwrap().clone()
    }

    /// How often AWS throttled so far.
    pub(crate) fn throttles(&self) -> u32 {
        *self.throttles.lock().unwrap()
    }
}

impl CallObserver for Observed {
    fn called(&self, call: Call<'_>) {
        self.calls.lock().unwrap().push((call.operation, call.region.to_string(), call.outcome));
        *self.throttles.lock().unwrap() += call.throttles;
    }
}
