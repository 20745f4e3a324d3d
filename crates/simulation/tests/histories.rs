//! A bounded set of histories, for every run of the tests; `make simulate` plays many more.

use std::time::Duration;

use simulation::{
    exhaustive, fixed, schedule,
    weather::{ChangeFault, ClusterFault, Fault, Spell, Weather},
    workload::{self, Workload},
};

#[test]
fn no_history_breaks_a_promise() {
    let broken: Vec<String> = (0..40)
        .flat_map(|seed| {
            let violations = schedule::run(&workload::draw(seed), false).violations;
            violations.into_iter().map(move |what| format!("seed {seed}: {what}"))
        })
        .collect();
    assert!(broken.is_empty(), "replay with `simulate --replay SEED`: {broken:#?}");
}

#[test]
fn a_seed_tells_the_same_history_again() {
    // Of one process, and of two with and without an election.
    for seed in [3, 11, 0, 6] {
        let [one, two] = [0, 1].map(|_| schedule::run(&workload::draw(seed), true).trace);
        assert!(!one.is_empty() && one == two, "seed {seed}");
    }
}

#[test]
fn a_process_that_is_killed_at_any_step_leaves_aws_as_one_that_is_not() {
    // The workloads in which a lost step would cost most; all of them with `simulate --exhaustive`.
    let chosen = ["a copy", "deleted and undone", "bound with a copy and removed"];
    let workloads = fixed::all().into_iter().filter(|(name, _)| chosen.contains(name));
    let cases = workloads.flat_map(|(name, workload)| exhaustive::cases_of(name, &workload, false));
    let wrong: Vec<String> = cases.flat_map(|case| exhaustive::play(&case)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_workload_that_is_written_out_does_something_and_settles() {
    for (name, workload) in fixed::all() {
        let report = schedule::run(&workload, false);
        assert!(report.violations.is_empty(), "{name}: {:?}", report.violations);
        let idle = ["a view", "a copy made by hand", "bound and unbound"].contains(&name);
        assert!(idle || report.coverage.changes() > 0, "{name} changes nothing in AWS");
    }
}

/// Both wake for the next try at the very same moment, and one of them does not know whether it has written its mark.
#[test]
fn two_operators_that_wake_together_do_not_take_the_others_mark_for_their_own() {
    let (_, one) = fixed::all().into_iter().find(|(name, _)| *name == "a copy").expect("it is written out");
    let spell = |fault, odds, minutes| Spell {
        from: Duration::ZERO,
        until: Duration::from_mins(minutes),
        region: None,
        odds,
        fault,
    };
    let spells = vec![
        spell(Fault::Change(ChangeFault::NotSent), 1.0, 4),
        spell(Fault::Cluster(ClusterFault::After), 0.3, 10),
    ];
    for seed in 0..40 {
        let weather = Weather { spells: spells.clone(), single: None };
        let copies_hidden = Duration::from_mins(3);
        let workload = Workload { seed, weather, processes: 2, copies_hidden, ..one.clone() };
        let violations = schedule::run(&workload, false).violations;
        assert!(violations.is_empty(), "{seed}: {violations:?}");
    }
}
