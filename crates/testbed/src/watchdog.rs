//! Owns what is done when this process ends without dropping anything: killed, aborted, Ctrl-C.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// Waits on a pipe that only this process holds open, so that its end is the end of the pipe.
/// Deaf to Ctrl-C, which must not end the watchdog before the one it watches.
const WAIT: &str = "trap '' HUP INT TERM; read -r _; ";

/// A small shell that acts when this process ends. Dropping it calls it off.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Kills the process with this id. To be dropped before the id can be another's.
    pub(crate) fn kills(id: u32) -> io::Result<Self> {
        Self::start(r#"kill -KILL "$0""#, id.to_string().as_ref())
    }

    /// Removes the folder, a little later than other watchdogs kill those who write into it.
    pub(crate) fn removes(folder: &OsStr) -> io::Result<Self> {
        Self::start(r#"sleep 1; rm -rf -- "$0""#, folder)
    }

    /// std opens the pipe close-on-exec, so no other child holds it open by mistake.
    fn start(act: &str, on: &OsStr) -> io::Result<Self> {
        let shell = Command::new("sh")
            .arg("-c")
            .arg([WAIT, act].concat())
            .arg(on)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }

    /// What the end of this process does: closes the pipe.
    #[cfg(test)]
    pub(crate) fn parent_ends(&mut self) {
        drop(self.shell.stdin.take());
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed before `wait` closes the pipe.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_folder_goes_when_the_parent_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let mut watchdog = Watchdog::removes(folder.path().as_os_str()).unwrap();
        watchdog.parent_ends();
        let deadline = Instant::now() + Duration::from_secs(10);
        while folder.path().exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!folder.path().exists());
    }
}
