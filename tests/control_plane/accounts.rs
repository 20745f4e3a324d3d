//! What is not seen, or seen in another account, is neither gone nor anybody's to delete.

use emulator::{BackupState, Fault, FaultKind, Seed};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, REGION, STRANGER, STRANGERS_ACCOUNT, condition};

const MISTYPED: &str = "backup-zzzzzzzzzzz";

fn has_finalizer(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|all| all.len() == 1)
}

/// The resource, which is being deleted, stays for `reason`, changes nothing, and is let go by policy Retain.
fn expect_stuck_until_retained(bench: &Bench, name: &str, reason: &str) {
    let stuck =
        bench.until(name, "terminating", |object| object["metadata"]["deletionTimestamp"].is_string());
    assert!(has_finalizer(&stuck), "{stuck:#}");
    let stuck = bench.until_ready(name, false, reason);
    assert_eq!(condition(&stuck, "Stalled")["status"], "True");
    bench.meanwhile(3);
    assert!(has_finalizer(&bench.object(name)));
    bench.expect_untouched();
    bench.patch(name, r#"{"spec":{"deletionPolicy":"Retain"}}"#);
    bench.until_gone(name);
    bench.expect_untouched();
}

#[test]
fn a_wrong_id_is_not_found_and_never_gone() {
    let bench = Bench::new();
    let _other = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let shared = bench.aws.seed(Seed::ready(REGION, CLUSTER).shared_from(STRANGERS_ACCOUNT));
    bench.declare("wished", MISTYPED, "deleted: true");
    bench.declare("removed", MISTYPED, "deletionPolicy: Delete");
    bench.declare("shared", &shared, "deleted: true");
    bench.until("removed", "its finalizer", has_finalizer);
    for name in ["wished", "shared"] {
        let lost = bench.until_ready(name, false, "NotFound");
        assert!(lost["status"]["backupState"].is_null() && lost["status"]["deletion"].is_null(), "{lost:#}");
        let message = condition(&lost, "Stalled")["message"].as_str().unwrap();
        assert!(message.contains("backupId") && message.contains("region"), "{message}");
    }
    bench.delete("removed");
    expect_stuck_until_retained(&bench, "removed", "NotFound");
    bench.until_ready("wished", false, "NotFound");
    bench.until_ready("shared", false, "NotFound");
}

/// Two resources in sync; while the operator is down, one wishes for a deletion and one is deleted with its backup; then
/// the operator comes back with another account's credentials.
fn restart_as_a_stranger(bench: &mut Bench, wished: &str, removed: &str) {
    bench.declare("wished", wished, "");
    bench.declare("removed", removed, "deletionPolicy: Delete");
    bench.until_ready("wished", true, "InSync");
    bench.until_ready("removed", true, "InSync");
    bench.until("removed", "its finalizer", has_finalizer);
    bench.stop();
    bench.declare("wished", wished, "deleted: true");
    bench.delete("removed");
    bench.restart_with(|start| start.access_key = Some(STRANGER.to_owned()));
}

#[test]
fn with_credentials_of_another_account_nothing_is_gone_and_nothing_is_deleted() {
    let mut bench = Bench::new();
    let (wished, removed) = (bench.seed_pair(CLUSTER), bench.seed_pair(CLUSTER));
    restart_as_a_stranger(&mut bench, &wished, &removed);
    let mismatch = bench.until_ready("wished", false, "AccountMismatch");
    assert_eq!(mismatch["status"]["backupState"], "READY", "the facts stay");
    assert!(mismatch["status"]["deletion"].is_null(), "{mismatch:#}");
    let message = condition(&mismatch, "Stalled")["message"].as_str().unwrap();
    assert!(message.contains(STRANGERS_ACCOUNT), "{message}");
    expect_stuck_until_retained(&bench, "removed", "AccountMismatch");
    assert_eq!(bench.aws.backup(REGION, &removed).unwrap().state, BackupState::Ready);
    // Back in the right account the wish still stands.
    bench.restart_with(|start| start.access_key = Some("AKIATEST".to_owned()));
    bench.until_ready("wished", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), [wished]);
}

#[test]
fn a_backup_of_the_same_id_in_another_account_is_another_one() {
    let mut bench = Bench::new();
    let (wished, removed) = (bench.seed_pair(CLUSTER), bench.seed_pair(CLUSTER));
    for id in [&wished, &removed] {
        bench.aws.seed(Seed::ready(REGION, CLUSTER).id(id).account(STRANGERS_ACCOUNT));
    }
    bench.aws.seed(Seed::ready(REGION, CLUSTER).account(STRANGERS_ACCOUNT));
    restart_as_a_stranger(&mut bench, &wished, &removed);
    bench.until_ready("wished", false, "AccountMismatch");
    expect_stuck_until_retained(&bench, "removed", "AccountMismatch");
}

#[test]
fn an_account_that_the_spec_names_must_be_the_one_that_is_seen() {
    let bench = Bench::new();
    let (wished, removed) = (bench.seed_pair(CLUSTER), bench.seed_pair(CLUSTER));
    let other = format!("accountId: \"{STRANGERS_ACCOUNT}\"");
    bench.declare("wished", &wished, &format!("{other}\ndeleted: true"));
    bench.declare("absent", MISTYPED, &format!("{other}\ndeleted: true"));
    bench.declare("removed", &removed, &format!("{other}\ndeletionPolicy: Delete"));
    bench.until("removed", "its finalizer", has_finalizer);
    bench.until_ready("wished", false, "AccountMismatch");
    bench.until_ready("absent", false, "AccountMismatch");
    bench.delete("removed");
    expect_stuck_until_retained(&bench, "removed", "AccountMismatch");
}

#[test]
fn without_an_arn_the_account_that_the_spec_names_is_not_confirmed() {
    let bench = Bench::new();
    let named = bench.seed_pair(CLUSTER);
    let account = bench.aws.backup(REGION, &named).unwrap().account;
    let silence =
        FaultKind::MissingField { backup_ids: Some(vec![named.clone()]), field: "BackupArn".to_owned() };
    bench.aws.fault(Fault::on("DescribeBackups", silence));
    bench.declare("named", &named, &format!("accountId: \"{account}\"\ndeleted: true"));
    bench.until_ready("named", false, "AccountUnknown");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.aws.clear_faults();
    bench.until_ready("named", true, "DeletionScheduled");
}
