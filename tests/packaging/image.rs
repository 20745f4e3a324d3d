//! The image, as far as it can be checked without a container engine and without building it: the Dockerfile as
//! `hack/image/build-steps` reads it. `make image-check` goes through its steps and looks at what they make.

use std::process::Command;

use cloudhsm_backup_operator::{cli, operator::flags::listen::Listen};
use serde_json::Value;

use crate::support::{read, root, stdout};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The number of the last stage.
const LAST: u8 = 2;

/// An instruction of the Dockerfile.
struct Instruction {
    /// 0 stands before all stages.
    stage: u8,
    name: String,
    rest: String,
}

impl Instruction {
    /// The sources of a COPY out of the context; none for other instructions.
    fn sources(&self) -> Vec<&str> {
        let words: Vec<&str> = self.rest.split(' ').collect();
        if self.name != "COPY" || words[0].starts_with("--from") {
            return Vec::new();
        }
        words[..words.len() - 1].to_vec()
    }
}

fn build_steps(argument: &str) -> String {
    stdout(&Command::new(root().join("hack/image/build-steps")).arg(argument).output().unwrap())
}

fn instructions() -> Vec<Instruction> {
    let parse = |line: &str| {
        let (stage, instruction) = line.split_once(' ').unwrap();
        let (name, rest) = instruction.split_once(' ').unwrap();
        Instruction { stage: stage.parse().unwrap(), name: name.to_owned(), rest: rest.to_owned() }
    };
    build_steps("--list").lines().map(parse).collect()
}

/// What instructions of this name say in a stage.
fn said(stage: u8, name: &str) -> Vec<String> {
    let all = instructions().into_iter();
    all.filter(|one| (one.stage, one.name.as_str()) == (stage, name)).map(|one| one.rest).collect()
}

fn within(file: &str, source: &str) -> bool {
    file == source || file.strip_prefix(source).is_some_and(|rest| rest.starts_with('/'))
}

#[test]
fn what_is_sent_to_the_builder_is_what_is_copied() {
    let context = build_steps("--context");
    let instructions = instructions();
    let sources: Vec<&str> = instructions.iter().flat_map(Instruction::sources).collect();
    assert!(sources.contains(&"src") && context.lines().any(|file| file == "src/main.rs"), "{context}");
    for source in &sources {
        assert!(
            context.lines().any(|file| within(file, source)),
            "COPY {source}: .dockerignore keeps it back"
        );
    }
    for file in context.lines() {
        let copied = sources.iter().any(|source| within(file, source));
        assert!(copied, ".dockerignore lets {file} through, and nothing copies it");
    }
}

#[test]
fn cargo_finds_every_manifest_of_the_workspace_and_no_source_of_tests() {
    let args = ["metadata", "--no-deps", "--format-version=1", "--locked"];
    let metadata = Command::new(env!("CARGO")).args(args).current_dir(root()).output().unwrap();
    let metadata: Value = serde_json::from_str(&stdout(&metadata)).unwrap();
    let context = build_steps("--context");
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 3, "{packages:?}");
    for package in packages {
        let manifest = package["manifest_path"].as_str().unwrap();
        let manifest = manifest.strip_prefix(&format!("{}/", root().display())).unwrap();
        assert!(context.lines().any(|file| file == manifest), "{manifest} is not copied");
        let sources = format!("{}src", manifest.strip_suffix("Cargo.toml").unwrap());
        let shipped = ["cloudhsm-backup-operator", "plan"].iter().any(|name| package["name"] == *name);
        let copied = context.lines().any(|file| within(file, &sources));
        assert_eq!(copied, shipped, "{sources}");
    }
}

#[test]
fn it_is_built_as_every_release_is() {
    let steps = said(1, "RUN");
    assert!(steps.iter().filter(|step| step.ends_with("hack/release/build")).count() >= 2, "{steps:?}");
    assert!(!steps.concat().contains("cargo build"), "only hack/release/build builds");
    let build = read("hack/release/build");
    assert!(build.contains("cargo auditable build --release --locked --bin cloudhsm-backup-operator\n"));
}

#[test]
fn its_bases_fit_the_workspace_and_each_other() {
    let bases = said(0, "ARG");
    let [build, last] = bases.as_slice() else { panic!("{bases:?}") };
    // A tag that moves from one Debian to the next would bring another glibc.
    let rust = build.strip_prefix("BUILD_IMAGE=docker.io/library/rust:").unwrap();
    let rust = rust.strip_suffix("-slim-bookworm").unwrap();
    assert_eq!(last, "FINAL_IMAGE=gcr.io/distroless/cc-debian12:nonroot");
    let number =
        |version: &str| -> Vec<u32> { version.split('.').map(|part| part.parse().unwrap()).collect() };
    assert!(number(rust) >= number(env!("CARGO_PKG_RUST_VERSION")), "Rust {rust} is too old");
    assert_eq!(number(rust).len(), 3, "a release names its compiler to the last digit");
    assert_eq!(said(1, "FROM"), ["${BUILD_IMAGE} AS build"]);
    assert_eq!(said(LAST, "FROM"), ["${FINAL_IMAGE}"]);
}

#[test]
fn the_final_image_has_the_program_and_runs_it_as_nobody() {
    let program = format!("/usr/local/bin/{}", env!("CARGO_PKG_NAME"));
    let built = format!("/build/target/release/{}", env!("CARGO_PKG_NAME"));
    assert_eq!(
        said(LAST, "COPY"),
        [format!("--from=build {built} {program}"), "LICENSE /LICENSE".to_owned()]
    );
    assert_eq!(said(LAST, "RUN"), Vec::<String>::new(), "there is no shell to run anything");
    let users = said(LAST, "USER");
    let [user] = users.as_slice() else { panic!("{users:?}") };
    let numbers: Vec<u32> = user.split(':').map(|id| id.parse().unwrap()).collect();
    assert!(numbers.iter().all(|id| *id > 0), "Kubernetes takes only numbers for not root: {user}");
    // The exec form: the program is process 1 and gets the SIGTERM.
    assert_eq!(said(LAST, "ENTRYPOINT"), [format!("[\"{program}\"]")]);
    let cli::Command::Run(flags) = cli::parse([env!("CARGO_PKG_NAME")]).unwrap() else { panic!() };
    let Listen::At(address) = flags.metrics_addr() else { panic!("nothing is served") };
    assert_eq!(said(LAST, "EXPOSE"), [address.port().to_string()]);
}

#[test]
fn its_labels_say_what_it_is() {
    let labels = said(LAST, "LABEL").concat();
    let label = |key: &str| {
        let (_, rest) = labels
            .split_once(&format!("org.opencontainers.image.{key}=\""))
            .unwrap_or_else(|| panic!("{key}"));
        rest.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(label("title"), env!("CARGO_PKG_NAME"));
    assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
    assert!(label("description").contains("CloudHSM"));
    let arguments = said(LAST, "ARG");
    for (key, argument) in
        [("version", "VERSION"), ("revision", "REVISION"), ("source", "SOURCE"), ("base.name", "FINAL_IMAGE")]
    {
        assert_eq!(label(key), format!("${{{argument}}}"));
        assert!(arguments.iter().any(|given| given.split('=').next() == Some(argument)), "ARG {argument}");
    }
    assert!(arguments.contains(&format!("VERSION={VERSION}")), "{arguments:?}");
}
