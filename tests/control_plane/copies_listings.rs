//! Listings that lie, fail or break off never lead to a copy too many (P5).

use emulator::{Fault, FaultKind, Listing, Seed};

use crate::{
    copies_support::{COPIES, bench, copied, entry, seed_copy, until_shown, with},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, is_ready, message},
};

/// A fault of the listings of the copy's region.
fn listings(kind: FaultKind) -> Fault {
    Fault::on("DescribeBackups", kind).region(ELSEWHERE)
}

fn failures() -> Vec<FaultKind> {
    vec![
        FaultKind::error("CloudHsmAccessDeniedException"),
        FaultKind::accept_then_error(),
        FaultKind::Throttle,
        FaultKind::Drop,
        FaultKind::GarbageBody,
        FaultKind::TruncatedBody,
        FaultKind::PartialListing,
        FaultKind::RepeatedToken,
    ]
}

/// Wants a first copy while `fault` is in force, sees to it that none is made, and ends the fault.
fn expect_no_first_copy(bench: &Bench, fault: Fault, name: &str) {
    let what = format!("{:?}", fault.kind);
    bench.aws.fault(fault);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare(name, &id, COPIES);
    bench.until(name, "an answer", |object| object["status"]["observedGeneration"] == 1);
    bench.meanwhile(4);
    let object = bench.object(name);
    assert!(bench.mutations().is_empty(), "{what}: {:?}\n{object:#}", bench.mutations());
    assert!(!message(&object, "Ready").is_empty() && object["status"]["copiesReady"] == "0/1", "{object:#}");
    assert!(message(&object, "Ready").contains(ELSEWHERE), "{what}: {object:#}");
    bench.aws.clear_faults();
}

#[test]
fn without_a_complete_scan_no_first_copy_is_made() {
    for kind in failures() {
        let bench = bench();
        expect_no_first_copy(&bench, listings(kind).listing(Listing::All), "main");
        bench.until_ready("main", true, "InSync");
        assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    }
}

#[test]
fn without_a_search_that_succeeds_no_first_copy_is_made() {
    for kind in failures() {
        let bench = bench();
        expect_no_first_copy(&bench, listings(kind).listing(Listing::SourceBackupIds), "main");
        bench.until_ready("main", true, "InSync");
        assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    }
}

#[test]
fn a_copy_that_only_one_way_of_looking_shows_is_adopted() {
    for hidden_from in [Listing::All, Listing::SourceBackupIds] {
        let bench = bench();
        let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
        let copy = seed_copy(&bench, &id, ELSEWHERE);
        let missing = FaultKind::MissingItem { backup_ids: vec![copy.clone()] };
        bench.aws.fault(listings(missing).listing(hidden_from));
        bench.declare("main", &id, COPIES);
        let shown = |object: &serde_json::Value| entry(object, ELSEWHERE)["backupId"] == copy.as_str();
        bench.until("main", "its copy", shown);
        bench.until_ready("main", true, "InSync");
        bench.meanwhile(4);
        bench.expect_untouched();
    }
}

#[test]
fn a_listing_without_the_copy_on_record_never_makes_another() {
    for kind in [FaultKind::EverythingMissing, FaultKind::ShrunkenListing { keep: 0 }] {
        // Only the scans lie: the lookups tell the truth, however often and for how long.
        let bench = with(Setup { flags: vec!["--settle-window=1s"], ..Setup::default() });
        let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
        bench.declare("main", &id, COPIES);
        bench.until_ready("main", true, "InSync");
        bench.aws.fault(listings(kind).listing(Listing::All));
        bench.meanwhile(12);
        assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
        assert_eq!(entry(&bench.object("main"), ELSEWHERE)["backupState"], "READY");
        bench.aws.clear_faults();
        bench.until_ready("main", true, "InSync");
    }
}

#[test]
fn a_copy_on_record_that_nobody_sees_any_more_is_missed_for_the_settle_window_first() {
    let (bench, _, copy) = copied(COPIES);
    bench.aws.fault(listings(FaultKind::EverythingMissing));
    let object = bench.until_ready("main", false, "CopyMissing");
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str(), "it stays on record: {object:#}");
    bench.meanwhile(4);
    bench.expect_untouched();
    bench.aws.clear_faults();
    bench.until_ready("main", true, "InSync");
    bench.expect_untouched();
}

#[test]
fn a_copy_that_is_really_gone_is_made_again_once_after_the_settle_window() {
    let bench = with(Setup { flags: vec!["--settle-window=4s"], ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    bench.declare("main", &id, COPIES);
    bench.until_ready("main", true, "InSync");
    bench.aws.remove(ELSEWHERE, &copy);
    bench.until_ready("main", false, "CopyMissing");
    let object = bench.until_ready("main", true, "InSync");
    let made = bench.aws.copies_made(REGION, &id, ELSEWHERE);
    assert_eq!([entry(&object, ELSEWHERE)["backupId"].as_str().unwrap()], made[..]);
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn an_open_request_is_not_repeated_however_empty_the_listings_are() {
    let mut bench = with(Setup { flags: vec!["--settle-window=1s"], ..Setup::default() });
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    bench.until("main", "accepted", |object| entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string());
    for kind in [FaultKind::EverythingMissing, FaultKind::ShrunkenListing { keep: 0 }] {
        bench.aws.fault(listings(kind));
        bench.meanwhile(4);
        // The mark in the status says it, not the memory of a process.
        bench.run();
        bench.meanwhile(4);
        bench.aws.clear_faults();
    }
    let object = bench.object("main");
    assert!(is_ready(&object, false, "CopyInProgress"), "{object:#}");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    bench.aws.show(ELSEWHERE, copy);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_copy_that_becomes_visible_late_is_asked_for_once() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.copy_visible_after = std::time::Duration::from_secs(5));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    bench.until_ready("main", false, "CopyInProgress");
    until_shown(&bench, "READY");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}
