//! The admin interface over HTTP.

use serde_json::json;

use crate::support::{CLUSTER, Client, HERE, THERE, admin, emulator};

#[test]
fn backups_and_clusters_are_seeded_and_seen() {
    let emulator = emulator();
    let body = json!({
        "clusters": [{"region": HERE, "clusterId": CLUSTER, "retentionDays": 30, "tags": {"team": "pki"}}],
        "backups": [
            {"region": HERE, "clusterId": CLUSTER, "age": "3d"},
            {"region": THERE, "backupId": "backup-aaaaaaaaaaa", "state": "PENDING_DELETION", "account": "444455556666",
             "createTimestamp": "2026-11-01T00:00:00Z", "deleteTimestamp": "2026-11-22T00:00:00Z",
             "neverExpires": true, "tags": {"k": "v"}, "hsmType": "hsm2m.medium", "mode": "NON_FIPS",
             "source": {"region": HERE, "backupId": "backup-bbbbbbbbbbb", "clusterId": CLUSTER},
             "copyTimestamp": "2026-11-02T00:00:00Z"},
        ],
    });
    let (status, answer) = admin(&emulator, "POST", "/_admin/seed", &body.to_string());
    assert_eq!((status, answer["backups"].as_array().map(Vec::len)), (200, Some(2)), "{answer}");
    let (_, seen) = admin(&emulator, "GET", &format!("/_admin/backups?region={HERE}"), "");
    let [ordinary] = seen["backups"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!(ordinary["createTimestamp"], "2026-11-18T10:00:00.125Z");
    assert_eq!(ordinary["tags"], json!({"team": "pki"}));
    let (_, seen) = admin(&emulator, "GET", &format!("/_admin/backups?region={THERE}"), "");
    let expected = json!([{
        "backupId": "backup-aaaaaaaaaaa",
        "backupArn": format!("arn:aws:cloudhsm:{THERE}:444455556666:backup/backup-aaaaaaaaaaa"),
        "account": "444455556666", "region": THERE, "state": "PENDING_DELETION", "clusterId": null,
        "createTimestamp": "2026-11-01T00:00:00Z", "copyTimestamp": "2026-11-02T00:00:00Z", "neverExpires": true,
        "source": {"region": HERE, "backupId": "backup-bbbbbbbbbbb", "clusterId": CLUSTER},
        "deleteTimestamp": "2026-11-22T00:00:00Z", "tags": {"k": "v"}, "hsmType": "hsm2m.medium",
        "mode": "NON_FIPS", "sharedWith": [], "policy": null,
    }]);
    assert_eq!(seen["backups"], expected);
    let (_, clusters) = admin(&emulator, "GET", "/_admin/clusters", "");
    assert_eq!(clusters["clusters"][0]["retentionDays"], 30);
}

#[test]
fn a_mistake_in_a_seed_is_named_and_nothing_is_seeded() {
    let emulator = emulator();
    let good = json!({"region": HERE});
    for (bad, place) in [
        (json!({"region": "nowhere"}), "backups[1]"),
        (json!({"region": HERE, "agee": "3d"}), "agee"),
        (json!({"region": HERE, "age": "three days"}), "three days"),
        (json!({"region": HERE, "state": "PENDING_DELETE"}), "PENDING_DELETE"),
    ] {
        let body = json!({"backups": [good, bad]}).to_string();
        let (status, answer) = admin(&emulator, "POST", "/_admin/seed", &body);
        assert_eq!(status, 400);
        assert!(answer["error"].as_str().unwrap().contains(place), "{answer}");
    }
    assert!(emulator.backups(HERE).is_empty());
}

#[test]
fn time_is_advanced() {
    let emulator = emulator();
    let (_, before) = admin(&emulator, "GET", "/_admin/clock", "");
    assert_eq!(before["now"], "2026-11-21T10:00:00.125Z");
    let (status, after) = admin(&emulator, "POST", "/_admin/advance", r#"{"duration": "7d"}"#);
    assert_eq!((status, after["now"].as_str()), (200, Some("2026-11-28T10:00:00.125Z")));
    assert_eq!(admin(&emulator, "POST", "/_admin/advance", r#"{"duration": "-1h"}"#).0, 400);
    assert_eq!(admin(&emulator, "POST", "/_admin/advance", "{}").0, 400);
}

#[test]
fn faults_are_added_seen_and_ended() {
    let emulator = emulator();
    let body = r#"{"operation": "DescribeBackups", "times": 1, "kind": "error", "code": "X", "status": 418}"#;
    assert_eq!(admin(&emulator, "POST", "/_admin/faults", body).0, 200);
    let client = Client::new(&emulator, HERE);
    assert_eq!(client.call("DescribeBackups", &json!({})).status, 418);
    let (_, faults) = admin(&emulator, "GET", "/_admin/faults", "");
    assert_eq!((&faults["faults"][0]["kind"], &faults["faults"][0]["struck"]), (&json!("error"), &json!(1)));
    let (status, refused) = admin(&emulator, "POST", "/_admin/faults", r#"{"kind": "explode"}"#);
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().contains("explode"), "{refused}");
    admin(&emulator, "POST", "/_admin/faults", r#"{"kind": "throttle"}"#);
    assert_eq!(client.call("DescribeBackups", &json!({})).status, 400);
    assert_eq!(admin(&emulator, "DELETE", "/_admin/faults", "").1, json!({"faults": []}));
    assert_eq!(client.call("DescribeBackups", &json!({})).status, 200);
}

#[test]
fn knobs_that_are_not_named_keep_their_values() {
    let emulator = emulator();
    let put = |body: &str| admin(&emulator, "PUT", "/_admin/knobs", body);
    assert_eq!(put(r#"{"deletePending": "reset"}"#).0, 200);
    assert_eq!(put(r#"{"copyReadyAfter": "2d", "neverExpiresOnCopies": "inherited"}"#).0, 200);
    let (_, knobs) = admin(&emulator, "GET", "/_admin/knobs", "");
    assert_eq!((&knobs["deletePending"], &knobs["failCopies"]), (&json!("reset"), &json!(false)));
    emulator.knobs(|knobs| assert_eq!(knobs.copy_ready_after, std::time::Duration::from_hours(48)));
    for wrong in
        [r#"{"deletePendin": "reset"}"#, r#"{"deletePending": "maybe"}"#, r#"{"pageLimit": 0}"#, "[]"]
    {
        assert_eq!(put(wrong).0, 400, "{wrong}");
    }
    let (_, reset) = admin(&emulator, "DELETE", "/_admin/knobs", "");
    assert_eq!(reset["deletePending"], "reject");
}

#[test]
fn a_person_can_act_and_make_backups_vanish() {
    let emulator = emulator();
    let id = emulator.seed(crate::support::ready());
    let touch = json!({"operation": "DeleteBackup", "region": HERE, "request": {"BackupId": id}}).to_string();
    let (status, answer) = admin(&emulator, "POST", "/_admin/touch", &touch);
    assert_eq!((status, &answer["Backup"]["BackupState"]), (200, &json!("PENDING_DELETION")));
    let (status, answer) = admin(&emulator, "POST", "/_admin/touch", &touch);
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().contains("CloudHsmInvalidRequestException"), "{answer}");
    let remove = json!({"region": HERE, "backupId": id}).to_string();
    assert_eq!(admin(&emulator, "POST", "/_admin/remove", &remove).0, 200);
    assert_eq!(admin(&emulator, "POST", "/_admin/remove", &remove).0, 400);
}

#[test]
fn calls_are_seen_and_forgotten() {
    let emulator = emulator();
    Client::new(&emulator, HERE).call("DescribeBackups", &json!({}));
    let (_, calls) = admin(&emulator, "GET", "/_admin/calls", "");
    let calls = calls["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1, "the admin interface does not log itself");
    assert_eq!((&calls[0]["by"], &calls[0]["outcome"]), (&json!("client"), &json!("ok")));
    admin(&emulator, "DELETE", "/_admin/calls", "");
    assert_eq!(admin(&emulator, "GET", "/_admin/calls", "").1, json!({"calls": []}));
}

#[test]
fn an_unknown_route_names_those_that_there_are() {
    let (status, answer) = admin(&emulator(), "GET", "/_admin/nothing", "");
    assert_eq!(status, 404);
    let routes = answer["routes"].as_array().unwrap();
    for route in routes {
        let (method, path) = route.as_str().unwrap().split_once(' ').unwrap();
        assert_ne!(admin(&emulator(), method, path, "").0, 404, "{route}");
    }
}
