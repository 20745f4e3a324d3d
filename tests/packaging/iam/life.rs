//! What a real operator calls over the whole life of its resources, judged by the policy of each level.

use std::{collections::BTreeSet, time::Duration};

use cloudhsm_backup_operator::api;
use emulator::{BackupState, Call, Seed};
use serde_json::Value;
use testbed::{Solo, within};

use super::{
    COPIES, HOME, MARK, arn,
    evaluate::{Request, allows},
    policy,
};
use crate::support::program;

const CLUSTER: &str = "cluster-dygnwhmscg5";

/// What IAM is asked for one call.
fn requests(aws: &emulator::Emulator, call: &Call) -> Vec<Request> {
    let action = format!("cloudhsm:{}", call.operation);
    if call.operation == "DescribeBackups" {
        return vec![Request::new(&action, &call.region, "*")];
    }
    let [id] = call.backup_ids.as_slice() else { panic!("{call:?}") };
    let of_backup = |action: &str, region: &str, id: &str| {
        let mut request = Request::new(action, region, &arn(region, &call.account, id));
        for (key, value) in aws.backup(region, id).map(|backup| backup.tags).unwrap_or_default() {
            request = request.with(&format!("aws:ResourceTag/{key}"), [value.as_str()]);
        }
        match &call.tags {
            Some(tags) => request.with("aws:TagKeys", tags.keys().map(String::as_str)),
            None => request,
        }
    };
    let mut all = vec![of_backup(&action, &call.region, id)];
    // AWS lists both tagging actions for this call, and does not say in which of the regions it looks for them.
    if let Some(destination) = &call.destination {
        for action in ["cloudhsm:TagResource", "cloudhsm:UntagResource"] {
            all.push(of_backup(action, &call.region, id));
            all.push(of_backup(action, destination, "backup-of-the-copy"));
        }
    }
    all
}

/// The calls that a policy would have denied.
fn denied<'a>(aws: &emulator::Emulator, calls: &'a [Call], policy: &Value) -> Vec<&'a Call> {
    let lacking = |call: &&Call| !requests(aws, call).iter().all(|request| allows(policy, request));
    calls.iter().filter(lacking).collect()
}

/// What was called since the last time. GetCallerIdentity is left out: no policy is asked for it.
fn calls(solo: &Solo) -> Vec<Call> {
    let calls = solo.aws.calls().into_iter().filter(|call| call.operation != "GetCallerIdentity").collect();
    solo.aws.clear_calls();
    calls
}

fn operations(calls: &[Call]) -> BTreeSet<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

fn until_in_aws(solo: &Solo, region: &str, id: &str, state: BackupState) {
    let found = || solo.aws.backup(region, id).is_some_and(|backup| backup.state == state);
    assert!(within(Duration::from_secs(45), found), "{id} never got {state:?}\n{}", solo.log());
}

fn observe(solo: &Solo, id: &str, elsewhere: &str) -> Vec<Call> {
    solo.declare("view", &format!("backupId: {id}\nregion: {HOME}"));
    solo.declare("view-elsewhere", &format!("backupId: {elsewhere}\nregion: {COPIES}"));
    solo.until_ready("view", true, "InSync");
    solo.until_ready("view-elsewhere", true, "InSync");
    calls(solo)
}

/// All but deletions; returns the id of the copy too.
fn manage(solo: &Solo, id: &str) -> (Vec<Call>, String) {
    let main = format!("backupId: {id}\nregion: {HOME}\ncopies: [{{region: {COPIES}}}]\n");
    solo.declare("main", &format!("{main}neverExpires: true\ntags: {{team: payments, stage: live}}"));
    solo.until_ready("main", true, "InSync");
    solo.declare("main", &format!("{main}neverExpires: false\ntags: {{team: payments}}"));
    solo.until_ready("main", true, "InSync");
    // Somebody else deletes it, and the copy.
    let [copy] = solo.aws.copies_made(HOME, id, COPIES).try_into().unwrap();
    solo.aws.delete_backup(COPIES, &copy).unwrap();
    solo.aws.delete_backup(HOME, id).unwrap();
    solo.declare("main", &format!("{main}deleted: false"));
    until_in_aws(solo, HOME, id, BackupState::Ready);
    until_in_aws(solo, COPIES, &copy, BackupState::Ready);
    solo.until_ready("main", true, "InSync");
    (calls(solo), copy)
}

