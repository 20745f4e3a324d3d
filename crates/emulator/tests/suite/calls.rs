//! The log of calls, and acts out of band.

use emulator::{BackupState, By, Fault, FaultKind};
use serde_json::json;

use crate::support::{Client, DAY, HERE, THERE, emulator, ready, start};

#[test]
fn a_call_is_logged_with_all_that_tells_it_from_others() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    emulator.advance(DAY);
    let client = Client::new(&emulator, HERE)
        .header("amz-sdk-invocation-id", "9ef9a77d")
        .header("amz-sdk-request", "attempt=2; max=3");
    let response = client.call("DeleteBackup", &json!({"BackupId": id}));
    let [call] = emulator.calls().try_into().unwrap();
    assert_eq!((call.seq, call.by, call.at), (1, By::Client, start().checked_add(DAY).unwrap()));
    assert_ne!(call.real_at, call.at);
    assert_eq!((call.operation.as_str(), call.region.as_str()), ("DeleteBackup", HERE));
    assert_eq!((call.account.as_str(), call.backup_ids), ("111122223333", vec![id]));
    assert_eq!(call.invocation_id.as_deref(), Some("9ef9a77d"));
    assert_eq!(call.sdk_request.as_deref(), Some("attempt=2; max=3"));
    assert_eq!((call.outcome.as_str(), call.fault, call.applied), ("ok", None, true));
    assert_eq!(response.headers["x-amzn-requestid"], call.request_id);
}

#[test]
fn listings_are_logged_with_their_filters_and_whether_they_continue() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    for _ in 0..2 {
        emulator.seed(ready());
    }
    let filters = json!({"states": ["READY"]});
    let page = client.call("DescribeBackups", &json!({"Filters": filters, "MaxResults": 1})).json();
    let next = json!({"Filters": filters, "MaxResults": 1, "NextToken": page["NextToken"]});
    client.call("DescribeBackups", &next);
    let calls = emulator.calls();
    assert_eq!(calls.iter().map(|call| call.page_token).collect::<Vec<_>>(), [false, true]);
    assert_eq!(calls[0].filters, [("states".to_owned(), vec!["READY".to_owned()])].into());
    assert_ne!(calls[0].request_id, calls[1].request_id);
}

#[test]
fn refusals_are_logged_by_their_code() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    client.call("DeleteBackup", &json!({"BackupId": "backup-zzzzzzzzzzz"}));
    client.call("DeleteBackup", &json!({"BackupId": 1}));
    Client::new(&emulator, HERE).without("authorization").call("DeleteBackup", &json!({}));
    let told: Vec<_> =
        emulator.calls().into_iter().map(|call| (call.outcome, call.region, call.applied)).collect();
    let expected = [
        ("CloudHsmResourceNotFoundException", HERE),
        ("SerializationException", HERE),
        ("MissingAuthenticationTokenException", ""),
    ];
    assert_eq!(told, expected.map(|(code, region)| (code.to_owned(), region.to_owned(), false)));
}

#[test]
fn what_a_person_does_out_of_band_is_not_counted_among_the_clients_calls() {
    let emulator = emulator();
    emulator.fault(Fault::on("*", FaultKind::Throttle));
    let id = emulator.seed(ready());
    emulator.delete_backup(HERE, &id).unwrap();
    assert_eq!(emulator.backup(HERE, &id).unwrap().state, BackupState::PendingDeletion);
    emulator.restore_backup(HERE, &id).unwrap();
    emulator.set_never_expires(HERE, &id, true).unwrap();
    emulator.tag(HERE, &id, "a", "1").unwrap();
    emulator.tag(HERE, &id, "b", "2").unwrap();
    emulator.untag(HERE, &id, "a").unwrap();
    emulator.copy(HERE, &id, THERE).unwrap();
    assert!(emulator.restore_backup(HERE, &id).is_err());
    let backup = emulator.backup(HERE, &id).unwrap();
    assert_eq!((backup.state, backup.never_expires), (BackupState::Ready, Some(true)));
    assert_eq!(backup.tags, [("b".to_owned(), "2".to_owned())].into());
    assert_eq!(emulator.backups(THERE).len(), 1);
    assert!(emulator.calls().is_empty());
    let acts: Vec<_> =
        emulator.admin_calls().into_iter().map(|call| (call.operation, call.applied)).collect();
    assert_eq!(acts.len(), 8);
    assert_eq!(acts.last(), Some(&("RestoreBackup".to_owned(), false)));
    assert!(emulator.remove(HERE, &id) && !emulator.remove(HERE, &id));
    assert_eq!(emulator.backup(HERE, &id), None);
}

#[test]
fn a_cleared_log_goes_on_counting() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    client.call("DescribeBackups", &json!({}));
    emulator.clear_calls();
    assert!(emulator.calls().is_empty());
    client.call("DescribeBackups", &json!({}));
    assert_eq!(emulator.calls()[0].seq, 2);
}
