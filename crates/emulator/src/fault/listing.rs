//! Faults in the content of a listing.

use serde_json::Value;

use super::{Fault, FaultKind};
use crate::cloud::{ApiError, Backup, BackupPage, BackupState, Caller, Cloud, DescribeBackups};

/// Lists backups, as the fault would have it. `nonce` makes the tokens of empty pages differ.
pub(crate) fn describe(
    fault: &Fault,
    cloud: &Cloud,
    caller: &Caller,
    request: &DescribeBackups,
    nonce: u64,
) -> Result<BackupPage, ApiError> {
    let kind = &fault.kind;
    if *kind == FaultKind::PartialListing && request.next_token.is_some() {
        return Err(ApiError::internal());
    }
    let mut page = if *kind == FaultKind::StaleReads {
        cloud.describe_backups_stale(caller, request)?
    } else {
        cloud.describe_backups(caller, request)?
    };
    match kind {
        FaultKind::MissingItem { backup_ids } => {
            page.backups.retain(|backup| !backup_ids.contains(&backup.id));
        }
        FaultKind::EverythingMissing if fault.copies_of.is_some() => {
            let source = |backup: &Backup| backup.source.as_ref().map(|source| source.backup_id.clone());
            page.backups.retain(|backup| source(backup) != fault.copies_of);
        }
        FaultKind::EverythingMissing => page = BackupPage { backups: Vec::new(), next_token: None },
        FaultKind::EmptyPage => {
            let token = Cloud::token_from_start(caller, request, nonce);
            page = BackupPage { backups: Vec::new(), next_token: Some(token) };
        }
        FaultKind::RepeatedToken => {
            let issued = page.next_token.take();
            let start = || Cloud::token_from_start(caller, request, 0);
            page.next_token = Some(request.next_token.clone().or(issued).unwrap_or_else(start));
        }
        FaultKind::ShrunkenListing { keep } => {
            page.backups.truncate(*keep);
            page.next_token = None;
        }
        FaultKind::PartialListing => break_off(&mut page, caller, request, nonce),
        FaultKind::ExtraItem => {
            let extra = stranger(cloud, caller, &page);
            page.backups.push(extra);
        }
        // The rest is done to the JSON, or not to listings at all.
        _ => {}
    }
    Ok(page)
}

/// Changes the members of listed backups, for the faults that no typed backup can express.
pub(crate) fn alter_items(fault: &Fault, answer: &mut Value) {
    let Some(items) = answer.get_mut("Backups").and_then(Value::as_array_mut) else { return };
    let (ids, field) = match &fault.kind {
        FaultKind::UnknownState { backup_ids, .. } => (backup_ids, "BackupState"),
        FaultKind::MissingField { backup_ids, field } => (backup_ids, field.as_str()),
        _ => return,
    };
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        let member = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let other = ids.as_ref().is_some_and(|ids| !ids.iter().any(|id| id == member("BackupId")));
        let stranger = fault.copies_of.as_deref().is_some_and(|source| source != member("SourceBackup"));
        if other || stranger {
            continue;
        }
        match &fault.kind {
            FaultKind::UnknownState { state, .. } => {
                item.insert(field.to_owned(), Value::String(state.clone()));
            }
            _ => {
                item.remove(field);
            }
        }
    }
}

/// Keeps half of a page that would be the last, so that there is something left to miss.
fn break_off(page: &mut BackupPage, caller: &Caller, request: &DescribeBackups, nonce: u64) {
    if page.next_token.is_none() {
        page.backups.truncate(page.backups.len() / 2);
        page.next_token = Some(match page.backups.last() {
            Some(last) => Cloud::token_after(caller, request, last),
            None => Cloud::token_from_start(caller, request, nonce),
        });
    }
}

/// A backup that does not belong on the page: a real one of the caller's, or else an invented one.
fn stranger(cloud: &Cloud, caller: &Caller, page: &BackupPage) -> Backup {
    let listed = |id: &str| page.backups.iter().any(|backup| backup.id == id);
    let real = cloud.backups().find(|backup| {
        backup.region == caller.region && backup.account == caller.account && !listed(&backup.id)
    });
    real.cloned().unwrap_or_else(|| {
        let id = "backup-zzzzzzzzzzz".to_owned();
        Backup {
            arn: format!("arn:aws:cloudhsm:{}:{}:backup/{id}", caller.region, caller.account),
            id,
            account: caller.account.clone(),
            region: caller.region.clone(),
            state: BackupState::Ready,
            cluster_id: Some("cluster-zzzzzzzzzzz".to_owned()),
            create_timestamp: cloud.now(),
            copy_timestamp: None,
            never_expires: Some(false),
            source: None,
            delete_timestamp: None,
            tags: std::collections::BTreeMap::new(),
            hsm_type: "hsm1.medium".to_owned(),
            mode: crate::cloud::Mode::Fips,
            shared_with: std::collections::BTreeSet::new(),
            policy: None,
        }
    })
}
