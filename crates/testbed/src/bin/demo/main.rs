//! The main job of the operator, shown on real parts: `make demo`.
//!
//! A local control plane, the emulator in place of AWS, the operator as a process, kubectl and
//! the manifests of `examples/`. Every outcome is checked in the emulator itself. With `--once`
//! it ends by itself, with success only if every check held; without, it stays up to look around.
#![allow(clippy::disallowed_methods, reason = "it runs in real time")]
#![allow(unreachable_pub, reason = "the modules of a program share what is public in them")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is there to be read")]

mod scene;
mod show;
mod story;

use std::process::ExitCode;

use scene::Scene;
use show::Show;

const HELP: &str = "Shows the operator at work on real parts, with an emulator in place of AWS.

Usage: demo --operator PATH [--once]

  --operator PATH  The operator's program
  --once           End after the last act; the exit code tells whether every check held
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let once = args.iter().any(|arg| arg == "--once");
    let operator = args.iter().position(|arg| arg == "--operator").and_then(|at| args.get(at + 1));
    let Some(operator) = operator else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    match play(operator, once) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(operator: &str, once: bool) -> Result<bool, Box<dyn std::error::Error>> {
    let mut show = Show::default();
    println!(
        "Starting etcd, kube-apiserver and kube-controller-manager; the first time they may have to be built."
    );
    let scene = Scene::set(operator)?;
    story::tell(&scene, &mut show)?;
    let well = show.conclude();
    if !once {
        scene.invite(&mut show);
        loop {
            // Ctrl-C ends this process, and with it all the others.
            std::thread::park();
        }
    }
    Ok(well)
}
