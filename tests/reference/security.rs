//! SECURITY.md names a test for each control: every one of them exists.

use std::{collections::BTreeSet, fs};

use crate::{
    markdown::{code, prose},
    root,
};

/// The tests that a page names, as `path/to/file.rs::name`.
fn named(page: &str) -> BTreeSet<(String, String)> {
    let spans = prose(page).into_iter().flat_map(|(_, line)| code(line));
    let tests = spans.filter_map(|span| span.split_once(".rs::"));
    tests.map(|(file, name)| (format!("{file}.rs"), name.to_owned())).collect()
}

/// Whether `file` has a test of this name. A helper proves nothing.
fn exists(file: &str, name: &str) -> bool {
    let source = fs::read_to_string(root().join(file)).unwrap_or_default();
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let definition = format!("fn {name}(");
    let defines = |line: &&str| line.strip_prefix("async ").unwrap_or(line).starts_with(&definition);
    let Some(at) = lines.iter().position(defines) else { return false };
    let above = lines.iter().take(at).rev();
    above
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| line.contains("test"))
}

fn security() -> String {
    fs::read_to_string(root().join("SECURITY.md")).unwrap()
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let named = named(&security());
    assert!(named.len() >= 40, "the scan finds only {} tests", named.len());
    let missing: Vec<_> = named.iter().filter(|(file, name)| !exists(file, name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_control_names_a_test() {
    let page = security();
    let controls: Vec<&str> = page.lines().filter(|line| line.starts_with("| C")).collect();
    assert!(controls.len() >= 15, "the scan finds only {} controls", controls.len());
    let bare: Vec<&&str> = controls.iter().filter(|line| named(line).is_empty()).collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn a_test_that_is_not_there_would_be_found() {
    let here = "tests/reference/security.rs";
    assert!(exists(here, "a_test_that_is_not_there_would_be_found"));
    assert!(!exists(here, "a_test_that_is_not"));
    assert!(!exists(here, "security"), "a helper is no test");
    assert!(!exists("tests/reference/insecurity.rs", "every_control_names_a_test"));
    let page = "| `tests/a.rs::one`, `tests/b.rs::two` and `c::three` |";
    let two = [("tests/a.rs", "one"), ("tests/b.rs", "two")];
    assert_eq!(named(page), two.map(|(file, name)| (file.to_owned(), name.to_owned())).into());
}

/// The numbers of controls that a line names; `C1–C3` names three.
fn controls(line: &str) -> Vec<u32> {
    let words = line.split([' ', ',', ';', '|']).filter(|word| word.starts_with('C'));
    let number = |word: &str| word.strip_prefix('C').and_then(|number| number.parse().ok());
    let range = |word: &str| match word.split_once('–') {
        Some((first, last)) => Some(number(first)?..=number(last)?),
        None => number(word).map(|only| only..=only),
    };
    words.filter_map(range).flatten().collect()
}

#[test]
fn every_threat_has_controls_and_every_control_a_threat() {
    let page = security();
    let threats = page.lines().filter(|line| line.starts_with("| T")).map(controls);
    let threats: Vec<_> = threats.filter(|controls| !controls.is_empty()).collect();
    assert!(threats.len() >= 14, "the scan finds only {} threats with controls", threats.len());
    let needed: BTreeSet<u32> = threats.into_iter().flatten().collect();
    let there = page.lines().filter_map(|line| line.strip_prefix("| C"));
    let there: BTreeSet<u32> = there.filter_map(|line| line.split_once(' ')?.0.parse().ok()).collect();
    assert_eq!(needed, there);
    assert_eq!(controls("| T1 x | P1 | A1 | C1–C3, C9; more |"), [1, 2, 3, 9]);
}
