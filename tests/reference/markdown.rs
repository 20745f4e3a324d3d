//! As much of Markdown as the pages here need: written for tables, read for links and headings.

use std::collections::BTreeMap;

/// A table. Cells are one line each, and a bar in one is no border.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let row = |row: &Vec<String>| {
        assert_eq!(row.len(), head.len(), "{row:?}");
        line(row.iter().map(|text| cell(text)).collect())
    };
    let head_line = line(head.iter().map(|&cell| cell.to_owned()).collect());
    let border = format!("|{}\n", "---|".repeat(head.len()));
    [head_line, border].into_iter().chain(rows.iter().map(row)).collect()
}

/// `text` as a cell: on one line, with its bars escaped (GitHub wants that within code, too).
pub fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The lines of a page that are not within a fenced block, each with its number from 1.
pub fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut prose = Vec::new();
    for (at, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.push((at + 1, line));
        }
    }
    prose
}

/// A line without what stands in it as code.
pub fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// What stands in a line as code.
pub fn code(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The targets of the links and images of a line.
pub fn targets(line: &str) -> Vec<String> {
    let text = without_code(line);
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    // A title may follow the target.
    ends.filter_map(|target| target.split_whitespace().next()).map(str::to_owned).collect()
}

/// The anchors of a page: those that GitHub gives its headings, and those that it sets itself.
pub fn anchors(page: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for (_, line) in prose(page) {
        let own = line.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next());
        anchors.extend(own.map(str::to_owned));
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let Some(title) = line.get(level..).and_then(|rest| rest.strip_prefix(' ')) else { continue };
        if !(1..=6).contains(&level) {
            continue;
        }
        let anchor = slug(title);
        let before = seen.entry(anchor.clone()).or_default();
        anchors.push(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
        *before += 1;
    }
    anchors
}

fn slug(title: &str) -> String {
    // Of a link the words count, not the target.
    let mut words = String::new();
    let mut rest = title.trim();
    while let Some((before, after)) = rest.split_once("](") {
        words += before;
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    words += rest;
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn cells_are_one_line_and_their_bars_are_no_borders() {
    let table = table(&["A", "B"], &[vec!["one\n  two".to_owned(), "`a|b`".to_owned()]]);
    assert_eq!(table, "| A | B |\n|---|---|\n| one two | `a\\|b` |\n");
}

#[test]
fn anchors_are_those_of_github() {
    let page = "# One, two & `three`\n## [A link](x.md#y) here\n```\n# no heading\n```\n## Twice\n## Twice\n#no\n| <a id=\"own\"></a>x |";
    assert_eq!(anchors(page), ["one-two--three", "a-link-here", "twice", "twice-1", "own"]);
}

#[test]
fn links_and_images_are_found_and_code_is_none() {
    let line = r#"[a](b.md#c) and ![d](e.png "title"), not `[f](g.md)`"#;
    assert_eq!(targets(line), ["b.md#c", "e.png"]);
    assert_eq!(code("a `b::c` d `e`"), ["b::c", "e"]);
}
