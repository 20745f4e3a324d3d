//! Every kind of fault, as a client over the wire meets it.

use std::io::ErrorKind;
use std::time::Duration;

use emulator::{BackupState, Emulator, Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Client, HERE, THERE, authorization, emulator, ready};

/// An emulator with a backup and a client, and a fault of deletions.
fn deleting(kind: FaultKind) -> (Emulator, Client, Value, String) {
    let emulator = emulator();
    let id = emulator.seed(ready());
    emulator.fault(Fault::on("DeleteBackup", kind).times(1));
    let client = Client::new(&emulator, HERE);
    let body = json!({"BackupId": id});
    (emulator, client, body, id)
}

fn state(emulator: &Emulator, id: &str) -> BackupState {
    emulator.backup(HERE, id).unwrap().state
}

/// The outcome, fault and effect that the log has of the only call.
fn logged(emulator: &Emulator) -> (String, Option<String>, bool) {
    let [call] = emulator.calls().try_into().unwrap();
    (call.outcome, call.fault, call.applied)
}

fn log_of(outcome: &str, fault: &str, applied: bool) -> (String, Option<String>, bool) {
    (outcome.to_owned(), Some(fault.to_owned()), applied)
}

#[test]
fn an_error_refuses_the_call() {
    let kind = FaultKind::Error { code: "Some".to_owned(), status: 503, message: Some("why".to_owned()) };
    let (emulator, client, body, id) = deleting(kind);
    let response = client.call("DeleteBackup", &body);
    assert_eq!((response.status, response.json()), (503, json!({"__type": "Some", "Message": "why"})));
    assert_eq!(state(&emulator, &id), BackupState::Ready);
    assert_eq!(logged(&emulator), log_of("Some", "error", false));
}

#[test]
fn a_throttle_lasts_as_many_calls_as_told() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    emulator.fault(Fault::on("DeleteBackup", FaultKind::Throttle).times(2));
    let client = Client::new(&emulator, HERE);
    let body = json!({"BackupId": id});
    for _ in 0..2 {
        let response = client.call("DeleteBackup", &body);
        assert_eq!((response.status, response.code().as_str()), (400, "ThrottlingException"));
    }
    assert_eq!(client.call("DeleteBackup", &body).status, 200);
}

#[test]
fn a_drop_closes_the_connection_and_does_nothing() {
    let (emulator, client, body, id) = deleting(FaultKind::Drop);
    let error = client.try_call("DeleteBackup", &body).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::UnexpectedEof, "no head"));
    assert_eq!(state(&emulator, &id), BackupState::Ready);
    assert_eq!(logged(&emulator), log_of("dropped", "drop", false));
}

#[test]
fn accept_then_drop_does_it_and_closes_the_connection() {
    let (emulator, client, body, id) = deleting(FaultKind::AcceptThenDrop);
    assert_eq!(client.try_call("DeleteBackup", &body).unwrap_err().to_string(), "no head");
    assert_eq!(state(&emulator, &id), BackupState::PendingDeletion);
    assert_eq!(logged(&emulator), log_of("dropped", "acceptThenDrop", true));
}

#[test]
fn accept_then_error_does_it_and_says_it_failed() {
    let (emulator, client, body, id) = deleting(FaultKind::accept_then_error());
    let response = client.call("DeleteBackup", &body);
    assert_eq!((response.status, response.code().as_str()), (500, "CloudHsmInternalFailureException"));
    assert_eq!(state(&emulator, &id), BackupState::PendingDeletion);
    let expected = log_of("CloudHsmInternalFailureException", "acceptThenError", true);
    assert_eq!(logged(&emulator), expected);
}

#[test]
fn a_truncated_body_is_an_accepted_call_whose_answer_breaks_off() {
    let (emulator, client, body, id) = deleting(FaultKind::TruncatedBody);
    let error = client.try_call("DeleteBackup", &body).unwrap_err().to_string();
    let sent: usize = error.strip_prefix("status 200, ").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(sent > 0, "the head and some of the body arrive: {error}");
    assert_eq!(state(&emulator, &id), BackupState::PendingDeletion);
    assert_eq!(logged(&emulator), log_of("truncated", "truncatedBody", true));
}

