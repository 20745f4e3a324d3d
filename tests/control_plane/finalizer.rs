//! `deletionPolicy`: what deleting a resource does, and what it waits for.

use emulator::{BackupState, Fault, FaultKind, Seed};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, REGION, Setup, condition};

/// Our finalizer.
pub const OURS: &str = "cloudhsm-backup.dev/deletion";
const FOREIGN: &str = "example.com/hold";

/// The finalizers of a resource.
pub fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Waits until a resource has our finalizer, and no other.
pub fn until_finalizer(bench: &Bench, name: &str) {
    bench.until(name, "our finalizer", |object| finalizers(object) == [OURS]);
}

fn set_finalizers(bench: &Bench, name: &str, all: &[&str]) {
    bench.patch(name, &serde_json::json!({"metadata": {"finalizers": all}}).to_string());
}

/// Sets `deletionPolicy`.
pub fn set_policy(bench: &Bench, name: &str, policy: &str) {
    bench.patch(name, &serde_json::json!({"spec": {"deletionPolicy": policy}}).to_string());
}

fn state(bench: &Bench, id: &str) -> BackupState {
    bench.aws.backup(REGION, id).unwrap().state
}

#[test]
fn a_finalizer_is_there_only_while_the_policy_is_delete_also_while_suspended() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    assert!(finalizers(&bench.object("main")).is_empty());
    bench.declare("main", &id, "deletionPolicy: Delete");
    until_finalizer(&bench, "main");
    bench.declare("main", &id, "deletionPolicy: Retain");
    bench.until("main", "no finalizer", |object| finalizers(object).is_empty());
    bench.declare("main", &id, "deletionPolicy: Delete\nsuspend: true");
    until_finalizer(&bench, "main");
    bench.declare("main", &id, "suspend: true");
    bench.until("main", "no finalizer", |object| finalizers(object).is_empty());
    bench.until_ready("main", true, "InSync");
    bench.expect_untouched();
}

#[test]
fn deleting_a_resource_with_policy_delete_deletes_its_backup_and_without_it_nothing() {
    let bench = Bench::new();
    let (deleted, retained) = (bench.seed_pair(CLUSTER), bench.seed_pair(CLUSTER));
    bench.declare("deleted", &deleted, "deletionPolicy: Delete");
    bench.declare("retained", &retained, "tags: {team: payments}");
    until_finalizer(&bench, "deleted");
    bench.until_ready("retained", true, "InSync");
    bench.kubectl(&["delete", "hsmb", "deleted", "retained", "--timeout=30s"]);
    assert_eq!(bench.applied("DeleteBackup"), std::slice::from_ref(&deleted));
    assert_eq!(
        (state(&bench, &deleted), state(&bench, &retained)),
        (BackupState::PendingDeletion, BackupState::Ready)
    );
    assert_eq!(bench.mutations(), ["TagResource", "DeleteBackup"]);
}

#[test]
fn a_backup_that_is_going_or_gone_already_holds_no_resource() {
    let bench = Bench::new();
    let [wished, pending, gone] = [(); 3].map(|()| bench.seed_pair(CLUSTER));
    for (name, id, more) in
        [("wished", &wished, "\ndeleted: true"), ("pending", &pending, ""), ("gone", &gone, "")]
    {
        bench.declare(name, id, &format!("deletionPolicy: Delete{more}"));
    }
    for name in ["wished", "pending", "gone"] {
        bench.until_ready(name, true, if name == "wished" { "DeletionScheduled" } else { "InSync" });
        until_finalizer(&bench, name);
    }
    bench.aws.delete_backup(REGION, &pending).unwrap();
    bench.aws.remove(REGION, &gone);
    for name in ["wished", "pending", "gone"] {
        bench.delete(name);
        bench.until_gone(name);
    }
    assert_eq!(bench.applied("DeleteBackup"), [wished]);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn policy_delete_on_a_resource_that_is_terminating_already_deletes_nothing() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    set_finalizers(&bench, "main", &[FOREIGN]);
    bench.delete("main");
    set_policy(&bench, "main", "Delete");
    bench.meanwhile(4);
    assert_eq!(finalizers(&bench.object("main")), [FOREIGN]);
    set_finalizers(&bench, "main", &[]);
    bench.until_gone("main");
    bench.expect_untouched();
}

#[test]
fn a_resource_deleted_before_the_operator_saw_policy_delete_retains_its_backup() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "deletionPolicy: Delete\ndeleted: true");
    set_finalizers(&bench, "main", &[FOREIGN]);
    bench.delete("main");
    bench.run();
    bench.meanwhile(4);
    set_finalizers(&bench, "main", &[]);
    bench.until_gone("main");
    bench.expect_untouched();
}

