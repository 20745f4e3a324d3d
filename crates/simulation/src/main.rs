//! `simulate`: plays many histories and says what came of them.
#![allow(clippy::print_stdout, reason = "a program for people")]
#![allow(clippy::disallowed_methods, reason = "how long it takes is told in real time")]

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use clap::Parser;
use simulation::{
    coverage::Coverage,
    exhaustive, schedule,
    shrink::shrink,
    turns::take_turns,
    workload::{self, Workload},
};

/// Plays the operator's real reconcile through many histories, and checks what it promises after every step
#[derive(Debug, Parser)]
struct Flags {
    /// How many random histories
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Replays this one history, and tells what happens in it
    #[arg(long, value_name = "SEED")]
    replay: Option<u64>,
    /// With --replay: makes a history that breaks a promise as small as it gets first
    #[arg(long)]
    shrink: bool,
    /// Instead of random histories: every crash point and every single fault of the workloads that are written out
    #[arg(long)]
    exhaustive: bool,
    /// How many at once
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Ends at the first history that breaks a promise
    #[arg(long)]
    until_broken: bool,
}

/// Of so many broken histories it is told what happened, as small as they get.
const MINIMISED: usize = 2;

/// What all histories came to.
#[derive(Default)]
struct Sum {
    broken: BTreeMap<usize, Vec<String>>,
    coverage: Coverage,
    effects: u64,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    if let Some(seed) = flags.replay {
        return replay(seed, flags.shrink);
    }
    let began = Instant::now();
    let sum = Mutex::new(Sum::default());
    let done = if flags.exhaustive {
        let cases = exhaustive::all(true);
        take_turns(flags.threads, 0..cases.len(), |number| {
            let wrong = exhaustive::play(&cases[number]);
            keep(&sum, number, wrong) && flags.until_broken
        })
    } else {
        let seeds = usize::try_from(flags.seeds).unwrap_or(usize::MAX);
        take_turns(flags.threads, 0..seeds, |number| {
            let report = schedule::run(&workload::draw(flags.from + number as u64), false);
            {
                let mut sum = lock(&sum);
                sum.effects += report.effects;
                sum.coverage.add(&report.coverage);
            }
            keep(&sum, number, report.violations) && flags.until_broken
        })
    };
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell(&flags, &sum, done, began.elapsed().as_secs_f64())
}

fn replay(seed: u64, smallest: bool) -> ExitCode {
    let workload = workload::draw(seed);
    let broken = if smallest { tell_smallest(&workload) } else { tell_history(&workload) };
    println!("{broken} promises broken");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells what happens in the smallest history that breaks what this one breaks, and what it takes.
fn tell_smallest(workload: &Workload) -> usize {
    let workload = shrink(workload);
    println!("{workload:#?}");
    tell_history(&workload)
}

/// Tells what happens, and returns how many promises it breaks.
fn tell_history(workload: &Workload) -> usize {
    let report = schedule::run(workload, true);
    for line in report.trace {
        println!("{line}");
    }
    report.violations.len()
}

fn lock(sum: &Mutex<Sum>) -> std::sync::MutexGuard<'_, Sum> {
    sum.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(sum: &Mutex<Sum>, number: usize, wrong: Vec<String>) -> bool {
    let broken = !wrong.is_empty();
    if broken {
        lock(sum).broken.insert(number, wrong);
    }
    broken
}

fn tell(flags: &Flags, sum: &Sum, done: usize, seconds: f64) -> ExitCode {
    for (number, wrong) in sum.broken.iter().take(20) {
        let seed =
            if flags.exhaustive { String::new() } else { format!("seed {}: ", flags.from + *number as u64) };
        println!("{seed}{}", wrong.join("\n  "));
    }
    if !flags.exhaustive {
        for number in sum.broken.keys().take(MINIMISED) {
            let seed = flags.from + *number as u64;
            println!("\nseed {seed}, as small as it gets:");
            tell_smallest(&workload::draw(seed));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = done as f64 / seconds;
    println!("{done} histories in {seconds:.1} s, {rate:.0} a second; {} break a promise", sum.broken.len());
    if !flags.exhaustive {
        println!("{} effects on the outside, {} of them changes of AWS", sum.effects, sum.coverage.changes());
        println!("{}", sum.coverage);
    }
    if sum.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
