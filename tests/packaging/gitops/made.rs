//! Every reason, in a status that the operator's own code writes.

use cloudhsm_backup_operator::api::{CloudHsmBackupStatus, report};
use jiff::Timestamp;
use plan::{
    decide::{CopyVerdict, Facts, Finding, Ready, Verdict},
    ledger::{CopyRecord, Marks, Request, Setback},
    model::{BackupState, Region},
    reason::{Reason, Stance},
};
use serde_json::{Value, json};

use super::{
    Copying, expect, lua, seen,
    table::{Seen, rows},
};

const GENERATION: i64 = 7;
const ELSEWHERE: &str = "eu-central-1";
const FURTHER: &str = "eu-north-1";

/// What is decided when this is the reason that counts most.
fn verdict(reason: Reason) -> Verdict {
    let copies = matches!(reason, Reason::CopyInProgress | Reason::CopyFailed | Reason::CopyLost);
    let finding = || Finding { reason, message: "of a copy".to_owned() };
    let pending = matches!(reason, Reason::DeletionScheduled | Reason::PendingDeletion);
    Verdict {
        facts: Facts::Keep,
        marks: Marks::default(),
        ready: Ready { reason, message: reason.meaning().trim().to_owned() },
        copies_ready: copies.then(finding),
        copies_count: None,
        copies: Vec::new(),
        concluded: Vec::new(),
        deletion_scheduled: pending.then(|| "it can be kept until tomorrow".to_owned()),
        handled_request: None,
    }
}

/// A resource with that verdict in its status.
fn object(verdict: &Verdict, spec: &Value) -> Value {
    let before = CloudHsmBackupStatus::default();
    let status = report::status(verdict, Some(GENERATION), &before, Timestamp::UNIX_EPOCH);
    let mut all = json!({"backupId": "backup-friday23456", "region": "eu-west-1"});
    all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    json!({
        "apiVersion": "cloudhsm-backup.dev/v1alpha1",
        "kind": "CloudHsmBackup",
        "metadata": {"name": "payments", "namespace": "hsm", "generation": GENERATION},
        "spec": all,
        "status": status,
    })
}

/// All reasons, each object changed in the same way, and what is to be seen of it then.
fn all(change: impl Fn(&mut Value), then: impl Fn(Reason, Seen) -> Seen) -> Vec<(String, Value, Seen)> {
    let made = rows().into_iter().map(|(reason, seen)| {
        let mut object = object(&verdict(reason), &json!({}));
        change(&mut object);
        (reason.to_string(), object, then(reason, seen))
    });
    made.collect()
}

#[test]
fn every_reason_is_seen_as_the_table_says() {
    expect(&all(|_| {}, |_, seen| seen), Copying::Holds);
}

#[test]
fn a_status_about_an_older_spec_says_nothing() {
    let edited = |object: &mut Value| object["metadata"]["generation"] = json!(GENERATION + 1);
    expect(&all(edited, |_, _| Seen::on_its_way()), Copying::Holds);
    expect(&all(edited, |_, _| Seen::on_its_way()), Copying::Passes);
    // Also where the conditions do not say what they are about.
    let edited = |object: &mut Value| {
        edited(object);
        for condition in object["status"]["conditions"].as_array_mut().unwrap() {
            condition.as_object_mut().unwrap().remove("observedGeneration");
        }
    };
    expect(&all(edited, |_, _| Seen::on_its_way()), Copying::Holds);
}

#[test]
fn a_condition_about_an_older_spec_says_nothing_to_argo_cd() {
    let objects = all(
        |object| {
            for condition in object["status"]["conditions"].as_array_mut().unwrap() {
                condition["observedGeneration"] = json!(GENERATION - 1);
            }
        },
        |_, seen| seen,
    );
    let objects: Vec<Value> = objects.into_iter().map(|(_, object, _)| object).collect();
    for health in lua::health(&lua::script(Copying::Passes), &objects) {
        assert_eq!(health.status, "Progressing", "{health:?}");
    }
}

#[test]
fn what_is_being_deleted_is_degraded_only_while_a_person_must_act() {
    let terminating = |object: &mut Value| {
        object["metadata"]["deletionTimestamp"] = json!("2026-11-25T12:00:00Z");
        object["metadata"]["finalizers"] = json!(["cloudhsm-backup.dev/deletion"]);
    };
    let then = |reason: Reason, seen: Seen| {
        let argo = if reason.stance() == Stance::Stalled { "Degraded" } else { "Progressing" };
        Seen { argo: argo.to_owned(), kstatus: "Terminating".to_owned(), ..seen }
    };
    expect(&all(terminating, then), Copying::Holds);
}

#[test]
fn suspending_hides_no_trouble_and_nothing_else_shows_through_it() {
    let suspended = |object: &mut Value| object["spec"]["suspend"] = json!(true);
    let then = |_, seen: Seen| match seen.argo.as_str() {
        "Degraded" => seen,
        _ => Seen { argo: "Suspended".to_owned(), ..seen },
    };
    expect(&all(suspended, then), Copying::Holds);
}

#[test]
fn explicit_nulls_are_as_good_as_nothing() {
    let nulls = |object: &mut Value| {
        for field in ["suspend", "deleted", "copies", "tags", "neverExpires", "accountId"] {
            object["spec"][field] = Value::Null;
        }
        object["status"]["copies"] = Value::Null;
    };
    let objects: Vec<Value> = all(nulls, |_, seen| seen).into_iter().map(|(_, object, _)| object).collect();
    let health = lua::health(&lua::script(Copying::Passes), &objects);
    for ((reason, seen), health) in rows().into_iter().zip(health) {
        let passes = reason == Reason::CopyInProgress;
        assert_eq!(health.status, if passes { "Healthy" } else { &seen.argo }, "{reason}");
    }
}

