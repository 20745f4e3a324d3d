//! From a decision to the status that says it.

use jiff::Timestamp;
use plan::{
    decide::{Facts, Verdict},
    ledger::Marks,
    model::{Backup, BackupState},
};
use serde_json::Value;

use super::{conditions, copies, status::CloudHsmBackupStatus};

/// The status that says what `verdict` says. What it does not mention stays as it was `before`.
pub fn status(
    verdict: &Verdict,
    generation: Option<i64>,
    before: &CloudHsmBackupStatus,
    now: Timestamp,
) -> CloudHsmBackupStatus {
    let mut status = match &verdict.facts {
        Facts::Keep => before.clone(),
        Facts::Gone => CloudHsmBackupStatus {
            backup_state: Some(BackupState::Deleted.name().to_owned()),
            ..before.clone()
        },
        Facts::Seen(backup) => facts(backup, before),
    };
    let Marks { managed_tag_keys, deletion, restore } = &verdict.marks;
    status.observed_generation = generation;
    status.managed_tag_keys = managed_tag_keys.iter().cloned().collect();
    status.deletion = deletion.map(Into::into);
    status.restore = restore.map(Into::into);
    status.copies_ready = verdict.copies_count.map(|(ready, wanted)| format!("{ready}/{wanted}"));
    let before_in = |region: &str| before.copies.iter().find(|copy| copy.region == region);
    status.copies =
        verdict.copies.iter().map(|copy| copies::status(copy, before_in(copy.region.as_str()))).collect();
    sort(&mut status);
    status.last_handled_reconcile_at.clone_from(&verdict.handled_request);
    status.conditions = conditions::of(verdict, generation, &before.conditions, now);
    status
}

/// What is ours in a status: all of it, but for conditions that others have added.
pub fn ours(status: &CloudHsmBackupStatus) -> CloudHsmBackupStatus {
    let mut ours =
        CloudHsmBackupStatus { conditions: conditions::ours(&status.conditions), ..status.clone() };
    sort(&mut ours);
    ours
}

/// The order of the copies says nothing: without one of its own it would change with the spec's.
fn sort(status: &mut CloudHsmBackupStatus) {
    status.copies.sort_by(|one, other| one.region.cmp(&other.region));
}

/// The merge patch that takes from `now` what is ours and not in `wanted`; `None` if there is nothing.
pub fn leftovers(now: &CloudHsmBackupStatus, wanted: &CloudHsmBackupStatus) -> Option<Value> {
    let with_foreign = |mut status: CloudHsmBackupStatus| {
        let foreign = now.conditions.iter().filter(|condition| !conditions::is_ours(condition));
        status.conditions.extend(foreign.cloned());
        serde_json::to_value(status).ok()
    };
    // As JSON, in which times have the precision that the API server keeps.
    let patch = difference(&with_foreign(ours(now))?, &with_foreign(wanted.clone())?);
    patch.as_object().is_some_and(|patch| !patch.is_empty()).then_some(patch)
}

/// What a merge patch must say to turn `now` into `wanted`.
fn difference(now: &Value, wanted: &Value) -> Value {
    let (Some(now), Some(wanted)) = (now.as_object(), wanted.as_object()) else { return wanted.clone() };
    let gone = now.keys().filter(|key| !wanted.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = wanted.iter().filter(|(key, value)| now.get(*key) != Some(value));
    let changed =
        changed.map(|(key, value)| (key.clone(), difference(now.get(key).unwrap_or(&Value::Null), value)));
    gone.chain(changed).collect()
}

fn facts(backup: &Backup, before: &CloudHsmBackupStatus) -> CloudHsmBackupStatus {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let source = backup.source.clone().unwrap_or_default();
    CloudHsmBackupStatus {
        backup_state: Some(backup.state.name().to_owned()),
        // The account on record outlives an answer that leaves the ARN out.
        backup_arn: text(&backup.arn).or_else(|| before.backup_arn.clone()),
        cluster_id: backup.cluster_id.as_ref().map(ToString::to_string),
        cluster: backup.cluster().map(ToString::to_string),
        create_timestamp: backup.create_timestamp,
        copy_timestamp: backup.copy_timestamp,
        delete_timestamp: backup.delete_timestamp,
        never_expires: backup.never_expires,
        source_region: source.region.map(|region| region.to_string()),
        source_backup: source.backup.map(|backup| backup.to_string()),
        source_cluster: source.cluster.map(|cluster| cluster.to_string()),
        hsm_type: text(&backup.hsm_type),
        mode: text(&backup.mode),
        tags: backup.tags.clone().filter(|tags| !tags.is_empty()),
        ..CloudHsmBackupStatus::default()
    }
}
