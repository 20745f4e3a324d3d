//! The AWS wire: what a client sends, what it gets back, byte by byte where it matters.

use std::collections::BTreeMap;

use emulator::{BackupState, Config, Emulator};
use serde_json::{Value, json};

use crate::support::{CLUSTER, Client, DAY, HERE, THERE, authorization, emulator, ready};

#[test]
fn a_listed_backup_has_the_members_that_aws_shows() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    let response = Client::new(&emulator, HERE).call("DescribeBackups", &json!({}));
    let expected = json!({"Backups": [{
        "BackupId": id,
        "BackupArn": format!("arn:aws:cloudhsm:{HERE}:111122223333:backup/{id}"),
        "BackupState": "READY",
        "ClusterId": CLUSTER,
        "CreateTimestamp": 1_795_255_200.125,
        "NeverExpires": false,
        "TagList": [],
        "HsmType": "hsm1.medium",
        "Mode": "FIPS",
    }]});
    assert_eq!((response.status, response.json()), (200, expected));
    assert_eq!(response.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(response.headers["x-amzn-requestid"].split('-').count(), 5);
}

#[test]
fn a_copy_has_its_source_and_copy_members() {
    let emulator = emulator();
    let id = emulator.seed(ready().tags([("team", "pki")]));
    let body = json!({"BackupId": id, "DestinationRegion": THERE});
    let answer = Client::new(&emulator, HERE).call("CopyBackupToRegion", &body).json();
    let destination = json!({"DestinationBackup": {
        "CreateTimestamp": 1_795_255_200.125, "SourceRegion": HERE, "SourceBackup": id, "SourceCluster": CLUSTER,
    }});
    assert_eq!(answer, destination);
    emulator.advance(DAY);
    let filter = json!({"Filters": {"sourceBackupIds": [id]}});
    let copy = Client::new(&emulator, THERE).call("DescribeBackups", &filter).json()["Backups"][0].clone();
    let members: BTreeMap<String, Value> = serde_json::from_value(copy).unwrap();
    assert_eq!(members.get("ClusterId"), None);
    for (name, value) in [
        ("BackupState", json!("READY")),
        ("CopyTimestamp", json!(1_795_255_200.125)),
        ("SourceRegion", json!(HERE)),
        ("SourceBackup", json!(id)),
        ("SourceCluster", json!(CLUSTER)),
        ("TagList", json!([{"Key": "team", "Value": "pki"}])),
    ] {
        assert_eq!(members[name], value, "{name}");
    }
}

#[test]
fn delete_restore_and_modify_answer_the_changed_backup() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    let id = emulator.seed(ready());
    let deleted = client.call("DeleteBackup", &json!({"BackupId": id})).json()["Backup"].clone();
    assert_eq!(deleted["BackupState"], "PENDING_DELETION");
    assert_eq!(deleted["DeleteTimestamp"], json!(1_795_255_200.125 + 7.0 * 86_400.0));
    let restored = client.call("RestoreBackup", &json!({"BackupId": id})).json()["Backup"].clone();
    assert_eq!((&restored["BackupState"], restored.get("DeleteTimestamp")), (&json!("READY"), None));
    let body = json!({"BackupId": id, "NeverExpires": true});
    let modified = client.call("ModifyBackupAttributes", &body).json()["Backup"].clone();
    assert_eq!(modified["NeverExpires"], true);
    assert_eq!(emulator.backup(HERE, &id).unwrap().never_expires, Some(true));
}

#[test]
fn tag_and_untag_answer_nothing_and_list_tags_a_list() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    let id = emulator.seed(ready());
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]);
    let tagged = client.call("TagResource", &json!({"ResourceId": id, "TagList": tags}));
    assert_eq!((tagged.status, tagged.body.as_slice()), (200, b"".as_slice()));
    assert_eq!(client.call("ListTags", &json!({"ResourceId": id})).json(), json!({"TagList": tags}));
    let untagged = client.call("UntagResource", &json!({"ResourceId": id, "TagKeyList": ["a"]}));
    assert_eq!((untagged.status, untagged.body.as_slice()), (200, b"".as_slice()));
    let left = client.call("ListTags", &json!({"ResourceId": id})).json();
    assert_eq!(left, json!({"TagList": [{"Key": "b", "Value": ""}]}));
}

