//! What cargo says: who depends on whom, and what is linked.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use crate::root;

/// The packages of this workspace, as cargo sees them.
fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The names of what a package needs: as `kind` null, "dev" or "build".
fn needs(package: &Value, kinds: &[Value]) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|need| kinds.contains(&need["kind"])).map(|need| text(&need["name"])).collect()
}

fn package(name: &str) -> Value {
    packages().into_iter().find(|package| package["name"] == name).unwrap()
}

#[test]
fn plan_needs_nothing_but_times_errors_and_records() {
    let needed = needs(&package("plan"), &[Value::Null, "build".into()]);
    assert_eq!(needed, ["jiff", "serde", "thiserror"].map(str::to_owned).into());
}

#[test]
fn the_emulator_shares_nothing_with_what_it_tests() {
    let emulator = package("emulator");
    let needed = needs(&emulator, &[Value::Null, "build".into(), "dev".into()]);
    for ours in packages().iter().map(|package| text(&package["name"])).filter(|name| name != "emulator") {
        assert!(!needed.contains(&ours), "the emulator depends on {ours}");
    }
    let sdk: Vec<_> = needed.iter().filter(|name| name.starts_with("aws-")).collect();
    assert!(sdk.is_empty(), "an emulator made of the SDK would confirm its mistakes: {sdk:?}");
}

#[test]
fn only_tests_depend_on_the_emulator_and_the_testbed() {
    let parts = ["emulator", "testbed"];
    for package in packages() {
        let name = text(&package["name"]);
        let shipped = needs(&package, &[Value::Null, "build".into()]);
        // The testbed runs the emulator for the demo, the simulation plays against it; both are for tests themselves.
        let for_tests = parts.contains(&name.as_str()) || name == "simulation";
        let found = parts.iter().find(|part| shipped.contains(**part) && !for_tests);
        assert_eq!(found, None, "{name} depends on it, and not for its tests alone");
        assert!(name != "emulator" || !shipped.contains("testbed"));
        assert!(!shipped.contains("simulation"), "{name} depends on the simulation");
    }
    let by_tests = needs(&package("cloudhsm-backup-operator"), &["dev".into()]);
    assert!(
        parts.iter().all(|part| by_tests.contains(*part)),
        "this test looks at something else than it should"
    );
}

/// Names and versions of all that is linked into the operator on this platform, with these features.
fn linked(features: &str) -> BTreeSet<(String, String)> {
    let tree = cargo(&[
        "tree",
        "--locked",
        "-p",
        "cloudhsm-backup-operator",
        "--features",
        features,
        "-e",
        "normal",
        "--prefix=none",
        "--format={p}",
    ]);
    let pair = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        Some((words.next()?, words.next()?))
    };
    tree.lines().filter_map(pair).collect()
}

/// What a second TLS or crypto stack would bring.
fn strangers(linked: &BTreeSet<(String, String)>) -> Vec<String> {
    let foreign =
        ["ring", "openssl", "openssl-sys", "native-tls", "boring", "schannel", "mbedtls", "s2n-tls"];
    let mut wrong: Vec<_> = linked
        .iter()
        .filter(|(name, _)| foreign.contains(&name.as_str()))
        .map(|(name, _)| name.clone())
        .collect();
    for once in ["rustls", "aws-lc-rs", "aws-lc-sys", "hyper", "http"] {
        let versions = linked.iter().filter(|(name, _)| name == once).count();
        if versions != 1 {
            wrong.push(format!("{versions} of {once}"));
        }
    }
    wrong
}

#[test]
fn one_tls_and_crypto_stack_is_linked() {
    for features in ["", "otel"] {
        let linked = linked(features);
        assert!(linked.len() > 100, "cargo tree shows too little: {linked:?}");
        let traces = linked.iter().any(|(name, _)| name == "opentelemetry-otlp");
        assert_eq!(traces, features == "otel", "this test looks at something else than it should");
        assert_eq!(strangers(&linked), Vec::<String>::new(), "with features {features:?}");
    }
    let linked = linked("");
    for (name, version) in
        [("ring", "v0.17.14"), ("openssl-sys", "v0.9.0"), ("rustls", "v0.21.0"), ("hyper", "v0.14.0")]
    {
        let mut more = linked.clone();
        more.insert((name.to_owned(), version.to_owned()));
        assert_eq!(strangers(&more).len(), 1, "{name} would not be noticed");
    }
}

/// Name and version of everything that a lock file has.
fn locked(file: &str) -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let blocks = text.split("[[package]]").skip(1);
    blocks.map(|block| (value(block, "name"), value(block, "version"))).collect()
}

#[test]
fn what_is_fuzzed_is_what_is_shipped() {
    let (shipped, fuzzed) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let own = ["arbitrary", "fuzz", "libfuzzer-sys"];
    let other: Vec<_> =
        fuzzed.difference(&shipped).filter(|(name, _)| !own.contains(&name.as_str())).collect();
    assert!(
        fuzzed.len() > 100 && other.is_empty(),
        "cp Cargo.lock fuzz/ && (cd fuzz && cargo update --workspace): {other:?}"
    );
}
