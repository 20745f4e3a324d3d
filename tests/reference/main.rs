//! The reference documentation: made from the code where it can be, and held to the code where people wrote it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, and its helpers too"
)]
#![allow(unreachable_pub, reason = "modules of a test binary share helpers")]

mod fields;
mod flags;
mod links;
mod markdown;
mod metrics;
mod reasons;
mod security;

use std::path::Path;

/// The first lines of every page that is made here.
const GENERATED: &str = "<!-- Generated; do not edit. `make generate` writes it anew. -->\n";

/// The folder of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Asserts that the file at `path`, below the root, is `text`; with UPDATE=1 makes it so first.
fn compare_or_write(path: &str, text: &str) {
    testbed::expect_current(&root().join(path), text, "cargo test --test reference");
}
