//! Owns the API server's audit log: its policy, its flags and reading it.

use std::{io, path::PathBuf, process::Command};

/// One event for each finished request, without bodies.
const POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
";

/// An audit log in the making.
#[derive(Debug)]
pub(crate) struct AuditLog {
    policy: PathBuf,
    log: PathBuf,
}

impl AuditLog {
    pub(crate) fn in_folder(folder: &std::path::Path) -> io::Result<Self> {
        let audit = Self { policy: folder.join("audit-policy.yaml"), log: folder.join("audit.log") };
        std::fs::write(&audit.policy, POLICY)?;
        Ok(audit)
    }

    /// Adds the API server's flags. An event is written before its response ends (`blocking`),
    /// and the log is never rotated away: a benchmark reads all of it.
    pub(crate) fn add_flags(&self, api_server: &mut Command) {
        api_server
            .arg(format!("--audit-policy-file={}", self.policy.display()))
            .arg(format!("--audit-log-path={}", self.log.display()))
            .args(["--audit-log-mode=blocking", "--audit-log-maxsize=1000000", "--audit-log-maxbackup=0"]);
    }

    /// All events so far, oldest first. A line that is still being written is left for the next call.
    pub(crate) fn events(&self) -> io::Result<Vec<serde_json::Value>> {
        let text = match std::fs::read_to_string(&self.log) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(err) => return Err(err),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
    }
}