#[test]
fn an_empty_answer_can_be_truncated_too() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    emulator.fault(Fault::on("TagResource", FaultKind::TruncatedBody));
    let body = json!({"ResourceId": id, "TagList": [{"Key": "a", "Value": "b"}]});
    let error = Client::new(&emulator, HERE).try_call("TagResource", &body).unwrap_err().to_string();
    assert_eq!(error, "status 200, 0 of 64 bytes");
    assert_eq!(emulator.backup(HERE, &id).unwrap().tags.len(), 1);
}

#[test]
fn a_garbage_body_is_an_accepted_call_whose_answer_is_whole_and_no_json() {
    let (emulator, client, body, id) = deleting(FaultKind::GarbageBody);
    let response = client.call("DeleteBackup", &body);
    assert_eq!(response.status, 200);
    assert!(serde_json::from_slice::<Value>(&response.body).is_err());
    assert_eq!(state(&emulator, &id), BackupState::PendingDeletion);
    assert_eq!(logged(&emulator), log_of("garbage", "garbageBody", true));
}

#[test]
fn a_hang_answers_late() {
    let (emulator, client, body, id) = deleting(FaultKind::Hang { seconds: 0.2, after_effect: false });
    assert_eq!(client.call("DeleteBackup", &body).status, 200);
    assert_eq!(state(&emulator, &id), BackupState::PendingDeletion);
    assert_eq!(logged(&emulator), log_of("ok", "hang", true));
}

#[test]
fn a_client_that_gives_up_on_a_hang_has_changed_nothing_unless_the_effect_came_first() {
    for after_effect in [false, true] {
        let (emulator, client, body, id) = deleting(FaultKind::Hang { seconds: 600.0, after_effect });
        let error = client.call_within("DeleteBackup", &body, Duration::from_millis(150)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        let expected = if after_effect { BackupState::PendingDeletion } else { BackupState::Ready };
        assert_eq!(state(&emulator, &id), expected);
        let outcome = if after_effect { "ok" } else { "hanging" };
        assert_eq!(logged(&emulator), log_of(outcome, "hang", after_effect));
        // Others are served meanwhile.
        assert_eq!(client.call("DescribeBackups", &json!({})).status, 200);
    }
}

#[test]
fn a_rejected_call_is_not_counted_as_applied_whatever_the_client_is_told() {
    let emulator = emulator();
    emulator.fault(Fault::on("*", FaultKind::AcceptThenDrop));
    let body = json!({"BackupId": "backup-zzzzzzzzzzz"});
    assert!(Client::new(&emulator, HERE).try_call("DeleteBackup", &body).is_err());
    assert_eq!(logged(&emulator), log_of("dropped", "acceptThenDrop", false));
}

#[test]
fn faults_can_be_meant_for_a_region_or_a_backup() {
    let emulator = emulator();
    let (one, two) = (emulator.seed(ready()), emulator.seed(ready()));
    emulator.fault(Fault::on("*", FaultKind::Throttle).region(THERE));
    emulator.fault(Fault::on("*", FaultKind::Throttle).backup(&one));
    let ask = |region, body: &Value| Client::new(&emulator, region).call("DescribeBackups", body).status;
    assert_eq!(ask(THERE, &json!({})), 400);
    assert_eq!(ask(HERE, &json!({})), 200);
    assert_eq!(ask(HERE, &json!({"Filters": {"backupIds": [two]}})), 200);
    assert_eq!(ask(HERE, &json!({"Filters": {"backupIds": [two, one]}})), 400);
    emulator.clear_faults();
    assert_eq!(ask(THERE, &json!({})), 200);
}

#[test]
fn sts_can_fail_too() {
    let emulator = emulator();
    emulator.fault(Fault::on("GetCallerIdentity", FaultKind::error("AccessDenied")));
    let client = Client::new(&emulator, HERE)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", &authorization("AKID", HERE, "sts"));
    let response = client.send("POST", "/", "Action=GetCallerIdentity");
    assert!(response.text().contains("<Code>AccessDenied</Code>"), "{}", response.text());
}

/// An emulator with three backups, newest first, and a fault of listings.
fn listing(fault: impl FnOnce(&[String]) -> FaultKind) -> (Emulator, Client, Vec<String>) {
    let emulator = emulator();
    let ids: Vec<String> = (0..3).map(|age| emulator.seed(ready().age_days(age))).collect();
    emulator.fault(Fault::on("DescribeBackups", fault(&ids)));
    let client = Client::new(&emulator, HERE);
    (emulator, client, ids)
}

#[test]
fn missing_items_are_missing_from_scans_and_lookups() {
    let (_emulator, client, ids) = listing(|ids| FaultKind::MissingItem { backup_ids: vec![ids[1].clone()] });
    assert_eq!(client.call("DescribeBackups", &json!({})).ids(), [ids[0].clone(), ids[2].clone()]);
    let lookup = json!({"Filters": {"backupIds": [ids[1]]}});
    assert!(client.call("DescribeBackups", &lookup).ids().is_empty());
}

#[test]
fn everything_can_be_missing() {
    let (_emulator, client, _) = listing(|_| FaultKind::EverythingMissing);
    assert_eq!(client.call("DescribeBackups", &json!({})).json(), json!({"Backups": []}));
}

#[test]
fn an_empty_page_has_a_token_that_starts_the_listing_anew() {
    let (emulator, client, ids) = listing(|_| FaultKind::EmptyPage);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let page = client.call("DescribeBackups", &json!({})).json();
        assert_eq!(page["Backups"], json!([]));
        tokens.push(page["NextToken"].as_str().unwrap().to_owned());
    }
    assert_ne!(tokens[0], tokens[1], "each is new");
    emulator.clear_faults();
    assert_eq!(client.call("DescribeBackups", &json!({"NextToken": tokens[1]})).ids(), ids);
}

