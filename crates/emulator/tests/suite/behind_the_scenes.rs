//! What the handle and the admin interface do to a backup that no operation of the API does.

use std::time::Duration;

use emulator::{BackupState, Emulator};
use serde_json::{Value, json};

use crate::support::{Client, DAY, HERE, THERE, admin, emulator, ready};

/// An emulator with a copy just accepted, and its id.
fn copying() -> (Emulator, String) {
    let emulator = emulator();
    let id = emulator.seed(ready());
    emulator.copy(HERE, &id, THERE).unwrap();
    let [copy] = emulator.copies_made(HERE, &id, THERE).try_into().unwrap();
    (emulator, copy)
}

fn listed(emulator: &Emulator, region: &str) -> Vec<String> {
    Client::new(emulator, region).call("DescribeBackups", &json!({})).ids()
}

fn state(emulator: &Emulator, id: &str) -> BackupState {
    emulator.backup(THERE, id).unwrap().state
}

#[test]
fn a_hidden_backup_is_nowhere_until_it_is_shown_and_time_goes_on_for_it() {
    let (emulator, copy) = copying();
    assert!(emulator.hide(THERE, &copy));
    assert!(listed(&emulator, THERE).is_empty());
    let client = Client::new(&emulator, THERE);
    let refused = client.call("DeleteBackup", &json!({"BackupId": copy}));
    assert_eq!(refused.code(), "CloudHsmResourceNotFoundException");
    emulator.advance(DAY);
    assert!(listed(&emulator, THERE).is_empty());
    assert!(emulator.show(THERE, &copy));
    assert_eq!(listed(&emulator, THERE), [copy.as_str()]);
    assert_eq!(state(&emulator, &copy), BackupState::Ready);
    assert!(!emulator.hide(HERE, &copy) && !emulator.show(HERE, &copy), "it is not there");
}

#[test]
fn a_copy_that_is_on_its_way_can_be_finished_at_once() {
    let (emulator, copy) = copying();
    assert!(emulator.finish(THERE, &copy));
    assert_eq!(state(&emulator, &copy), BackupState::Ready);
    assert!(!emulator.finish(THERE, &copy), "it is READY already");
    emulator.advance(DAY);
    assert_eq!(state(&emulator, &copy), BackupState::Ready);
}

#[test]
fn a_copy_that_is_on_its_way_fails_when_it_is_purged() {
    let (emulator, copy) = copying();
    emulator.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(1));
    assert_eq!(listed(&emulator, THERE), [copy.as_str()], "it has been seen before");
    assert!(emulator.purge(THERE, &copy));
    assert_eq!(listed(&emulator, THERE), [copy.as_str()]);
    emulator.advance(Duration::from_hours(1));
    assert!(listed(&emulator, THERE).is_empty());
    assert_eq!(state(&emulator, &copy), BackupState::Deleted, "nothing revives it");
    assert!(!emulator.purge(THERE, &copy), "it is DELETED already");
}

#[test]
fn a_backup_pending_deletion_can_be_purged_before_its_time() {
    let emulator = emulator();
    let id = emulator.seed(ready().pending_deletion());
    assert!(emulator.purge(HERE, &id));
    let backup = emulator.backup(HERE, &id).unwrap();
    assert_eq!((backup.state, backup.delete_timestamp), (BackupState::Deleted, None));
    assert!(emulator.restore_backup(HERE, &id).is_err());
}

#[test]
fn the_admin_interface_can_do_the_same() {
    let (emulator, copy) = copying();
    let ask = |what: &str, region: &str| {
        let body = json!({"region": region, "backupId": copy}).to_string();
        admin(&emulator, "POST", &format!("/_admin/{what}"), &body)
    };
    assert_eq!(ask("hide", THERE), (200, json!({"hidden": copy})));
    assert!(listed(&emulator, THERE).is_empty());
    assert_eq!(ask("show", THERE), (200, json!({"shown": copy})));
    assert_eq!(listed(&emulator, THERE), [copy.as_str()]);
    assert_eq!(ask("finish", THERE), (200, json!({"finished": copy})));
    let (status, refusal) = ask("finish", THERE);
    assert_eq!((status, &refusal["error"]), (400, &json!(format!("{copy} in {THERE} is READY"))));
    assert_eq!(ask("purge", THERE), (200, json!({"purged": copy})));
    assert!(listed(&emulator, THERE).is_empty());
    let (status, refusal) = ask("purge", HERE);
    assert_eq!((status, &refusal["error"]), (400, &json!(format!("there is no {copy} in {HERE}"))));
}

#[test]
fn every_copy_ever_made_is_counted() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    let body = json!({"BackupId": id, "DestinationRegion": THERE});
    Client::new(&emulator, HERE).call("CopyBackupToRegion", &body);
    emulator.knobs(|knobs| knobs.hide_copies = true);
    emulator.copy(HERE, &id, THERE).unwrap();
    emulator.knobs(|knobs| knobs.fail_copies = true);
    emulator.copy(HERE, &id, THERE).unwrap();
    emulator.copy(HERE, &id, "us-east-1").unwrap();
    assert!(emulator.copy(HERE, &id, HERE).is_err());
    emulator.advance(DAY);
    let made = emulator.copies_made(HERE, &id, THERE);
    assert_eq!(made.len(), 3);
    emulator.remove(THERE, &made[0]);
    emulator.clear_calls();
    assert_eq!(emulator.copies_made(HERE, &id, THERE), made, "whatever becomes of them");
    assert_eq!(emulator.copies_made(HERE, &id, "us-east-1").len(), 1);
    assert!(emulator.copies_made(THERE, &id, HERE).is_empty());
    let (_, copies) = admin(&emulator, "GET", "/_admin/copies", "");
    let copies: &Vec<Value> = copies["copies"].as_array().unwrap();
    assert_eq!(copies.len(), 4);
    let first = json!({
        "at": "2026-11-21T10:00:00.125Z", "account": "111122223333", "sourceRegion": HERE,
        "sourceBackup": id, "destination": THERE, "backupId": made[0],
    });
    assert_eq!(copies[0], first);
}
