//! The workflows: pinned actions, least permissions, nothing foreign in a script. `make audit` has zizmor look at
//! them too.

use std::{collections::BTreeMap, fs, process::Command};

use serde_json::{Map, Value, json};

use crate::support::{read, root, stdout, tool};

const FOLDER: &str = ".github/workflows";

/// What a job may do beside reading the sources: file, job, what for.
const GRANTS: [(&str, &str, &[&str]); 3] = [
    ("release.yaml", "image", &["packages"]),
    ("release.yaml", "publish", &["attestations", "id-token", "packages"]),
    ("release.yaml", "release", &["contents"]),
];

/// The workflows' names and texts.
fn workflows() -> BTreeMap<String, String> {
    let files = fs::read_dir(root().join(FOLDER)).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), read(&format!("{FOLDER}/{name}")))).collect()
}

fn parsed(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What is wrong with the lines that name actions.
fn unpinned(text: &str) -> Vec<String> {
    let named = text.lines().filter_map(|line| line.split_once("uses: "));
    let pinned = |action: &str| {
        let (reference, version) = action.split_once(" # v").unwrap_or((action, ""));
        let (_, commit) = reference.split_once('@').unwrap_or_default();
        let hex = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
        commit.len() == 40 && commit.chars().all(hex) && version.split('.').count() == 3
    };
    let foreign = named.map(|(_, action)| action).filter(|action| !action.starts_with("./"));
    foreign.filter(|action| !pinned(action)).map(|action| format!("{action} is not pinned")).collect()
}

/// What is wrong with a job.
fn wrong_with(file: &str, name: &str, job: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let granted = GRANTS.iter().find(|(of, job, _)| (*of, *job) == (file, name));
    let writes = granted.map(|(_, _, writes)| *writes).unwrap_or_default();
    let mut expected: Map<String, Value> =
        writes.iter().map(|grant| ((*grant).to_owned(), json!("write"))).collect();
    expected.entry("contents").or_insert(json!("read"));
    let permissions = map(&job["permissions"]);
    let sorted = |map: &Map<String, Value>| map.clone().into_iter().collect::<BTreeMap<_, _>>();
    if sorted(&permissions) != sorted(&expected) {
        wrong.push(format!("may {permissions:?} and should {expected:?}"));
    }
    let decisive = ["id-token", "contents"].iter().any(|grant| writes.contains(grant));
    if decisive && job["environment"] != "release" {
        wrong.push("publishes, and nobody can be asked first".to_owned());
    }
    if job["uses"].is_null() && !job["timeout-minutes"].is_u64() {
        wrong.push("has no timeout".to_owned());
    }
    for step in steps(job) {
        if step["run"].as_str().is_some_and(|script| script.contains("${{")) {
            wrong.push(format!("a script is written by an expression: {step}"));
        }
        let action = step["uses"].as_str().unwrap_or_default();
        if action.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
            wrong.push("leaves its token in the clone".to_owned());
        }
    }
    wrong.into_iter().map(|what| format!("{file}: {name} {what}")).collect()
}

/// All that is wrong with a workflow.
fn complaints(file: &str, text: &str) -> Vec<String> {
    let mut wrong = unpinned(text);
    let workflow = parsed(text);
    if workflow["permissions"] != json!({}) {
        wrong.push(format!("{file} gives every job {}", workflow["permissions"]));
    }
    // What GitHub takes by itself goes on after a failure in a pipe.
    if workflow["defaults"]["run"]["shell"] != "bash" {
        wrong.push(format!("{file} does not stop at a failure in a pipe"));
    }
    for trigger in ["pull_request_target", "workflow_run", "issue_comment"] {
        if text.contains(trigger) {
            wrong.push(format!("{file}: {trigger} runs what strangers wrote with our permissions"));
        }
    }
    if text.contains("secrets") {
        wrong.push(format!("{file}: no secret is needed; the job's own token is github.token"));
    }
    for (name, job) in map(&workflow["jobs"]) {
        wrong.extend(wrong_with(file, &name, &job));
    }
    wrong
}