#[test]
fn what_was_not_looked_at_yet_is_on_its_way_but_not_for_kstatus() {
    let bare = object(&verdict(Reason::InSync), &json!({}));
    let statuses =
        [None, Some(json!({})), Some(Value::Null), Some(json!({"observedGeneration": GENERATION}))];
    let objects = statuses.map(|status| {
        let mut object = bare.clone();
        match status {
            Some(status) => object["status"] = status,
            None => drop(object.as_object_mut().unwrap().remove("status")),
        }
        let seen = Seen { kstatus: "Current".to_owned(), ..Seen::on_its_way() };
        ("no conditions".to_owned(), object, seen)
    });
    expect(&objects, Copying::Holds);
    expect(&objects, Copying::Passes);
}

#[test]
fn the_message_tells_reason_and_words_of_the_condition() {
    let made = all(|_| {}, |_, seen| seen);
    let objects: Vec<Value> = made.iter().map(|(_, object, _)| object.clone()).collect();
    for ((reason, _), health) in rows().into_iter().zip(lua::health(&lua::script(Copying::Holds), &objects)) {
        let words = format!("{reason}: {}", reason.meaning().trim());
        assert!(health.message.starts_with(&words), "{health:?}");
        if reason == Reason::DeletionScheduled {
            assert!(health.message.ends_with("; it can be kept until tomorrow"), "{health:?}");
        }
    }
}

/// The records of copies, as the operator writes them.
fn copies(records: Vec<(&str, CopyRecord)>) -> Vec<CopyVerdict> {
    let verdicts = records.into_iter().map(|(region, record)| CopyVerdict {
        region: Region::parse(region).unwrap(),
        facts: Facts::Keep,
        record,
        duplicates: Vec::new(),
        message: Some("of a copy".to_owned()),
    });
    verdicts.collect()
}

fn asked_for() -> CopyRecord {
    let request = Request { requested_at: Timestamp::UNIX_EPOCH, accepted_at: None };
    CopyRecord { request: Some(request), ..CopyRecord::default() }
}

fn failed(reason: Reason) -> CopyRecord {
    let last_failure = Some(Setback { at: Timestamp::UNIX_EPOCH, reason });
    CopyRecord { attempts: 1, last_failure, ..CopyRecord::default() }
}

fn in_state(state: BackupState) -> CopyRecord {
    let id = plan::model::BackupId::parse("backup-fridaycopy2").ok();
    CopyRecord { id, state: Some(state), ..CopyRecord::default() }
}

#[test]
fn waves_pass_only_while_every_wanted_copy_is_on_its_way() {
    let one = json!({"copies": [{"region": ELSEWHERE}]});
    let two = json!({"copies": [{"region": ELSEWHERE}, {"region": FURTHER, "deleted": null}]});
    let leaving = json!({"copies": [{"region": ELSEWHERE}, {"region": FURTHER, "deleted": true}]});
    let retiring = json!({"copies": [{"region": ELSEWHERE}], "deleted": true});
    let again = CopyRecord { request: asked_for().request, ..failed(Reason::CopyFailed) };
    let in_progress = || in_state(BackupState::CreateInProgress);
    let passes = Seen { argo: "Healthy".to_owned(), flux: "Current".to_owned(), ..Seen::on_its_way() };
    let holds = Seen::on_its_way();
    let denied = Seen { argo: "Degraded".to_owned(), ..Seen::on_its_way() };
    let cases = [
        ("asked for", &one, vec![(ELSEWHERE, asked_for())], &passes),
        ("in progress", &one, vec![(ELSEWHERE, in_progress())], &passes),
        (
            "one there",
            &two,
            vec![(ELSEWHERE, in_progress()), (FURTHER, in_state(BackupState::Ready))],
            &passes,
        ),
        ("not yet asked for", &one, vec![], &holds),
        ("one not yet asked for", &two, vec![(ELSEWHERE, asked_for())], &holds),
        ("one failed", &two, vec![(ELSEWHERE, asked_for()), (FURTHER, failed(Reason::CopyFailed))], &holds),
        ("asked for again", &one, vec![(ELSEWHERE, again)], &holds),
        (
            "one denied",
            &two,
            vec![(ELSEWHERE, asked_for()), (FURTHER, failed(Reason::AccessDenied))],
            &denied,
        ),
        (
            "one unwanted",
            &leaving,
            vec![(ELSEWHERE, asked_for()), (FURTHER, failed(Reason::AccessDenied))],
            &passes,
        ),
        ("deletion waits", &retiring, vec![(ELSEWHERE, asked_for())], &holds),
    ];
    let made: Vec<(String, Value, Seen)> = (cases.into_iter())
        .map(|(name, spec, records, seen)| {
            let verdict = Verdict { copies: copies(records), ..verdict(Reason::CopyInProgress) };
            (name.to_owned(), object(&verdict, spec), seen.clone())
        })
        .collect();
    expect(&made, Copying::Passes);
    let objects: Vec<Value> = made.iter().map(|(_, object, _)| object.clone()).collect();
    for ((name, _, _), seen) in made.iter().zip(seen(&objects, Copying::Holds)) {
        let expected = if name == "one denied" { &denied } else { &holds };
        assert_eq!(seen, *expected, "{name}");
    }
}
