//! Entries that come and go: removing one lets go of its copy, and adding it again finds it.

use emulator::{BackupState, Seed};
use serde_json::Value;

use crate::{
    copies_support::{COPIES, bench, entry, state, until_shown},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, condition},
};

/// A backup whose copy was asked for and is not visible.
fn asked_for() -> (Bench, String, String) {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    bench.until("main", "accepted", is_accepted);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    (bench, id, copy.clone())
}

fn is_accepted(object: &Value) -> bool {
    entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string()
}

#[test]
fn an_entry_that_is_removed_lets_go_of_its_copy_and_its_tags() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "copies: [{region: eu-central-1, tags: {team: payments}}]");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "");
    let object = bench.until("main", "no entry", |object| object["status"]["copies"].is_null());
    assert!(object["status"]["copiesReady"].is_null() && condition(&object, "CopiesReady").is_null());
    bench.until_ready("main", true, "InSync");
    bench.meanwhile(3);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    assert_eq!(bench.aws.backup(ELSEWHERE, copy).unwrap().tags["team"], "payments");
    // Nobody restores what nobody wants.
    bench.aws.delete_backup(ELSEWHERE, copy).unwrap();
    bench.meanwhile(3);
    assert_eq!(state(&bench, copy), BackupState::PendingDeletion);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn an_entry_that_is_added_again_finds_its_copy() {
    let (bench, id, copy) = asked_for();
    bench.aws.show(ELSEWHERE, &copy);
    for _ in 0..2 {
        bench.until_ready("main", true, "InSync");
        bench.declare("main", &id, "");
        bench.until("main", "no entry", |object| object["status"]["copies"].is_null());
        bench.declare("main", &id, COPIES);
        let object = until_shown(&bench, "READY");
        assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
    }
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn an_open_request_outlives_its_entry_also_across_a_crash() {
    let (mut bench, id, copy) = asked_for();
    for crash in [false, true] {
        bench.declare("main", &id, "tags: {}");
        let generation = bench.object("main")["metadata"]["generation"].clone();
        bench.until("main", "looked at", |object| object["status"]["observedGeneration"] == generation);
        if crash {
            bench.run();
        }
        bench.meanwhile(4);
        assert!(is_accepted(&bench.object("main")), "the mark stays: {:#}", bench.object("main"));
        bench.declare("main", &id, COPIES);
        let object = bench.until_ready("main", false, "CopyInProgress");
        assert!(is_accepted(&object), "{object:#}");
        bench.meanwhile(3);
    }
    bench.aws.show(ELSEWHERE, &copy);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_request_without_an_entry_is_forgotten_when_its_copy_is_seen() {
    let (bench, id, copy) = asked_for();
    bench.declare("main", &id, "");
    let object = bench.until_ready("main", false, "CopyInProgress");
    assert!(is_accepted(&object), "an open request is outstanding: {object:#}");
    bench.aws.show(ELSEWHERE, &copy);
    let object = bench.until_ready("main", true, "InSync");
    assert!(object["status"]["copies"].is_null(), "{object:#}");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}
