//! Several resources for one backup: the oldest acts. Nothing here may wait for the next poll.

use emulator::{BackupState, Seed};

use crate::support::{Bench, CLUSTER, REGION, Setup, assert_stance, message};

/// Times of creation have seconds: within one the name decides.
const OLDER: &str = "a-older";
const YOUNGER: &str = "b-younger";

fn bench() -> (Bench, String) {
    let bench = Bench::with(Setup { flags: vec!["--poll-interval=1h"], ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let _other = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    (bench, id)
}

#[test]
fn the_older_acts_the_younger_says_so_and_is_promoted_at_once() {
    let (bench, id) = bench();
    bench.declare(OLDER, &id, "tags: {owner: older}");
    bench.until_ready(OLDER, true, "InSync");
    bench.declare(YOUNGER, &id, "tags: {owner: younger}\nneverExpires: true");
    let object = bench.until_ready(YOUNGER, false, "DuplicateClaim");
    assert_stance(&object, "Stalled");
    assert!(message(&object, "Ready").contains(OLDER), "{object:#}");
    // It shows what it sees, and owns nothing.
    assert_eq!(object["status"]["backupState"], "READY");
    assert_eq!(object["status"]["tags"]["owner"], "older");
    assert!(object["status"]["managedTagKeys"].is_null());
    assert_eq!(bench.mutations(), ["TagResource"]);
    bench.kubectl(&["delete", "hsmb", OLDER]);
    bench.until_ready(YOUNGER, true, "InSync");
    let backup = bench.aws.backup(REGION, &id).unwrap();
    assert_eq!((backup.never_expires, backup.tags["owner"].as_str()), (Some(true), "younger"));
}

#[test]
fn the_younger_is_promoted_when_the_older_asks_for_nothing_any_more() {
    let (bench, id) = bench();
    bench.declare(OLDER, &id, "neverExpires: false");
    bench.declare(YOUNGER, &id, "tags: {owner: younger}");
    bench.until_ready(YOUNGER, false, "DuplicateClaim");
    bench.declare(OLDER, &id, "");
    bench.until_ready(YOUNGER, true, "InSync");
    bench.until_ready(OLDER, true, "InSync");
    // And demoted when it asks again.
    bench.declare(OLDER, &id, "neverExpires: false");
    bench.until_ready(YOUNGER, false, "DuplicateClaim");
}

#[test]
fn the_younger_is_promoted_when_the_older_has_undone_its_deletion() {
    let (bench, id) = bench();
    bench.declare(OLDER, &id, "deleted: true");
    bench.until_ready(OLDER, true, "DeletionScheduled");
    bench.declare(YOUNGER, &id, "tags: {owner: younger}");
    bench.until_ready(YOUNGER, false, "DuplicateClaim");
    // The wish is withdrawn: until the backup is restored the older one still has something to finish.
    bench.declare(OLDER, &id, "");
    bench.until_ready(OLDER, true, "InSync");
    bench.until_ready(YOUNGER, true, "InSync");
    assert_eq!(bench.mutations(), ["DeleteBackup", "RestoreBackup", "TagResource"]);
}

#[test]
fn the_younger_is_promoted_when_the_older_takes_back_a_wish_that_led_to_no_call() {
    let (bench, id) = bench();
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.declare(OLDER, &id, "deleted: true");
    bench.until_ready(OLDER, true, "DeletionScheduled");
    bench.declare(YOUNGER, &id, "deleted: false");
    bench.until_ready(YOUNGER, false, "DuplicateClaim");
    // With its wish the older one's record of it goes, and with that its claim: by its status alone.
    bench.declare(OLDER, &id, "");
    bench.until_ready(YOUNGER, true, "InSync");
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
}

#[test]
fn a_view_neither_blocks_nor_is_blocked() {
    let (bench, id) = bench();
    bench.declare("a-view", &id, "");
    bench.until_ready("a-view", true, "InSync");
    bench.declare("b-owner", &id, "tags: {owner: me}");
    bench.until_ready("b-owner", true, "InSync");
    bench.declare("c-view", &id, "");
    for view in ["a-view", "c-view"] {
        bench.until(view, "the tag", |object| object["status"]["tags"]["owner"] == "me");
        bench.until_ready(view, true, "InSync");
    }
}

#[test]
fn a_suspended_resource_still_claims() {
    let (bench, id) = bench();
    bench.declare(OLDER, &id, "suspend: true\ntags: {owner: older}");
    bench.declare(YOUNGER, &id, "tags: {owner: younger}");
    bench.until_ready(YOUNGER, false, "DuplicateClaim");
    assert_eq!(bench.mutations(), [""; 0]);
}

#[test]
fn the_losers_wish_to_delete_is_spent_and_deletes_nothing_after_its_promotion() {
    let (bench, id) = bench();
    bench.declare(OLDER, &id, "neverExpires: false");
    bench.until_ready(OLDER, true, "InSync");
    bench.declare(YOUNGER, &id, "deleted: true");
    bench.until_ready(YOUNGER, false, "DuplicateClaim");
    bench.kubectl(&["delete", "hsmb", OLDER]);
    let object = bench.until_ready(YOUNGER, false, "ExternallyRestored");
    assert_stance(&object, "Stalled");
    // Other edits do not revive it.
    bench.declare(YOUNGER, &id, "deleted: true\ntags: {owner: younger}");
    bench.until_backup(&id, "its tag", |backup| backup.tags.contains_key("owner"));
    bench.until_ready(YOUNGER, false, "ExternallyRestored");
    assert_eq!(bench.mutations(), ["TagResource"]);
    // Taken back and wished for anew it is a wish like any other.
    bench.declare(YOUNGER, &id, "");
    bench.until_ready(YOUNGER, true, "InSync");
    bench.declare(YOUNGER, &id, "deleted: true");
    bench.until_ready(YOUNGER, true, "DeletionScheduled");
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().state, BackupState::PendingDeletion);
}

#[test]
fn a_resource_for_the_same_id_in_another_region_is_no_rival() {
    let (bench, id) = bench();
    bench.aws.seed(Seed::ready(crate::support::ELSEWHERE, CLUSTER).id(id.clone()));
    bench.declare(OLDER, &id, "tags: {owner: older}");
    let spec = format!("backupId: {id}\nregion: {}\ntags: {{owner: younger}}", crate::support::ELSEWHERE);
    bench.apply(YOUNGER, &spec);
    bench.until_ready(OLDER, true, "InSync");
    bench.until_ready(YOUNGER, true, "InSync");
}
