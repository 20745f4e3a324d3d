//! A real operator on a real API server, driven into what its users will see.

use std::time::Duration;

use cloudhsm_backup_operator::api;
use emulator::{BackupState, Fault, FaultKind, Seed};
use serde_json::{Value, json};
use testbed::{Solo, is_ready, manifest, within};

use super::{Copying, expect, table::Seen};
use crate::support::{program, root};

const REGION: &str = "eu-west-1";
/// Copies to it do not come to an end.
const SLOW: &str = "eu-central-1";
/// Copies to it fail.
const FAILING: &str = "eu-north-1";
/// Copies to it are denied.
const DENIED: &str = "eu-south-1";
/// Listing it is throttled.
const THROTTLED: &str = "us-east-1";

/// A resource, what its Ready condition comes to say, and what is to be seen of it then.
struct Scene {
    name: &'static str,
    spec: String,
    ready: (bool, &'static str),
    seen: Seen,
}

/// A READY backup whose cluster has another one.
fn seed(solo: &Solo) -> String {
    solo.aws.seed(Seed::ready(REGION, "cluster-dygnwhmscg5"))
}

fn seed_pending(solo: &Solo) -> String {
    let state = Some(BackupState::PendingDeletion);
    solo.aws.seed(Seed { state, ..Seed::ready(REGION, "cluster-dygnwhmscg5") })
}

/// What is wrong with AWS, from the start.
fn trouble(solo: &Solo) {
    let denied = || FaultKind::error("CloudHsmAccessDeniedException");
    let copying = |kind, to: &str| Fault::on("CopyBackupToRegion", kind).destination(to);
    let slow = FaultKind::knobs(|knobs| knobs.copy_ready_after = Duration::from_hours(9));
    solo.aws.fault(copying(slow, SLOW));
    let fails = FaultKind::knobs(|knobs| {
        knobs.copy_ready_after = Duration::ZERO;
        knobs.fail_copies = true;
    });
    solo.aws.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(9));
    solo.aws.fault(copying(fails, FAILING));
    solo.aws.fault(copying(denied(), DENIED));
    solo.aws.fault(Fault::on("DescribeBackups", FaultKind::Throttle).region(THROTTLED));
    // So many were deleted within the hour that no more may be.
    for _ in 0..10 {
        seed_pending(solo);
    }
}

fn scenes(solo: &Solo) -> Vec<Scene> {
    let at = |id: &str, region: &str, more: &str| format!("backupId: {id}\nregion: {region}\n{more}");
    let here = |id: &str, more: &str| at(id, REGION, more);
    let scene = |name, ready, spec, seen: Seen| Scene { name, spec, ready, seen };
    let denied = seed(solo);
    let access_denied = FaultKind::error("CloudHsmAccessDeniedException");
    solo.aws.fault(Fault::on("ModifyBackupAttributes", access_denied).backup(denied.clone()));
    let shared = seed(solo);
    let lone = solo.aws.seed(Seed::ready(REGION, "cluster-aaaaaaaaaaa"));
    let keep = "neverExpires: true";
    let nulls = "neverExpires: null\ntags: null\ncopies: null\ndeleted: null\nsuspend: null";
    let both = format!("copies: [{{region: {SLOW}}}, {{region: {DENIED}}}]");
    let one = |region: &str| format!("copies: [{{region: {region}}}]");
    let gives_pass = |argo: &str, flux: &str| Seen::new(argo, "InProgress", flux);
    let observing = Seen { argo: "Suspended".to_owned(), ..Seen::in_order() };
    vec![
        scene("in-sync", (true, "InSync"), here(&seed(solo), keep), Seen::in_order()),
        scene("nulls", (true, "InSync"), here(&seed(solo), nulls), Seen::in_order()),
        scene(
            "copying",
            (false, "CopyInProgress"),
            here(&seed(solo), &one(SLOW)),
            gives_pass("Healthy", "Current"),
        ),
        scene(
            "copying-denied",
            (false, "CopyInProgress"),
            here(&seed(solo), &both),
            gives_pass("Degraded", "InProgress"),
        ),
        scene("copy-failed", (false, "CopyFailed"), here(&seed(solo), &one(FAILING)), Seen::on_its_way()),
        scene("copy-denied", (false, "AccessDenied"), here(&seed(solo), &one(DENIED)), Seen::denied()),
        scene("pending", (false, "PendingDeletion"), here(&seed_pending(solo), ""), Seen::in_trouble()),
        scene(
            "retired",
            (true, "DeletionScheduled"),
            here(&seed_pending(solo), "deleted: true"),
            Seen::in_order(),
        ),
        scene("held", (false, "DeletionHeld"), here(&seed(solo), "deleted: true"), Seen::on_its_way()),
        scene("last", (false, "LastBackup"), here(&lone, "deleted: true"), Seen::in_trouble()),
        scene("not-found", (false, "NotFound"), here("backup-nosuchbackup", ""), Seen::in_trouble()),
        scene("denied", (false, "AccessDenied"), here(&denied, keep), Seen::denied()),
        scene(
            "throttled",
            (false, "Throttled"),
            at("backup-somewhere234", THROTTLED, ""),
            Seen::on_its_way(),
        ),
        scene("claimant", (true, "InSync"), here(&shared, keep), Seen::in_order()),
        scene("duplicate", (false, "DuplicateClaim"), here(&shared, keep), Seen::in_trouble()),
        scene(
            "suspended",
            (false, "Suspended"),
            here(&seed(solo), "neverExpires: true\nsuspend: true"),
            Seen::suspended(),
        ),
        scene("observing", (true, "InSync"), here(&seed(solo), "suspend: true"), observing),
        scene("lost", (false, "NotFound"), here("backup-nosuchothers", "suspend: true"), Seen::in_trouble()),
    ]
}

