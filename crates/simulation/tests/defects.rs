//! The deliberate defects fit the code as it is. `make defects` builds each, and sees it caught.

use std::path::Path;

use simulation::defects;

#[test]
fn every_deliberate_defect_still_has_its_text_to_replace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let defects = defects::all(&root).expect("every page can be read");
    let wrong: Vec<String> = defects.iter().filter_map(|defect| defect.apply(&root).err()).collect();
    assert!(
        wrong.is_empty(),
        "bring the pages in crates/simulation/defects up to date:\n{}",
        wrong.join("\n")
    );
    assert!(defects.len() >= 30, "none has been lost: {}", defects.len());
}
