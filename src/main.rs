//! The program: reads the command line and does what it says.

use std::{io, process::ExitCode};

use cloudhsm_backup_operator::{
    api, cli,
    operator::{self, flags::RunFlags, telemetry},
};

/// Why the program ends with an error.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Telemetry(#[from] telemetry::TelemetryError),
    #[error(transparent)]
    Run(#[from] operator::run::Error),
}

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(asked) => asked.exit(),
    };
    match cli::dispatch(command, &mut io::stdout(), api::crd_yaml, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = io::Write::write_all(
                &mut io::stderr(),
                format!("cloudhsm-backup-operator: {failure}\n").as_bytes(),
            );
            ExitCode::FAILURE
        }
    }
}

fn run(flags: RunFlags) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let traces = {
        let _in = runtime.enter();
        telemetry::init(flags.log_format(), flags.log_level())?
    };
    // One provider for kube and the AWS SDK alike. Err means that it is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let result = runtime.block_on(operator::run(flags));
    traces.flush();
    Ok(result?)
}
