//! The decision table of design §4, as tests. One file per group of rows; here is how cases and plans are written down.

mod account;
mod case;
mod claims;
mod conditions;
mod copies;
mod deletion;
mod elsewhere;
mod extremes;
mod gather;
mod invariants;
mod invariants_copies;
mod one_copy;
mod recent;
mod removal;
mod rows;
mod script;
mod tags;
mod undelete;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use self::{
    case::{Case, case},
    elsewhere::{Elsewhere, FAR, THERE, copy_key, id, region},
};
use super::{CopyObserved, CopyVerdict, Next, Observed, Plan, Verdict, learn, plan};
use crate::{
    claims::Standing,
    deletion::{Room, Survivor},
    desired::{DeletionPolicy, Desired, DesiredCopy, ObjectName},
    effect::{Change, Effect, Mutation, Outcome},
    error::{ErrorClass, Failure},
    inventory::{Search, Sight, Topic},
    ledger::{CopyRecord, Ledger, Mark, Marks, Recorded, Request, Setback},
    model::{Backup, BackupId, BackupKey, BackupState, Region, Source, Tags},
    reason::Reason,
    recent::Recent,
    requests::{Open, Requests},
    settings::Settings,
    time::{Moment, Now, earlier, later},
};

const OUR_ACCOUNT: &str = "111122223333";
const OTHER_ACCOUNT: &str = "999988887777";
const OWN: &str = "backup-ro5c4er4aac";
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
        Some(Effect::Mutate { mutation, .. }) => {
            let (name, what) = match &mutation.change {
                Change::NeverExpires(value) => ("NeverExpires", value.to_string()),
                Change::Restore => ("Restore", String::new()),
                Change::Tag(tags) => ("Tag", list(tags)),
                Change::Untag(keys) => ("Untag", keys_of(keys)),
                Change::Copy { to, tags: None } => ("Copy", to.to_string()),
                Change::Copy { to, tags: Some(tags) } => ("Copy", format!("{to} {}", list(tags))),
                Change::Delete => ("Delete", String::new()),
            };
            // A copy is called by its letter.
            let copy = (mutation.target != key(OWN)).then(|| letter(mutation.backup()));
            let inside: Vec<_> = copy.into_iter().chain((!what.is_empty()).then_some(what)).collect();
            if inside.is_empty() { name.to_owned() } else { format!("{name}({})", inside.join(" ")) }
        }
    }
}

/// A copy in a test has an id of one letter.
fn letter(id: &BackupId) -> String {
    id.as_str().trim_start_matches("backup-").chars().take(1).collect()
}

/// What `after` says of the copies that `before` does not.
fn records(before: &BTreeMap<Region, CopyRecord>, after: &[CopyVerdict]) -> String {
    let nothing = CopyRecord::default();
    let kept = |region: &Region| after.iter().any(|copy| copy.region == *region);
    let dropped = before.keys().filter(|region| !kept(region)).map(|region| format!(" {region}[dropped]"));
    let changed = after.iter().filter_map(|copy| {
        let changes = record(before.get(&copy.region).unwrap_or(&nothing), &copy.record);
        (!changes.is_empty()).then(|| format!(" {}[{}]", copy.region, changes.trim_start()))
    });
    changed.chain(dropped).collect()
}

/// How `after` differs from `before`.
fn record(before: &CopyRecord, after: &CopyRecord) -> String {
    let mut text = String::new();
    if before.id != after.id {
        text.extend([" id:", &after.id.as_ref().map_or("none".to_owned(), letter)]);
    }
    if before.state != after.state {
        text.extend([" ", after.state.as_ref().map_or("unseen", BackupState::name)]);
    }
    if before.request != after.request {
        let request = match after.request {
            None => "none",
            Some(Request { accepted_at: None, .. }) => "open",
            Some(Request { accepted_at: Some(_), .. }) => "accepted",
        };
        text.extend([" request:", request]);
    }
    if (before.attempts, &before.last_failure) != (after.attempts, &after.last_failure) {
        let failure = after.last_failure.as_ref().map_or("none", |setback| setback.reason.name());
        text.extend([" failed:", failure, "*", &after.attempts.to_string()]);
    }
    text + &marks(&before.marks, &after.marks)
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

/// The look at the resource's own backup that is ordered.
fn own_look(next: &Next) -> Option<Moment> {
    next.looks.get(&(key(OWN).region, Topic::Backup(key(OWN).id))).copied()
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
