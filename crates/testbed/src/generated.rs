//! Owns the rule for files that are generated and committed: they are what the code would write now.

use std::{fs, path::Path};

/// Asserts that `path` holds `current`. With `UPDATE=1` in the environment it is written; `command` is what to run then.
///
/// # Panics
/// When it holds something else.
#[expect(clippy::panic, reason = "it is an assertion")]
pub fn expect_current(path: &Path, current: &str, command: &str) {
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1")
        && let Err(error) = fs::write(path, current)
    {
        panic!("{}: {error}", path.display());
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let line = found.lines().zip(current.lines()).position(|(found, current)| found != current);
    if found != current {
        let line = line.unwrap_or_else(|| found.lines().count().min(current.lines().count())) + 1;
        panic!("{} is stale (first at line {line}); UPDATE=1 {command} writes it anew", path.display());
    }
}
