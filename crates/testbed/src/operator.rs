//! Owns the operator as a process of its own, as users run it: flags, environment, log, metrics.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    http,
    process::{Error, Process},
};

const LISTENS_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// How an operator is to be started.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// How it reaches the API server, and as whom.
    pub kubeconfig: PathBuf,
    /// The emulator's address; it stands for CloudHSM and STS.
    pub aws: String,
    /// The access key, which tells the emulator the account; `None` leaves the process without credentials.
    pub access_key: Option<String>,
    /// Flags, beside the address of metrics and health.
    pub flags: Vec<String>,
    /// Its log.
    pub log: PathBuf,
}

/// A running operator. Killed when dropped.
#[derive(Debug)]
pub struct Operator {
    process: Process,
}

impl Operator {
    /// Starts one. It gets nothing of this process's environment but what it is given here.
    pub fn start(start: &Start) -> Result<Self, Error> {
        let mut command = Command::new(&start.program);
        command
            .env_clear()
            .env("KUBECONFIG", &start.kubeconfig)
            .env("HOME", start.log.parent().unwrap_or(Path::new("/")))
            .env("AWS_ENDPOINT_URL_CLOUDHSM_V2", &start.aws)
            .env("AWS_ENDPOINT_URL_STS", &start.aws)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["--metrics-addr", "127.0.0.1:0"])
            .args(&start.flags);
        if let Some(key) = &start.access_key {
            command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        }
        Ok(Self { process: Process::start("operator", command, &start.log)? })
    }

    /// The process, for signals and its log.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Asks its HTTP server for `path`; returns status and body.
    pub fn get(&self, path: &str) -> io::Result<(u16, String)> {
        http::ask(&self.address()?, "GET", path, "")
    }

    /// The address of its HTTP server, which its log tells.
    fn address(&self) -> io::Result<String> {
        let deadline = Instant::now() + LISTENS_WITHIN;
        loop {
            let log = self.process.log();
            let started = log.rsplit("serving /metrics, /livez and /readyz address=").next();
            if let Some(address) =
                started.filter(|rest| rest.len() < log.len()).and_then(|rest| rest.split_whitespace().next())
            {
                return Ok(address.to_owned());
            }
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("the operator does not listen; its log:\n{log}")));
            }
            std::thread::sleep(POLL);
        }
    }
}
