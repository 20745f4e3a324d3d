//! What no log level shows: lines in which a library repeats what may be secret.
//!
//! The AWS SDK logs requests with their session token, the output of credential processes and AWS's own words; the client
//! for Kubernetes logs whole objects, and what an auth plugin printed. Whoever asks for `trace` means to find a fault, not
//! to write credentials to where logs are kept. So these targets have a limit that `--log-level` cannot lift.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// The most that targets which begin with a name may say. Of several names the longest counts.
const MOST: &[(&str, LevelFilter)] = &[
    // From `debug` on: requests with their headers, AWS's answers, commands with their arguments.
    ("aws", LevelFilter::INFO),
    // Warnings that repeat what a source of credentials said: AWS, a command's standard error, …
    ("aws_config::meta", LevelFilter::ERROR),
    ("aws_config::profile::credentials", LevelFilter::ERROR),
    ("aws_config::sts", LevelFilter::ERROR),
    ("aws_config::web_identity_token", LevelFilter::ERROR),
    // … and lines of the files that credentials stand in.
    ("aws_runtime::env_config::normalize", LevelFilter::ERROR),
    // A warning with the whole answer that could not be decoded. What goes wrong with a call is logged in the builder.
    ("kube_client::client", LevelFilter::ERROR),
    ("kube_client::client::builder", LevelFilter::TRACE),
    // Why a kubeconfig cannot be read, with the lines in question.
    ("kube_client::config", LevelFilter::WARN),
    // Errors in full: the output of an auth plugin that failed, objects that cannot be decoded.
    ("kube_runtime::watcher", LevelFilter::INFO),
];

/// Keeps the libraries within their limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Discretion;

impl<S: Subscriber> Layer<S> for Discretion {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if may_be_shown(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        may_be_shown(metadata)
    }
}

fn may_be_shown(metadata: &Metadata<'_>) -> bool {
    let begins = |(name, _): &&(&str, LevelFilter)| metadata.target().starts_with(name);
    let most = MOST.iter().filter(begins).max_by_key(|(name, _)| name.len());
    most.is_none_or(|(_, most)| metadata.level() <= most)
}
