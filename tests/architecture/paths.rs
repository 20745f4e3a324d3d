//! Reads the paths that Rust sources name, without a parser.

use std::collections::BTreeSet;

/// The words and signs of a source, without comments, texts and characters.
pub fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    let (mut tokens, mut place) = (Vec::new(), 0);
    while place < chars.len() {
        let here = at(place);
        match here {
            '/' if at(place + 1) == '/' => place = until(&chars, place, "\n"),
            '/' if at(place + 1) == '*' => place = until(&chars, place + 2, "*/"),
            '"' => place = text_end(&chars, place + 1),
            'r' if raw_hashes(&chars, place).is_some() => {
                let hashes = raw_hashes(&chars, place).unwrap();
                place = until(&chars, place + hashes + 2, &format!("\"{}", "#".repeat(hashes)));
            }
            // A character, not a lifetime.
            '\'' if at(place + 1) == '\\' => place = until(&chars, place + 3, "'"),
            '\'' if at(place + 2) == '\'' => place += 3,
            ':' if at(place + 1) == ':' => {
                tokens.push("::".to_owned());
                place += 2;
            }
            _ if here.is_alphanumeric() || here == '_' => {
                let word: String =
                    chars[place..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                place += word.chars().count();
                tokens.push(word);
            }
            _ => {
                if !here.is_whitespace() {
                    tokens.push(here.to_string());
                }
                place += 1;
            }
        }
    }
    tokens
}

fn until(chars: &[char], from: usize, end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    (from..chars.len())
        .find(|place| chars[*place..].starts_with(&end))
        .map_or(chars.len(), |place| place + end.len())
}

fn text_end(chars: &[char], mut place: usize) -> usize {
    while place < chars.len() && chars[place] != '"' {
        place += if chars[place] == '\\' { 2 } else { 1 };
    }
    place + 1
}

/// How many hashes a raw text that begins here has; none if it is something else.
fn raw_hashes(chars: &[char], place: usize) -> Option<usize> {
    let before = place.checked_sub(1).map_or(' ', |before| chars[before]);
    let hashes = chars[place + 1..].iter().take_while(|c| **c == '#').count();
    let text = chars.get(place + 1 + hashes) == Some(&'"') && !(before.is_alphanumeric() || before == '_');
    text.then_some(hashes)
}

/// Every path that is named, groups spread out: `a::{b, c::D}` is `a::b` and `a::c::D`.
pub fn paths(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    for place in 0..tokens.len() {
        let before = place.checked_sub(1).map_or("", |before| tokens[before].as_str());
        if is_word(&tokens[place]) && before != "::" && before != "." {
            spread(&tokens, place, &[], &mut found);
        }
    }
    found.into_iter().map(|path| path.join("::")).collect()
}

fn spread(tokens: &[String], mut place: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(place) {
        if token == "{" && !path.is_empty() {
            place += 1;
            while tokens.get(place).is_some_and(|token| token != "}") {
                place = spread(tokens, place, &path, found).max(place + 1);
            }
            return place + 1;
        }
        if !is_word(token) && token != "*" {
            break;
        }
        path.push(token.clone());
        place += 1;
        if tokens.get(place).is_none_or(|next| next != "::") {
            break;
        }
        place += 1;
    }
    if path.len() > prefix.len() {
        found.push(path);
    }
    place
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
