//! Rows: the resource is being deleted.

use super::{delete, draft::Draft};
use crate::{
    effect::Effect,
    model::{Backup, BackupState},
    reason::Reason,
};

/// With policy Delete and our finalizer the backup is deleted first; otherwise nothing happens in AWS.
/// `backup` is `None` when it is gone.
pub(super) fn decide(draft: &mut Draft<'_>, backup: Option<&Backup>) {
    if !draft.desired.deletes_on_removal() {
        return;
    }
    if draft.desired.suspend {
        let message = "spec.suspend is true: the backup is to be deleted first, and the resource is held until suspend is false".to_owned();
        return draft.find(Reason::Suspended, message);
    }
    if let Some(other) = &draft.standing.left_to {
        draft.find(Reason::Applying, format!("the backup is left to {other}, which names it too"));
        return release(draft);
    }
    super::copies::report(draft);
    match backup.map(|backup| (&backup.state, backup)) {
        _ if !draft.desired.copies.is_empty() => {}
        None => {
            draft.settled = Reason::Deleted;
            release(draft);
        }
        Some((BackupState::PendingDeletion, _)) => {
            draft.settled = Reason::DeletionScheduled;
            release(draft);
        }
        Some((BackupState::Ready, backup)) => delete::delete(draft, backup),
        Some((state, _)) => draft.wait_out(state),
    }
}

fn release(draft: &mut Draft<'_>) {
    draft.finalizer = Some(Effect::RemoveFinalizer);
}
