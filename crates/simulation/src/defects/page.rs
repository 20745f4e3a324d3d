//! A defect as a page: a title, why it is one, and for each place the file, the text as it is and as it becomes.
//!
//! ````text
//! # What is wrong
//!
//! Why that matters.
//!
//! In `src/some/file.rs`
//!
//! ```rust
//! the text as it is
//! ```
//!
//! becomes
//!
//! ```rust
//! the text with the defect
//! ```
//! ````

use std::{collections::BTreeMap, fs, path::Path};

/// Where the pages are, below the root of the project.
const FOLDER: &str = "crates/simulation/defects";

/// A deliberate defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The name of its page.
    pub name: String,
    /// The title of its page.
    pub title: String,
    /// What becomes of which text; at least one.
    pub replacements: Vec<Replacement>,
}

/// One text of one file becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The file, below the root of the project.
    pub file: String,
    /// The text as it is. It must be there exactly once.
    pub old: String,
    /// What it becomes.
    pub new: String,
}

impl Defect {
    /// Reads a page.
    ///
    /// # Errors
    ///
    /// What is missing on it.
    pub fn parse(name: &str, page: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("defect {name}: {what}");
        let title = page.lines().find_map(|line| line.strip_prefix("# "));
        let title = title.ok_or_else(|| wrong("no title"))?.to_owned();
        let mut replacements = Vec::new();
        let (mut file, mut old) = (None, None);
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            if let Some(named) = line.strip_prefix("In `").and_then(|rest| rest.strip_suffix('`')) {
                file = Some(named.to_owned());
            } else if line.starts_with("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                let block = block.join("\n");
                match (file.clone(), old.take()) {
                    (Some(_), None) => old = Some(block),
                    (Some(file), Some(old)) => replacements.push(Replacement { file, old, new: block }),
                    (None, _) => return Err(wrong("a text without a file")),
                }
            }
        }
        if old.is_some() || replacements.is_empty() {
            return Err(wrong("a text that becomes nothing"));
        }
        Ok(Self { name: name.to_owned(), title, replacements })
    }

    /// The files below `root` that it changes, as they become.
    ///
    /// # Errors
    ///
    /// Which text is not where it should be, or more than once.
    pub fn apply(&self, root: &Path) -> Result<BTreeMap<String, String>, String> {
        let mut changed: BTreeMap<String, String> = BTreeMap::new();
        for Replacement { file, old, new } in &self.replacements {
            let wrong = |what: &str| format!("defect {}: {file}: {what}:\n{old}", self.name);
            let text = match changed.get(file) {
                Some(text) => text.clone(),
                None => fs::read_to_string(root.join(file)).map_err(|error| wrong(&error.to_string()))?,
            };
            let text = match text.matches(old.as_str()).count() {
                0 => return Err(wrong("this text is not there")),
                1 if old == new => return Err(wrong("nothing becomes of this text")),
                1 => text.replacen(old.as_str(), new, 1),
                _ => return Err(wrong("this text is there more than once")),
            };
            changed.insert(file.clone(), text);
        }
        Ok(changed)
    }
}

/// All defects of the project at `root`, by name.
///
/// # Errors
///
/// What is wrong with which page.
pub fn all(root: &Path) -> Result<Vec<Defect>, String> {
    let folder = root.join(FOLDER);
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut defects = Vec::new();
    for entry in fs::read_dir(&folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let (Some(name), Some("md")) = (
            path.file_stem().and_then(|name| name.to_str()),
            path.extension().and_then(|extension| extension.to_str()),
        ) else {
            continue;
        };
        defects.push(Defect::parse(name, &fs::read_to_string(&path).map_err(wrong)?)?);
    }
    defects.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(defects)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# It forgets\n\nWhy.\n\nIn `a.rs`\n\n```rust\n    one();\n    two();\n```\n\nbecomes\n\n```rust\n    one();\n```\n";

    #[test]
    fn a_page_says_which_text_becomes_what() {
        let defect = Defect::parse("forgets", PAGE).unwrap();
        let replacement = Replacement {
            file: "a.rs".into(),
            old: "    one();\n    two();".into(),
            new: "    one();".into(),
        };
        assert_eq!((defect.title.as_str(), defect.replacements), ("It forgets", vec![replacement]));
        for (taken, why) in
            [("# It", "title"), ("In `a.rs`", "file"), ("becomes\n\n```rust\n    one();\n```", "becomes")]
        {
            let error = Defect::parse("forgets", &PAGE.replace(taken, "")).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_text_that_is_not_there_exactly_once_is_told() {
        let folder = std::env::temp_dir().join(format!("defects-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let defect = Defect::parse("forgets", PAGE).unwrap();
        let applied = |text: &str| {
            fs::write(folder.join("a.rs"), text).unwrap();
            defect.apply(&folder)
        };
        let there = "{\n    one();\n    two();\n}\n";
        assert_eq!(applied(there).unwrap()["a.rs"], "{\n    one();\n}\n");
        assert!(applied("{\n    one();\n}\n").unwrap_err().contains("a.rs: this text is not there"));
        assert!(applied(&there.repeat(2)).unwrap_err().contains("more than once"));
        fs::remove_dir_all(&folder).unwrap();
        assert!(defect.apply(&folder).unwrap_err().starts_with("defect forgets: a.rs"));
    }
}
