//! `defects`: builds the operator with each deliberate defect, and sees that the simulation catches it.
#![allow(clippy::print_stdout, reason = "a program for people")]
#![allow(clippy::disallowed_methods, reason = "how long it takes is told in real time")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use clap::Parser;
use simulation::defects::{Bounds, Defect, Tree, all, hunt};

/// Builds the operator with each deliberate defect in turn, and plays histories until one breaks a promise
#[derive(Debug, Parser)]
struct Flags {
    /// Only the defects whose name contains one of these
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many random histories, beside the whole exhaustive mode
    #[arg(long, default_value_t = 5000)]
    seeds: usize,
    /// No more histories than this, of both kinds
    #[arg(long, default_value_t = usize::MAX)]
    most: usize,
    /// How many histories at once
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Hunts with what is linked here, and says in one line what came of it
    #[arg(long, hide = true)]
    hunt: bool,
}

/// So many random histories come before the exhaustive mode.
const FIRST: usize = 200;

/// One line of the table.
struct Row {
    name: String,
    /// How many histories it took, and what the first that breaks a promise is called and breaks; or what went wrong.
    outcome: Result<(usize, Option<[String; 3]>), String>,
    seconds: f64,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let bounds = Bounds { first: FIRST, random: flags.seeds, most: flags.most, threads: flags.threads };
    if flags.hunt {
        let hunt = hunt(bounds);
        let caught = hunt.caught.map_or_else(String::new, |caught| {
            let what = caught.violations.first().cloned().unwrap_or_default();
            format!("\t{}\t{}\t{}", caught.promise(), caught.history, what.replace(['\n', '\t'], " "))
        });
        println!("{}{caught}", hunt.played);
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match all(&root).and_then(|defects| play(&flags, &root, &defects)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn play(flags: &Flags, root: &Path, defects: &[Defect]) -> Result<bool, String> {
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let scratch = target.join("defects");
    let tree = Tree::new(&root, &scratch.join("tree"));
    // All of them first: a text that has moved is told before an hour is spent.
    let mut plans = Vec::new();
    for defect in defects {
        plans.push((defect, defect.apply(&root)?));
    }
    plans.retain(|(defect, _)| {
        flags.only.is_empty() || flags.only.iter().any(|only| defect.name.contains(only.as_str()))
    });
    println!(
        "{:<44} {:>8}  {:<5} {:>6}  first history that breaks a promise",
        "defect", "took", "what", "time"
    );
    let (mut well, mut most) = (!plans.is_empty(), 0);
    for (defect, changed) in plans {
        let row = try_one(flags, &tree, &scratch.join("target"), &defect.name, &changed, flags.most);
        well &= matches!(row.outcome, Ok((_, Some(_))));
        most = row.outcome.as_ref().map_or(most, |(took, _)| most.max(*took));
        tell(&row);
    }
    // The same histories prove something only if they break no promise without a defect.
    let row = try_one(flags, &tree, &scratch.join("target"), "none", &BTreeMap::new(), most);
    well &= matches!(row.outcome, Ok((_, None)));
    tell(&row);
    Ok(well)
}

fn tell(row: &Row) {
    let (took, promise, what) = match &row.outcome {
        Ok((took, Some([promise, history, _]))) => (took.to_string(), promise.as_str(), history.clone()),
        Ok((took, None)) => (took.to_string(), "-", "none".to_owned()),
        Err(error) => (String::new(), "?", error.clone()),
    };
    println!("{:<44} {took:>8}  {promise:<5} {:>4.0} s  {what}", row.name, row.seconds);
    if let Ok((_, Some([_, _, violation]))) = &row.outcome {
        println!("{:<44} {:>8}  {violation}", "", "");
    }
}

/// Builds the tree with `changed` and hunts with it.
fn try_one(
    flags: &Flags,
    tree: &Tree,
    target: &Path,
    name: &str,
    changed: &BTreeMap<String, String>,
    most: usize,
) -> Row {
    let began = Instant::now();
    let outcome = (|| {
        tree.become_like(changed).map_err(|error| error.to_string())?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "--profile", "simulation", "-p", "simulation"])
            .args(["--bin", "defects"])
            .current_dir(tree.path())
            .env("CARGO_TARGET_DIR", target)
            .stderr(Stdio::piped())
            .output()
            .map_err(|error| error.to_string())?;
        if !built.status.success() {
            return Err(format!("does not compile: {}", String::from_utf8_lossy(&built.stderr)));
        }
        let hunted = Command::new(target.join("simulation/defects"))
            .args(["--hunt", "--seeds", &flags.seeds.to_string(), "--most", &most.to_string()])
            .args(["--threads", &flags.threads.to_string()])
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&hunted.stdout).trim().to_owned();
        let mut parts = said.split('\t').map(str::to_owned);
        let took = parts.next().and_then(|took| took.parse().ok());
        let took = took.ok_or_else(|| format!("it panics: {}", String::from_utf8_lossy(&hunted.stderr)))?;
        Ok((took, <[String; 3]>::try_from(parts.collect::<Vec<_>>()).ok()))
    })();
    Row { name: name.to_owned(), outcome, seconds: began.elapsed().as_secs_f64() }
}
