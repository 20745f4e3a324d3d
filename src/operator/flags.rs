//! What the person who runs the operator can set: flags, each with an environment variable.
//!
//! The doc comments here are the text of `--help`. Defaults that rules depend on come from
//! [`Settings`]; nothing else repeats them. How AWS and Kubernetes are reached is not here:
//! that is left to the AWS SDK's and kubectl's own conventions.

pub mod duration;
pub mod leadership;
pub mod listen;

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use plan::settings::Settings;
use tracing::level_filters::LevelFilter;

use self::duration::{Period, between};
use self::leadership::{Election, ElectionFlags};
use self::listen::Listen;
use super::telemetry::{self, LogFormat};

/// Calls a second to AWS, unless told otherwise. AWS publishes no limit for this API; this
/// reads a region of thousands of backups within a minute and leaves room for others.
pub const DEFAULT_AWS_RATE: f64 = 5.0;

/// Resources at once, unless told otherwise.
pub const DEFAULT_CONCURRENCY: u16 = 16;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// The flags of `run`.
#[derive(Args, Clone, Debug, PartialEq)]
#[command(next_help_heading = "Options of run")]
pub struct RunFlags {
    /// A namespace to watch; may be given more than once [default: all namespaces]
    ///
    /// The variable takes a list with commas; an empty one means all. Resources in other namespaces are not
    /// seen at all, also not when two resources name the same backup.
    #[arg(
        long = "watch-namespace",
        value_name = "NAMESPACE",
        env = "CLOUDHSM_BACKUP_OPERATOR_WATCH_NAMESPACE",
        value_delimiter = ',',
        value_parser = namespace
    )]
    watch_namespaces: Vec<String>,

    /// How often the backups of each region are listed, ±10 %; from 1s to 24h
    ///
    /// A change that someone else makes in AWS is noticed after about this time. A listing takes one
    /// DescribeBackups call for every 50 backups.
    #[arg(
        long,
        value_name = "DURATION",
        env = "CLOUDHSM_BACKUP_OPERATOR_POLL_INTERVAL",
        value_parser = between(SECOND, DAY),
        default_value_t = Period(Settings::default().poll_interval)
    )]
    poll_interval: Period,

    /// The most calls a second to AWS, per account and region; 0.01 or more
    ///
    /// While AWS throttles, fewer are made.
    #[arg(
        long,
        value_name = "CALLS",
        env = "CLOUDHSM_BACKUP_OPERATOR_AWS_RATE",
        value_parser = rate,
        default_value_t = DEFAULT_AWS_RATE
    )]
    aws_rate: f64,

    /// The most backups deleted in an hour, per AWS account; 0 deletes none at all
    ///
    /// Deletions over it wait, and their resources say so (reason `DeletionHeld`).
    #[arg(
        long,
        value_name = "NUMBER",
        env = "CLOUDHSM_BACKUP_OPERATOR_MAX_DELETIONS",
        default_value_t = Settings::default().max_deletions
    )]
    max_deletions: u32,

    /// How long a request with an unknown outcome may still take effect; from 1s to 24h
    ///
    /// Such a copy is asked for again only after this time, such a deletion only within it. A window shorter
    /// than AWS needs to show a copy can lead to a second one: minutes, not seconds.
    #[arg(
        long,
        value_name = "DURATION",
        env = "CLOUDHSM_BACKUP_OPERATOR_SETTLE_WINDOW",
        value_parser = between(SECOND, DAY),
        default_value_t = Period(Settings::default().settle_window)
    )]
    settle_window: Period,

    /// How long after a change a look at AWS must begin to disprove it. For tests
    #[arg(
        long,
        hide = true,
        value_name = "DURATION",
        env = "CLOUDHSM_BACKUP_OPERATOR_CONFIRM_AFTER",
        value_parser = between(Duration::from_millis(1), DAY),
        default_value_t = Period(Settings::default().confirm_after)
    )]
    confirm_after: Period,

    /// How many resources are worked on at once; 1 or more
    #[arg(
        long,
        value_name = "NUMBER",
        env = "CLOUDHSM_BACKUP_OPERATOR_CONCURRENCY",
        value_parser = clap::value_parser!(u16).range(1..),
        default_value_t = DEFAULT_CONCURRENCY
    )]
    concurrency: u16,

    #[command(flatten)]
    election: ElectionFlags,

    /// Where /metrics, /livez and /readyz are served; an empty value turns them off
    ///
    /// There is no authentication. Nothing that is served names a resource or a backup.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "CLOUDHSM_BACKUP_OPERATOR_METRICS_ADDR",
        default_value_t = Listen::default()
    )]
    metrics_addr: Listen,

    /// How log lines on standard error look
    #[arg(
        long,
        value_name = "FORMAT",
        env = "CLOUDHSM_BACKUP_OPERATOR_LOG_FORMAT",
        value_enum,
        default_value_t = LogFormat::Text
    )]
    log_format: LogFormat,

    /// What is logged: off, error, warn, info, debug or trace
    ///
    /// A list with commas sets parts of the program apart, as in `debug,kube=info`; the Kubernetes and AWS
    /// libraries log warnings unless they are named.
    #[arg(
        long,
        value_name = "LEVEL",
        env = "CLOUDHSM_BACKUP_OPERATOR_LOG_LEVEL",
        value_parser = log_level,
        default_value = telemetry::DEFAULT_LEVEL
    )]
    log_level: String,
}

