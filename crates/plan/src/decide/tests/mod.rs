//! The decision table of design §4, as tests. One file per group of rows; here is how cases and plans are written down.

mod account;
mod case;
mod claims;
mod conditions;
mod deletion;
mod gather;
mod invariants;
mod recent;
mod removal;
mod rows;
mod tags;
mod undelete;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use self::case::{Case, case};
use super::{Observed, Plan, Verdict, plan};
use crate::{
    claims::Standing,
    deletion::Room,
    desired::{DeletionPolicy, Desired, DesiredCopy, ObjectName},
    effect::{Change, Effect, Mutation, Outcome},
    error::{ErrorClass, Failure},
    inventory::Sight,
    ledger::{Ledger, Mark, Marks, Recorded},
    model::{Backup, BackupKey, BackupState, Source, Tags},
    reason::Reason,
    recent::Recent,
    settings::Settings,
    time::{Moment, Now, earlier, later},
};

const OUR_ACCOUNT: &str = "111122223333";
const OTHER_ACCOUNT: &str = "999988887777";
const CLUSTER: &str = "cluster-dygnwhmscg5";

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn effect(plan: &Plan) -> String {
    let list =
        |tags: &Tags| tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    match &plan.effect {
        None => "-".to_owned(),
        Some(Effect::AddFinalizer) => "AddFinalizer".to_owned(),
        Some(Effect::RemoveFinalizer) => "RemoveFinalizer".to_owned(),
        Some(Effect::Mutate { mutation, .. }) => match &mutation.change {
            Change::NeverExpires(value) => format!("NeverExpires({value})"),
            Change::Restore => "Restore".to_owned(),
            Change::Tag(tags) => format!("Tag({})", list(tags)),
            Change::Untag(keys) => format!("Untag({})", keys_of(keys)),
            Change::Copy { to, tags: None } => format!("Copy({to})"),
            Change::Copy { to, tags: Some(tags) } => format!("Copy({to} {})", list(tags)),
            Change::Delete => "Delete".to_owned(),
        },
    }
}

/// The marks of `after` that differ from `before`.
fn marks(before: &Marks, after: &Marks) -> String {
    let mut text = String::new();
    if before.managed_tag_keys != after.managed_tag_keys {
        text.extend([" keys[", &keys_of(&after.managed_tag_keys), "]"]);
    }
    for (what, before, after) in
        [("deletion", before.deletion, after.deletion), ("restore", before.restore, after.restore)]
    {
        if before != after {
            text.extend([" ", what, ":", mark(after)]);
        }
    }
    text
}

fn mark(mark: Option<Mark>) -> &'static str {
    match mark {
        None => "none",
        Some(mark) if mark.is_open() => "open",
        Some(mark) if mark.is_spent() => "spent",
        Some(_) => "done",
    }
}

fn keys_of(keys: &BTreeSet<String>) -> String {
    keys.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

fn verdict(plan: &Plan) -> &Verdict {
    plan.verdict.as_ref().expect("something is known")
}

fn reason(plan: &Plan) -> Reason {
    verdict(plan).ready.reason
}

fn message(plan: &Plan) -> &str {
    &verdict(plan).ready.message
}

fn rejected(class: ErrorClass) -> Outcome {
    Outcome::Rejected(Failure::new(class, "Refused"))
}

fn unknown() -> Outcome {
    Outcome::Unknown(Failure::new(ErrorClass::Ambiguous, "no answer within 30 s"))
}

fn tag_map(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn key(id: &str) -> BackupKey {
    BackupKey { region: "eu-west-1".parse().unwrap(), id: id.parse().unwrap() }
}

fn object(name: &str) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: name.to_owned() }
}

fn arn(account: &str) -> Box<str> {
    format!("arn:aws:cloudhsm:eu-west-1:{account}:backup/backup-ro5c4er4aac").into()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}
