//! `cloudhsm-emulator`: runs an emulator until it is told to stop.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use emulator::{Config, Emulator};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(cli::Cli::parse().config()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cloudhsm-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> io::Result<()> {
    // Before the line that says it is ready: whoever reads that may stop it at once.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let listen = config.listen;
    let emulator = Emulator::start(config)
        .map_err(|err| io::Error::new(err.kind(), format!("cannot listen on {listen}: {err}")))?;
    writeln!(io::stdout(), "{}", emulator.url())?;
    io::stdout().flush()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