impl RunFlags {
    /// What decisions depend on.
    pub fn settings(&self) -> Settings {
        Settings {
            settle_window: self.settle_window.0,
            max_deletions: self.max_deletions,
            confirm_after: self.confirm_after.0,
            poll_interval: self.poll_interval.0,
        }
    }

    /// The namespaces to watch, each once; none means all.
    pub fn watch_namespaces(&self) -> BTreeSet<&str> {
        self.watch_namespaces.iter().map(String::as_str).filter(|name| !name.is_empty()).collect()
    }

    /// Calls a second to AWS, per account and region: finite and above zero.
    pub const fn aws_rate(&self) -> f64 {
        self.aws_rate
    }

    /// How many resources are worked on at once: at least one.
    pub const fn concurrency(&self) -> u16 {
        self.concurrency
    }

    /// The Lease to hold while acting; `None` to act without one.
    pub fn election(&self) -> Option<Election> {
        self.election.election()
    }

    /// What is wrong with the flags taken together, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        self.election.problem()
    }

    /// Where metrics and health are served.
    pub const fn metrics_addr(&self) -> Listen {
        self.metrics_addr
    }

    /// How log lines look.
    pub const fn log_format(&self) -> LogFormat {
        self.log_format
    }

    /// What is logged: a level or a list of directives, well-formed.
    pub fn log_level(&self) -> &str {
        &self.log_level
    }
}

/// An empty name is let through, and means nothing: manifests that set the variable to ""
/// to watch everything are the custom of this field.
fn namespace(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let of_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let well_formed =
        text.len() <= 63 && text.bytes().all(of_label) && !text.starts_with('-') && !text.ends_with('-');
    if well_formed {
        Ok(text.to_owned())
    } else {
        Err("a namespace has at most 63 lower-case letters, digits and inner hyphens")
    }
}

/// The bound keeps every wait between two calls a time that the clock can hold.
fn rate(text: &str) -> Result<f64, &'static str> {
    match text.trim().parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.01 => Ok(rate),
        _ => Err("write a number of calls a second, 0.01 or more, such as 5 or 0.5"),
    }
}

fn log_level(text: &str) -> Result<String, String> {
    // The filter takes a bare word that is no level for the name of a part, and says nothing of `debgu`.
    let bare =
        text.split(',').map(str::trim).filter(|part| !part.is_empty() && !part.contains(['=', ':', '[']));
    if let Some(word) = bare.into_iter().find(|word| word.parse::<LevelFilter>().is_err()) {
        return Err(format!(
            "{word} is no level: write off, error, warn, info, debug or trace, or a list such as info,kube=debug"
        ));
    }
    match telemetry::filter(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(err) => Err(format!(
            "write off, error, warn, info, debug or trace, or a list such as info,kube=debug ({err})"
        )),
    }
}

#[cfg(test)]
mod odd;

#[cfg(test)]
mod tests;
