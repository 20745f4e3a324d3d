//! Any text as a command line: refused with words, or flags that the operator can live by.
#![no_main]

use std::time::Duration;

use cloudhsm_backup_operator::{
    cli::{self, Command},
    operator::telemetry,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let line = std::iter::once("operator").chain(data.lines());
    let flags = match cli::parse(line) {
        Ok(Command::Run(flags)) => flags,
        Ok(Command::Crd) => return,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let settings = flags.settings();
    for time in [settings.poll_interval, settings.settle_window, settings.confirm_after] {
        assert!((Duration::from_millis(1)..=Duration::from_hours(24)).contains(&time), "{time:?}");
    }
    assert!(flags.aws_rate().is_finite() && flags.aws_rate() >= 0.01);
    assert!(flags.concurrency() >= 1);
    assert!(telemetry::filter(flags.log_level()).is_ok());
    assert!(flags.election().is_none_or(|election| election.times.problem().is_none()));
    let _ = (flags.watch_namespaces(), flags.metrics_addr().address(), flags.log_format());
});
