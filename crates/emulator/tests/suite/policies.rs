//! Resource policies of backups.

use emulator::{
    BackupState, Caller, Cloud, DeleteBackup, DeleteResourcePolicy, GetResourcePolicy, PolicyWhenNone,
    PutResourcePolicy, RestoreBackup,
};
use serde_json::{Value, json};

use crate::support::{Client, DAY, HERE, THERE, arn, cloud, emulator, here, in_state, ready, there, with};

/// A policy for another account, in the form in which it is kept.
const POLICY: &str = r#"{"Statement":[{"Action":"cloudhsm:CreateCluster","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"*"}]}"#;

type Answer = Result<Option<String>, String>;

fn get(cloud: &Cloud, id: &str) -> Answer {
    let answer = cloud.get_resource_policy(&here(), &GetResourcePolicy { resource_arn: arn(id) });
    answer.map(|answer| answer.policy).map_err(|error| error.code)
}

fn put(cloud: &mut Cloud, arn: &str, policy: &str) -> Answer {
    let request = PutResourcePolicy { resource_arn: arn.to_owned(), policy: Some(policy.to_owned()) };
    let answer = cloud.put_resource_policy(&here(), &request);
    answer.map(|answer| answer.policy).map_err(|error| error.code)
}

fn delete(cloud: &mut Cloud, id: &str) -> Answer {
    let answer = cloud.delete_resource_policy(&here(), &DeleteResourcePolicy { resource_arn: arn(id) });
    answer.map(|answer| answer.policy).map_err(|error| error.code)
}

#[expect(clippy::unnecessary_wraps, reason = "what answers are compared with")]
fn some(text: &str) -> Answer {
    Ok(Some(text.to_owned()))
}

fn invalid() -> Answer {
    Err("CloudHsmInvalidRequestException".to_owned())
}

fn not_found() -> Answer {
    Err("CloudHsmResourceNotFoundException".to_owned())
}

#[test]
fn a_policy_is_set_replaced_read_and_deleted() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    assert_eq!(get(&cloud, &id), some("{}"));
    assert_eq!(
        put(&mut cloud, &arn(&id), r#"{"Version": "2012-10-17"}"#),
        some(r#"{"Version":"2012-10-17"}"#)
    );
    assert_eq!(put(&mut cloud, &arn(&id), POLICY), some(POLICY));
    assert_eq!(get(&cloud, &id), some(POLICY));
    assert_eq!(delete(&mut cloud, &id), some(POLICY));
    assert_eq!(get(&cloud, &id), some("{}"));
    assert_eq!(delete(&mut cloud, &id), some("{}"));
}

#[test]
fn a_policy_is_read_back_in_another_form_than_it_was_written_in() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    let written = json!({"Statement": [{
        "Effect": "Allow", "Action": ["cloudhsm:CreateCluster"], "Resource": ["*"], "Principal": {"AWS": "444455556666"},
    }]});
    assert_eq!(put(&mut cloud, &arn(&id), &written.to_string()), some(POLICY));
    assert_eq!(get(&cloud, &id), some(POLICY));
}

#[test]
fn what_is_no_policy_of_a_backup_is_refused() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    for text in ["", "{", "[]", r#""x""#, &format!("{}{{}}", " ".repeat(19_999))] {
        assert_eq!(put(&mut cloud, &arn(&id), text), invalid(), "{text}");
    }
    assert_eq!(put(&mut cloud, &arn(&id), &format!("{}{{}}", " ".repeat(19_998))), some("{}"));
    let cluster = format!("arn:aws:cloudhsm:{HERE}:111122223333:cluster/cluster-aaaaaaaaaaa");
    for wrong in ["", &id, "nonsense", &cluster] {
        assert_eq!(put(&mut cloud, wrong, "{}"), invalid(), "{wrong}");
    }
    let nothing = PutResourcePolicy { resource_arn: arn(&id), policy: None };
    assert!(cloud.put_resource_policy(&here(), &nothing).is_err());
}

#[test]
fn an_arn_is_taken_at_its_word() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    for other in [arn(&id).replace(HERE, THERE), arn(&id).replace("111122223333", "444455556666")] {
        assert_eq!(put(&mut cloud, &other, "{}"), not_found(), "{other}");
    }
    let elsewhere = cloud.get_resource_policy(&there(), &GetResourcePolicy { resource_arn: arn(&id) });
    assert_eq!(elsewhere.unwrap_err().code, "CloudHsmResourceNotFoundException");
}

