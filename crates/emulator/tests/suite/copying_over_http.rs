//! What becomes of copies, as a client over the wire sees it.

use std::time::Duration;

use emulator::{ClusterIdOnCopies, Emulator, Fault, FaultKind, Knobs, NeverExpiresOnCopies};
use serde_json::{Value, json};

use crate::support::{CLUSTER, Client, DAY, HERE, THERE, admin, emulator, ready};

const FAR: &str = "us-east-1";
const MINUTE: Duration = Duration::from_mins(1);

/// An emulator with a backup to copy.
fn with_source() -> (Emulator, String) {
    let emulator = emulator();
    let id = emulator.seed(ready().tags([("team", "pki")]).never_expires(true));
    (emulator, id)
}

fn copy(emulator: &Emulator, id: &str, destination: &str) {
    let body = json!({"BackupId": id, "DestinationRegion": destination});
    let response = Client::new(emulator, HERE).call("CopyBackupToRegion", &body);
    assert_eq!(response.status, 200, "{}", response.text());
}

/// What a search for the copies of a backup shows.
fn found(emulator: &Emulator, region: &str, id: &str) -> Vec<Value> {
    let body = json!({"Filters": {"sourceBackupIds": [id]}});
    let json = Client::new(emulator, region).call("DescribeBackups", &body).json();
    json["Backups"].as_array().unwrap().clone()
}

fn states(emulator: &Emulator, region: &str, id: &str) -> Vec<String> {
    let found = found(emulator, region, id);
    found.iter().map(|backup| backup["BackupState"].as_str().unwrap().to_owned()).collect()
}

/// Other knobs for copying to one region.
fn to(destination: &str, change: impl FnOnce(&mut Knobs)) -> Fault {
    Fault::on("CopyBackupToRegion", FaultKind::knobs(change)).destination(destination)
}

#[test]
fn a_copy_is_listed_and_becomes_ready_when_the_knobs_say() {
    let (emulator, id) = with_source();
    emulator.knobs(|knobs| {
        knobs.copy_visible_after = 2 * MINUTE;
        knobs.copy_ready_after = 5 * MINUTE;
    });
    copy(&emulator, &id, THERE);
    emulator.advance(MINUTE);
    assert!(found(&emulator, THERE, &id).is_empty());
    emulator.advance(MINUTE);
    assert_eq!(states(&emulator, THERE, &id), ["CREATE_IN_PROGRESS"]);
    emulator.advance(3 * MINUTE);
    assert_eq!(states(&emulator, THERE, &id), ["READY"]);
    // Turned back while it runs: for the copies after that.
    emulator.knobs(|knobs| *knobs = Knobs { copy_ready_after: Duration::ZERO, ..Knobs::default() });
    copy(&emulator, &id, THERE);
    assert_eq!(states(&emulator, THERE, &id), ["READY", "READY"]);
}

#[test]
fn a_copy_can_stay_hidden_until_it_is_shown_by_hand() {
    let (emulator, id) = with_source();
    emulator.knobs(|knobs| knobs.hide_copies = true);
    copy(&emulator, &id, THERE);
    emulator.advance(400 * DAY);
    assert!(found(&emulator, THERE, &id).is_empty());
    let [made] = emulator.copies_made(HERE, &id, THERE).try_into().unwrap();
    emulator.show(THERE, &made);
    assert_eq!(states(&emulator, THERE, &id), ["READY"]);
}

#[test]
fn only_the_next_copies_to_one_region_fail() {
    let (emulator, id) = with_source();
    emulator.fault(to(THERE, |knobs| knobs.fail_copies = true).times(2));
    emulator.knobs(|knobs| knobs.list_deleted_for = DAY);
    for destination in [THERE, FAR, THERE, THERE] {
        copy(&emulator, &id, destination);
    }
    assert_eq!(states(&emulator, THERE, &id), ["CREATE_IN_PROGRESS"; 3], "a failure takes its time");
    emulator.advance(MINUTE);
    let mut there = states(&emulator, THERE, &id);
    there.sort();
    assert_eq!(there, ["DELETED", "DELETED", "READY"]);
    assert_eq!(states(&emulator, FAR, &id), ["READY"]);
    emulator.advance(DAY);
    assert_eq!(states(&emulator, THERE, &id), ["READY"], "and are no longer listed");
    let faults: Vec<_> = emulator.calls().into_iter().filter_map(|call| call.fault).collect();
    assert_eq!(faults, ["knobs", "knobs"]);
}

#[test]
fn a_failed_copy_need_never_be_listed_as_deleted_or_at_all() {
    let (emulator, id) = with_source();
    emulator.knobs(|knobs| knobs.fail_copies = true);
    copy(&emulator, &id, THERE);
    assert_eq!(states(&emulator, THERE, &id), ["CREATE_IN_PROGRESS"]);
    emulator.advance(MINUTE);
    assert!(found(&emulator, THERE, &id).is_empty());
    emulator.knobs(|knobs| knobs.copy_visible_after = 2 * MINUTE);
    copy(&emulator, &id, THERE);
    for _ in 0..4 {
        assert!(found(&emulator, THERE, &id).is_empty());
        emulator.advance(MINUTE);
    }
    assert_eq!(emulator.copies_made(HERE, &id, THERE).len(), 2);
}

