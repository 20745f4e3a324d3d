//! A copy that another resource names as its own backup: that resource has the say over it.

use emulator::{BackupState, Seed};
use serde_json::Value;

use crate::{
    copies_support::{COPIES, DELETED, bench, entry, seed_copy, state, until_copy},
    finalizer::until_finalizer,
    support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, condition, is_ready, message},
};

/// A backup with a copy; `theirs` names the copy as its own backup, and came first.
fn claimed(theirs: &str, owner: &str) -> (Bench, String, String) {
    let bench = bench();
    let id = bench.seed_pair(CLUSTER);
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    declare_theirs(&bench, &copy, theirs);
    bench.until_ready("theirs", true, "InSync");
    bench.declare("owner", &id, owner);
    (bench, id, copy)
}

fn declare_theirs(bench: &Bench, copy: &str, more: &str) {
    bench.apply("theirs", &format!("backupId: {copy}\nregion: {ELSEWHERE}\n{more}"));
}

fn until_noted(bench: &Bench) -> Value {
    bench.until("owner", "a note of the other resource", |object| {
        entry(object, ELSEWHERE)["message"].as_str().is_some_and(|words| words.contains("theirs"))
    })
}

#[test]
fn a_copy_that_another_resource_manages_is_left_to_it_and_counts_as_there() {
    let (bench, _, copy) =
        claimed("tags: {team: theirs}", "copies: [{region: eu-central-1, tags: {team: owners}}]");
    until_noted(&bench);
    let object = bench.until_ready("owner", true, "InSync");
    assert_eq!(condition(&object, "CopiesReady")["status"], "True", "{object:#}");
    assert_eq!(object["status"]["copiesReady"], "1/1");
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), ["TagResource"], "theirs alone");
    assert_eq!(bench.aws.backup(ELSEWHERE, &copy).unwrap().tags["team"], "theirs");
    // When nobody else manages it any more, the owner does.
    bench.delete("theirs");
    bench.until_backup_in(ELSEWHERE, &copy, "the owner's tag", |backup| backup.tags["team"] == "owners");
    let object = bench.until_ready("owner", true, "InSync");
    assert!(entry(&object, ELSEWHERE)["message"].is_null(), "{object:#}");
}

#[test]
fn over_a_copy_that_its_own_resource_deletes_there_is_no_tug_of_war() {
    let (bench, id, copy) = claimed("deleted: false", COPIES);
    until_noted(&bench);
    declare_theirs(&bench, &copy, "deleted: true");
    bench.until_ready("theirs", true, "DeletionScheduled");
    let object = bench.until_ready("owner", false, "CopyClaimedElsewhere");
    assert_stance(&object, "Stalled");
    assert!(message(&object, "Ready").contains("theirs"), "{object:#}");
    assert_eq!(condition(&object, "CopiesReady")["reason"], "CopyClaimedElsewhere", "{object:#}");
    bench.meanwhile(6);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
    assert!(bench.aws.copies_made(REGION, &id, ELSEWHERE).is_empty());
    // Withdrawn by whoever has the say, all are content.
    declare_theirs(&bench, &copy, "deleted: false");
    bench.until_ready("owner", true, "InSync");
    assert_eq!(bench.mutations(), ["DeleteBackup", "RestoreBackup"]);
}

#[test]
fn when_the_copy_that_its_own_resource_deleted_is_gone_the_owner_makes_another() {
    let (bench, id, copy) = claimed("deleted: false", COPIES);
    until_noted(&bench);
    declare_theirs(&bench, &copy, "deleted: true");
    bench.until_ready("owner", false, "CopyClaimedElsewhere");
    bench.aws.purge(ELSEWHERE, &copy);
    bench.until_ready("owner", true, "InSync");
    bench.until_ready("theirs", true, "Deleted");
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), ["DeleteBackup", "CopyBackupToRegion"]);
    assert_eq!(bench.aws.copies_made(REGION, &id, ELSEWHERE).len(), 1);
}

#[test]
fn the_owner_does_not_delete_a_copy_that_another_resource_manages() {
    let (bench, id, copy) = claimed("tags: {team: theirs}", COPIES);
    until_noted(&bench);
    bench.declare("owner", &id, DELETED);
    let object = bench.until_ready("owner", false, "CopyClaimedElsewhere");
    assert_stance(&object, "Stalled");
    bench.meanwhile(3);
    // The wish is used up: it deletes nothing when the other resource has let go.
    bench.delete("theirs");
    bench.until_ready("owner", false, "ExternallyRestored");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["TagResource"]);
    assert_eq!(state(&bench, &copy), BackupState::Ready);
}

#[test]
fn a_view_of_the_copy_stands_in_nobodys_way() {
    let (bench, _, copy) = claimed("", "copies: [{region: eu-central-1, tags: {team: owners}}]");
    bench.until_backup_in(ELSEWHERE, &copy, "the owner's tag", |backup| backup.tags.contains_key("team"));
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
    bench.until_ready("owner", true, "InSync");
    bench.until_ready("theirs", true, "InSync");
    assert_eq!(bench.mutations(), ["TagResource", "RestoreBackup"]);
}

#[test]
fn a_finalizer_leaves_a_copy_that_another_resource_manages_alone() {
    let (bench, id, copy) = claimed("tags: {team: theirs}", &format!("{COPIES}\ndeletionPolicy: Delete"));
    until_noted(&bench);
    until_finalizer(&bench, "owner");
    bench.delete("owner");
    bench.until_gone("owner");
    assert_eq!(bench.applied("DeleteBackup"), [id]);
    assert_eq!(state(&bench, &copy), BackupState::Ready);
    bench.until_ready("theirs", true, "InSync");
}

#[test]
fn two_resources_of_one_backup_make_one_copy() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("a-older", &id, COPIES);
    bench.declare("b-younger", &id, COPIES);
    bench.until_ready("a-older", true, "InSync");
    let object = bench.until_ready("b-younger", false, "DuplicateClaim");
    assert_stance(&object, "Stalled");
    bench.meanwhile(4);
    let object = bench.object("b-younger");
    assert!(is_ready(&object, false, "DuplicateClaim"), "{object:#}");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    let copies = condition(&object, "CopiesReady");
    assert!(
        copies["reason"] != "CopyInProgress" && copies["message"] != "",
        "no copy is on its way: {copies}"
    );
}

#[test]
fn the_finalizer_of_the_resource_of_a_copy_leaves_it_to_whoever_wants_it() {
    let (bench, _, copy) = claimed("deletionPolicy: Delete", COPIES);
    until_noted(&bench);
    until_finalizer(&bench, "theirs");
    bench.delete("theirs");
    bench.until_gone("theirs");
    let object = bench.until("owner", "no note", |object| entry(object, ELSEWHERE)["message"].is_null());
    assert!(is_ready(&object, true, "InSync"), "{object:#}");
    bench.meanwhile(3);
    bench.expect_untouched();
    assert_eq!(state(&bench, &copy), BackupState::Ready);
}
