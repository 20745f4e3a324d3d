//! Every fault that can strike `CopyBackupToRegion`, and what the log has of it.

use std::time::Duration;

use emulator::{Emulator, Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Client, HERE, THERE, emulator, ready};

const FAR: &str = "us-east-1";

fn body(id: &str, destination: &str) -> Value {
    json!({"BackupId": id, "DestinationRegion": destination})
}

/// What a client makes of an answer: the status and what it says, or how it broke off.
fn answer(emulator: &Emulator, id: &str, destination: &str) -> String {
    answer_within(emulator, id, destination, Duration::from_secs(20))
}

fn answer_within(emulator: &Emulator, id: &str, destination: &str, patience: Duration) -> String {
    let body = body(id, destination);
    match Client::new(emulator, HERE).call_within("CopyBackupToRegion", &body, patience) {
        Ok(response) => match serde_json::from_slice::<Value>(&response.body) {
            Ok(json) if json["DestinationBackup"].is_object() => "copying".to_owned(),
            Ok(json) => format!("{} {}", response.status, json["__type"].as_str().unwrap()),
            Err(_) => format!("{} garbage", response.status),
        },
        Err(error) if error.to_string().starts_with("status 200") => "200 truncated".to_owned(),
        Err(error) if error.to_string() == "no head" => "dropped".to_owned(),
        Err(_) => "silence".to_owned(),
    }
}

#[test]
fn each_fault_strikes_so_many_copies_to_one_destination_and_makes_one_or_none() {
    let failure = "CloudHsmInternalFailureException";
    let code = failure.to_owned();
    for (kind, seen, made) in [
        (FaultKind::Throttle, "400 ThrottlingException", 0),
        (FaultKind::Error { code, status: 500, message: None }, "500 CloudHsmInternalFailureException", 0),
        (FaultKind::accept_then_error(), "500 CloudHsmInternalFailureException", 1),
        (FaultKind::Drop, "dropped", 0),
        (FaultKind::AcceptThenDrop, "dropped", 1),
        (FaultKind::Hang { seconds: 600.0, after_effect: false }, "silence", 0),
        (FaultKind::Hang { seconds: 600.0, after_effect: true }, "silence", 1),
        (FaultKind::TruncatedBody, "200 truncated", 1),
        (FaultKind::GarbageBody, "200 garbage", 1),
    ] {
        let emulator = emulator();
        let id = emulator.seed(ready());
        emulator.fault(Fault::on("CopyBackupToRegion", kind.clone()).destination(THERE).times(2));
        assert_eq!(answer(&emulator, &id, FAR), "copying", "{kind:?} is not meant for {FAR}");
        for nth in 1..=2 {
            let patience = Duration::from_millis(if seen == "silence" { 200 } else { 20_000 });
            assert_eq!(answer_within(&emulator, &id, THERE, patience), seen, "{kind:?}");
            assert_eq!(emulator.copies_made(HERE, &id, THERE).len(), nth * made, "{kind:?}");
        }
        let applied: Vec<bool> = emulator.calls().into_iter().map(|call| call.applied).collect();
        assert_eq!(applied, [true, made == 1, made == 1], "{kind:?}");
        assert_eq!(answer(&emulator, &id, THERE), "copying", "{kind:?} is over");
    }
}

#[test]
fn a_fault_can_be_meant_for_copies_from_one_region_or_of_one_backup() {
    let emulator = emulator();
    let (one, two) = (emulator.seed(ready()), emulator.seed(ready()));
    let elsewhere = emulator.seed(emulator::Seed::ready(THERE, crate::support::CLUSTER));
    emulator.fault(Fault::on("CopyBackupToRegion", FaultKind::Throttle).region(THERE));
    emulator.fault(Fault::on("CopyBackupToRegion", FaultKind::Throttle).backup(&one));
    let ask = |region: &str, id: &str| {
        Client::new(&emulator, region).call("CopyBackupToRegion", &body(id, FAR)).status
    };
    assert_eq!((ask(THERE, &elsewhere), ask(HERE, &one), ask(HERE, &two)), (400, 400, 200));
}

#[test]
fn an_answer_can_be_lost_of_a_copy_that_is_hidden_or_fails() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    let on_copy = |kind| Fault::on("CopyBackupToRegion", kind).times(1);
    emulator.fault(on_copy(FaultKind::knobs(|knobs| knobs.hide_copies = true)));
    emulator.fault(on_copy(FaultKind::Throttle));
    emulator.fault(on_copy(FaultKind::AcceptThenDrop));
    assert_eq!(answer(&emulator, &id, THERE), "400 ThrottlingException");
    assert_eq!(answer(&emulator, &id, THERE), "dropped", "the throttled call has not used the knobs up");
    let search = json!({"Filters": {"sourceBackupIds": [id]}});
    assert!(Client::new(&emulator, THERE).call("DescribeBackups", &search).ids().is_empty());
    assert_eq!(emulator.copies_made(HERE, &id, THERE).len(), 1);
}

#[test]
fn a_hang_keeps_the_knobs_that_were_meant_for_its_call() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    let kinds = [
        FaultKind::knobs(|knobs| knobs.copy_ready_after = Duration::ZERO),
        FaultKind::Hang { seconds: 0.05, after_effect: false },
    ];
    for kind in kinds {
        emulator.fault(Fault::on("CopyBackupToRegion", kind).times(1));
    }
    assert_eq!(Client::new(&emulator, HERE).call("CopyBackupToRegion", &body(&id, THERE)).status, 200);
    assert_eq!(emulator.backups(THERE)[0].state, emulator::BackupState::Ready);
}

#[test]
fn a_copy_is_logged_with_all_that_was_asked_for() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    let client = Client::new(&emulator, HERE)
        .header("amz-sdk-invocation-id", "9ef9a77d")
        .header("amz-sdk-request", "attempt=2; max=3");
    let mut body = body(&id, THERE);
    client.call("CopyBackupToRegion", &body);
    body["TagList"] = json!([{"Key": "team", "Value": "pki"}]);
    client.call("CopyBackupToRegion", &body);
    client.call("DescribeBackups", &json!({}));
    let [plain, tagged, listing] = emulator.calls().try_into().unwrap();
    assert_eq!((plain.region.as_str(), &plain.backup_ids), (HERE, &vec![id]));
    assert_eq!((plain.destination.as_deref(), &plain.tags), (Some(THERE), &None));
    assert_eq!((plain.invocation_id.as_deref(), plain.attempt()), (Some("9ef9a77d"), Some(2)));
    assert_eq!(tagged.tags, Some([("team".to_owned(), "pki".to_owned())].into()));
    assert_eq!((listing.destination, listing.tags), (None, None));
    let (_, calls) = crate::support::admin(&emulator, "GET", "/_admin/calls", "");
    assert_eq!(calls["calls"][1]["destination"], THERE);
    assert_eq!(calls["calls"][1]["tags"], json!({"team": "pki"}));
    assert_eq!(calls["calls"][2]["listing"], "all");
}