fn object(solo: &Solo, name: &str) -> Value {
    let output = solo.plane.kubectl(&["get", "hsmb", name, "-o", "json"]).unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn until(solo: &Solo, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut now = Value::Null;
    let held = within(Duration::from_mins(1), || {
        now = object(solo, name);
        holds(&now)
    });
    assert!(held, "{name} never got there:\n{now:#}\n{}", solo.log());
    now
}

/// A copy that AWS has taken the request for, and that the status shows.
fn copy_is_shown(object: &Value) -> bool {
    let copies = object["status"]["copies"].as_array();
    copies.is_some_and(|copies| copies.iter().any(|copy| copy["backupState"] == "CREATE_IN_PROGRESS"))
}

fn copy_was_denied(object: &Value) -> bool {
    let copies = object["status"]["copies"].as_array();
    copies.is_some_and(|copies| copies.iter().any(|copy| copy["lastFailure"]["reason"] == "AccessDenied"))
}

/// What the scenes come to.
fn play(solo: &Solo, scenes: Vec<Scene>) -> Vec<(String, Value, Seen)> {
    for scene in &scenes {
        solo.declare(scene.name, &scene.spec);
        // The older of two claims is known by the second.
        if scene.name == "claimant" {
            std::thread::sleep(Duration::from_millis(1100));
        }
    }
    let played = scenes.into_iter().map(|scene| {
        let object = until(solo, scene.name, |object| {
            is_ready(object, scene.ready.0, scene.ready.1)
                && (!scene.name.starts_with("copying") || copy_is_shown(object))
                && (scene.name != "copying-denied" || copy_was_denied(object))
        });
        (scene.name.to_owned(), object, scene.seen)
    });
    played.collect()
}

/// One that was there and is gone, and one whose deletion is held.
fn what_ends(solo: &Solo) -> Vec<(String, Value, Seen)> {
    let (gone, bound) = (seed(solo), seed(solo));
    solo.declare("gone", &format!("backupId: {gone}\nregion: {REGION}"));
    solo.declare("bound", &format!("backupId: {bound}\nregion: {REGION}\ndeletionPolicy: Delete"));
    solo.until_ready("gone", true, "InSync");
    until(solo, "bound", |object| object["metadata"]["finalizers"].is_array());
    solo.aws.remove(REGION, &gone);
    solo.plane.kubectl_ok(&["delete", "hsmb", "bound", "--wait=false"]).unwrap();
    let terminating = Seen::new("Progressing", "Terminating", "InProgress");
    vec![
        ("gone".to_owned(), solo.until_ready("gone", false, "Gone"), Seen::in_trouble()),
        ("bound".to_owned(), solo.until_ready("bound", false, "DeletionHeld"), terminating),
    ]
}

/// What nobody has looked at: the operator's clock stands still.
fn what_is_new(solo: &mut Solo) -> Vec<(String, Value, Seen)> {
    solo.operator().process().signal("STOP").unwrap();
    let patch = r#"{"spec":{"tags":{"team":"payments"}}}"#;
    solo.plane.kubectl_ok(&["patch", "hsmb", "in-sync", "--type=merge", "-p", patch]).unwrap();
    solo.apply(&manifest("new", &format!("backupId: backup-brandnew2345\nregion: {REGION}")));
    let new = Seen { kstatus: "Current".to_owned(), ..Seen::on_its_way() };
    let all = vec![
        ("edited".to_owned(), object(solo, "in-sync"), Seen::on_its_way()),
        ("new".to_owned(), object(solo, "new"), new),
    ];
    solo.operator().process().signal("CONT").unwrap();
    all
}

#[test]
fn what_a_real_operator_writes_is_seen_as_the_table_says() {
    let mut solo = Solo::new(program());
    solo.install(&json!(api::crd()));
    trouble(&solo);
    let scenes = scenes(&solo);
    solo.run();
    let mut all = play(&solo, scenes);
    all.extend(what_ends(&solo));
    all.extend(what_is_new(&mut solo));
    expect(&all, Copying::Passes);
}

#[test]
fn the_backups_of_the_example_are_accepted_by_the_api_server() {
    let solo = Solo::new(program());
    solo.install(&json!(api::crd()));
    let folder = root().join("examples/gitops/backups").display().to_string();
    let applied = solo.plane.kubectl_ok(&["apply", "--dry-run=server", "-k", &folder]).unwrap();
    assert_eq!(
        applied.lines().filter(|line| line.ends_with("created (server dry run)")).count(),
        2,
        "{applied}"
    );
}
