//! A backup that is exempt from expiry is not deleted.

use crate::model::Backup;

/// Whether `backup` is exempt, or may be, since AWS does not say. Copies have no retention, so the
/// flag means nothing on them.
pub fn never_expires(backup: &Backup) -> bool {
    !backup.is_copy() && backup.never_expires != Some(false)
}
