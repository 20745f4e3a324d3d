//! The most deletions in an hour, across `deleted`, finalizers and restarts.

use std::time::{Duration, Instant};

use emulator::{BackupState, Seed};
use jiff::SignedDuration;
use serde_json::Value;

use crate::support::{Bench, CLUSTER, REGION, Setup, condition, is_ready, manifest};

/// A cluster of its own for each number.
fn cluster(number: usize) -> String {
    let letter = |index: usize| char::from(b'a' + u8::try_from(index % 26).unwrap());
    format!("cluster-{}{}{}", "q".repeat(9), letter(number / 26), letter(number))
}

/// Seeds and declares so many backups, each with a survivor of its own.
fn declare_many(bench: &Bench, count: usize, more: &str) {
    let manifests: Vec<_> = (0..count)
        .map(|number| {
            let id = bench.seed_pair(&cluster(number));
            manifest(&format!("backup-{number:02}"), &format!("backupId: {id}\nregion: {REGION}\n{more}"))
        })
        .collect();
    bench.try_apply(&manifests.join("---\n")).unwrap();
}

/// Waits until the resources together are as `expected` says.
fn until_all(bench: &Bench, what: &str, expected: impl Fn(&[Value]) -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let objects = bench.objects();
        if expected(&objects) {
            return;
        }
        let reasons: Vec<_> = objects.iter().map(|object| &condition(object, "Ready")["reason"]).collect();
        assert!(Instant::now() < deadline, "never {what}: {reasons:?}\n{}", bench.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Starts the operator with another limit.
fn limit(bench: &mut Bench, most: u32) {
    bench.restart_with(|start| {
        start.flags.retain(|flag| !flag.starts_with("--max-deletions"));
        start.flags.push(format!("--max-deletions={most}"));
    });
}

/// Waits until the metric says so.
fn until_counted(bench: &mut Bench, deletions: u32) {
    let sample = format!("cloudhsm_backup_operator_deletions_in_hour{{}} {deletions}\n");
    let deadline = Instant::now() + Duration::from_mins(1);
    while !bench.operator().get("/metrics").unwrap().1.contains(&sample) {
        assert!(Instant::now() < deadline, "no {sample}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn finalizers(object: &Value) -> usize {
    object["metadata"]["finalizers"].as_array().map_or(0, Vec::len)
}

fn held_events(bench: &Bench) -> usize {
    bench.events().iter().filter(|(reason, _)| reason == "DeletionHeld").count()
}

#[test]
fn deleting_everything_deletes_no_more_than_the_limit_also_across_a_crash() {
    const ALL: usize = 30;
    const MOST: usize = 5;
    let all_held = |objects: &[Value]| {
        objects.len() == ALL - MOST
            && objects.iter().all(|object| is_ready(object, false, "DeletionHeld") && finalizers(object) == 1)
    };
    let mut bench = Bench::with(Setup { flags: vec!["--max-deletions=5"], ..Setup::default() });
    declare_many(&bench, ALL, "deletionPolicy: Delete");
    until_all(&bench, "seen, with finalizers", |objects| {
        objects.iter().all(|object| is_ready(object, true, "InSync") && finalizers(object) == 1)
    });
    bench.kubectl(&["delete", "hsmb", "--all", "--wait=false"]);
    until_all(&bench, "all but five held", all_held);
    until_all(&bench, "told", |_| held_events(&bench) >= ALL - MOST);
    bench.meanwhile(3);
    assert_eq!(bench.calls("DeleteBackup").len(), MOST);
    assert_eq!(held_events(&bench), ALL - MOST, "one Event each");

    // The five are gone, and their marks with them: only AWS still knows of the deletions.
    bench.run();
    bench.meanwhile(4);
    until_all(&bench, "held after a crash", all_held);
    limit(&mut bench, 0);
    bench.meanwhile(4);
    until_all(&bench, "held with a limit of none", all_held);
    assert_eq!(bench.calls("DeleteBackup").len(), MOST);
    assert_eq!(held_events(&bench), ALL - MOST, "still one Event each");

    let names: Vec<_> = bench.objects().iter().map(|object| object["metadata"]["name"].clone()).collect();
    for name in names {
        bench.patch(name.as_str().unwrap(), r#"{"spec":{"deletionPolicy":"Retain"}}"#);
    }
    until_all(&bench, "released", <[Value]>::is_empty);
    assert_eq!(bench.mutations(), ["DeleteBackup"; MOST]);
    let pending = bench
        .aws
        .backups(REGION)
        .iter()
        .filter(|backup| backup.state == BackupState::PendingDeletion)
        .count();
    assert_eq!(pending, MOST);
}

#[test]
fn a_limit_of_none_holds_every_deletion_until_it_is_raised() {
    let mut bench = Bench::with(Setup { flags: vec!["--max-deletions=0"], ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deleted: true");
    let held = bench.until_ready("main", false, "DeletionHeld");
    assert_eq!(condition(&held, "Reconciling")["status"], "True");
    assert!(condition(&held, "Ready")["message"].as_str().unwrap().contains("--max-deletions is 0"));
    bench.meanwhile(3);
    bench.expect_untouched();
    limit(&mut bench, 1);
    bench.until_ready("main", true, "DeletionScheduled");
}

#[test]
fn wishes_and_finalizers_share_one_limit_and_a_restore_gives_nothing_back() {
    let bench = Bench::with(Setup { flags: vec!["--max-deletions=2"], ..Setup::default() });
    let [wished, removed, late] = [0, 1, 2].map(|number| bench.seed_pair(&cluster(number)));
    bench.declare("wished", &wished, "deleted: true");
    bench.declare("removed", &removed, "deletionPolicy: Delete");
    bench.until_ready("wished", true, "DeletionScheduled");
    bench.until("removed", "its finalizer", |object| finalizers(object) == 1);
    bench.delete("removed");
    bench.until_gone("removed");
    bench.declare("wished", &wished, "deleted: false");
    bench.until_ready("wished", true, "InSync");
    bench.declare("late", &late, "deleted: true");
    bench.until_ready("late", false, "DeletionHeld");
    bench.meanwhile(3);
    assert_eq!(bench.applied("DeleteBackup"), [wished, removed]);
}

#[test]
fn after_a_start_the_last_hour_is_counted_as_aws_shows_it_whoever_deleted() {
    let mut bench = Bench::with(Setup { running: false, flags: vec!["--max-deletions=2"] });
    let id = bench.seed_pair(CLUSTER);
    let recent = bench.seed_pair(CLUSTER);
    bench.aws.delete_backup(REGION, &recent).unwrap();
    let purge = |ago| Some(bench.aws.now() + SignedDuration::from_hours(7 * 24) - ago);
    let pending = || Seed::ready(REGION, CLUSTER).pending_deletion();
    let half_an_hour_ago = Seed { delete_timestamp: purge(SignedDuration::from_mins(30)), ..pending() };
    let two_hours_ago = Seed { delete_timestamp: purge(SignedDuration::from_hours(2)), ..pending() };
    bench.aws.seed(two_hours_ago);
    bench.aws.seed(half_an_hour_ago);
    bench.declare("main", &id, "deleted: true");
    bench.run();
    bench.until_ready("main", false, "DeletionHeld");
    bench.meanwhile(3);
    bench.expect_untouched();
    until_counted(&mut bench, 2);
    // With room for a third one it goes: what is older than an hour does not count.
    limit(&mut bench, 3);
    bench.until_ready("main", true, "DeletionScheduled");
    until_counted(&mut bench, 3);
}
