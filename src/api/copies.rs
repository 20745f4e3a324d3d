//! Between the status of a copy and what decisions take and return.

use plan::{
    decide::{CopyVerdict, Facts},
    ledger::{self, CopyRecord, Marks, Setback},
    model::{Backup, BackupId, BackupState, Region},
    reason::Reason,
};

use super::status::{CopyFailure, CopyRequest, CopyStatus};

/// What `status` records; `None` if its region is none.
pub(super) fn record(status: &CopyStatus) -> Option<(Region, CopyRecord)> {
    let record = CopyRecord {
        id: status.backup_id.as_deref().and_then(|id| BackupId::parse(id).ok()),
        state: status.backup_state.as_deref().map(BackupState::from_name),
        marks: Marks {
            managed_tag_keys: status.managed_tag_keys.iter().cloned().collect(),
            deletion: status.deletion.map(Into::into),
            restore: status.restore.map(Into::into),
        },
        request: status.request.map(|request| ledger::Request {
            requested_at: request.requested_at,
            accepted_at: request.accepted_at,
        }),
        attempts: status.attempts.and_then(|attempts| attempts.try_into().ok()).unwrap_or_default(),
        last_failure: status.last_failure.as_ref().map(|failure| Setback {
            at: failure.at,
            // A reason of another version: it failed, whyever.
            reason: Reason::from_name(&failure.reason).unwrap_or(Reason::AwsError),
        }),
    };
    Some((Region::parse(&status.region).ok()?, record))
}

/// The status that says what `verdict` says. Facts that it does not mention stay as they were `before`.
pub(super) fn status(verdict: &CopyVerdict, before: Option<&CopyStatus>) -> CopyStatus {
    let CopyVerdict { region, facts, record, duplicates, message } = verdict;
    let id = record.id.as_ref().map(ToString::to_string);
    // Facts belong to a backup, not to a region.
    let before = before.filter(|before| id.is_some() && before.backup_id == id);
    let empty = CopyStatus { region: region.to_string(), ..CopyStatus::default() };
    let known = before.cloned().map(|before| CopyStatus { region: region.to_string(), ..before });
    let mut status = match facts {
        Facts::Seen(backup) => seen(backup, before, empty),
        Facts::Keep | Facts::Gone => known.unwrap_or(empty),
    };
    status.backup_id = id;
    status.backup_state = record.state.as_ref().map(|state| state.name().to_owned());
    status.managed_tag_keys = record.marks.managed_tag_keys.iter().cloned().collect();
    status.deletion = record.marks.deletion.map(Into::into);
    status.restore = record.marks.restore.map(Into::into);
    status.request = record
        .request
        .map(|request| CopyRequest { requested_at: request.requested_at, accepted_at: request.accepted_at });
    status.attempts = i32::try_from(record.attempts).ok().filter(|attempts| *attempts > 0);
    status.last_failure = record
        .last_failure
        .as_ref()
        .map(|setback| CopyFailure { at: setback.at, reason: setback.reason.name().to_owned() });
    status.duplicates = duplicates.iter().map(ToString::to_string).collect();
    status.message.clone_from(message);
    status
}

fn seen(backup: &Backup, before: Option<&CopyStatus>, empty: CopyStatus) -> CopyStatus {
    let arn = backup.arn.as_deref().map(str::to_owned);
    CopyStatus {
        backup_arn: arn.or_else(|| before.and_then(|before| before.backup_arn.clone())),
        create_timestamp: backup.create_timestamp,
        copy_timestamp: backup.copy_timestamp,
        delete_timestamp: backup.delete_timestamp,
        tags: backup.tags.clone().filter(|tags| !tags.is_empty()),
        ..empty
    }
}
