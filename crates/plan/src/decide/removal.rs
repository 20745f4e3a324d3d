//! Rows: the resource is being deleted.

use super::{copies, delete, draft::Draft, subject::Subject};
use crate::{
    effect::Effect,
    model::{Backup, BackupState},
    reason::Reason,
};

/// With policy Delete and our finalizer the backup and the listed copies are deleted first; otherwise nothing
/// happens in AWS. `backup` is `None` when it is gone.
pub(super) fn decide(draft: &mut Draft<'_>, own: &mut Subject<'_>, backup: Option<&Backup>) {
    if !draft.desired.deletes_on_removal() {
        return copies::report(draft);
    }
    if draft.desired.suspend {
        let message = "spec.suspend is true: the backup is to be deleted first, and the resource is held until suspend is false".to_owned();
        draft.find(Reason::Suspended, message);
        return copies::report(draft);
    }
    // A backup that is itself a copy has none of its own, whatever the list says.
    let copies_settled = if backup.is_some_and(Backup::is_copy) {
        copies::report(draft);
        true
    } else {
        copies::remove(draft)
    };
    if own_is_settled(draft, own, backup) && copies_settled {
        draft.finalizer = Some(Effect::RemoveFinalizer);
    }
}

fn own_is_settled(draft: &mut Draft<'_>, own: &mut Subject<'_>, backup: Option<&Backup>) -> bool {
    if let Some(other) = &draft.standing.left_to {
        draft.find(Reason::Applying, format!("the backup is left to {other}, which names it too"));
        return true;
    }
    let Some(backup) = backup else {
        draft.settled = Reason::Deleted;
        return true;
    };
    match &backup.state {
        BackupState::PendingDeletion => {
            draft.settled = Reason::DeletionScheduled;
            return true;
        }
        BackupState::Ready => delete::delete(draft, own, backup),
        state => draft.wait_out(own, state),
    }
    false
}
