//! `deletionPolicy` and copies: what deleting a resource does to them, and what it waits for.

use std::time::Duration;

use emulator::BackupState;
use serde_json::Value;

use crate::{
    copies_support::{
        COPIES, FURTHER, bench, copied, entry, seed_copy, state, told, until_copy, until_shown,
    },
    finalizer::{OURS, finalizers, set_policy, until_finalizer},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, message},
};

const DELETE: &str = "deletionPolicy: Delete\ncopies: [{region: eu-central-1}]";

/// Without a resource no region is polled, so this cannot be counted in polls.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// What the operator deleted, in the order of the ids, and that it was told to once for each.
fn deleted(bench: &Bench) -> Vec<String> {
    let mut deleted = bench.applied("DeleteBackup");
    assert_eq!(deleted.len(), bench.calls("DeleteBackup").len());
    deleted.sort();
    deleted
}

fn sorted<const N: usize>(mut ids: [String; N]) -> [String; N] {
    ids.sort();
    ids
}

/// Waits until the resource that is being deleted says `words`, with our finalizer still on it.
fn until_held(bench: &Bench, words: &str) -> Value {
    bench.until("main", words, |object| {
        finalizers(object) == [OURS]
            && object["metadata"]["deletionTimestamp"].is_string()
            && message(object, "Ready").contains(words)
    })
}

#[test]
fn policy_delete_deletes_the_backup_and_the_listed_copies_and_no_others() {
    let bench = bench();
    let id = bench.seed_pair(CLUSTER);
    let [listed, unlisted, duplicate] =
        [ELSEWHERE, FURTHER, ELSEWHERE].map(|region| seed_copy(&bench, &id, region));
    bench.declare("main", &id, DELETE);
    let object = bench.until_ready("main", true, "InSync");
    until_finalizer(&bench, "main");
    // Which of the two is on record depends on when they were made, and on their ids.
    let recorded = entry(&object, ELSEWHERE)["backupId"].as_str().unwrap().to_owned();
    let other = if recorded == listed { duplicate } else { listed };
    bench.delete("main");
    bench.until_gone("main");
    assert_eq!(deleted(&bench), sorted([recorded, id]));
    assert_eq!(state(&bench, &other), BackupState::Ready);
    assert_eq!(bench.aws.backup(FURTHER, &unlisted).unwrap().state, BackupState::Ready);
}

#[test]
fn policy_retain_releases_at_once_and_changes_nothing() {
    let (bench, _, copy) = copied(COPIES);
    bench.delete("main");
    bench.until_gone("main");
    std::thread::sleep(AFTERWARDS);
    bench.expect_untouched();
    assert_eq!(state(&bench, &copy), BackupState::Ready);
}

#[test]
fn a_resource_stays_while_its_copy_is_being_made_and_deletes_it_when_it_is_ready() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, DELETE);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    until_finalizer(&bench, "main");
    bench.delete("main");
    until_held(&bench, "AWS is still making the copy in eu-central-1");
    bench.meanwhile(3);
    until_held(&bench, "AWS is still making the copy in eu-central-1");
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    assert!(!bench.applied("DeleteBackup").contains(copy));
    bench.aws.advance(Duration::from_mins(2));
    bench.until_gone("main");
    assert_eq!(deleted(&bench), sorted([copy.clone(), id]));
}

#[test]
fn a_resource_stays_while_a_copy_that_it_asked_for_may_still_appear() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.hide_copies = true);
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, DELETE);
    bench.until("main", "accepted", |object| entry(object, ELSEWHERE)["request"]["acceptedAt"].is_string());
    until_finalizer(&bench, "main");
    bench.delete("main");
    until_held(&bench, "eu-central-1");
    bench.meanwhile(3);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    bench.aws.show(ELSEWHERE, copy);
    bench.until_gone("main");
    assert_eq!(state(&bench, copy), BackupState::PendingDeletion);
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().state, BackupState::PendingDeletion);
    assert_eq!(bench.calls("CopyBackupToRegion").len(), 1);
}

#[test]
fn retain_releases_a_resource_that_waits_for_its_copy() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, DELETE);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    until_finalizer(&bench, "main");
    bench.delete("main");
    until_held(&bench, "still making");
    set_policy(&bench, "main", "Retain");
    bench.until_gone("main");
    bench.aws.advance(Duration::from_mins(2));
    std::thread::sleep(AFTERWARDS);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    assert_eq!(state(&bench, copy), BackupState::Ready);
}

#[test]
fn an_entry_that_is_removed_while_the_resource_waits_releases_that_copy() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, DELETE);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    until_finalizer(&bench, "main");
    bench.delete("main");
    until_held(&bench, "still making");
    bench.patch("main", r#"{"spec":{"copies":null}}"#);
    bench.until_gone("main");
    bench.aws.advance(Duration::from_mins(2));
    std::thread::sleep(AFTERWARDS);
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    assert_eq!(state(&bench, copy), BackupState::Ready);
    assert_eq!(bench.applied("DeleteBackup"), [id]);
}

#[test]
fn the_last_one_of_a_backup_and_its_copies_is_held_and_the_annotation_lets_it_go() {
    let (bench, id, copy) = copied(DELETE);
    until_finalizer(&bench, "main");
    bench.delete("main");
    until_held(&bench, "no other READY backup of its cluster");
    bench.meanwhile(3);
    assert_eq!(bench.applied("DeleteBackup").len(), 1, "one of the two");
    assert_eq!(told(&bench, "LastBackup").len(), 1, "{:?}", bench.events());
    bench.annotate("main", &format!("cloudhsm-backup.dev/allow-last-backup={CLUSTER}"));
    bench.until_gone("main");
    assert_eq!(deleted(&bench), sorted([copy, id]));
}

#[test]
fn a_terminating_resource_restores_no_copy_and_makes_none() {
    let (bench, id, copy) = copied(&format!("{DELETE}\nsuspend: true"));
    until_finalizer(&bench, "main");
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    until_shown(&bench, "PENDING_DELETION");
    bench.delete("main");
    bench.until_ready("main", false, "Suspended");
    bench.patch(
        "main",
        r#"{"spec":{"suspend":false,"copies":[{"region":"eu-central-1"},{"region":"eu-north-1"}]}}"#,
    );
    // The backup is the last one of its cluster, so that there is time to do something wrong.
    until_held(&bench, "no other READY backup");
    bench.meanwhile(3);
    bench.expect_untouched();
    until_copy(&bench, ELSEWHERE, &copy, BackupState::PendingDeletion);
    set_policy(&bench, "main", "Retain");
    bench.until_gone("main");
    assert!(bench.aws.copies_made(REGION, &id, FURTHER).is_empty());
    bench.expect_untouched();
}
