//! What a resource asks for, and whether it has it: read from the specification, not from the operator's code.

use std::collections::{BTreeMap, BTreeSet};

use cloudhsm_backup_operator::api::{CloudHsmBackup, spec::DeletionPolicy};
use emulator::{BackupState, Cloud};
use plan::{
    effect::{Change, Mutation},
    model::BackupKey,
};

use crate::cluster::name_of;

/// The backup that a resource names.
pub(super) fn primary(object: &CloudHsmBackup) -> Option<BackupKey> {
    Some(BackupKey { region: object.spec.region.parse().ok()?, id: object.spec.backup_id.parse().ok()? })
}

/// The backups that a resource names or has on record.
pub(super) fn names(object: &CloudHsmBackup) -> BTreeSet<BackupKey> {
    let copies = object.status.iter().flat_map(|status| &status.copies).filter_map(|copy| {
        Some(BackupKey { region: copy.region.parse().ok()?, id: copy.backup_id.as_ref()?.parse().ok()? })
    });
    copies.chain(primary(object)).collect()
}

/// Whether this version of a resource asks for the change.
pub(super) fn asks(object: &CloudHsmBackup, mutation: &Mutation) -> bool {
    let spec = &object.spec;
    if spec.suspend == Some(true) {
        return false;
    }
    let terminating = object.metadata.deletion_timestamp.is_some();
    let bound = terminating && spec.deletion_policy == Some(DeletionPolicy::Delete);
    let status = object.status.as_ref();
    let own = primary(object).as_ref() == Some(&mutation.target);
    // The entry whose copy on record this is; a copy that was let go of has none.
    let copy = status.into_iter().flat_map(|status| &status.copies).find(|copy| {
        copy.region == mutation.target.region.as_str()
            && (copy.backup_id.as_deref() == Some(mutation.target.id.as_str())
                || copy.duplicates.iter().any(|id| id == mutation.target.id.as_str()))
    });
    let entry = |region: &str| spec.copies.iter().flatten().find(|entry| entry.region == region);
    let entry_of_copy = copy.and_then(|copy| entry(&copy.region));
    match &mutation.change {
        Change::NeverExpires(value) => own && !terminating && spec.never_expires == Some(*value),
        Change::Tag(tags) => {
            let wanted = |wanted: Option<&BTreeMap<String, String>>| {
                wanted.is_some_and(|wanted| tags.iter().all(|(key, value)| wanted.get(key) == Some(value)))
            };
            !terminating
                && ((own && wanted(spec.tags.as_ref()))
                    || entry_of_copy.is_some_and(|entry| wanted(entry.tags.as_ref())))
        }
        Change::Untag(keys) => {
            let managed = |managed: &[String]| keys.iter().all(|key| managed.contains(key));
            !terminating
                && ((own && status.is_some_and(|status| managed(&status.managed_tag_keys)))
                    || copy.is_some_and(|copy| managed(&copy.managed_tag_keys)))
        }
        Change::Restore => {
            let primary = own
                && spec.deleted != Some(true)
                && (spec.deleted == Some(false)
                    || status.is_some_and(|status| status.deletion.is_some() || status.restore.is_some()));
            let copy =
                entry(mutation.target.region.as_str()).is_some_and(|entry| entry.deleted != Some(true));
            !terminating && (primary || copy)
        }
        Change::Copy { to, .. } => {
            own && !terminating && entry(to.as_str()).is_some_and(|entry| entry.deleted != Some(true))
        }
        Change::Delete => {
            (own && ((spec.deleted == Some(true) && !terminating) || bound))
                || entry_of_copy.is_some_and(|entry| (entry.deleted == Some(true) && !terminating) || bound)
        }
    }
}

/// Whether this resource says that AWS matches it.
pub fn is_ready(object: &CloudHsmBackup) -> bool {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// L1: what is wrong with this resource, when nothing has gone wrong for long. `copies_failed`: some copies of this
/// history came to nothing.
pub fn unsettled(object: &CloudHsmBackup, cloud: &Cloud, copies_failed: bool) -> Option<String> {
    let name = name_of(object);
    let Some(status) = &object.status else { return Some(format!("{name} has no status")) };
    let condition = |type_: &str| status.conditions.iter().find(|condition| condition.type_ == type_);
    let Some(ready) = condition("Ready") else { return Some(format!("{name} has no condition Ready")) };
    if ready.observed_generation != object.metadata.generation {
        return Some(format!("{name} has a status of generation {:?}", ready.observed_generation));
    }
    if ready.status != "True" {
        let waits = ["DeletionHeld", "CopyFailed", "WaitingForCopies"];
        let stalled = condition("Stalled").is_some();
        // A copy that was accepted, and failed before anybody saw it, is waited for until it counts as lost: for a day.
        let unseen = ready.reason == "CopyInProgress"
            && copies_failed
            && status
                .copies
                .iter()
                .any(|copy| copy.request.as_ref().is_some_and(|request| request.accepted_at.is_some()));
        let held = unseen || waits.contains(&ready.reason.as_str());
        return (!stalled && !held)
            .then(|| format!("{name} is not Ready: {} {}", ready.reason, ready.message));
    }
    let backup = cloud.backup(&object.spec.region, &object.spec.backup_id);
    let state = backup.map_or(BackupState::Deleted, |backup| backup.state);
    let wrong = |what: &str| Some(format!("{name} is Ready, but {what}: {backup:?}"));
    if object.spec.deleted == Some(true) {
        if matches!(state, BackupState::Ready | BackupState::CreateInProgress) {
            return wrong("its backup is live");
        }
    } else if object.metadata.deletion_timestamp.is_none() {
        if state != BackupState::Ready {
            return wrong("its backup is not READY");
        }
        if object.spec.never_expires.is_some()
            && backup.and_then(|one| one.never_expires) != object.spec.never_expires
        {
            return wrong("neverExpires differs");
        }
        let tags = backup.map(|backup| backup.tags.clone()).unwrap_or_default();
        if object.spec.tags.iter().flatten().any(|(key, value)| tags.get(key) != Some(value)) {
            return wrong("tags differ");
        }
    }
    for entry in object.spec.copies.iter().flatten().filter(|entry| entry.deleted != Some(true)) {
        let copy = status.copies.iter().find(|copy| copy.region == entry.region);
        let id = copy.and_then(|copy| copy.backup_id.as_deref()).unwrap_or_default();
        let there = cloud.backup(&entry.region, id).is_some_and(|copy| copy.state == BackupState::Ready);
        if !there {
            return wrong(&format!("its copy in {} is not READY", entry.region));
        }
    }
    None
}
