//! The finalizer follows `deletionPolicy`, before anything else and also while suspended.

use super::draft::Draft;
use crate::{desired::DeletionPolicy, effect::Effect};

/// Puts the finalizer on a living resource with policy Delete, and takes it off any with policy Retain.
pub(super) fn follow_policy(draft: &mut Draft<'_>) {
    let desired = draft.desired;
    draft.finalizer = match desired.deletion_policy {
        // The API server refuses new finalizers on a terminating object: what was not marked in time is retained.
        DeletionPolicy::Delete if !desired.finalizer && !desired.terminating => Some(Effect::AddFinalizer),
        DeletionPolicy::Retain if desired.finalizer => Some(Effect::RemoveFinalizer),
        _ => None,
    };
}
