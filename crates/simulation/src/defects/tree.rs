//! A copy of the project, kept alike: only what differs is written, so that only that is compiled again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// What is not copied, wherever it is.
const LEFT: [&str; 2] = ["target", ".git"];

/// A copy of the project.
#[derive(Debug)]
pub struct Tree {
    original: PathBuf,
    copy: PathBuf,
}

impl Tree {
    /// A copy at `copy` of the project at `original`; [`Self::become_like`] makes it.
    pub fn new(original: &Path, copy: &Path) -> Self {
        Self { original: original.to_owned(), copy: copy.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.copy
    }

    /// Makes it like the original, but for the files `changed`.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn become_like(&self, changed: &BTreeMap<String, String>) -> io::Result<()> {
        let wanted = files(&self.original)?;
        for file in files(&self.copy).unwrap_or_default().difference(&wanted) {
            fs::remove_file(self.copy.join(file))?;
        }
        for file in wanted {
            let text = match file.to_str().and_then(|name| changed.get(name)) {
                Some(changed) => changed.clone().into_bytes(),
                None => fs::read(self.original.join(&file))?,
            };
            let path = self.copy.join(&file);
            if fs::read(&path).is_ok_and(|there| there == text) {
                continue;
            }
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, text)?;
        }
        Ok(())
    }
}

/// The files below `root`, by their paths from there.
fn files(root: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let left = entry.file_name().to_str().is_some_and(|name| LEFT.contains(&name));
            if left {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(path) = entry.path().strip_prefix(root) {
                found.insert(path.to_owned());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_is_there_until_the_next_one_and_what_is_alike_is_not_touched() {
        let folder = std::env::temp_dir().join(format!("tree-{}", std::process::id()));
        let (original, copy) = (folder.join("original"), folder.join("copy"));
        fs::create_dir_all(original.join("src")).unwrap();
        fs::create_dir_all(original.join("target")).unwrap();
        for (file, text) in [("src/a.rs", "a"), ("src/b.rs", "b"), ("target/c", "c")] {
            fs::write(original.join(file), text).unwrap();
        }
        let tree = Tree::new(&original, &copy);
        let read = |file: &str| fs::read_to_string(copy.join(file)).ok();
        tree.become_like(&[("src/a.rs".to_owned(), "defect".to_owned())].into()).unwrap();
        assert_eq!((read("src/a.rs").as_deref(), read("target/c")), (Some("defect"), None));
        let written = || fs::metadata(copy.join("src/b.rs")).unwrap().modified().unwrap();
        let before = written();
        fs::write(copy.join("src/left.rs"), "of another time").unwrap();
        tree.become_like(&BTreeMap::new()).unwrap();
        assert_eq!((read("src/a.rs").as_deref(), read("src/left.rs")), (Some("a"), None));
        assert_eq!(written(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
