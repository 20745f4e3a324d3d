//! Owns child processes: their output in a log file, signals, and that none outlives its parent.
//! Knows nothing of what they do.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::watchdog::Watchdog;

const POLL: Duration = Duration::from_millis(10);

/// What failed about a child process.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log file could not be opened.
    #[error("open the log {}: {source}", path.display())]
    Log {
        /// The log file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process or its watchdog could not be started.
    #[error("start {name}: {source}")]
    Start {
        /// The process.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The process could not be sent a signal.
    #[error("send SIG{signal} to {name}: {words}")]
    Signal {
        /// The process.
        name: String,
        /// The signal, without SIG.
        signal: String,
        /// What `kill` or the system said.
        words: String,
    },
    /// The system would not say whether the process runs.
    #[error("wait for {name}: {source}")]
    Wait {
        /// The process.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A child process. Killed when dropped, and when this process ends in any other way.
///
/// # Caveats
/// It is the process itself that is killed, not processes it started.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
    /// None once the child is reaped: its number may be another process's then.
    watchdog: Option<Watchdog>,
}

impl Process {
    /// Starts `command` in a process group of its own (Ctrl-C at a terminal is not for it) with
    /// nothing to read and its output appended to the file `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self, Error> {
        let file = open_log(log).map_err(|source| Error::Log { path: log.to_owned(), source })?;
        let failed = |source| Error::Start { name: name.to_owned(), source };
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(failed)?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let watchdog = None;
        let mut process = Self { name: name.to_owned(), log: log.to_owned(), child, watchdog };
        process.watchdog = Some(Watchdog::kills(process.id()).map_err(failed)?);
        Ok(process)
    }

    /// The name it was started under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name without SIG: `TERM`, `KILL`, `STOP`, `CONT`.
    pub fn signal(&mut self, signal: &str) -> Result<(), Error> {
        let running = self.is_running();
        let failed = |words| Error::Signal { name: self.name.clone(), signal: signal.to_owned(), words };
        // Once it is reaped, its number may be another process's.
        if !running {
            return Err(failed("it has ended".to_owned()));
        }
        let output = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .output()
            .map_err(|err| failed(err.to_string()))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(failed(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()))
        }
    }

    /// Waits for the process to end. `None` when it still runs after `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<ExitStatus>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let ended = self.child.try_wait();
            let ended = ended.map_err(|source| Error::Wait { name: self.name.clone(), source })?;
            if ended.is_some() {
                self.watchdog = None;
                return Ok(ended);
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether the process has not ended. A stopped one (`STOP`) counts as running.
    pub fn is_running(&mut self) -> bool {
        matches!(self.wait(Duration::ZERO), Ok(None))
    }

    /// Kills the process (SIGKILL, like a crash) and waits until it is gone.
    pub fn kill(&mut self) {
        // Errors mean that it has ended already. In this order its number stays its own until
        // nobody would kill by it any more.
        let _ = self.child.kill();
        self.watchdog = None;
        let _ = self.child.wait();
    }

    /// What the process wrote so far, stdout and stderr mixed.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map_or_else(
            |err| format!("(no log: {err})"),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The end of the log, for error messages.
    pub fn log_tail(&self, lines: usize) -> String {
        let log = self.log();
        let skip = log.lines().count().saturating_sub(lines);
        log.lines().skip(skip).collect::<Vec<_>>().join("\n")
    }

    /// The log file.
    pub fn log_path(&self) -> &Path {
        &self.log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn open_log(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Process, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        (Process::start("shell", command, &folder.path().join("log")).unwrap(), folder)
    }

    fn exists(id: u32) -> bool {
        Command::new("kill").args(["-s", "0", &id.to_string()]).output().unwrap().status.success()
    }

    fn eventually(mut condition: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !condition() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }

    #[test]
    fn output_of_both_streams_is_in_the_log() {
        let (mut process, _folder) = shell("echo one; echo two >&2; exit 3");
        assert_eq!(process.wait(Duration::from_secs(10)).unwrap().unwrap().code(), Some(3));
        assert_eq!(process.log(), "one\ntwo\n");
        assert_eq!(process.log_tail(1), "two");
        assert!(!process.is_running());
        assert_eq!(process.signal("TERM").unwrap_err().to_string(), "send SIGTERM to shell: it has ended");
    }

    #[test]
    fn a_process_can_be_asked_to_end() {
        let (mut process, _folder) = shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
        assert!(eventually(|| process.log() == "ready\n"));
        assert_eq!(process.wait(Duration::from_millis(50)).unwrap(), None);
        process.signal("TERM").unwrap();
        assert_eq!(process.wait(Duration::from_secs(10)).unwrap().unwrap().code(), Some(7));
    }

    #[test]
    fn a_stopped_process_is_gone_after_drop() {
        let (mut process, _folder) = shell("exec sleep 1000");
        process.signal("STOP").unwrap();
        assert!(process.is_running());
        let id = process.id();
        assert!(exists(id));
        drop(process);
        assert!(!exists(id));
    }

    #[test]
    fn a_process_dies_when_its_parent_is_killed() {
        let (mut process, _folder) = shell("exec sleep 1000");
        process.watchdog.as_mut().unwrap().parent_ends();
        assert!(process.wait(Duration::from_secs(10)).unwrap().is_some());
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let err = Process::start("nothing", Command::new("/no/such/program"), &folder.path().join("log"));
        assert!(err.unwrap_err().to_string().starts_with("start nothing: No such file"));
    }
}
