//! Owns the way to the control plane's programs: `hack/control-plane/provide` finds, downloads
//! or builds them. Knows nothing of how they are started.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Why the control plane's programs are not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The script could not be run at all.
    #[error("run {}: {source}", script.display())]
    Run {
        /// The script.
        script: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The script found no way; its words say what was tried and what helps.
    #[error("{0}")]
    Refused(String),
}

/// The folder that holds etcd, kube-apiserver, kube-controller-manager and kubectl.
#[derive(Debug, Clone)]
pub struct Assets {
    folder: PathBuf,
}

impl Assets {
    /// Runs `hack/control-plane/provide` and shows its progress on stderr.
    ///
    /// # Caveats
    /// The first run on a machine may download or build for minutes.
    pub fn provide() -> Result<Self, Error> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hack/control-plane/provide");
        let failed = |source| Error::Run { script: script.clone(), source };
        let mut child = Command::new(&script)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        // The script writes one line to stdout, so reading stderr to its end first cannot block it.
        let words = child.stderr.take().map(pass_on).transpose().map_err(failed)?.unwrap_or_default();
        let mut line = String::new();
        if let Some(mut stdout) = child.stdout.take() {
            stdout.read_to_string(&mut line).map_err(failed)?;
        }
        if child.wait().map_err(failed)?.success() {
            Ok(Self { folder: PathBuf::from(line.trim_end()) })
        } else {
            Err(Error::Refused(words))
        }
    }

    /// The folder, as `KUBEBUILDER_ASSETS` would name it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Copies the stream to our stderr line by line, as it comes, and returns all of it.
/// Written past libtest's capture, which would hide minutes of progress.
fn pass_on(stream: impl Read) -> io::Result<String> {
    let mut all = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line? + "\n";
        io::stderr().write_all(line.as_bytes())?;
        all.push_str(&line);
    }
    Ok(all)
}