#[test]
fn actions_are_pinned_and_jobs_may_do_what_they_must_and_no_more() {
    let workflows = workflows();
    assert_eq!(workflows.keys().collect::<Vec<_>>(), ["ci.yaml", "release.yaml"]);
    let wrong: Vec<_> = workflows.iter().flat_map(|(file, text)| complaints(file, text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (file, job, _) in GRANTS {
        assert!(!parsed(&workflows[file])["jobs"][job].is_null(), "{file} has no job {job}");
    }
}

#[test]
fn what_is_wrong_with_a_workflow_would_be_found() {
    let sound = "on: push\npermissions: {}\ndefaults: {run: {shell: bash}}\njobs:\n  test:\n    timeout-minutes: 5\n    permissions:\n      \
        contents: read\n    steps:\n      \
        - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          \
        persist-credentials: false\n      - run: make test\n";
    assert_eq!(complaints("ci.yaml", sound), Vec::<String>::new());
    for (from, to) in [
        ("3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7"),
        ("3d3c42e5aac5ba805825da76410c181273ba90b1", "3d3c42e"),
        (" # v7.0.1", ""),
        ("permissions: {}", "permissions: read-all"),
        ("permissions: {}\n", ""),
        ("shell: bash", "shell: sh"),
        ("contents: read", "contents: write"),
        ("contents: read", "packages: write"),
        ("persist-credentials: false", "fetch-depth: 0"),
        ("    timeout-minutes: 5\n", ""),
        ("run: make test", "run: echo ${{ github.head_ref }}"),
        ("on: push", "on: pull_request_target"),
        ("run: make test", "env: {TOKEN: \"${{ secrets.TOKEN }}\"}"),
    ] {
        assert!(sound.contains(from), "{from}");
        assert!(!complaints("ci.yaml", &sound.replacen(from, to, 1)).is_empty(), "{to}");
    }
}

#[test]
fn an_action_is_the_same_wherever_it_is_used() {
    let mut pins = BTreeMap::new();
    for text in workflows().values() {
        for (_, action) in text.lines().filter_map(|line| line.split_once("uses: ")) {
            let Some((name, commit)) = action.split_once('@') else { continue };
            let earlier = pins.insert(name.to_owned(), commit.to_owned());
            assert!(earlier.is_none_or(|earlier| earlier == commit), "two pins of {name}");
        }
    }
    assert!(pins.len() > 4, "{pins:?}");
}

#[test]
fn nothing_is_published_that_was_not_checked() {
    let release = parsed(&workflows()["release.yaml"]);
    let jobs = &release["jobs"];
    assert_eq!(jobs["check"]["uses"], "./.github/workflows/ci.yaml");
    assert_eq!(jobs["image"]["needs"], json!(["check", "plan"]));
    assert_eq!(jobs["publish"]["needs"], json!(["plan", "image"]));
    assert_eq!(jobs["release"]["needs"], json!(["plan", "publish"]));
    let ci = parsed(&workflows()["ci.yaml"]);
    let triggers = map(&ci["on"]);
    for trigger in ["push", "pull_request", "schedule", "workflow_call"] {
        assert!(triggers.contains_key(trigger), "{trigger}");
    }
    for workflow in [&release, &ci] {
        let matrix = &workflow["jobs"]["image"]["strategy"]["matrix"]["include"];
        let architectures: Vec<_> = matrix.as_array().unwrap().iter().map(|one| &one["arch"]).collect();
        assert_eq!(architectures, ["amd64", "arm64"]);
    }
}

#[test]
fn the_workflows_call_what_there_is() {
    let (makefile, all) = (read("Makefile"), workflows());
    let all: String = all.into_values().collect();
    let words: Vec<&str> = all.split_whitespace().collect();
    let targets: Vec<_> = words.windows(2).filter(|pair| pair[0] == "make").map(|pair| pair[1]).collect();
    assert!(targets.contains(&"audit") && targets.contains(&"reproduce"), "{targets:?}");
    for target in targets {
        assert!(makefile.contains(&format!("\n{target}:")), "make {target}");
    }
    let paths = all.split(|letter: char| !(letter.is_ascii_alphanumeric() || "./_-".contains(letter)));
    let scripts: Vec<_> = paths
        .filter(|path| path.starts_with("hack/") || path.starts_with(".ci/"))
        .filter(|path| !path.ends_with('/'))
        .collect();
    assert!(scripts.len() > 4, "{scripts:?}");
    for script in scripts {
        assert!(root().join(script).is_file(), "{script}");
    }
}

#[test]
fn the_workflows_use_the_rust_of_the_image() {
    for (file, text) in workflows() {
        let image = format!("rust:{}-slim-", parsed(&text)["env"]["RUST"].as_str().unwrap());
        assert!(read("Dockerfile").contains(&image), "{file}: {image}");
    }
}

#[test]
fn a_release_runs_its_own_image() {
    let folder = testbed::Folder::new("release-").unwrap();
    let sbom = folder.path().join("sbom");
    fs::write(&sbom, "{}").unwrap();
    let (release, image) = (folder.path().join("release"), "ghcr.io/acme/cloudhsm-backup-operator");
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let bundle = Command::new(root().join("hack/release/bundle"))
        .args([release.as_os_str(), image.as_ref(), digest.as_ref(), sbom.as_os_str()])
        .output();
    stdout(&bundle.unwrap());
    let chart = release.join(concat!("cloudhsm-backup-operator-", env!("CARGO_PKG_VERSION"), ".tgz"));
    let rendered = Command::new(tool("helm")).args(["template".as_ref(), chart.as_os_str()]).output();
    let installed = fs::read_to_string(release.join("install.yaml")).unwrap();
    let pinned = format!("{image}:{}@{digest}", env!("CARGO_PKG_VERSION"));
    for manifests in [installed, stdout(&rendered.unwrap())] {
        let images = manifests.lines().filter_map(|line| line.split_once(" image: "));
        let images: Vec<_> = images.map(|(_, image)| image.trim_matches('"')).collect();
        assert_eq!(images, [&pinned]);
    }
    let sums = fs::read_to_string(release.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 3, "{sums}");
    assert!(fs::read_to_string(release.join("notes.md")).unwrap().contains("neverExpires"));
}