/// Deletes and undeletes in every way there is.
fn delete(solo: &Solo, id: &str, copy: &str, other: &str) -> Vec<Call> {
    let main = format!("backupId: {id}\nregion: {HOME}\n");
    solo.declare("main", &format!("{main}copies: [{{region: {COPIES}, deleted: true}}]"));
    until_in_aws(solo, COPIES, copy, BackupState::PendingDeletion);
    solo.declare("main", &format!("{main}copies: [{{region: {COPIES}}}]"));
    until_in_aws(solo, COPIES, copy, BackupState::Ready);
    solo.declare("main", &format!("{main}deleted: true"));
    solo.until_ready("main", true, "DeletionScheduled");
    solo.declare("main", &main);
    until_in_aws(solo, HOME, id, BackupState::Ready);
    solo.declare("doomed", &format!("backupId: {other}\nregion: {HOME}\ndeletionPolicy: Delete"));
    solo.until_ready("doomed", true, "InSync");
    solo.plane.kubectl_ok(&["delete", "hsmb", "doomed"]).unwrap();
    until_in_aws(solo, HOME, other, BackupState::PendingDeletion);
    calls(solo)
}

#[test]
fn a_whole_life_calls_nothing_outside_the_policy_of_its_level() {
    let mut solo = Solo::new(program());
    solo.install(&serde_saphyr::from_str(&api::crd_yaml()).unwrap());
    solo.aws.knobs(|knobs| knobs.copy_ready_after = Duration::ZERO);
    let marked = || Seed::ready(HOME, CLUSTER).tags([(MARK, "true")]);
    let (id, other) = (solo.aws.seed(marked()), solo.aws.seed(marked()));
    let _survivor = solo.aws.seed(Seed::ready(HOME, CLUSTER));
    let elsewhere = solo.aws.seed(Seed::ready(COPIES, "cluster-elsewhere234"));
    solo.run();

    let seen = observe(&solo, &id, &elsewhere);
    assert_eq!(operations(&seen), ["DescribeBackups"].into());
    assert_eq!(denied(&solo.aws, &seen, &policy("observe")), Vec::<&Call>::new());

    let (managed, copy) = manage(&solo, &id);
    let wanted = [
        "CopyBackupToRegion",
        "DescribeBackups",
        "ModifyBackupAttributes",
        "RestoreBackup",
        "TagResource",
        "UntagResource",
    ];
    assert_eq!(operations(&managed), wanted.into());
    assert_eq!(denied(&solo.aws, &managed, &policy("manage")), Vec::<&Call>::new());

    let deleted = delete(&solo, &id, &copy, &other);
    assert_eq!(operations(&deleted), ["DeleteBackup", "DescribeBackups", "RestoreBackup"].into());
    assert_eq!(denied(&solo.aws, &deleted, &policy("manage-with-delete")), Vec::<&Call>::new());
    // Everything that was deleted carried the mark: the copy had inherited it.
    assert_eq!(denied(&solo.aws, &deleted, &policy("manage-with-delete-by-tag")), Vec::<&Call>::new());

    // Each level is needed: the one below denies what it adds, and nothing else.
    let changes: Vec<_> = managed.iter().filter(|call| call.operation != "DescribeBackups").collect();
    assert_eq!(denied(&solo.aws, &managed, &policy("observe")), changes);
    let deletions: Vec<_> = deleted.iter().filter(|call| call.operation == "DeleteBackup").collect();
    assert_eq!(denied(&solo.aws, &deleted, &policy("manage")), deletions);
    assert_eq!(deletions.len(), 3, "the copy, the backup and the other one: {deletions:#?}");
}
