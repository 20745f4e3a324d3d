//! The fresh look right before DeleteBackup.

use super::{LastBackup, judge, never_expires};
use crate::{
    decide::Observed,
    desired::Desired,
    inventory::Sight,
    model::{BackupKey, BackupState},
    time::Moment,
};

/// Why a deletion that was decided on is not sent after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unconfirmed {
    /// The lookup did not end well, or shows no such backup.
    #[error("a fresh look did not show the backup")]
    NotSeen,
    /// It is not READY any more.
    #[error("a fresh look shows that the backup is not READY")]
    NotReady,
    /// It belongs to another account.
    #[error("a fresh look does not show the account that the backup must belong to")]
    OtherAccount,
    /// It is exempt from expiry now, or AWS does not say.
    #[error("a fresh look does not show that the backup may expire")]
    NeverExpires,
    /// The backup that was to survive is not READY any more.
    #[error("a fresh look does not show another READY backup of the cluster")]
    NoSurvivor,
}

/// Checks what looks begun at `since` or later show against what the deletion of `target` rests on.
pub fn confirm(
    desired: &Desired,
    observed: &Observed,
    target: &BackupKey,
    since: Moment,
) -> Result<(), Unconfirmed> {
    let sight = observed.sight(desired, target);
    let Some(Sight::Present { backup, began }) = sight else { return Err(Unconfirmed::NotSeen) };
    if *target != desired.backup && !backup.may_be_copy_of(&desired.backup) {
        return Err(Unconfirmed::NotSeen);
    }
    if *began < since {
        return Err(Unconfirmed::NotSeen);
    }
    if backup.state != BackupState::Ready {
        return Err(Unconfirmed::NotReady);
    }
    if never_expires(backup) {
        return Err(Unconfirmed::NeverExpires);
    }
    let account = backup.account();
    let agrees = match &desired.account {
        Some(wanted) => account.as_ref() == Some(wanted),
        None => account.is_none() || account == observed.account,
    };
    if !agrees {
        return Err(Unconfirmed::OtherAccount);
    }
    let fresh = observed.survivors.iter().filter(|survivor| survivor.seen >= since).cloned().collect();
    match judge(backup, target, desired, &fresh) {
        LastBackup::Survivor(_) | LastBackup::Allowed => Ok(()),
        LastBackup::Held(_) => Err(Unconfirmed::NoSurvivor),
    }
}
