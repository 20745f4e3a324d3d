//! Command lines that nobody means: each is refused with words, or gives flags that the operator can live by.

use std::time::Duration;

use clap::Parser;
use proptest::{prelude::*, sample::select};

use super::{RunFlags, telemetry};

/// The flags as a command of their own.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    run: RunFlags,
}

const FLAGS: [&str; 15] = [
    "--watch-namespace",
    "--poll-interval",
    "--aws-rate",
    "--max-deletions",
    "--settle-window",
    "--confirm-after",
    "--concurrency",
    "--leader-elect",
    "--lease-name",
    "--lease-duration",
    "--renew-deadline",
    "--retry-period",
    "--metrics-addr",
    "--log-format",
    "--log-level",
];

fn value() -> impl Strategy<Value = String> {
    let number =
        prop_oneof![any::<i64>().prop_map(|n| n.to_string()), any::<f64>().prop_map(|n| n.to_string())];
    let unit = select(vec!["ns", "us", "ms", "s", "m", "h", "d", "w", "y", "", " ", "h1m", "e9s"]);
    prop_oneof![
        ".{0,20}",
        (number, unit).prop_map(|(number, unit)| format!("{number}{unit}")),
        select(vec![
            "inf",
            "NaN",
            "1e999",
            "true",
            "false",
            "info",
            "trace,kube=debug",
            "[]=trace",
            "[{a=}]",
            "a=b=c",
            "text",
            "json",
            "[::]:8080",
            ":0",
            "a",
            "-"
        ])
        .prop_map(str::to_owned),
        "[a-z\\[\\]{}=:,/\"]{0,16}",
        "(1[smh]|[0-9]{1,30}h)",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_command_line_is_refused_or_can_be_lived_by(
        flags in proptest::collection::vec((select(FLAGS.to_vec()), value()), 1..3),
    ) {
        let flags = flags.into_iter().map(|(flag, value)| format!("{flag}={value}"));
        let line: Vec<String> = ["operator".to_owned()].into_iter().chain(flags).collect();
        let read = match Flags::try_parse_from(&line) {
            Ok(Flags { run }) => run,
            Err(error) => {
                prop_assert!(!error.to_string().is_empty());
                return Ok(());
            }
        };
        if read.problem().is_some() {
            return Ok(());
        }
        let settings = read.settings();
        let (least, day) = (Duration::from_millis(1), Duration::from_hours(24));
        for time in [settings.poll_interval, settings.settle_window, settings.confirm_after] {
            prop_assert!((least..=day).contains(&time), "{:?}", time);
        }
        prop_assert!(read.aws_rate().is_finite() && read.aws_rate() >= 0.01 && read.concurrency() >= 1);
        prop_assert!(telemetry::filter(read.log_level()).is_ok());
        if let Some(election) = read.election() {
            prop_assert_eq!(election.times.problem(), None);
        }
    }
}