#[test]
fn foreign_finalizers_are_left_alone() {
    let bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    set_finalizers(&bench, "main", &[FOREIGN]);
    set_policy(&bench, "main", "Delete");
    bench.until("main", "both finalizers", |object| finalizers(object) == [FOREIGN, OURS]);
    bench.delete("main");
    bench.until("main", "its backup deleted", |object| finalizers(object) == [FOREIGN]);
    assert_eq!(bench.applied("DeleteBackup"), [id]);
    bench.meanwhile(3);
    set_finalizers(&bench, "main", &[]);
    bench.until_gone("main");
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn a_suspended_resource_that_terminates_waits_and_retain_releases_it() {
    let bench = Bench::new();
    let [resumed, released, pending] = [(); 3].map(|()| bench.seed_pair(CLUSTER));
    bench.aws.delete_backup(REGION, &pending).unwrap();
    for (name, id) in [("resumed", &resumed), ("released", &released), ("pending", &pending)] {
        bench.declare(name, id, "deletionPolicy: Delete\nsuspend: true");
        until_finalizer(&bench, name);
        bench.delete(name);
        bench.until_ready(name, false, "Suspended");
    }
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.until_ready("pending", false, "Suspended");
    set_policy(&bench, "released", "Retain");
    bench.until_gone("released");
    bench.expect_untouched();
    bench.patch("pending", r#"{"spec":{"suspend":false}}"#);
    bench.until_gone("pending");
    bench.expect_untouched();
    bench.patch("resumed", r#"{"spec":{"suspend":false}}"#);
    bench.until_gone("resumed");
    assert_eq!(bench.applied("DeleteBackup"), [resumed]);
}

#[test]
fn a_finalizer_that_cannot_finish_says_why_and_retain_releases_it() {
    let bench = Bench::new();
    let last = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let denied = bench.seed_pair("cluster-ggggggggggg");
    bench.aws.fault(Fault::on("DeleteBackup", FaultKind::error("AccessDeniedException")).backup(&denied));
    for (name, id, reason) in [("last", &last, "LastBackup"), ("denied", &denied, "AccessDenied")] {
        bench.declare(name, id, "deletionPolicy: Delete");
        until_finalizer(&bench, name);
        bench.delete(name);
        let stuck = bench.until_ready(name, false, reason);
        assert_eq!(finalizers(&stuck), [OURS]);
        let message = condition(&stuck, "Ready")["message"].as_str().unwrap().to_owned();
        bench.until(name, "its Event", |_| bench.events().contains(&(reason.to_owned(), message.clone())));
    }
    bench.meanwhile(3);
    for reason in ["LastBackup", "AccessDenied"] {
        let told = bench.events().iter().filter(|(event, _)| event == reason).count();
        assert_eq!(told, 1, "{:?}", bench.events());
    }
    for name in ["last", "denied"] {
        set_policy(&bench, name, "Retain");
        bench.until_gone(name);
    }
    assert!(bench.applied("DeleteBackup").is_empty());
}

#[test]
fn a_backup_that_another_living_resource_claims_is_left_to_it() {
    let bench = Bench::new();
    let (claimed, viewed) = (bench.seed_pair(CLUSTER), bench.seed_pair(CLUSTER));
    bench.declare("a-leaving", &claimed, "deletionPolicy: Delete");
    bench.declare("b-staying", &claimed, "tags: {team: payments}");
    bench.declare("c-leaving", &viewed, "deletionPolicy: Delete");
    bench.declare("d-view", &viewed, "");
    until_finalizer(&bench, "a-leaving");
    until_finalizer(&bench, "c-leaving");
    bench.until_ready("b-staying", false, "DuplicateClaim");
    bench.until_ready("d-view", true, "InSync");
    bench.delete("a-leaving");
    bench.until_gone("a-leaving");
    // Whoever stays has the say from now on.
    bench.until_ready("b-staying", true, "InSync");
    assert_eq!(bench.mutations(), ["TagResource"]);
    // Whoever only looks claims nothing.
    bench.delete("c-leaving");
    bench.until_gone("c-leaving");
    bench.until_ready("d-view", false, "PendingDeletion");
    assert_eq!(bench.applied("DeleteBackup"), [viewed]);
}

#[test]
fn a_backup_of_two_resources_that_both_go_is_deleted_once() {
    let mut bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("first", &id, "deletionPolicy: Delete");
    bench.declare("second", &id, "deletionPolicy: Delete");
    until_finalizer(&bench, "first");
    until_finalizer(&bench, "second");
    bench.stop();
    bench.kubectl(&["delete", "hsmb", "first", "second", "--wait=false"]);
    bench.run();
    bench.until_gone("first");
    bench.until_gone("second");
    assert_eq!(bench.applied("DeleteBackup"), [id]);
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn a_finalizer_whose_operator_was_killed_during_the_call_finishes_without_a_second_one() {
    let mut bench = Bench::new();
    let id = bench.seed_pair(CLUSTER);
    bench
        .aws
        .fault(Fault::on("DeleteBackup", FaultKind::Hang { seconds: 60.0, after_effect: true }).times(1));
    bench.declare("main", &id, "deletionPolicy: Delete");
    until_finalizer(&bench, "main");
    bench.delete("main");
    bench.until_backup(&id, "deleted", |backup| backup.state == BackupState::PendingDeletion);
    bench.stop();
    assert_eq!(finalizers(&bench.object("main")), [OURS]);
    bench.run();
    bench.until_gone("main");
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}
