//! Stored objects of any make, as an older or laxer schema may have let them in.

use std::{collections::BTreeMap, sync::Arc};

use plan::{
    decide::{Observed, plan},
    deletion::Room,
    inventory::Sight,
    model::{Backup, BackupState},
    recent::Recent,
    settings::Settings,
    time::{Moment, Now},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, from_value, json, to_value};

use super::{CloudHsmBackup, report};

/// What a member may be, beside what it should be.
fn wrong() -> impl Strategy<Value = Value> {
    let deep = (0..200).fold(json!("deep"), |value, _| json!([value]));
    select(vec![
        Value::Null,
        json!(""),
        json!("x"),
        json!("x".repeat(100_000)),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!([]),
        json!({}),
        deep,
        json!("9999-12-30T22:00:00Z"),
        json!("-009999-01-02T01:59:59Z"),
    ])
}

fn words(words: &[&'static str]) -> BoxedStrategy<Value> {
    // The last one is the odd one out.
    let (odd, usual) = words.split_last().unwrap();
    prop_oneof![30 => select(usual.to_vec()), 1 => Just(*odd)].prop_map(Value::from).boxed()
}

/// A member of a spec or status by its kind; now and then anything.
fn member(name: &'static str) -> BoxedStrategy<Value> {
    let time = || {
        words(&[
            "2026-11-21T10:00:00Z",
            "9999-12-30T22:00:00Z",
            "-009999-01-02T01:59:59Z",
            "0001-01-01T00:00:00Z",
        ])
    };
    let right = match name {
        "backupId" => words(&["backup-aaaaaaaaaaa", "backup-bbbbbbbbbbb", "no-backup"]),
        "region" => words(&["eu-west-1", "eu-central-1", "eu-north-1", "us-east-1", "moon-base-1"]),
        "accountId" => words(&["111122223333", "999988887777", "12"]),
        "neverExpires" | "deleted" | "suspend" => any::<bool>().prop_map(Value::from).boxed(),
        "deletionPolicy" => words(&["Retain", "Delete", "Orphan"]),
        "tags" => {
            proptest::collection::btree_map(".{0,4}", ".{0,4}", 0..60).prop_map(|tags| json!(tags)).boxed()
        }
        "managedTagKeys" => proptest::collection::vec(".{0,4}", 0..6).prop_map(|keys| json!(keys)).boxed(),
        "deletion" | "restore" => object(vec![("requestedAt", time()), ("doneAt", time())]).boxed(),
        "request" => object(vec![("requestedAt", time()), ("acceptedAt", time())]).boxed(),
        "lastFailure" => {
            object(vec![("at", time()), ("reason", words(&["CopyFailed", "CopyLost", "Else", ""]))]).boxed()
        }
        "attempts" => select(vec![json!(0), json!(-5), json!(i32::MAX), json!(i64::MAX)]).boxed(),
        "backupState" => words(&["READY", "PENDING_DELETION", "DELETED", "CREATE_IN_PROGRESS", "FROZEN", ""]),
        "backupArn" => words(&["arn:aws:cloudhsm:eu-west-1:111122223333:backup/x", ":::::::", ""]),
        "duplicates" => {
            proptest::collection::vec("backup-[a-z]{0,12}", 0..4).prop_map(|ids| json!(ids)).boxed()
        }
        "conditions" => proptest::collection::vec(condition(), 0..7).prop_map(Value::from).boxed(),
        "observedGeneration" => any::<i64>().prop_map(Value::from).boxed(),
        name if name.ends_with("Timestamp") => time(),
        _ => ".{0,12}".prop_map(Value::from).boxed(),
    };
    prop_oneof![500 => right, 1 => wrong()].boxed()
}

fn condition() -> impl Strategy<Value = Value> {
    object(vec![
        ("type", words(&["Ready", "Stalled", "Foreign", ""])),
        ("status", words(&["True", "False", "Perhaps"])),
        ("reason", words(&["InSync", "DeletionHeld", "Else", ""])),
        ("message", words(&["", "m"])),
        ("lastTransitionTime", words(&["2026-11-21T10:00:00Z", "0001-01-01T00:00:00Z"])),
    ])
}

/// What no version of the schema can do without.
const REQUIRED: [&str; 9] =
    ["backupId", "region", "requestedAt", "at", "reason", "type", "status", "message", "lastTransitionTime"];

/// An object with most of these members.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> impl Strategy<Value = Value> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let how_often = |name: &str| if REQUIRED.contains(&name) { 0.995 } else { 0.7 };
    let values =
        names.iter().zip(values).map(|(name, value)| proptest::option::weighted(how_often(name), value));
    let values: Vec<_> = values.collect();
    values.prop_map(move |values| {
        let present = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Value::Object(present.collect::<Map<_, _>>())
    })
}

