//! Log lines: what is logged and how it looks. They go to standard error.

mod discretion;

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use thiserror::Error;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use self::discretion::Discretion;
use super::traces::Traces;

/// What is logged unless told otherwise.
pub const DEFAULT_LEVEL: &str = "info";

/// Libraries whose `info` tells nothing to whoever runs the operator. A name stands for all
/// targets that begin with it: `aws` for `aws_config` and `aws_smithy_runtime` too.
const QUIET: &[&str] = &["aws", "h2", "hyper", "kube", "rustls", "tower"];

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of text each, in colour on a terminal
    Text,
    /// One JSON object each
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The level or list is malformed.
    #[error("log level: {0}")]
    Level(#[from] ParseError),
    /// Logging was set up before.
    #[error("start logging: {0}")]
    Twice(#[from] SetGlobalDefaultError),
}

/// Starts logging, and traces if they are wanted, once in a process. Within a runtime of tokio.
pub fn init(format: LogFormat, level: &str) -> Result<Traces, TelemetryError> {
    let colour = io::stderr().is_terminal() && !no_color();
    let (traces, filter) = (Traces::start(), filter(level)?);
    match traces.layer() {
        None => tracing::subscriber::set_global_default(subscriber(format, filter, colour, io::stderr))?,
        Some(layer) => {
            let lines = lines(format, colour, io::stderr).with_filter(filter);
            let subscriber = Registry::default().with(layer).with(lines).with(Discretion);
            tracing::subscriber::set_global_default(subscriber)?;
        }
    }
    traces.announce();
    Ok(traces)
}

/// What `level` lets through: a level, or a list of directives as of `RUST_LOG`.
///
/// [`QUIET`] libraries log warnings unless `level` names them, so that `debug` shows the
/// operator's own doings. A list without a bare level adds to [`DEFAULT_LEVEL`]. Whatever is asked
/// for, [`Discretion`] has the last word.
pub fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    let mut parts = level.split(',').rev().map(str::trim).filter(|part| !part.is_empty());
    let bare = parts.find_map(|part| part.parse::<LevelFilter>().ok());
    let louder = bare.is_none_or(|bare| bare > LevelFilter::WARN);
    let mut directives = vec![DEFAULT_LEVEL.to_owned()];
    if louder {
        directives.extend(QUIET.iter().map(|library| format!("{library}=warn")));
    }
    // Last, so that it replaces what was said before of the same targets.
    directives.push(level.to_owned());
    if cfg!(feature = "otel") {
        // Spans for traces: no line is to carry their fields, and without a collector they are to cost nothing.
        directives.push("otel=off".to_owned());
    }
    EnvFilter::try_new(directives.join(","))
}

/// The layer of log lines, for a subscriber that has another one beside it.
fn lines<S, W>(format: LogFormat, colour: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour);
    match format {
        LogFormat::Text => Box::new(layer),
        LogFormat::Json => Box::new(layer.json().flatten_event(true).with_span_list(false)),
    }
}

fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    colour: bool,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colour);
    match format {
        LogFormat::Text => Box::new(builder.finish().with(Discretion)),
        // The current span suffices: ours do not nest, and a list repeats it.
        LogFormat::Json => {
            Box::new(builder.json().flatten_event(true).with_span_list(false).finish().with(Discretion))
        }
    }
}

/// Whether the person at the terminal asked for no colour (<https://no-color.org>).
#[expect(clippy::disallowed_methods, reason = "the environment is read in src/operator")]
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use tracing::{debug, error, info, info_span, trace, warn};

    use super::*;

    /// Collects what is written.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, act: impl FnOnce()) -> String {
        let page = Page::default();
        let writer = page.clone();
        with_default(subscriber(format, filter(level).unwrap(), false, move || writer.clone()), act);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    fn speak() {
        debug!("own debug");
        info!("own info");
        error!("own error");
        debug!(target: "kube_runtime::controller", "kube debug");
        info!(target: "aws_config::profile", "aws info");
        warn!(target: "hyper_util::client", "hyper warn");
        error!(target: "kube_client", "kube error");
    }

    fn lines(level: &str) -> Vec<String> {
        let logged = logged(LogFormat::Text, level, speak);
        logged.lines().map(|line| line.split(": ").last().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn libraries_stay_quiet_unless_they_are_named() {
        assert_eq!(lines("info"), ["own info", "own error", "hyper warn", "kube error"]);
        assert_eq!(lines("debug"), ["own debug", "own info", "own error", "hyper warn", "kube error"]);
        assert_eq!(lines("info,aws=info"), ["own info", "own error", "aws info", "hyper warn", "kube error"]);
    }

    #[test]
    fn libraries_are_never_louder_than_what_was_asked_for() {
        assert_eq!(lines("error"), ["own error", "kube error"]);
        assert!(lines("off").is_empty());
    }

    #[test]
    fn a_list_without_a_level_adds_to_the_default() {
        assert_eq!(lines("kube=debug"), ["own info", "own error", "kube debug", "hyper warn", "kube error"]);
        assert_eq!(lines(""), lines(DEFAULT_LEVEL));
    }

    #[test]
    fn what_a_library_may_repeat_of_secrets_no_level_shows() {
        let speak = || {
            trace!(target: "aws_smithy_runtime::client::orchestrator", "aws request");
            warn!(target: "aws_runtime::user_agent", "aws warn");
            warn!(target: "aws_config::profile::credentials", "aws stderr");
            error!(target: "aws_config::profile::credentials", "aws error");
            warn!(target: "kube_client::client", "kube object");
            trace!(target: "kube_client::client::builder", "kube call");
            debug!(target: "kube_runtime::watcher", "kube error");
            trace!(target: "hyper::proto", "hyper trace");
        };
        let level =
            "trace,aws=trace,aws_smithy_runtime::client::orchestrator=trace,kube=trace,hyper=trace,[]=trace";
        for format in [LogFormat::Text, LogFormat::Json] {
            let logged = logged(format, level, speak);
            for shown in ["aws warn", "aws error", "kube call", "hyper trace"] {
                assert!(logged.contains(shown), "{shown} in {logged}");
            }
            for hidden in ["aws request", "aws stderr", "kube object", "kube error"] {
                assert!(!logged.contains(hidden), "{hidden} in {logged}");
            }
        }
    }

    #[test]
    fn a_malformed_list_is_refused() {
        assert!(filter("kube=loud").is_err());
    }

    #[test]
    fn json_lines_carry_fields_and_the_span() {
        let logged = logged(LogFormat::Json, "info", || {
            info_span!("reconcile", namespace = "hsm").in_scope(|| info!(region = "eu-west-1", "restored"));
        });
        let line: serde_json::Value = serde_json::from_str(&logged).unwrap();
        assert_eq!(line["message"], "restored");
        assert_eq!(line["region"], "eu-west-1");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["span"]["namespace"], "hsm");
    }

    #[test]
    fn text_has_no_escape_codes_away_from_a_terminal() {
        assert!(!logged(LogFormat::Text, "info", speak).contains('\u{1b}'));
    }
}
