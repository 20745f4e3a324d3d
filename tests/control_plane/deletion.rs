//! `deleted`: what holds it, what fulfils it, what uses it up and what takes it back.

use emulator::{Fault, FaultKind, Seed, Source};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, condition, manifest};

/// A copy in [`REGION`] of a backup of [`CLUSTER`] that is elsewhere.
fn copy() -> Seed {
    let source = Source {
        region: ELSEWHERE.to_owned(),
        backup_id: "backup-ro5c4er4aac".to_owned(),
        cluster_id: Some(CLUSTER.to_owned()),
    };
    Seed::copy(REGION, source)
}

fn is_done(mark: &Value) -> bool {
    mark["requestedAt"].is_string() && mark["doneAt"].is_string()
}

#[test]
fn a_backup_that_never_expires_cannot_be_declared_deleted() {
    let bench = Bench::with(Setup { running: false, ..Setup::default() });
    let base = format!("backupId: backup-ro5c4er4aac\nregion: {REGION}\n");
    for wish in ["deleted: true", "deletionPolicy: Delete"] {
        let refusal =
            bench.try_apply(&manifest("main", &format!("{base}neverExpires: true\n{wish}"))).unwrap_err();
        assert!(
            refusal.contains(&format!("neverExpires: true and {wish} contradict each other")),
            "{refusal}"
        );
        assert!(bench.object("main").is_null());
    }
}

#[test]
fn a_deletion_is_held_while_aws_reports_never_expires_and_goes_on_when_the_flag_is_gone() {
    let bench = Bench::new();
    let _survivor = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).never_expires(true));
    bench.declare("main", &id, "deleted: true");
    let held = bench.until_ready("main", false, "NeverExpires");
    assert_eq!(condition(&held, "Stalled")["status"], "True");
    assert!(held["status"]["deletion"].is_null(), "{held:#}");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.aws.set_never_expires(REGION, &id, false).unwrap();
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn a_deletion_is_held_while_aws_says_nothing_about_never_expires() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    let silence =
        FaultKind::MissingField { backup_ids: Some(vec![id.clone()]), field: "NeverExpires".to_owned() };
    bench.aws.fault(Fault::on("DescribeBackups", silence));
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "NeverExpires");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.aws.clear_faults();
    bench.until_ready("main", true, "DeletionScheduled");
}

#[test]
fn the_flag_means_nothing_on_copies() {
    let bench = Bench::new();
    let _survivor = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let flagged = bench.aws.seed(copy().never_expires(true));
    let silent = bench.aws.seed(copy());
    let silence =
        FaultKind::MissingField { backup_ids: Some(vec![silent.clone()]), field: "NeverExpires".to_owned() };
    bench.aws.fault(Fault::on("DescribeBackups", silence));
    bench.declare("flagged", &flagged, "deleted: true");
    bench.declare("silent", &silent, "deleted: true");
    bench.until_ready("flagged", true, "DeletionScheduled");
    bench.until_ready("silent", true, "DeletionScheduled");
    assert_eq!(bench.mutations(), ["DeleteBackup", "DeleteBackup"]);
}

#[test]
fn never_expires_false_beside_deleted_clears_the_way_first() {
    let bench = Bench::new();
    let _survivor = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).never_expires(true));
    bench.declare("main", &id, "neverExpires: false\ndeleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes", "DeleteBackup"]);
}

