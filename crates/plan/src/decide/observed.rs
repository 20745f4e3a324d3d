//! What one reconcile sees of AWS.

use std::collections::BTreeSet;

use crate::{
    deletion::{Breaker, Room, Survivors},
    desired::Desired,
    error::Failure,
    inventory::{Sight, World},
    model::{AccountId, BackupKey, BackupState, Region},
    settings::Settings,
    time::Moment,
};

/// Everything outside Kubernetes that a decision about one resource depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The account of the credentials, once known.
    pub account: Option<AccountId>,
    /// The backup.
    pub primary: Sight,
    /// Why its region cannot be seen as a whole, if so: then nothing is changed there.
    pub trouble: Option<Failure>,
    /// Other regions that know the same id, and its state there.
    pub elsewhere: Vec<(Region, BackupState)>,
    /// Other READY backups of the cluster; looked for only when a deletion is wished for.
    pub survivors: Survivors,
    /// Whether the hourly number of deletions leaves room.
    pub room: Room,
}

/// Where [`gather`] looks.
#[derive(Clone, Copy, Debug)]
pub struct Lookout<'a> {
    /// The inventory.
    pub world: &'a World,
    /// The count of deletions.
    pub breaker: &'a Breaker,
    /// Backups that some resource deleted or means to delete.
    pub marked: &'a BTreeSet<BackupKey>,
}

/// Collects what concerns `desired` from looks that began at `since` or later.
pub fn gather(
    desired: &Desired,
    lookout: Lookout<'_>,
    since: Moment,
    settings: &Settings,
    now: Moment,
) -> Observed {
    let world = lookout.world;
    let primary = world.sight(&desired.backup, since);
    let mut survivors = Survivors::new();
    if desired.wishes_deletion()
        && let Sight::Present { backup, .. } = &primary
        && let Some(cluster) = backup.cluster()
    {
        let except = no_survivors(desired, lookout, settings);
        survivors = world.survivors(cluster, &except);
    }
    Observed {
        account: world.account().cloned(),
        trouble: world.trouble(&desired.backup.region).cloned(),
        elsewhere: if matches!(primary, Sight::Absent { .. }) {
            world.elsewhere(&desired.backup)
        } else {
            Vec::new()
        },
        survivors,
        room: if world.looked_everywhere_once() {
            lookout.breaker.room(settings, now)
        } else {
            Room::Uncounted
        },
        primary,
    }
}

/// The backups that do not count as survivors: the one itself, and those that somebody deletes.
///
/// The index of resources lags behind this process's own doings, so these count too, until a
/// look begun well after the call shows the backup READY: then it did not happen, or was undone.
fn no_survivors(desired: &Desired, lookout: Lookout<'_>, settings: &Settings) -> BTreeSet<BackupKey> {
    let undone =
        |key: &BackupKey, at: Moment| match lookout.world.sight(key, at.after(settings.confirm_after)) {
            Sight::Present { backup, .. } => backup.state == BackupState::Ready,
            Sight::Pending | Sight::Unclear(_) | Sight::Absent { .. } => false,
        };
    let intended =
        lookout.breaker.intended().filter(|(key, at)| !undone(key, *at)).map(|(key, _)| key.clone());
    let marked = lookout.marked.iter().cloned();
    intended.chain(marked).chain([desired.backup.clone()]).collect()
}
