//! The arrows between the layers, held by reading the sources, and what may be linked.
#![allow(unreachable_pub, reason = "modules of a test binary share helpers")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed, and its helpers too")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

mod packages;
mod paths;

use crate::paths::{paths, tokens};

/// The layers of `src`, and for each the ones that it may name. Every layer may use `plan`.
const LAYERS: [(&str, &[&str]); 7] = [
    ("api", &[]),
    ("aws", &[]),
    ("kubernetes", &["api"]),
    ("inventory", &[]),
    ("controller", &["api", "aws", "kubernetes", "inventory"]),
    ("operator", &["api", "aws", "kubernetes", "inventory", "controller"]),
    ("cli", &["api", "aws", "kubernetes", "inventory", "controller", "operator"]),
];

/// Other names that are at home in some places only: a path, where it may stand, and why.
const AT_HOME: [(&str, &[&str], &str); 6] = [
    ("kube::runtime", &["src/controller/wiring.rs"], "the reconcile is driven by a simulation too"),
    ("kube_runtime", &[], "it is kube::runtime by another name"),
    (
        "kube",
        &["src/api/", "src/kubernetes/", "src/controller/", "src/operator/"],
        "they alone know Kubernetes",
    ),
    (
        "k8s_openapi",
        &["src/api/", "src/kubernetes/", "src/controller/", "src/operator/"],
        "they alone know Kubernetes",
    ),
    (
        "hyper",
        &["src/operator/", "src/aws/settings.rs"],
        "the one alone serves, the other reads a URL as the SDK does",
    ),
    ("tokio::net", &["src/operator/"], "it alone serves"),
];

/// What code that only decides has no use for.
const IMPURE: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
];

