//! The manifests of `examples/`.

use crate::support::plane;

#[test]
fn every_example_is_accepted_by_the_api_server() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let applied = plane().kubectl_ok(&["apply", "--dry-run=server", "-f", folder]).unwrap();
    let examples = std::fs::read_dir(folder).unwrap().count();
    let accepted = applied.lines().filter(|line| line.ends_with("created (server dry run)")).count();
    assert!(accepted >= examples, "{applied}");
}
