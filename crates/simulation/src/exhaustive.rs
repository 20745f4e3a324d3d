//! Every crash point and every single fault of the workloads of [`crate::fixed`], each in a history of its own.

use crate::{
    fixed, schedule,
    weather::{Fault, Weather},
    workload::Workload,
    world::{Crash, Moment},
};

/// How many calls of each port faults are tried at, of the many that polling makes.
const CALLS: u64 = 24;

/// One history that differs from the undisturbed one in one thing.
#[derive(Clone, Debug)]
pub struct Case {
    /// The workload.
    pub name: &'static str,
    /// What is done to it.
    pub what: String,
    /// The history to be.
    pub workload: Workload,
    /// How AWS looks in the end when nothing goes wrong.
    pub expected: String,
}

/// The cases of one workload; `faults`: not the crashes alone.
pub fn cases_of(name: &'static str, workload: &Workload, faults: bool) -> Vec<Case> {
    let undisturbed = schedule::run(workload, false);
    let case =
        |what: String, workload: Workload| Case { name, what, workload, expected: undisturbed.end.clone() };
    let mut cases = vec![case("nothing".to_owned(), workload.clone())];
    for effect in 1..=undisturbed.effects {
        for when in [Moment::Before, Moment::After] {
            let crash = Some(Crash { effect, when });
            cases.push(case(
                format!("killed {when:?} effect {effect}"),
                Workload { crash, ..workload.clone() },
            ));
        }
    }
    for fault in Fault::all().filter(|_| faults) {
        let port = match fault {
            Fault::Read(_) => "read",
            Fault::Change(_) => "change",
            Fault::Cluster(_) => "cluster",
        };
        for call in 1..=undisturbed.calls.get(port).copied().unwrap_or_default().min(CALLS) {
            let weather = Weather { single: Some((call, fault)), ..Weather::default() };
            cases.push(case(format!("{fault:?} at call {call}"), Workload { weather, ..workload.clone() }));
        }
    }
    cases
}

/// The cases of all workloads.
pub fn all(faults: bool) -> Vec<Case> {
    fixed::all().iter().flat_map(|(name, workload)| cases_of(name, workload, faults)).collect()
}

/// Plays a case; what is wrong with it.
pub fn play(case: &Case) -> Vec<String> {
    let report = schedule::run(&case.workload, false);
    let mut wrong = report.violations;
    if report.end != case.expected {
        wrong.push(format!("L1: in the end AWS is\n{}and undisturbed it is\n{}", report.end, case.expected));
    }
    wrong.into_iter().map(|what| format!("{} / {}: {what}", case.name, case.what)).collect()
}