/// The most lines of a file.
const MOST_LINES: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder`, relative to the workspace, with its text.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// How many `super`s lead from a file to the root of its crate.
fn depth(file: &str) -> usize {
    let inner = file.strip_prefix("src/").unwrap_or(file).trim_end_matches(".rs");
    inner.trim_end_matches("/mod").split('/').count()
}

/// The module at the root of the crate that a path leads to from this file, if it leads there.
fn root_module(file: &str, path: &str) -> Option<String> {
    let words: Vec<&str> = path.split("::").collect();
    let supers = words.iter().take_while(|word| **word == "super").count();
    let climbs = if words[0] == "crate" { 1 } else { supers };
    let at_root = words[0] == "crate" || (supers > 0 && supers >= depth(file));
    at_root.then(|| words.get(climbs).copied().unwrap_or("crate").to_owned())
}

fn within(path: &str, name: &str) -> bool {
    path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"))
}

/// What one file of the root package names and may not.
fn violations(file: &str, source: &str) -> Vec<String> {
    let layer = file.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs");
    let allowed = LAYERS.iter().find(|(name, _)| *name == layer).map(|(_, allowed)| *allowed);
    let is_layer = |module: &str| LAYERS.iter().any(|(name, _)| *name == module);
    let mut wrong = Vec::new();
    for path in paths(source) {
        if let (Some(allowed), Some(module)) = (allowed, root_module(file, &path)) {
            let hides = path.starts_with("crate") && !is_layer(&module);
            if hides || (is_layer(&module) && module != layer && !allowed.contains(&module.as_str())) {
                wrong.push(format!("{file} names {path}: {layer} may use {allowed:?} of this crate"));
            }
        }
        let first = path.split("::").next().unwrap_or_default();
        if first.starts_with("aws_") && (path.contains("::") || imports(source, first)) && layer != "aws" {
            wrong.push(format!("{file} names {path}: only src/aws knows the SDK"));
        }
        for (name, homes, why) in AT_HOME {
            if within(&path, name) && path != "kube" && !homes.iter().any(|home| file.starts_with(home)) {
                wrong.push(format!("{file} names {path}, which is at home in {homes:?}: {why}"));
            }
        }
    }
    wrong
}

/// Whether `name` is imported whole, as in `use aws_config as config`.
fn imports(source: &str, name: &str) -> bool {
    let tokens = tokens(source);
    tokens.windows(2).any(|pair| ["use", "crate"].contains(&pair[0].as_str()) && pair[1] == name)
}

fn impurities(file: &str, source: &str) -> Vec<String> {
    let names = paths(source).into_iter();
    let impure = names.filter(|path| IMPURE.iter().any(|name| within(path, name)));
    impure.map(|path| format!("{file} names {path}: it decides, and knows nothing of the world")).collect()
}

#[test]
fn each_layer_names_only_those_below_it() {
    let wrong: Vec<_> = sources("src").iter().flat_map(|(file, source)| violations(file, source)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_folder_of_src_is_a_known_layer() {
    let found: BTreeSet<_> =
        sources("src").keys().map(|file| file.split('/').nth(1).unwrap().to_owned()).collect();
    let known = LAYERS.iter().map(|(name, _)| *name).chain(["lib.rs", "main.rs"]);
    assert_eq!(found, known.map(str::to_owned).collect());
}

#[test]
fn a_name_from_above_would_be_found_however_it_is_written() {
    for (file, source) in [
        ("src/api/spec.rs", "use crate::aws::Aws;"),
        ("src/api/spec.rs", "use crate::{api::Spec, kubernetes::{Event, Refusal}};"),
        ("src/api/spec.rs", "fn f() { crate::cli::parse() }"),
        ("src/api/spec.rs", "use super::super::operator::run;"),
        ("src/api/spec.rs", "use super::{super::controller::Index, Spec};"),
        ("src/api/mod.rs", "use super::inventory;"),
        ("src/api/mod.rs", "use crate::*;"),
        ("src/api/mod.rs", "use crate as root;"),
        ("src/aws/sdk.rs", "use crate::api::GROUP;"),
        ("src/inventory/mod.rs", "use crate::aws::Aws;"),
        ("src/kubernetes/api.rs", "use crate::controller::Reconciler;"),
        ("src/controller/act.rs", "use crate::operator::flags::RunFlags;"),
        ("src/operator/run.rs", "let c = '\"'; use aws_config::SdkConfig;"),
        ("src/operator/run.rs", "use aws_config as config;"),
        ("src/controller/act.rs", "use {plan::decide, aws_sdk_sts::Client};"),
        ("src/controller/mod.rs", "use kube::runtime::Controller;"),
        ("src/controller/mod.rs", "use kube::{Api, runtime::{Controller, watcher}};"),
        ("src/inventory/region.rs", "use kube::Api;"),
        ("src/kubernetes/api.rs", "async fn f() { tokio::net::TcpStream::connect(x) }"),
    ] {
        assert!(!violations(file, source).is_empty(), "{file}: {source}");
    }
}

#[test]
fn what_is_only_said_or_lies_below_is_let_through() {
    for (file, source) in [
        (
            "src/api/spec.rs",
            "// use crate::aws::Aws;\n/* crate::cli */ /// [`crate::operator`]\nuse plan::model::Region;",
        ),
        (
            "src/api/spec.rs",
            r##"const TEXT: &str = "crate::aws::Aws"; const RAW: &str = r#"a " crate::cli"#;"##,
        ),
        ("src/api/spec.rs", "use super::status::Status; use crate::api::GROUP; fn f<'a>(x: &'a str) {}"),
        (
            "src/controller/act.rs",
            "use crate::{api::GROUP, aws::Aws, inventory::Describe, kubernetes::Kubernetes};",
        ),
        ("src/controller/wiring.rs", "use kube::{Api, runtime::Controller};"),
        ("src/aws/sdk.rs", "use aws_config::SdkConfig;"),
        (
            "src/operator/flags.rs",
            "struct Flags { aws_rate: f64 } fn f(x: &Flags) { x.aws_rate; self.aws_calls() }",
        ),
        ("src/main.rs", "rustls::crypto::aws_lc_rs::default_provider();"),
    ] {
        assert_eq!(violations(file, source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn what_decides_knows_nothing_of_the_world() {
    let of_plan = sources("crates/plan/src");
    let wrong: Vec<_> = of_plan.iter().flat_map(|(file, source)| impurities(file, source)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for source in
        ["use std::{collections::BTreeMap, fs::File};", "std::env::var(x)", "jiff::Timestamp::now()"]
    {
        assert!(!impurities("crates/plan/src/x.rs", source).is_empty(), "{source}");
    }
}

fn too_long(sources: &BTreeMap<String, String>) -> Vec<String> {
    let lines = sources.iter().map(|(file, source)| (file, source.lines().count()));
    lines.filter(|(_, lines)| *lines >= MOST_LINES).map(|(file, lines)| format!("{file}: {lines}")).collect()
}

#[test]
fn no_file_has_400_lines() {
    let long: Vec<_> =
        ["src", "crates", "tests"].iter().flat_map(|folder| too_long(&sources(folder))).collect();
    assert!(long.is_empty(), "split: {long:#?}");
    let made_up = BTreeMap::from([
        ("long.rs".to_owned(), "x\n".repeat(400)),
        ("short.rs".to_owned(), "x\n".repeat(399)),
    ]);
    assert_eq!(too_long(&made_up), ["long.rs: 400"]);
}
