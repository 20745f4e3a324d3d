//! A process that is frozen between its mark and its call of CopyBackupToRegion: what it decided before is not
//! sent when it wakes a minute later. In the short form it wakes after some seconds, and goes on.

use std::time::Duration;

use emulator::Seed;

use crate::{
    copying::{expect_one_copy_each, is_long, requests, until_in_sync},
    gated::Gated,
    shipped,
    support::{CLUSTER, ELSEWHERE, REGION},
};

const PATIENCE: Duration = Duration::from_mins(2);
/// A decision lives for 60 s.
const TOO_LONG: Duration = Duration::from_secs(65);

/// An operator that has written its mark and stands still.
fn frozen() -> (Gated, String) {
    let mut gated = Gated::new(vec!["--settle-window=20s"]);
    gated.bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_secs(1));
    let id = gated.bench.aws.seed(Seed::ready(REGION, CLUSTER));
    gated.hold_at_mark(&id);
    gated.bench.operator().process().signal("STOP").unwrap();
    (gated, id)
}

/// Lets it go on. The answer that it waited for is there; whether that, the deadline of the request or the age of
/// the decision is looked at first is up to the runtime.
fn wake(gated: &mut Gated) {
    gated.api.release();
    gated.bench.operator().process().signal("CONT").unwrap();
    // Time enough to send what it had in mind, and too little to come to a new decision about it.
    std::thread::sleep(Duration::from_secs(3));
}

fn expect_one_copy_in_the_end(gated: &Gated, id: &str) {
    let Gated { bench, .. } = gated;
    until_in_sync(bench, PATIENCE);
    // As long as it would take to ask again.
    bench.meanwhile(2 * 25);
    expect_one_copy_each(bench, [&id.to_owned()], &[ELSEWHERE]);
    assert_eq!(requests(bench, id).len(), 1, "{}", bench.log());
}

#[test]
fn a_process_that_wakes_asks_for_its_copy_soon_after_the_mark_and_not_long_after_it() {
    let (mut gated, id) = frozen();
    std::thread::sleep(if is_long() { TOO_LONG } else { Duration::from_secs(4) });
    assert!(requests(&gated.bench, &id).is_empty(), "it is frozen");
    wake(&mut gated);
    if is_long() {
        assert!(requests(&gated.bench, &id).is_empty(), "the decision is too old\n{}", gated.bench.log());
    }
    expect_one_copy_in_the_end(&gated, &id);
}

#[test]
fn a_process_that_wakes_long_after_another_one_has_taken_over_does_not_ask_too() {
    let (mut gated, id) = frozen();
    // It finds the mark, and waits for the settle window before it asks.
    let other = gated.bench.another(|start| start.kubeconfig = shipped::kubeconfig());
    if is_long() {
        std::thread::sleep(TOO_LONG);
        until_in_sync(&gated.bench, PATIENCE);
        assert_eq!(requests(&gated.bench, &id).len(), 1, "the other has asked\n{}", other.log());
    } else {
        std::thread::sleep(Duration::from_secs(4));
        assert!(requests(&gated.bench, &id).is_empty(), "the other waits\n{}", other.log());
    }
    wake(&mut gated);
    expect_one_copy_in_the_end(&gated, &id);
}
