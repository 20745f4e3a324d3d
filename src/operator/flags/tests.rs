use std::process::Command as Process;

use clap::{Args as _, Command, CommandFactory as _, Parser};

use super::*;

/// The flags as a command of their own.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    run: RunFlags,
}

fn parse(args: &[&str]) -> Result<RunFlags, clap::Error> {
    Flags::try_parse_from([&["run"], args].concat()).map(|flags| flags.run)
}

fn refusal(args: &[&str]) -> String {
    parse(args).unwrap_err().to_string()
}

#[test]
fn without_flags_every_default_holds() {
    let flags = parse(&[]).unwrap();
    assert_eq!(flags.settings(), Settings::default());
    assert!(flags.watch_namespaces().is_empty());
    assert!((flags.aws_rate() - DEFAULT_AWS_RATE).abs() < f64::EPSILON);
    assert_eq!(flags.concurrency(), DEFAULT_CONCURRENCY);
    assert_eq!(flags.metrics_addr(), Listen::default());
    assert_eq!(flags.log_format(), LogFormat::Text);
    assert_eq!(flags.log_level(), telemetry::DEFAULT_LEVEL);
}

#[test]
fn each_setting_comes_from_its_own_flag() {
    let flags =
        parse(&["--settle-window=1s", "--max-deletions=0", "--confirm-after=300ms", "--poll-interval=1h30m"]);
    let wanted = Settings {
        settle_window: Duration::from_secs(1),
        max_deletions: 0,
        confirm_after: Duration::from_millis(300),
        poll_interval: Duration::from_mins(90),
    };
    assert_eq!(flags.unwrap().settings(), wanted);
}

#[test]
fn namespaces_add_up_and_an_empty_one_means_nothing() {
    let watched = |args: &[&str]| -> Vec<String> {
        parse(args).unwrap().watch_namespaces().into_iter().map(str::to_owned).collect()
    };
    assert_eq!(watched(&["--watch-namespace=b", "--watch-namespace", "a,b"]), ["a", "b"]);
    assert_eq!(watched(&["--watch-namespace=a,"]), ["a"]);
    assert!(watched(&["--watch-namespace="]).is_empty());
}

#[test]
fn a_name_that_no_namespace_can_have_is_refused() {
    for wrong in ["Team", "a.b", "-a", "a-", "a/b", &"a".repeat(64)] {
        assert!(refusal(&[&format!("--watch-namespace={wrong}")]).contains("lower-case letters"), "{wrong}");
    }
}

#[test]
fn a_rate_is_a_finite_number_above_zero() {
    assert!((parse(&["--aws-rate=0.5"]).unwrap().aws_rate() - 0.5).abs() < f64::EPSILON);
    for wrong in ["0", "-1", "inf", "NaN", "1e-300", "fast", ""] {
        assert!(refusal(&[&format!("--aws-rate={wrong}")]).contains("such as 5 or 0.5"), "{wrong}");
    }
}

#[test]
fn times_out_of_bounds_are_refused() {
    for wrong in ["--poll-interval=999ms", "--poll-interval=25h", "--settle-window=0s", "--confirm-after=0s"]
    {
        assert!(refusal(&[wrong]).contains("it must be from"), "{wrong}");
    }
    assert!(refusal(&["--poll-interval=5"]).contains("such as 300ms, 3s, 5m or 1h30m"));
    assert!(refusal(&["--concurrency=0"]).contains("1.."));
}

#[test]
fn a_log_level_is_a_level_or_a_list() {
    for right in ["debug", "warn,plan=trace"] {
        assert_eq!(parse(&["--log-level", right]).unwrap().log_level(), right);
    }
    assert!(refusal(&["--log-level=loud=very"]).contains("such as info,kube=debug"));
}

#[test]
fn every_flag_has_its_environment_variable_and_a_help_text() {
    let command = RunFlags::augment_args(Command::new("run"));
    for argument in command.get_arguments() {
        let long = argument.get_long().unwrap();
        let variable = format!("CLOUDHSM_BACKUP_OPERATOR_{}", long.replace('-', "_").to_uppercase());
        assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
        assert!(argument.get_help().is_some(), "{long}");
    }
}

#[test]
fn help_shows_the_defaults_of_the_settings() {
    let help = Flags::command().render_long_help().to_string();
    for default in ["5m", "15m", "10", "5", "16", "[::]:8080", "text", "info"] {
        assert!(help.contains(&format!("[default: {default}]")), "{default} in {help}");
    }
    assert!(!help.contains("confirm-after"));
}

/// The environment of a process cannot be changed safely while tests run beside each other,
/// so this test runs itself again in a process that has the variables.
#[test]
fn variables_stand_in_for_flags_and_flags_win() {
    const MARK: &str = "RUN_FLAGS_FROM_ENVIRONMENT";
    if std::env::vars_os().any(|(name, _)| name == MARK) {
        let flags = parse(&["--max-deletions=3"]).unwrap();
        assert_eq!(flags.settings().poll_interval, Duration::from_mins(7));
        assert_eq!(flags.settings().max_deletions, 3);
        assert_eq!(flags.watch_namespaces(), BTreeSet::from(["a", "b"]));
        assert_eq!(flags.metrics_addr(), Listen::Off);
        return;
    }
    let this = "operator::flags::tests::variables_stand_in_for_flags_and_flags_win";
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", this])
        .env(MARK, "yes")
        .env("CLOUDHSM_BACKUP_OPERATOR_POLL_INTERVAL", "7m")
        .env("CLOUDHSM_BACKUP_OPERATOR_MAX_DELETIONS", "4")
        .env("CLOUDHSM_BACKUP_OPERATOR_WATCH_NAMESPACE", "a,b")
        .env("CLOUDHSM_BACKUP_OPERATOR_METRICS_ADDR", "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