#[test]
fn other_knobs_for_some_calls_leave_the_knobs_as_they_are() {
    let (emulator, id) = with_source();
    emulator.fault(to(THERE, |knobs| knobs.hide_copies = true).backup(&id).times(1));
    emulator.fault(to(THERE, |knobs| knobs.copy_ready_after = Duration::ZERO).times(1));
    copy(&emulator, &id, THERE);
    emulator.knobs(|knobs| assert_eq!(*knobs, Knobs::default()));
    assert!(found(&emulator, THERE, &id).is_empty(), "hidden");
    emulator.show(THERE, &emulator.copies_made(HERE, &id, THERE)[0]);
    assert_eq!(states(&emulator, THERE, &id), ["READY"], "and ready at once");
}

#[test]
fn a_refused_second_copy_can_be_meant_for_one_region() {
    let (emulator, id) = with_source();
    emulator.fault(to(THERE, |knobs| knobs.reject_second_copy = true));
    for destination in [THERE, FAR, FAR] {
        copy(&emulator, &id, destination);
    }
    let body = json!({"BackupId": id, "DestinationRegion": THERE});
    let refused = Client::new(&emulator, HERE).call("CopyBackupToRegion", &body);
    assert_eq!(refused.code(), "CloudHsmInvalidRequestException");
    assert_eq!(emulator.copies_made(HERE, &id, THERE).len(), 1);
    assert_eq!(emulator.copies_made(HERE, &id, FAR).len(), 2);
}

#[test]
fn copies_show_what_the_knobs_say() {
    let (emulator, id) = with_source();
    emulator.fault(to(FAR, |knobs| {
        knobs.cluster_id_on_copies = ClusterIdOnCopies::Source;
        knobs.never_expires_on_copies = NeverExpiresOnCopies::Inherited;
    }));
    copy(&emulator, &id, THERE);
    copy(&emulator, &id, FAR);
    let (there, far) = (&found(&emulator, THERE, &id)[0], &found(&emulator, FAR, &id)[0]);
    assert_eq!((there.get("ClusterId"), &there["NeverExpires"]), (None, &json!(false)));
    assert_eq!((&far["ClusterId"], &far["NeverExpires"]), (&json!(CLUSTER), &json!(true)));
    emulator.knobs(|knobs| knobs.copy_of_copy_names_original = true);
    emulator.advance(MINUTE);
    let middle = emulator.copies_made(HERE, &id, THERE).remove(0);
    emulator.copy(THERE, &middle, HERE).unwrap();
    assert_eq!(found(&emulator, HERE, &id).len(), 1, "a copy of the copy, in its own region");
    assert_eq!(emulator.copies_made(THERE, &middle, HERE).len(), 1, "counted by the backup that was named");
}

#[test]
fn tags_of_copies_can_be_late_even_when_ready() {
    let (emulator, id) = with_source();
    emulator.knobs(|knobs| knobs.copy_tags_visible_after = 3 * MINUTE);
    copy(&emulator, &id, THERE);
    let tags = || found(&emulator, THERE, &id)[0]["TagList"].as_array().unwrap().len();
    emulator.advance(2 * MINUTE);
    assert_eq!((states(&emulator, THERE, &id), tags()), (vec!["READY".to_owned()], 0));
    emulator.advance(MINUTE);
    assert_eq!(tags(), 1);
}

#[test]
fn a_region_can_be_read_as_it_was_so_long_ago() {
    let (emulator, id) = with_source();
    let stale = FaultKind::knobs(|knobs| knobs.stale_reads_for = 2 * MINUTE);
    emulator.fault(Fault::on("DescribeBackups", stale).region(THERE));
    copy(&emulator, &id, THERE);
    copy(&emulator, &id, FAR);
    let mut history = Vec::new();
    for _ in 0..4 {
        history.push(states(&emulator, THERE, &id).pop());
        emulator.advance(MINUTE);
    }
    let copying = "CREATE_IN_PROGRESS".to_owned();
    assert_eq!(history, [None, None, Some(copying), Some("READY".to_owned())]);
    assert_eq!(states(&emulator, FAR, &id), ["READY"]);
}

#[test]
fn the_admin_interface_can_do_all_that() {
    let (emulator, id) = with_source();
    let knobs = json!({"hideCopies": true, "copyTagsVisibleAfter": "3m", "copyReadyAfter": "0s"});
    assert_eq!(admin(&emulator, "PUT", "/_admin/knobs", &knobs.to_string()).0, 200);
    let fault = json!({
        "operation": "CopyBackupToRegion", "destination": FAR, "backupId": id, "times": 1, "skip": 1,
        "kind": "knobs", "set": {"hideCopies": false},
    });
    assert_eq!(admin(&emulator, "POST", "/_admin/faults", &fault.to_string()).0, 200);
    for destination in [THERE, FAR, FAR, FAR] {
        copy(&emulator, &id, destination);
    }
    assert!(found(&emulator, THERE, &id).is_empty());
    assert_eq!(found(&emulator, FAR, &id).len(), 1, "the second of three");
    let (_, faults) = admin(&emulator, "GET", "/_admin/faults", "");
    let fault = &faults["faults"][0];
    assert_eq!((&fault["matched"], &fault["struck"]), (&json!(2), &json!(1)));
    assert_eq!(fault["set"], json!({"hideCopies": false}));
    admin(&emulator, "DELETE", "/_admin/faults", "");
    admin(&emulator, "DELETE", "/_admin/knobs", "");
    copy(&emulator, &id, THERE);
    admin(&emulator, "POST", "/_admin/advance", r#"{"duration": "1m"}"#);
    assert_eq!(states(&emulator, THERE, &id), ["READY"]);
}