fn members(names: &[&'static str]) -> Vec<(&'static str, BoxedStrategy<Value>)> {
    names.iter().map(|name| (*name, member(name))).collect()
}

const SPEC: [&str; 8] =
    ["accountId", "neverExpires", "tags", "deleted", "deletionPolicy", "suspend", "backupId", "region"];
const COPY_STATUS: [&str; 12] = [
    "region",
    "backupId",
    "backupState",
    "backupArn",
    "tags",
    "managedTagKeys",
    "deletion",
    "restore",
    "request",
    "attempts",
    "lastFailure",
    "duplicates",
];
const STATUS: [&str; 13] = [
    "observedGeneration",
    "backupState",
    "backupArn",
    "cluster",
    "createTimestamp",
    "deleteTimestamp",
    "neverExpires",
    "tags",
    "managedTagKeys",
    "deletion",
    "restore",
    "lastHandledReconcileAt",
    "conditions",
];

fn stored() -> impl Strategy<Value = Value> {
    let copy = object(members(&["region", "tags", "deleted"]));
    let copies = proptest::option::of(proptest::collection::vec(copy, 0..4));
    let recorded = proptest::collection::vec(object(members(&COPY_STATUS)), 0..4);
    let flags = (any::<bool>(), any::<bool>());
    (object(members(&SPEC)), copies, object(members(&STATUS)), recorded, flags).prop_map(
        |(mut spec, copies, mut status, recorded, (terminating, finalizer))| {
            if let Some(copies) = copies {
                spec["copies"] = copies.into();
            }
            status["copies"] = recorded.into();
            let mut metadata = json!({ "name": "main", "namespace": "hsm", "generation": 3, "creationTimestamp": "2026-11-01T00:00:00Z" });
            if terminating {
                metadata["deletionTimestamp"] = json!("2026-11-20T00:00:00Z");
            }
            if finalizer {
                metadata["finalizers"] = json!([super::FINALIZER, "else/where"]);
            }
            json!({ "apiVersion": "cloudhsm-backup.dev/v1alpha1", "kind": "CloudHsmBackup", "metadata": metadata, "spec": spec, "status": status })
        },
    )
}

/// A READY backup of ours.
fn seen(object: &CloudHsmBackup) -> Option<Observed> {
    let mut backup = Backup::new(object.spec.backup_id.parse().ok()?, BackupState::Ready);
    backup.arn = Some("arn:aws:cloudhsm:eu-west-1:111122223333:backup/x".into());
    (backup.never_expires, backup.tags) = (Some(false), Some(BTreeMap::new()));
    Some(Observed {
        account: Some("111122223333".parse().ok()?),
        primary: Sight::Present { backup: Arc::new(backup), began: Moment::START },
        trouble: None,
        elsewhere: Vec::new(),
        copies: BTreeMap::new(),
        survivors: Vec::new(),
        room: Room::Free,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stored_object_is_refused_or_decided_on_and_its_new_status_can_be_read_again(stored in stored()) {
        let Ok(object) = from_value::<CloudHsmBackup>(stored) else { return Ok(()) };
        // What metrics and the index ask of every object, readable or not.
        let _ = (object.stated(), object.pending(), object.ledger());
        let Ok(desired) = object.desired() else { return Ok(()) };
        let (ledger, Some(observed)) = (object.ledger(), seen(&object)) else { return Ok(()) };
        let now = Now { wall: "2026-11-21T10:00:00Z".parse().unwrap(), tick: Moment::START };
        let settings = Settings::default();
        let plan = plan(&desired, &ledger, &observed, &plan::claims::Standing::default(), &Recent::default(), &settings, now);
        let Some(verdict) = &plan.verdict else { return Ok(()) };
        let before = object.status.clone().unwrap_or_default();
        let after = report::status(verdict, Some(3), &before, now.wall);
        let _ = report::leftovers(&before, &after);
        let mut written = to_value(&object).unwrap();
        written["status"] = to_value(&after).unwrap();
        let read = from_value::<CloudHsmBackup>(written).unwrap();
        prop_assert_eq!(read.status.as_ref(), Some(&after), "nothing is lost on the way");
        // Records survive being written down, all of them: they are what no copy is doubled by.
        let marks = verdict.copies.iter().map(|copy| (copy.region.clone(), copy.record.clone()));
        prop_assert_eq!(read.ledger().copies, marks.collect::<BTreeMap<_, _>>());
        prop_assert_eq!(read.ledger().marks, verdict.marks.clone());
    }
}
