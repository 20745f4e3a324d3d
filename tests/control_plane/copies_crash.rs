//! The operator is killed around its call of CopyBackupToRegion, again and again, each time over
//! another backup: in the end each has one copy. What the mark in the status says decides.

use std::time::{Duration, Instant};

use emulator::{Fault, FaultKind, Seed};
use testbed::within;

use crate::{
    copying::{declare, expect_one_copy_each, is_long, request, requests, until_asked, until_in_sync},
    gated::Gated,
    support::{Bench, CLUSTER, ELSEWHERE, REGION},
};

const PATIENCE: Duration = Duration::from_secs(90);

/// Kills the operator at one point of the way to a copy, in so many rounds.
fn rounds(crash: impl Fn(&mut Gated, &str)) {
    let mut gated = Gated::new(vec!["--settle-window=5s"]);
    gated.bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_secs(1));
    let mut ids = Vec::new();
    for _ in 0..if is_long() { 10 } else { 2 } {
        let id = gated.bench.aws.seed(Seed::ready(REGION, CLUSTER));
        crash(&mut gated, &id);
        gated.bench.aws.clear_faults();
        gated.bench.run();
        ids.push(id);
    }
    let Gated { bench, .. } = &gated;
    until_in_sync(bench, PATIENCE);
    // As long as it would take to ask again.
    bench.meanwhile(2 * 6);
    expect_one_copy_each(bench, &ids, &[ELSEWHERE]);
}

fn on_copy(id: &str, kind: FaultKind) -> Fault {
    Fault::on("CopyBackupToRegion", kind).backup(id).times(1)
}

/// Asserts what was asked for when the operator died: nothing, or one copy, and whether AWS made it.
fn expect_asked(bench: &Bench, id: &str, made: &[bool]) {
    let asked: Vec<_> = requests(bench, id).iter().map(|call| call.applied).collect();
    assert_eq!(asked, made, "{}", bench.log());
}

#[test]
fn an_operator_killed_before_the_mark_asks_once() {
    rounds(|gated, id| {
        gated.until_searched(id);
        gated.kill();
        assert!(request(&gated.bench.object(id)).is_null());
        expect_asked(&gated.bench, id, &[]);
    });
}

#[test]
fn an_operator_killed_between_mark_and_call_asks_once() {
    rounds(|gated, id| {
        gated.hold_at_mark(id);
        gated.kill();
        expect_asked(&gated.bench, id, &[]);
    });
}

#[test]
fn an_operator_killed_when_its_request_has_arrived_and_nothing_was_done_asks_again() {
    rounds(|gated, id| {
        gated.bench.aws.fault(on_copy(id, FaultKind::Hang { seconds: 60.0, after_effect: false }));
        declare(&gated.bench, id, &[ELSEWHERE]);
        until_asked(&gated.bench, id);
        gated.kill();
        expect_asked(&gated.bench, id, &[false]);
    });
}

#[test]
fn an_operator_killed_while_it_waits_for_the_answer_does_not_ask_again() {
    rounds(|gated, id| {
        let Gated { bench, .. } = gated;
        bench.aws.fault(on_copy(id, FaultKind::Hang { seconds: 60.0, after_effect: true }));
        // The copy shows only when the next operator has looked in vain.
        bench
            .aws
            .fault(on_copy(id, FaultKind::knobs(|knobs| knobs.copy_visible_after = Duration::from_secs(2))));
        declare(bench, id, &[ELSEWHERE]);
        until_asked(bench, id);
        gated.kill();
        expect_asked(&gated.bench, id, &[true]);
    });
}

#[test]
fn an_operator_killed_at_any_moment_after_the_answer_does_not_ask_again() {
    rounds(|gated, id| {
        declare(&gated.bench, id, &[ELSEWHERE]);
        // No sleep: the moment is to be hit within milliseconds.
        let deadline = Instant::now() + PATIENCE;
        while requests(&gated.bench, id).is_empty() {
            assert!(Instant::now() < deadline, "{}", gated.bench.log());
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(..40)));
        gated.kill();
        expect_asked(&gated.bench, id, &[true]);
    });
}

#[test]
fn an_operator_killed_before_it_records_the_acceptance_does_not_ask_again() {
    rounds(|gated, id| {
        gated.bench.aws.fault(on_copy(id, FaultKind::Hang { seconds: 1.0, after_effect: true }));
        declare(&gated.bench, id, &[ELSEWHERE]);
        until_asked(&gated.bench, id);
        gated.api.hold_requests();
        let accepted =
            || gated.bench.log().lines().any(|line| line.contains("changed in AWS") && line.contains(id));
        assert!(within(PATIENCE, accepted), "{}", gated.bench.log());
        gated.kill();
        let left = gated.bench.object(id);
        assert!(request(&left)["requestedAt"].is_string(), "{left:#}");
        assert!(request(&left)["acceptedAt"].is_null(), "{left:#}");
        expect_asked(&gated.bench, id, &[true]);
    });
}
