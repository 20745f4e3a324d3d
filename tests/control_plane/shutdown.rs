//! SIGTERM: nothing new is begun, what is under way ends.

use std::time::{Duration, Instant};

use emulator::{Fault, FaultKind, Seed};
use testbed::within;

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION};

/// Sends SIGTERM; returns the exit code and how long the end took.
fn terminate(bench: &mut Bench, patience: u64) -> (Option<i32>, Duration) {
    let begun = Instant::now();
    let process = bench.operator().process();
    process.signal("TERM").unwrap();
    let ended = process.wait(Duration::from_secs(patience)).unwrap();
    let ended = ended.unwrap_or_else(|| panic!("it still runs\n{}", bench.log()));
    (ended.code(), begun.elapsed())
}

/// A bench whose operator waits for AWS's answer to ModifyBackupAttributes.
fn in_flight(seconds: f64) -> (Bench, String) {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let hang = FaultKind::Hang { seconds, after_effect: true };
    bench.aws.fault(Fault::on("ModifyBackupAttributes", hang));
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    let sent = || !bench.calls("ModifyBackupAttributes").is_empty();
    assert!(within(Duration::from_secs(20), sent), "{}", bench.log());
    (bench, id)
}

#[test]
fn at_rest_it_ends_at_once() {
    let mut bench = Bench::new();
    for region in [REGION, ELSEWHERE] {
        let id = bench.aws.seed(Seed::ready(region, CLUSTER));
        bench.apply(region, &format!("backupId: {id}\nregion: {region}\nneverExpires: true"));
        bench.until_ready(region, true, "InSync");
    }
    let (code, took) = terminate(&mut bench, 10);
    assert!(code == Some(0) && took < Duration::from_secs(3), "{code:?} after {took:?}\n{}", bench.log());
    assert!(bench.log().contains("SIGTERM"), "{}", bench.log());
}

#[test]
fn it_waits_for_a_change_that_is_under_way_and_begins_no_other() {
    let (mut bench, id) = in_flight(4.0);
    let (code, took) = terminate(&mut bench, 20);
    assert_eq!(code, Some(0), "{}", bench.log());
    assert!(took > Duration::from_secs(1) && took < Duration::from_secs(8), "{took:?}\n{}", bench.log());
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"], "and no TagResource");
    // What was done is told, also at the very end.
    let request_id = bench.calls("ModifyBackupAttributes")[0].request_id.clone();
    assert!(bench.log().contains(&request_id), "{}", bench.log());
    let events = bench.events();
    assert_eq!(events.iter().filter(|(_, note)| note.contains(&request_id)).count(), 1, "{events:?}");
    bench.aws.clear_faults();
    bench.run();
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes", "TagResource"]);
    assert!(bench.aws.backup(REGION, &id).unwrap().tags.contains_key("team"));
}

#[test]
fn it_does_not_wait_longer_than_a_call_may_take() {
    let (mut bench, _) = in_flight(60.0);
    let (code, took) = terminate(&mut bench, 45);
    assert!(code == Some(0) && took < Duration::from_secs(35), "{code:?} after {took:?}\n{}", bench.log());
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
}

#[test]
fn it_ends_soon_while_a_region_does_not_answer() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let hang = FaultKind::Hang { seconds: 60.0, after_effect: false };
    bench.aws.fault(Fault::on("DescribeBackups", hang));
    bench.declare("main", &id, "neverExpires: true");
    assert!(
        within(Duration::from_secs(20), || !bench.calls("DescribeBackups").is_empty()),
        "{}",
        bench.log()
    );
    let (code, took) = terminate(&mut bench, 45);
    assert!(code == Some(0) && took < Duration::from_secs(5), "{code:?} after {took:?}\n{}", bench.log());
}
