//! What the ledger must say of a change: its mark before it, and that a wish leads to one deletion only.

use std::time::Duration;

use cloudhsm_backup_operator::api::{
    CloudHsmBackup,
    spec::DeletionPolicy,
    status::{CloudHsmBackupStatus, Mark},
};
use plan::{
    effect::{Change, Mutation},
    model::{BackupKey, Region},
};

use super::{Deleted, History, STALE, wishes::primary};
use crate::cluster::{Store, name_of};

/// How long it takes at least to take two looks at a deletion of which nobody knows.
const LOOKS: Duration = Duration::from_secs(55);

/// Whether this version of a resource has the mark of the change on record.
pub(super) fn is_marked(object: &CloudHsmBackup, mutation: &Mutation) -> bool {
    let Some(status) = &object.status else { return false };
    match &mutation.change {
        Change::Delete => mark_of(object, status, &mutation.target, |marks| marks.0).is_some(),
        Change::Restore => mark_of(object, status, &mutation.target, |marks| marks.1).is_some(),
        Change::Copy { to, .. } => {
            primary(object).as_ref() == Some(&mutation.target)
                && status.copies.iter().any(|copy| copy.region == to.as_str() && copy.request.is_some())
        }
        Change::NeverExpires(_) | Change::Tag(_) | Change::Untag(_) => true,
    }
}

/// The marks of deletion and of restore that a resource has on record of a backup.
type Both = (Option<Mark>, Option<Mark>);

fn mark_of(
    object: &CloudHsmBackup,
    status: &CloudHsmBackupStatus,
    key: &BackupKey,
    which: fn(Both) -> Option<Mark>,
) -> Option<Mark> {
    if primary(object).as_ref() == Some(key) {
        return which((status.deletion, status.restore));
    }
    let copy = status.copies.iter().find(|copy| {
        copy.region == key.region.as_str() && copy.backup_id.as_deref() == Some(key.id.as_str())
    })?;
    which((copy.deletion, copy.restore))
}

/// Whether it has been on record since `from` that a deletion of `key` is done, and not only that a wish is used up.
pub(super) fn knows_deletion(store: &Store, key: &BackupKey, from: Duration) -> bool {
    any_since(store, key, from, |marks| marks.0)
}

/// The same of a restore.
pub(super) fn knows_restore(store: &Store, key: &BackupKey, from: Duration) -> bool {
    any_since(store, key, from, |marks| marks.1)
}

/// Whether it has been on record since `from` that AWS accepted a request for a copy of `source` in `to`.
pub(super) fn knows_accepted(store: &Store, source: &BackupKey, to: &Region, from: Duration) -> bool {
    store.versions_since(from).filter(|object| primary(object).as_ref() == Some(source)).any(|object| {
        let mut copies = object.status.iter().flat_map(|status| &status.copies);
        copies.any(|copy| {
            copy.region == to.as_str() && copy.request.is_some_and(|request| request.accepted_at.is_some())
        })
    })
}

fn any_since(store: &Store, key: &BackupKey, from: Duration, which: fn(Both) -> Option<Mark>) -> bool {
    store.versions_since(from).any(|object| {
        let status = object.status.as_ref();
        let mark = status.and_then(|status| mark_of(object, status, key, which));
        mark.is_some_and(|mark| mark.done_at.is_some_and(|done| done != mark.requested_at))
    })
}

/// When wishes began that `key`, or the copy of `source` in its region, be deleted. One that was taken back and is there
/// again is another one, and so is that of a resource that was made again.
pub(super) fn wishes_begun(store: &Store, key: &BackupKey, source: Option<&BackupKey>) -> Vec<Duration> {
    let mut begun = Vec::new();
    for (_, versions) in store.timeline() {
        let (mut uid, mut asked) = (None, [false; 2]);
        for (at, object) in versions {
            let Some(object) = object else { continue };
            if uid != object.metadata.uid {
                (uid, asked) = (object.metadata.uid.clone(), [false; 2]);
            }
            let asks = [asks_for_own(object, key), source.is_some_and(|of| asks_for_copy(object, of, key))];
            for (before, now) in asked.iter().zip(asks) {
                if now && !before {
                    begun.push(*at);
                }
            }
            asked = asks;
        }
    }
    begun
}

fn is_leaving(object: &CloudHsmBackup) -> bool {
    object.metadata.deletion_timestamp.is_some()
        && object.spec.deletion_policy == Some(DeletionPolicy::Delete)
}

fn asks_for_own(object: &CloudHsmBackup, key: &BackupKey) -> bool {
    primary(object).as_ref() == Some(key) && (object.spec.deleted == Some(true) || is_leaving(object))
}

fn asks_for_copy(object: &CloudHsmBackup, source: &BackupKey, key: &BackupKey) -> bool {
    let mut copies = object.spec.copies.iter().flatten();
    primary(object).as_ref() == Some(source)
        && copies
            .find(|copy| copy.region == key.region.as_str())
            .is_some_and(|copy| copy.deleted == Some(true) || is_leaving(object))
}

impl History {
    /// S1: a wish is used up by the deletion that is known to have come of it; one of which nobody knows is repeated only
    /// after two looks, a minute apart, have shown nothing of it.
    pub(super) fn check_wish(
        &mut self,
        at: Duration,
        key: &BackupKey,
        source: Option<&BackupKey>,
        store: &Store,
    ) {
        let same = |one: &&Deleted| {
            one.key == *key
                || (source.is_some() && one.source.as_ref() == source && one.key.region == key.region)
        };
        let before: Vec<Duration> = self.deleted.iter().filter(same).map(|one| one.at).collect();
        let Some(last) = before.last().copied() else { return };
        let known =
            self.deleted.iter().filter(same).filter(|one| knows_deletion(store, &one.key, one.at)).count();
        let wiped = |from: Duration| {
            self.lost.iter().filter(|(at, of)| *at >= from && (of == key || Some(of) == source)).count()
        };
        let wishes = wishes_begun(store, key, source);
        if known >= wishes.len() + wiped(Duration::ZERO) {
            return self.violation(at, &format!("S1: {key:?} is deleted again for the same wish"));
        }
        let anew = wishes.iter().any(|begun| *begun >= last.saturating_sub(STALE))
            || wiped(last.saturating_sub(STALE)) > 0;
        if !anew && at.saturating_sub(last) < LOOKS {
            self.violation(at, &format!("S1: the deletion of {key:?} is repeated at once"));
        }
    }

    /// S2: what is deleted by others again and again is restored once a day only.
    pub(super) fn check_restore(
        &mut self,
        at: Duration,
        key: &BackupKey,
        askers: &[&CloudHsmBackup],
        store: &Store,
    ) {
        let Some((last, _)) = self.restored.iter().rev().find(|(_, restored)| restored == key) else {
            return;
        };
        let own = self.deleted.iter().any(|one| one.key == *key && one.at > *last);
        let wiped = self.lost.iter().any(|(then, _)| *then >= *last);
        // Whoever asks now was there then.
        let same =
            askers.iter().all(|one| store.was_there(&name_of(one), one.metadata.uid.as_deref(), *last));
        if !own && !wiped && same && knows_restore(store, key, *last) {
            self.violation(at, &format!("S2: {key:?} is restored for the second time in a day"));
        }
    }
}