#[test]
fn a_policy_goes_with_the_purge_and_survives_an_undelete_unless_told_otherwise() {
    for ends in [false, true] {
        let mut cloud = cloud();
        cloud.knobs_mut().deletion_ends_sharing = ends;
        let id = cloud.seed(ready().shared_from("111122223333").account("444455556666")).unwrap();
        put(&mut cloud, &arn(&id), POLICY).unwrap();
        cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
        cloud.restore_backup(&here(), &RestoreBackup::new(&id)).unwrap();
        assert_eq!(get(&cloud, &id), some(if ends { "{}" } else { POLICY }));
        assert_eq!(cloud.backup(HERE, &id).unwrap().shared_with.is_empty(), ends);
        put(&mut cloud, &arn(&id), POLICY).unwrap();
        cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap();
        cloud.advance(7 * DAY);
        let purged = cloud.backup(HERE, &id).unwrap();
        assert_eq!((&purged.policy, purged.shared_with.is_empty()), (&None, true));
    }
}

#[test]
fn to_delete_a_policy_ends_every_share() {
    let mut cloud = cloud();
    let id = cloud.seed(ready().shared_from("111122223333").account("444455556666")).unwrap();
    assert!(!cloud.backup(HERE, &id).unwrap().shared_with.is_empty());
    delete(&mut cloud, &id).unwrap();
    assert!(cloud.backup(HERE, &id).unwrap().shared_with.is_empty());
}

#[test]
fn no_policy_can_look_in_four_ways() {
    for (knob, expected) in [
        (PolicyWhenNone::EmptyObject, some("{}")),
        (PolicyWhenNone::EmptyText, some("")),
        (PolicyWhenNone::Null, Ok(None)),
        (PolicyWhenNone::NotFound, not_found()),
    ] {
        let mut cloud = cloud();
        cloud.knobs_mut().policy_when_none = knob;
        let id = in_state(&mut cloud, BackupState::Ready);
        assert_eq!(get(&cloud, &id), expected, "{knob:?}");
        assert_eq!(delete(&mut cloud, &id), expected, "{knob:?}");
        put(&mut cloud, &arn(&id), POLICY).unwrap();
        assert_eq!(get(&cloud, &id), some(POLICY), "{knob:?}");
    }
}

#[test]
fn what_is_shared_is_refused_or_not_found() {
    for (hidden, code) in
        [(false, "CloudHsmAccessDeniedException"), (true, "CloudHsmResourceNotFoundException")]
    {
        let mut cloud = cloud();
        cloud.knobs_mut().shared_is_not_found = hidden;
        let id = cloud.seed(ready().shared_from("444455556666")).unwrap();
        let owners = arn(&id).replace("111122223333", "444455556666");
        let error = cloud.get_resource_policy(&here(), &GetResourcePolicy { resource_arn: owners.clone() });
        assert_eq!(error.unwrap_err().code, code);
        assert_eq!(cloud.delete_backup(&here(), &DeleteBackup::new(&id)).unwrap_err().code, code);
        let owner = Caller::new("444455556666", HERE);
        assert!(cloud.get_resource_policy(&owner, &GetResourcePolicy { resource_arn: owners }).is_ok());
    }
}

#[test]
fn undocumented_states_can_be_allowed_for_reading_and_deleting_a_policy() {
    let mut cloud = with(|knobs| knobs.allow_undocumented_states = true);
    for state in [BackupState::CreateInProgress, BackupState::PendingDeletion] {
        let id = in_state(&mut cloud, state);
        assert_eq!(get(&cloud, &id), some("{}"));
        assert_eq!(delete(&mut cloud, &id), some("{}"));
        assert_eq!(put(&mut cloud, &arn(&id), "{}"), invalid(), "the documentation asks for READY");
    }
}

#[test]
fn policies_go_over_the_wire() {
    let emulator = emulator();
    let client = Client::new(&emulator, HERE);
    let id = emulator.seed(ready());
    let policy: Value = serde_json::from_str(POLICY).unwrap();
    let arn = arn(&id);
    let put = client.call("PutResourcePolicy", &json!({"ResourceArn": arn, "Policy": policy.to_string()}));
    assert_eq!(put.json(), json!({"ResourceArn": arn, "Policy": POLICY}));
    assert_eq!(
        client.call("GetResourcePolicy", &json!({"ResourceArn": arn})).json(),
        json!({"Policy": POLICY})
    );
    let deleted = client.call("DeleteResourcePolicy", &json!({"ResourceArn": arn}));
    assert_eq!(deleted.json(), json!({"ResourceArn": arn, "Policy": POLICY}));
    assert_eq!(client.call("GetResourcePolicy", &json!({})).code(), "CloudHsmInvalidRequestException");
    assert!(
        emulator.calls()[..3].iter().all(|call| call.backup_ids == [id.clone()]),
        "the log names the backup"
    );
}