#[test]
fn an_unknown_state_is_shown_for_those_named() {
    let (_emulator, client, _) = listing(|ids| FaultKind::UnknownState {
        backup_ids: Some(vec![ids[1].clone()]),
        state: "ARCHIVED".to_owned(),
    });
    let backups = client.call("DescribeBackups", &json!({})).json();
    let states: Vec<&Value> =
        backups["Backups"].as_array().unwrap().iter().map(|b| &b["BackupState"]).collect();
    assert_eq!(states, ["READY", "ARCHIVED", "READY"]);
}

#[test]
fn any_member_can_be_missing() {
    for field in ["NeverExpires", "BackupArn", "BackupId", "BackupState", "TagList"] {
        let (_emulator, client, _) =
            listing(|_| FaultKind::MissingField { backup_ids: None, field: field.to_owned() });
        let backups = client.call("DescribeBackups", &json!({})).json();
        let backups = backups["Backups"].as_array().unwrap();
        assert_eq!(backups.len(), 3);
        for backup in backups {
            assert_eq!(backup.get(field), None);
            assert_eq!(backup.as_object().unwrap().len(), 8, "only that one: {backup}");
        }
    }
}

#[test]
fn a_repeated_token_never_ends() {
    let (_emulator, client, _) = listing(|_| FaultKind::RepeatedToken);
    let first = client.call("DescribeBackups", &json!({"MaxResults": 2})).json();
    let token = &first["NextToken"];
    for _ in 0..3 {
        let page = client.call("DescribeBackups", &json!({"MaxResults": 2, "NextToken": token})).json();
        assert_eq!(page["NextToken"], *token);
    }
}

#[test]
fn a_partial_listing_breaks_off_after_its_first_page() {
    let (_emulator, client, ids) = listing(|_| FaultKind::PartialListing);
    let first = client.call("DescribeBackups", &json!({}));
    assert_eq!(first.ids(), [ids[0].clone()]);
    let token = first.json()["NextToken"].clone();
    let second = client.call("DescribeBackups", &json!({"NextToken": token}));
    assert_eq!((second.status, second.code().as_str()), (500, "CloudHsmInternalFailureException"));
}

#[test]
fn an_extra_item_does_not_match_the_filter() {
    let (_emulator, client, ids) = listing(|_| FaultKind::ExtraItem);
    let lookup = json!({"Filters": {"backupIds": [ids[0]]}});
    let seen = client.call("DescribeBackups", &lookup).ids();
    assert_eq!((seen.len(), &seen[0]), (2, &ids[0]));
    assert_ne!(seen[1], ids[0]);
    let all = client.call("DescribeBackups", &json!({})).ids();
    assert_eq!((all.len(), all[3].as_str()), (4, "backup-zzzzzzzzzzz"), "invented when there is no other");
}

#[test]
fn a_stale_read_shows_what_was_before_the_last_change() {
    let (emulator, client, ids) = listing(|_| FaultKind::StaleReads);
    emulator.delete_backup(HERE, &ids[0]).unwrap();
    let state = || client.call("DescribeBackups", &json!({})).json()["Backups"][0]["BackupState"].clone();
    assert_eq!(state(), "READY");
    emulator.clear_faults();
    assert_eq!(state(), "PENDING_DELETION");
}
