//! Row: `neverExpires`.

use super::{draft::Draft, subject::Subject};
use crate::{
    effect::Change,
    model::{Backup, BackupState},
    reason::Reason,
};

/// A READY backup whose flag differs from the wish is modified.
pub(super) fn decide(draft: &mut Draft<'_>, own: &Subject<'_>, backup: &Backup) {
    let Some(wanted) = draft.desired.never_expires else { return };
    if backup.state != BackupState::Ready {
        return;
    }
    match backup.never_expires {
        Some(observed) if observed == wanted => {}
        Some(_) => draft.want(own, Change::NeverExpires(wanted), |_| {}),
        None => draft
            .find(Reason::UnknownState, "AWS does not report NeverExpires, so it is not changed".to_owned()),
    }
}