#[test]
fn listings_are_paged_over_the_wire() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    for age in 0..3 {
        emulator.seed(ready().age_days(age));
    }
    let first = client.call("DescribeBackups", &json!({"MaxResults": 2})).json();
    let token = first["NextToken"].as_str().unwrap();
    let second = client.call("DescribeBackups", &json!({"MaxResults": 2, "NextToken": token})).json();
    assert_eq!(first["Backups"].as_array().unwrap().len(), 2);
    assert_eq!(second["Backups"].as_array().unwrap().len(), 1);
    assert_eq!(second.get("NextToken"), None);
}

#[test]
fn errors_have_their_code_in_the_body_and_status_400() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    let id = emulator.seed(ready());
    let fifty: Vec<Value> = (0..50).map(|n| json!({"Key": format!("k{n}"), "Value": ""})).collect();
    client.call("TagResource", &json!({"ResourceId": id, "TagList": fifty}));
    let foreign = emulator.seed(ready().shared_from("444455556666"));
    for (operation, body, code) in [
        ("DeleteBackup", json!({"BackupId": "nonsense"}), "CloudHsmInvalidRequestException"),
        ("RestoreBackup", json!({"BackupId": id}), "CloudHsmInvalidRequestException"),
        ("DeleteBackup", json!({"BackupId": "backup-zzzzzzzzzzz"}), "CloudHsmResourceNotFoundException"),
        ("DeleteBackup", json!({"BackupId": foreign}), "CloudHsmAccessDeniedException"),
        ("DeleteBackup", json!({"BackupId": 1}), "SerializationException"),
        (
            "TagResource",
            json!({"ResourceId": id, "TagList": [{"Key": "one-more", "Value": ""}]}),
            "CloudHsmResourceLimitExceededException",
        ),
        ("ModifyCluster", json!({}), "UnknownOperationException"),
        ("CreateBackup", json!({}), "UnknownOperationException"),
    ] {
        let response = client.call(operation, &body);
        assert_eq!((response.status, response.code().as_str()), (400, code), "{operation} {body}");
        assert!(response.headers.contains_key("x-amzn-requestid"), "{operation} {body}");
    }
}

#[test]
fn the_region_is_that_of_the_credential_scope() {
    let emulator = emulator();
    let (here, there) = (emulator.seed(ready()), emulator.seed(emulator::Seed::ready(THERE, CLUSTER)));
    assert_eq!(Client::new(&emulator, HERE).call("DescribeBackups", &json!({})).ids(), [here]);
    assert_eq!(Client::new(&emulator, THERE).call("DescribeBackups", &json!({})).ids(), [there]);
}

#[test]
fn the_account_is_that_of_the_access_key() {
    let accounts = [("AKIDTWO".to_owned(), "444455556666".to_owned())].into();
    let emulator = Emulator::start(Config { accounts, ..Config::default() }).unwrap();
    let one = emulator.seed(ready());
    let two = emulator.seed(ready().account("444455556666"));
    let second =
        Client::new(&emulator, HERE).header("authorization", &authorization("AKIDTWO", HERE, "cloudhsm"));
    assert_eq!(Client::new(&emulator, HERE).call("DescribeBackups", &json!({})).ids(), [one]);
    assert_eq!(second.call("DescribeBackups", &json!({})).ids(), [two]);
}

