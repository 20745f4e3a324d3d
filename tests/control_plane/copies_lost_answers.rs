//! Twenty backups are copied to three regions each while AWS's answers are lost: in the end there
//! are sixty copies, one for each backup and region, and no more.

use std::time::Duration;

use emulator::{Fault, FaultKind};

use crate::{
    copying::{DESTINATIONS, declare_many, expect_one_copy_each, until_in_sync},
    support::{Bench, Setup},
};

const BACKUPS: usize = 20;
const COPIES: usize = BACKUPS * DESTINATIONS.len();
const PATIENCE: Duration = Duration::from_mins(5);

/// The backups are declared, and the operator does not run yet.
fn declared(flags: &[&'static str]) -> (Bench, Vec<String>) {
    let flags = [&["--settle-window=6s"], flags].concat();
    let bench = Bench::with(Setup { flags, running: false });
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_secs(1));
    let ids = declare_many(&bench, BACKUPS, &DESTINATIONS);
    (bench, ids)
}

/// The operator runs until all are in sync, and for as long again as a second request would take.
fn expect_sixty_copies(bench: &mut Bench, ids: &[String]) {
    bench.run();
    until_in_sync(bench, PATIENCE);
    bench.meanwhile(3 * 8);
    expect_one_copy_each(bench, ids, &DESTINATIONS);
    assert_eq!(bench.applied("CopyBackupToRegion").len(), COPIES);
}

fn asked(bench: &Bench) -> usize {
    bench.calls("CopyBackupToRegion").len()
}

fn broken() -> FaultKind {
    let code = "CloudHsmInternalFailureException".to_owned();
    FaultKind::Error { code, status: 500, message: None }
}

#[test]
fn no_copy_is_asked_for_again_when_every_answer_is_lost() {
    let (mut bench, ids) = declared(&[]);
    // What was accepted shows late, too, though within the settle window.
    bench.aws.knobs(|knobs| knobs.copy_visible_after = Duration::from_secs(2));
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::AcceptThenDrop));
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), COPIES);
}

#[test]
fn no_copy_is_asked_for_again_when_every_answer_is_an_error_500_after_the_effect() {
    let (mut bench, ids) = declared(&[]);
    bench.aws.knobs(|knobs| knobs.copy_visible_after = Duration::from_secs(2));
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::accept_then_error()));
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), COPIES);
}

#[test]
fn no_copy_is_asked_for_again_when_every_answer_is_cut_short_or_unreadable() {
    let (mut bench, ids) = declared(&[]);
    let half = u32::try_from(COPIES / 2).unwrap();
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::TruncatedBody).times(half));
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::GarbageBody));
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), COPIES);
}

#[test]
fn a_copy_is_asked_for_again_until_a_burst_of_throttling_is_over() {
    let (mut bench, ids) = declared(&[]);
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::Throttle).times(30));
    // Ten pass, then it begins anew.
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::Throttle).skip(10).times(20));
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), COPIES + 50);
}

#[test]
fn a_copy_that_was_lost_on_its_way_is_asked_for_once_more_after_the_settle_window() {
    let (mut bench, ids) = declared(&[]);
    for (number, id) in ids.iter().enumerate() {
        for destination in DESTINATIONS {
            let loss = if number % 2 == 0 { FaultKind::Drop } else { broken() };
            let fault = Fault::on("CopyBackupToRegion", loss).backup(id).destination(destination);
            bench.aws.fault(fault.times(1));
        }
    }
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), 2 * COPIES);
}

#[test]
fn a_mixture_of_lost_requests_lost_answers_and_throttling_leads_to_one_copy_each() {
    let (mut bench, ids) = declared(&[]);
    let kinds = [
        FaultKind::AcceptThenDrop,
        FaultKind::Drop,
        FaultKind::accept_then_error(),
        broken(),
        FaultKind::Throttle,
        FaultKind::GarbageBody,
        FaultKind::TruncatedBody,
    ];
    let mut lost = 0;
    let pairs = ids.iter().flat_map(|id| DESTINATIONS.map(|destination| (id, destination)));
    for ((id, destination), kind) in pairs.zip(kinds.iter().cycle()) {
        lost += usize::from(matches!(kind, FaultKind::Drop | FaultKind::Error { .. } | FaultKind::Throttle));
        let fault = Fault::on("CopyBackupToRegion", kind.clone()).backup(id).destination(destination);
        bench.aws.fault(fault.times(1));
    }
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), COPIES + lost);
}

#[test]
fn a_copy_whose_answer_does_not_come_in_time_is_asked_for_again_only_where_nothing_was_made() {
    // All resources at once, so that their calls wait together for the 30 s that each has.
    let (mut bench, ids) = declared(&["--concurrency=64"]);
    for (number, id) in ids.iter().enumerate() {
        let hang = FaultKind::Hang { seconds: 60.0, after_effect: number % 2 == 0 };
        bench.aws.fault(Fault::on("CopyBackupToRegion", hang).backup(id).times(1));
    }
    expect_sixty_copies(&mut bench, &ids);
    assert_eq!(asked(&bench), COPIES + BACKUPS / 2);
}
