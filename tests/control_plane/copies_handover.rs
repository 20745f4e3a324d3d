//! A backup's copies pass from one resource to another: renamed in Git, promoted, made again.

use emulator::{BackupState, Seed};
use serde_json::Value;

use crate::{
    copies_support::{COPIES, DELETED, bench, entry, state, until_shown},
    finalizer::until_finalizer,
    support::{Bench, CLUSTER, ELSEWHERE, REGION, condition, is_ready, message},
};

const DELETE: &str = "deletionPolicy: Delete\ncopies: [{region: eu-central-1}]";
const OLD: &str = "a-old";
const NEW: &str = "b-new";

/// A backup and its copy, made for a resource of the old name.
fn copied(bench: &Bench, more: &str) -> (String, String) {
    let id = bench.seed_pair(CLUSTER);
    bench.declare(OLD, &id, more);
    bench.until_ready(OLD, true, "InSync");
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    (id, copy.clone())
}

/// The new resource has everything in hand, and nothing was done for it.
fn assert_taken_over(bench: &Bench, id: &str, copy: &str) {
    bench.until(NEW, "the copy on record", |object: &Value| {
        entry(object, ELSEWHERE)["backupId"] == *copy && is_ready(object, true, "InSync")
    });
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    assert_eq!(bench.aws.backup(REGION, id).unwrap().state, BackupState::Ready);
    assert_eq!(state(bench, copy), BackupState::Ready);
}

#[test]
fn a_rename_in_git_deletes_nothing_and_the_new_resource_adopts_the_copies() {
    let bench = bench();
    let (id, copy) = copied(&bench, DELETE);
    until_finalizer(&bench, OLD);
    bench.declare(NEW, &id, DELETE);
    bench.until_ready(NEW, false, "DuplicateClaim");
    bench.delete(OLD);
    bench.until_gone(OLD);
    assert_taken_over(&bench, &id, &copy);
}

#[test]
fn a_rename_that_happens_while_the_operator_is_down_deletes_nothing() {
    let mut bench = bench();
    let (id, copy) = copied(&bench, DELETE);
    until_finalizer(&bench, OLD);
    bench.stop();
    // As a sync without an order may do it: the old one is terminating when the new one comes.
    bench.delete(OLD);
    bench.declare(NEW, &id, DELETE);
    bench.run();
    bench.until_gone(OLD);
    assert_taken_over(&bench, &id, &copy);
}

#[test]
fn a_rename_while_the_copy_is_being_made_keeps_it() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare(OLD, &id, DELETE);
    let begun = |object: &Value| entry(object, ELSEWHERE)["backupState"] == "CREATE_IN_PROGRESS";
    bench.until(OLD, "its copy begun", begun);
    until_finalizer(&bench, OLD);
    bench.declare(NEW, &id, DELETE);
    bench.until_ready(NEW, false, "DuplicateClaim");
    bench.delete(OLD);
    bench.until_gone(OLD);
    bench.until(NEW, "the copy in its hands", begun);
    bench.aws.advance(std::time::Duration::from_mins(2));
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    assert_taken_over(&bench, &id, copy);
}

#[test]
fn a_rename_while_the_request_is_open_makes_no_second_copy() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    let id = bench.seed_pair(CLUSTER);
    bench.declare(OLD, &id, COPIES);
    bench.until(OLD, "accepted", |object| entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string());
    bench.declare(NEW, &id, COPIES);
    bench.until_ready(NEW, false, "DuplicateClaim");
    bench.delete(OLD);
    bench.until_gone(OLD);
    let object = bench.until_ready(NEW, false, "CopyInProgress");
    assert!(entry(&object, ELSEWHERE)["request"]["acceptedAt"].is_string(), "inherited: {object:#}");
    bench.meanwhile(4);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    bench.aws.show(ELSEWHERE, copy);
    assert_taken_over(&bench, &id, copy);
}

#[test]
fn a_promoted_resource_keeps_the_same_copies_without_a_call() {
    let bench = bench();
    let (id, copy) = copied(&bench, COPIES);
    bench.declare(NEW, &id, COPIES);
    bench.until_ready(NEW, false, "DuplicateClaim");
    bench.delete(OLD);
    bench.until_gone(OLD);
    assert_taken_over(&bench, &id, &copy);
}

#[test]
fn the_wish_of_a_loser_to_delete_a_copy_deletes_nothing_after_its_promotion() {
    let bench = bench();
    let (id, copy) = copied(&bench, COPIES);
    bench.declare(NEW, &id, DELETED);
    bench.until_ready(NEW, false, "DuplicateClaim");
    bench.delete(OLD);
    bench.until_gone(OLD);
    let object = bench.until(NEW, "promoted", |object| {
        condition(object, "Stalled")["status"] == "True" && !is_ready(object, false, "DuplicateClaim")
    });
    bench.meanwhile(3);
    assert_eq!(state(&bench, &copy), BackupState::Ready);
    let words = message(&object, "Ready").to_owned();
    bench.declare(NEW, &id, COPIES);
    assert_taken_over(&bench, &id, &copy);
    assert!(!words.contains("is deleted as wanted"), "it was not: {words}");
}

#[test]
fn a_resource_that_is_made_again_adopts_its_copy() {
    let mut bench = bench();
    let (id, copy) = copied(&bench, COPIES);
    for operator in ["knows the copy", "knows nothing"] {
        bench.kubectl(&["delete", "hsmb", "--all"]);
        if operator == "knows nothing" {
            bench.run();
        }
        bench.declare(NEW, &id, COPIES);
        assert_taken_over(&bench, &id, &copy);
    }
}

#[test]
fn a_status_that_somebody_wiped_costs_no_second_copy() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    bench.until("main", "accepted", |object| entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string());
    bench.kubectl(&[
        "patch",
        "hsmb",
        "main",
        "--subresource=status",
        "--type=merge",
        "-p",
        r#"{"status":null}"#,
    ]);
    let object = bench.until("main", "its mark back", |object| {
        entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string()
    });
    assert!(is_ready(&object, false, "CopyInProgress"), "{object:#}");
    bench.meanwhile(4);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    bench.aws.show(ELSEWHERE, copy);
    until_shown(&bench, "READY");
    // Wiped again: what is there is adopted.
    bench.kubectl(&[
        "patch",
        "hsmb",
        "main",
        "--subresource=status",
        "--type=merge",
        "-p",
        r#"{"status":null}"#,
    ]);
    until_shown(&bench, "READY");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}
