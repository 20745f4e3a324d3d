//! The commands that a person types.
//!
//! Reading them ([`parse`]) and acting on them ([`dispatch`]) are apart, and dispatch is
//! given what it needs, so both can be tested without a process.

mod help;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};

use crate::operator::flags::RunFlags;

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Run the operator.
    Run(Box<RunFlags>),
    /// Print the CRD.
    Crd,
}

/// The command line. `run` is what is meant when no command is given, so its flags stand at
/// the top too; they may stand on one side of a command's name only.
#[derive(Debug, Parser)]
#[command(name = "cloudhsm-backup-operator", version, args_conflicts_with_subcommands = true)]
#[command(about = help::ABOUT, long_about = help::LONG_ABOUT, after_long_help = help::AFTER)]
struct Cli {
    #[command(flatten)]
    run: RunFlags,
    #[command(subcommand)]
    command: Option<CliCommand>,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Run the operator; what happens without a command
    #[command(after_long_help = help::AFTER)]
    Run(Box<RunFlags>),
    /// Print the CRD, the definition of the resource, as YAML
    #[command(long_about = help::CRD_LONG)]
    Crd,
}

/// Reads a command line, program name first. The error is clap's own: it prints itself, and
/// `--help` and `--version` are errors of this kind too.
pub fn parse<I, T>(args: I) -> Result<Command, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let Cli { run, command } = Cli::try_parse_from(args)?;
    Ok(match command {
        None => Command::Run(checked(Box::new(run))?),
        Some(CliCommand::Run(run)) => Command::Run(checked(run)?),
        Some(CliCommand::Crd) => Command::Crd,
    })
}

/// Flags that are well-formed one by one may not fit together.
fn checked(flags: Box<RunFlags>) -> Result<Box<RunFlags>, clap::Error> {
    match flags.problem() {
        None => Ok(flags),
        Some(problem) => Err(command().error(ErrorKind::ValueValidation, problem)),
    }
}

/// The command line as clap knows it: what `--help` is made from, and the reference of flags.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what was asked for: hands `run` its flags, or writes what `crd_yaml` gives to `out`.
pub fn dispatch<E: From<io::Error>>(
    command: Command,
    out: &mut impl Write,
    crd_yaml: impl FnOnce() -> String,
    run: impl FnOnce(RunFlags) -> Result<(), E>,
) -> Result<(), E> {
    match command {
        Command::Run(flags) => run(*flags),
        Command::Crd => Ok(print(out, &crd_yaml())?),
    }
}

/// A reader that has seen enough, as `head` does, is no error.
fn print(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Command, clap::Error> {
        parse([&["cloudhsm-backup-operator"], args].concat())
    }

    fn max_deletions(args: &[&str]) -> u32 {
        match read(args).unwrap() {
            Command::Run(flags) => flags.settings().max_deletions,
            Command::Crd => panic!("not run"),
        }
    }

    fn long_help(args: &[&str]) -> String {
        let err = read(args).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::DisplayHelp);
        err.to_string()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn run_is_what_is_meant_when_no_command_is_given() {
        assert_eq!(read(&[]).unwrap(), read(&["run"]).unwrap());
        assert_eq!(max_deletions(&["--max-deletions", "3"]), 3);
        assert_eq!(max_deletions(&["run", "--max-deletions", "3"]), 3);
    }

    #[test]
    fn a_flag_that_would_be_ignored_is_refused() {
        for args in [["--max-deletions=3", "crd"], ["--max-deletions=3", "run"]] {
            assert_eq!(read(&args).unwrap_err().kind(), ErrorKind::ArgumentConflict, "{args:?}");
        }
        assert_eq!(read(&["crd", "--max-deletions=3"]).unwrap_err().kind(), ErrorKind::UnknownArgument);
        assert_eq!(read(&["runn"]).unwrap_err().kind(), ErrorKind::InvalidSubcommand);
    }

    #[test]
    fn times_that_could_let_two_lead_are_refused() {
        let err = read(&["--lease-duration=5s", "--renew-deadline=5s"]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::ValueValidation);
        assert!(err.to_string().contains("--renew-deadline must be shorter than --lease-duration"), "{err}");
        assert!(read(&["run", "--retry-period=9s"]).is_err());
        assert!(read(&["--lease-duration=5s", "--renew-deadline=5s", "--leader-elect=false"]).is_ok());
    }

    #[test]
    fn version_is_the_packages() {
        let err = read(&["--version"]).unwrap_err();
        assert_eq!(err.to_string(), format!("cloudhsm-backup-operator {}\n", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn help_teaches_where_credentials_and_clusters_come_from() {
        for help in [long_help(&["--help"]), long_help(&["run", "--help"])] {
            for word in
                ["AWS_PROFILE", "AWS_ENDPOINT_URL_CLOUDHSM_V2", "KUBECONFIG", "EXAMPLES", "--poll-interval"]
            {
                assert!(help.contains(word), "{word} in {help}");
            }
        }
        let short = long_help(&["-h"]);
        assert!(short.contains("--poll-interval") && !short.contains("EXAMPLES"), "{short}");
    }

    #[test]
    fn the_examples_in_the_help_can_be_parsed() {
        let examples = help::AFTER.lines().chain(help::CRD_LONG.lines());
        let commands =
            examples.filter_map(|line| line.split_once("cloudhsm-backup-operator ").map(|(_, args)| args));
        let parsed = commands
            .map(|args| read(&args.split('|').next().unwrap().split_whitespace().collect::<Vec<_>>()));
        assert_eq!(parsed.map(Result::unwrap).count(), 3);
    }

    #[test]
    fn crd_prints_what_it_is_given_and_runs_nothing() {
        let mut out = Vec::new();
        let run = |_| -> io::Result<()> { panic!("it ran") };
        dispatch(Command::Crd, &mut out, || "kind: CustomResourceDefinition\n".to_owned(), run).unwrap();
        assert_eq!(out, b"kind: CustomResourceDefinition\n");
    }

    #[test]
    fn run_gets_its_flags_and_its_failure_is_passed_on() {
        let mut out = Vec::new();
        let command = read(&["--max-deletions=3"]).unwrap();
        let run = |flags: RunFlags| Err(io::Error::other(flags.settings().max_deletions.to_string()));
        assert_eq!(dispatch(command, &mut out, || panic!("printed"), run).unwrap_err().to_string(), "3");
        assert!(out.is_empty());
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_error() {
        struct Closed(io::ErrorKind);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(print(&mut Closed(io::ErrorKind::BrokenPipe), "yaml").is_ok());
        assert!(print(&mut Closed(io::ErrorKind::StorageFull), "yaml").is_err());
    }
}
