//! Owns temporary folders that do not outlive this process.

use std::{io, path::Path};

use tempfile::TempDir;

use crate::watchdog::Watchdog;

/// A temporary folder for its owner's eyes only. Removed when dropped, and when this process
/// ends in any other way.
#[derive(Debug)]
pub struct Folder {
    // Called off first: what is dropped is removed once.
    _watchdog: Watchdog,
    folder: TempDir,
}

impl Folder {
    /// Makes a folder whose name begins with `prefix`.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
        Ok(Self { _watchdog: Watchdog::removes(folder.path().as_os_str())?, folder })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner() {
        let folder = Folder::new("testbed-").unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }
}
