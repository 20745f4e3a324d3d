//! Every link within the project leads somewhere, down to the heading.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{
    markdown::{anchors, prose, targets},
    root,
};

/// The pages below `folder`, or `folder` itself if it is one.
fn pages(folder: &Path) -> Vec<PathBuf> {
    if folder.is_file() {
        return vec![folder.to_owned()];
    }
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "md"))
        .flat_map(|path| pages(&path))
        .collect();
    found.sort();
    found
}

/// `path` without `.` and `..`, as far as that goes without looking at the disk.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// What is wrong with a link in `page` to `target`, if anything.
fn wrong(page: &Path, text: &str, target: &str) -> Option<String> {
    if ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let file = if path.is_empty() { page.to_owned() } else { normal(&page.parent()?.join(path)) };
    if !file.starts_with(root()) {
        return Some("leaves the project".to_owned());
    }
    if !path.is_empty() && !file.exists() {
        return Some("leads nowhere".to_owned());
    }
    let anchor = anchor?;
    if file.extension().is_none_or(|extension| extension != "md") {
        return Some("has an anchor, and only pages have some".to_owned());
    }
    let there = if path.is_empty() { text.to_owned() } else { fs::read_to_string(&file).unwrap() };
    let known = anchors(&there);
    (!known.iter().any(|known| known == anchor)).then(|| format!("has no such heading; there are {known:?}"))
}

#[test]
fn every_link_leads_somewhere() {
    let places =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "deploy", "examples", "hack"];
    let mut links = 0;
    let mut broken = Vec::new();
    for page in places.iter().flat_map(|place| pages(&root().join(place))) {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        for (line, prose) in prose(&text) {
            for target in targets(prose) {
                links += 1;
                let wrong = wrong(&page, &text, &target);
                broken.extend(wrong.map(|wrong| format!("{name}:{line}: {target} {wrong}")));
            }
        }
    }
    assert!(links > 60, "the walk finds only {links} links");
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_would_be_found() {
    let page = root().join("docs/page.md");
    let text = "# A heading\n";
    let good = ["#a-heading", "../README.md", "../src", "../LICENSE", "https://example.com/nothing"];
    for good in good {
        assert_eq!(wrong(&page, text, good), None, "{good}");
    }
    let bad =
        ["#another", "../README.md#another", "../READ.md", "nothing.md", "../../x", "../Cargo.toml#package"];
    for bad in bad {
        assert!(wrong(&page, text, bad).is_some(), "{bad}");
    }
}
