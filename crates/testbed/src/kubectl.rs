//! Owns running kubectl as one user of one control plane, untouched by the settings of the
//! person at the keyboard.

use std::{
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What failed about a kubectl call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// kubectl could not be run.
    #[error("run kubectl: {0}")]
    Run(#[from] io::Error),
    /// kubectl ran and said no.
    #[error("kubectl {args}: {words}")]
    Refused {
        /// Its arguments.
        args: String,
        /// What it wrote to stderr.
        words: String,
    },
}

/// kubectl with a kubeconfig.
#[derive(Debug, Clone)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    cache: PathBuf,
}

impl Kubectl {
    /// kubectl that keeps what it discovers about the API in the folder `cache`.
    pub fn new(program: PathBuf, kubeconfig: PathBuf, cache: PathBuf) -> Self {
        Self { program, kubeconfig, cache }
    }

    /// The same with another kubeconfig.
    #[must_use]
    pub fn with_kubeconfig(&self, kubeconfig: &Path) -> Self {
        Self { kubeconfig: kubeconfig.to_owned(), ..self.clone() }
    }

    /// The kubeconfig it uses.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs it and returns whatever came of it.
    pub fn output(&self, args: &[&str]) -> Result<Output, Error> {
        Ok(self.command(args).output()?)
    }

    /// Runs it with `input` on its stdin (`apply -f -`) and returns whatever came of it.
    pub fn output_with_stdin(&self, args: &[&str], input: &str) -> Result<Output, Error> {
        // A file, not a pipe: nobody has to write while somebody reads.
        let mut file = tempfile::tempfile()?;
        file.write_all(input.as_bytes())?;
        file.rewind()?;
        Ok(self.command(args).stdin(file).output()?)
    }

    /// Runs it and returns its stdout, or its stderr as an error.
    pub fn ok(&self, args: &[&str]) -> Result<String, Error> {
        succeeded(args, &self.output(args)?)
    }

    /// As [`Kubectl::ok`], with `input` on its stdin.
    pub fn ok_with_stdin(&self, args: &[&str], input: &str) -> Result<String, Error> {
        succeeded(args, &self.output_with_stdin(args, input)?)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--cache-dir")
            .arg(&self.cache)
            .args(args)
            .env("KUBECTL_KUBERC", "false")
            .env_remove("KUBECTL_EXTERNAL_DIFF")
            .stdin(Stdio::null());
        command
    }
}

fn succeeded(args: &[&str], output: &Output) -> Result<String, Error> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    Err(Error::Refused { args: args.join(" "), words })
}