#[test]
fn a_denied_deletion_is_tried_again_and_other_changes_go_on_meanwhile() {
    // One deletion an hour: what was denied must not use it up.
    let bench = Bench::with(Setup { flags: vec!["--max-deletions=1"], ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.aws.fault(Fault::on("DeleteBackup", FaultKind::error("CloudHsmAccessDeniedException")));
    bench.declare("main", &id, "deleted: true");
    let denied = bench.until_ready("main", false, "AccessDenied");
    assert!(denied["status"]["deletion"].is_null(), "{denied:#}");
    bench.declare("main", &id, "deleted: true\ntags: {team: payments}");
    bench.until_backup(&id, "its tag", |backup| backup.tags.contains_key("team"));
    bench.until_ready("main", false, "AccessDenied");
    assert_eq!(bench.mutations(), ["DeleteBackup", "TagResource"], "a denied call is not hammered");

    bench.aws.clear_faults();
    bench.annotate("main", "cloudhsm-backup.dev/reconcile-requested-at=now");
    let done = bench.until_ready("main", true, "DeletionScheduled");
    assert!(is_done(&done["status"]["deletion"]), "{done:#}");
    assert_eq!(done["status"]["backupState"], "PENDING_DELETION");
    assert_eq!(bench.mutations(), ["DeleteBackup", "TagResource", "DeleteBackup"]);
    let told = bench.events().into_iter().filter(|(reason, _)| reason == "Deleted").count();
    assert_eq!(told, 1, "{:?}", bench.events());
}

#[test]
fn a_rescued_backup_is_not_deleted_again_for_the_same_wish_but_for_a_new_one() {
    let mut bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
    bench.aws.restore_backup(REGION, &id).unwrap();
    let rescued = bench.until_ready("main", false, "ExternallyRestored");
    assert_eq!(condition(&rescued, "Stalled")["status"], "True");

    bench.declare("main", &id, "deleted: true\ntags: {team: payments}");
    bench.until_backup(&id, "its tag", |backup| backup.tags.contains_key("team"));
    bench.until_ready("main", false, "ExternallyRestored");
    bench.run();
    bench.meanwhile(4);
    bench.until_ready("main", false, "ExternallyRestored");
    assert_eq!(bench.mutations(), ["DeleteBackup", "TagResource"]);

    bench.declare("main", &id, "tags: {team: payments}");
    let withdrawn = bench.until_ready("main", true, "InSync");
    assert!(withdrawn["status"]["deletion"].is_null(), "{withdrawn:#}");
    bench.declare("main", &id, "deleted: true\ntags: {team: payments}");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.mutations(), ["DeleteBackup", "TagResource", "DeleteBackup"]);
}

#[test]
fn removing_a_resource_does_not_revive_a_wish_that_was_used_up() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deleted: true\ndeletionPolicy: Delete");
    bench.until_ready("main", true, "DeletionScheduled");
    bench.aws.restore_backup(REGION, &id).unwrap();
    bench.until_ready("main", false, "ExternallyRestored");
    bench.delete("main");
    bench.until("main", "terminating", |object| object["metadata"]["deletionTimestamp"].is_string());
    bench.meanwhile(4);
    bench.until_ready("main", false, "ExternallyRestored");
    bench.patch("main", r#"{"spec":{"deletionPolicy":"Retain"}}"#);
    bench.until_gone("main");
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn reverting_a_deletion_restores_the_backup() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deleted: true");
    let deleted = bench.until_ready("main", true, "DeletionScheduled");
    let until = deleted["status"]["deleteTimestamp"].as_str().unwrap();
    let undo = condition(&deleted, "DeletionScheduled")["message"].as_str().unwrap();
    assert!(undo.contains(until) && undo.contains("deleted: false"), "{undo}");

    bench.declare("main", &id, "");
    let restored = bench.until_ready("main", true, "InSync");
    assert_eq!(restored["status"]["backupState"], "READY");
    assert!(restored["status"]["deletion"].is_null(), "{restored:#}");
    assert!(is_done(&restored["status"]["restore"]), "{restored:#}");
    assert!(condition(&restored, "DeletionScheduled").is_null(), "{restored:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["DeleteBackup", "RestoreBackup"]);
}

#[test]
fn what_somebody_else_deleted_is_reported_and_restored_only_on_demand() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &id).unwrap();
    let pending = bench.until_ready("main", false, "PendingDeletion");
    let message = condition(&pending, "Stalled")["message"].as_str().unwrap();
    assert!(message.contains("set deleted: false to keep it"), "{message}");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.declare("main", &id, "deleted: false");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
}

#[test]
fn a_wish_that_somebody_else_fulfilled_is_used_up_and_its_withdrawal_restores_nothing() {
    let bench = Bench::new();
    let (rescued, withdrawn) = (bench.seed_pair(CLUSTER), bench.seed_pair(CLUSTER));
    for (name, id) in [("rescued", &rescued), ("withdrawn", &withdrawn)] {
        bench.aws.delete_backup(REGION, id).unwrap();
        bench.declare(name, id, "deleted: true");
    }
    bench.until_ready("rescued", true, "DeletionScheduled");
    bench.until_ready("withdrawn", true, "DeletionScheduled");
    bench.aws.restore_backup(REGION, &rescued).unwrap();
    bench.declare("withdrawn", &withdrawn, "");
    bench.until_ready("rescued", false, "ExternallyRestored");
    bench.until_ready("withdrawn", false, "PendingDeletion");
    bench.meanwhile(3);
    bench.expect_untouched();
}

#[test]
fn a_wish_of_a_resource_that_yields_to_another_is_used_up() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("a-keeper", &id, "deleted: false");
    bench.until_ready("a-keeper", true, "InSync");
    bench.declare("b-rival", &id, "deleted: true");
    bench.until_ready("b-rival", false, "DuplicateClaim");
    bench.delete("a-keeper");
    bench.until_gone("a-keeper");
    bench.until_ready("b-rival", false, "ExternallyRestored");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.declare("b-rival", &id, "deleted: false");
    bench.until_ready("b-rival", true, "InSync");
    bench.declare("b-rival", &id, "deleted: true");
    bench.until_ready("b-rival", true, "DeletionScheduled");
}

#[test]
fn what_is_not_surely_ready_is_waited_for_and_what_is_suspended_is_left_alone() {
    let bench = Bench::new();
    let _survivor = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let unfinished = bench.aws.seed(Seed::ready(REGION, CLUSTER).in_progress());
    let [strange, suspended] = [(); 2].map(|()| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    let state =
        FaultKind::UnknownState { backup_ids: Some(vec![strange.clone()]), state: "MELTING".to_owned() };
    bench.aws.fault(Fault::on("DescribeBackups", state));
    bench.declare("unfinished", &unfinished, "deleted: true");
    bench.declare("strange", &strange, "deleted: true");
    bench.declare("suspended", &suspended, "deleted: true\nsuspend: true");
    bench.until_ready("unfinished", false, "CreateInProgress");
    bench.until_ready("strange", false, "UnknownState");
    bench.until_ready("suspended", false, "Suspended");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.aws.advance(std::time::Duration::from_mins(10));
    bench.until_ready("unfinished", true, "DeletionScheduled");
    bench.declare("suspended", &suspended, "deleted: true\nsuspend: false");
    bench.until_ready("suspended", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), [unfinished, suspended]);
}
