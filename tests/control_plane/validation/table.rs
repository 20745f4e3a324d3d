//! A table of specs, each with what the API server is to say of it.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::json;

use crate::support::{Bench, Setup, manifest, plane};

/// The fields that every spec has.
pub const REQUIRED: &str = "backupId: backup-ro5c4er4aac\nregion: eu-west-1\n";

/// One case of a table: what it is, the spec, and what the refusal says if it is to be refused.
pub struct Case {
    pub what: &'static str,
    pub spec: String,
    pub refusal: Option<&'static str>,
}

/// This whole spec is accepted.
pub fn good(what: &'static str, spec: &str) -> Case {
    Case { what, spec: spec.to_owned(), refusal: None }
}

/// This whole spec is refused, with these words.
pub fn bad(what: &'static str, spec: &str, refusal: &'static str) -> Case {
    Case { what, spec: spec.to_owned(), refusal: Some(refusal) }
}

/// The required fields and these lines are accepted.
pub fn accepted(what: &'static str, lines: &str) -> Case {
    good(what, &format!("{REQUIRED}{lines}"))
}

/// The required fields and these lines are refused, with these words.
pub fn refused(what: &'static str, lines: &str, refusal: &'static str) -> Case {
    bad(what, &format!("{REQUIRED}{lines}"), refusal)
}

pub fn id(id: &str) -> String {
    format!("backupId: {id}\nregion: eu-west-1")
}

pub fn region(region: &str) -> String {
    format!("backupId: backup-ro5c4er4aac\nregion: {region}")
}

/// `tags`, as JSON is YAML: so many, with keys and values of these lengths.
pub fn tags(count: usize, key: usize, value: usize) -> String {
    let keys = (0..count).map(|number| format!("{number:ö>key$}"));
    json!(keys.map(|key| (key, "ö".repeat(value))).collect::<BTreeMap<_, _>>()).to_string()
}

/// `copies` to so many regions, each with these further fields.
pub fn copies(count: usize, more: &str) -> String {
    let regions = ["us-east", "us-west"].map(|area| (0..10).map(move |number| format!("{area}-{number}")));
    let mut text = "copies:\n".to_owned();
    for region in regions.into_iter().flatten().take(count) {
        writeln!(text, "- {{region: {region}{more}}}").unwrap();
    }
    text
}

/// Gives all specs to kubectl at once; what it says against each, by its place in the table.
pub fn verdicts<'a>(
    namespace: &str,
    args: &[&str],
    specs: impl Iterator<Item = &'a str>,
) -> Vec<Option<String>> {
    let names: Vec<String> = specs.map(str::to_owned).collect();
    let stream = names.iter().enumerate().fold(String::new(), |stream, (place, spec)| {
        stream + "---\n" + &manifest(&format!("case-{place:03}"), spec)
    });
    let args = [&["-n", namespace], args, &["-f", "-"]].concat();
    let output = plane().kubectl_stdin(&args, &stream).unwrap();
    let (said, complaints) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let verdict = |place: usize| {
        let name = format!("case-{place:03}");
        // "Error from server (Invalid): error when creating "STDIN": ….cloudhsm-backup.dev "case-007" is invalid: …"
        let complaint =
            complaints.split("Error from server").find(|part| part.contains(&format!("\"{name}\"")));
        let done = said.contains(&format!("/{name} "));
        assert!(
            complaint.is_some() != done,
            "kubectl {args:?} is not clear about {name}: {said}\n{complaints}"
        );
        complaint.map(str::to_owned)
    };
    (0..names.len()).map(verdict).collect()
}

pub fn check(cases: &[Case], args: &[&str], bench: &Bench) {
    let verdicts = verdicts(&bench.namespace, args, cases.iter().map(|case| case.spec.as_str()));
    let mut wrong = String::new();
    for (Case { what, refusal, .. }, verdict) in cases.iter().zip(verdicts) {
        match (refusal, verdict) {
            (None, None) => {}
            (Some(words), Some(said)) if said.contains(words) => {}
            (None, Some(said)) => writeln!(wrong, "{what}: refused: {said}").unwrap(),
            (Some(words), None) => writeln!(wrong, "{what}: accepted, not refused with: {words}").unwrap(),
            (Some(words), Some(said)) => writeln!(wrong, "{what}: not {words:?} but: {said}").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "kubectl {args:?}:\n{wrong}");
}

/// Each case as a dry run, which must leave nothing behind, then in earnest.
pub fn hold(cases: &[Case]) -> Bench {
    let bench = bench();
    check(cases, &["create", "--dry-run=server"], &bench);
    assert_eq!(bench.kubectl(&["get", "hsmb", "-o", "name"]), "", "a dry run stored something");
    check(cases, &["create"], &bench);
    let stored = bench.kubectl(&["get", "hsmb", "-o", "name"]).lines().count();
    assert_eq!(stored, cases.iter().filter(|case| case.refusal.is_none()).count());
    bench
}

pub fn bench() -> Bench {
    Bench::with(Setup { running: false, ..Setup::default() })
}

#[test]
fn a_wrong_verdict_of_the_table_would_be_noticed() {
    let bench = bench();
    let outcome = |case: Case| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check(&[case], &["create", "--dry-run=server"], &bench);
        }))
    };
    assert!(outcome(accepted("nothing wrong", "")).is_ok());
    assert!(outcome(refused("nothing wrong", "", "anything")).is_err());
    assert!(outcome(accepted("something wrong", "deletionPolicy: x")).is_err());
    assert!(outcome(refused("something else wrong", "deletionPolicy: x", "other words")).is_err());
}