#[test]
fn a_request_must_look_signed_for_this_service() {
    let emulator = emulator();
    let client = || Client::new(&emulator, HERE);
    let missing = client().without("authorization").call("DescribeBackups", &json!({}));
    assert_eq!((missing.status, missing.code().as_str()), (400, "MissingAuthenticationTokenException"));
    let ill_formed = client().header("authorization", "AWS4-HMAC-SHA256 Credential=AKID");
    let ill_formed = ill_formed.call("DescribeBackups", &json!({}));
    assert_eq!((ill_formed.status, ill_formed.code().as_str()), (400, "IncompleteSignatureException"));
    let wrong = client().header("authorization", &authorization("AKID", HERE, "cloudhsmv2"));
    let wrong = wrong.call("DescribeBackups", &json!({}));
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "InvalidSignatureException"));
}

#[test]
fn a_request_must_name_its_target_and_be_json() {
    let emulator = emulator();
    let untargeted = Client::new(&emulator, HERE).send("POST", "/", "{}");
    assert_eq!((untargeted.status, untargeted.code().as_str()), (400, "UnknownOperationException"));
    let other_service =
        Client::new(&emulator, HERE).header("x-amz-target", "DynamoDB_20120810.DescribeBackups");
    assert_eq!(other_service.send("POST", "/", "{}").code(), "UnknownOperationException");
    let plain = Client::new(&emulator, HERE).header("content-type", "text/plain");
    assert_eq!(plain.call("DescribeBackups", &json!({})).code(), "UnknownOperationException");
}

#[test]
fn cbor_is_refused_loudly_and_counted() {
    let emulator = emulator();
    let id = emulator.seed(ready());
    let path = "/service/BaldrApiService/operation/DeleteBackup";
    let by_path = Client::new(&emulator, HERE).send("POST", path, "");
    let by_type = Client::new(&emulator, HERE).header("content-type", "application/cbor");
    let by_type = by_type.call("DeleteBackup", &json!({"BackupId": id}));
    let by_header = Client::new(&emulator, HERE).header("smithy-protocol", "rpc-v2-cbor");
    let by_header = by_header.call("DeleteBackup", &json!({"BackupId": id}));
    for response in [by_path, by_type, by_header] {
        assert_eq!(response.status, 400);
        assert!(response.text().contains("CBOR"), "{}", response.text());
    }
    let operations: Vec<String> = emulator.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["CBOR", "CBOR", "CBOR"]);
    assert_eq!(emulator.backup(HERE, &id).unwrap().state, BackupState::Ready);
}

#[test]
fn anything_that_is_no_aws_request_is_not_found() {
    let emulator = emulator();
    assert_eq!(Client::new(&emulator, HERE).send("GET", "/", "").status, 404);
    assert_eq!(Client::new(&emulator, HERE).send("POST", "/nothing", "").status, 404);
}

fn sts(emulator: &Emulator) -> Client {
    Client::new(emulator, HERE)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", &authorization("AKID", "us-east-1", "sts"))
}

#[test]
fn sts_tells_the_account() {
    let emulator = emulator();
    let response = sts(&emulator).send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!((response.status, response.headers["content-type"].as_str()), (200, "text/xml"));
    assert!(response.text().contains("<Account>111122223333</Account>"), "{}", response.text());
    let call = emulator.calls().pop().unwrap();
    assert_eq!((call.operation.as_str(), call.region.as_str()), ("GetCallerIdentity", "us-east-1"));
}

#[test]
fn sts_refuses_everything_else_in_its_own_protocol() {
    let emulator = emulator();
    let other = sts(&emulator).send("POST", "/", "Action=AssumeRole&Version=2011-06-15");
    assert_eq!(other.status, 400);
    assert!(other.text().contains("<Code>InvalidAction</Code>"), "{}", other.text());
    let unsigned = sts(&emulator).without("authorization").send("POST", "/", "Action=GetCallerIdentity");
    assert!(unsigned.text().contains("<Code>MissingAuthenticationToken</Code>"), "{}", unsigned.text());
}
