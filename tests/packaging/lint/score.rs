//! kube-score: nothing critical, no warning, but for the exceptions that stand here with their reasons.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;
use testbed::Folder;

use super::{Rendered, all};
use crate::support::tool;

/// Checks that do not fit, and why.
const EXCEPTIONS: [(&str, &str); 4] = [
    (
        "container-image-pull-policy",
        "tags of releases never move, and a node that has the image starts it without the registry",
    ),
    (
        "deployment-has-host-podantiaffinity",
        "topologySpreadConstraints keep replicas on different hosts, which it does not see",
    ),
    (
        "deployment-replicas",
        "the base is one replica; the overlay high-availability and the chart's default are two",
    ),
    (
        "pod-networkpolicy",
        "opt-in: a policy is useless without a plugin that enforces it, and its addresses are the cluster's own",
    ),
];

/// One more, for the whole: no CPU limit. It would only slow the operator down, and requests protect others.
const FLAGS: [&str; 3] =
    ["--ignore-container-cpu-limit", "--kubernetes-version=v1.36", "--output-format=json"];

/// The grade of a check that found nothing.
const FINE: u64 = 10;

/// Checks that are not passed, with what was said.
fn findings(text: &str) -> BTreeSet<(String, String)> {
    let folder = Folder::new("score-").unwrap();
    let file = folder.path().join("manifests.yaml");
    std::fs::write(&file, text).unwrap();
    let output = Command::new(tool("kube-score")).arg("score").args(FLAGS).arg(file).output().unwrap();
    let scores: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(&output.stderr)));
    let checks = scores.as_array().unwrap().iter().flat_map(|object| object["checks"].as_array().unwrap());
    let bad = checks.filter(|check| {
        let grade = check["grade"].as_u64().unwrap();
        check["skipped"] != true && grade < FINE
    });
    bad.map(|check| (check["check"]["id"].as_str().unwrap().to_owned(), check["comments"].to_string()))
        .collect()
}

/// Of a set where what the checks ask for is switched off on purpose there is nothing to learn.
fn is_scored(rendered: &Rendered) -> bool {
    rendered.name != "values bare"
}

#[test]
fn kube_score_finds_nothing_but_the_exceptions_and_each_of_them_is_needed() {
    let mut needed = BTreeSet::new();
    for rendered in all().iter().filter(|rendered| is_scored(rendered)) {
        for (check, said) in findings(&rendered.text) {
            let exception = EXCEPTIONS.iter().find(|(known, _)| *known == check);
            let (known, _) = exception.unwrap_or_else(|| panic!("{}: {check}: {said}", rendered.name));
            needed.insert(*known);
        }
    }
    assert_eq!(needed, EXCEPTIONS.map(|(check, _)| check).into());
}

#[test]
fn with_everything_switched_on_there_are_no_exceptions() {
    let whole = all().iter().find(|rendered| rendered.name == "values everything").unwrap();
    assert_eq!(findings(&whole.text), BTreeSet::new());
    // And it looks.
    let lax = whole.text.replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false");
    let found: Vec<_> = findings(&lax).into_iter().map(|(check, _)| check).collect();
    assert_eq!(found, ["container-security-context-readonlyrootfilesystem"]);
}
