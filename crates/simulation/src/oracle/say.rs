//! Who has the say when several resources name the same backup (design §5.3), read from their specs.

use std::time::Duration;

use cloudhsm_backup_operator::api::{CloudHsmBackup, FINALIZER, spec::DeletionPolicy};
use kube::ResourceExt;
use plan::model::BackupKey;

use super::wishes::primary;
use crate::cluster::{Store, name_of};

/// The other resources that have been the same, as far as claims go, all the time since `from`.
pub(super) struct Rivals<'a>(Vec<&'a CloudHsmBackup>);

impl<'a> Rivals<'a> {
    pub(super) fn of(store: &'a Store, from: Duration) -> Self {
        let mut steady = Vec::new();
        for (_, versions) in store.timeline() {
            let first = versions.partition_point(|(at, _)| *at < from);
            let Some(first) = first.checked_sub(1) else { continue };
            let lately: Vec<_> = versions[first..].iter().map(|(_, object)| object.as_ref()).collect();
            let Some(Some(last)) = lately.last() else { continue };
            if lately.iter().all(|object| object.is_some_and(|object| claim(object) == claim(last))) {
                steady.push(*last);
            }
        }
        Self(steady)
    }

    /// Whether some other resource has the say over `target`, which `asker` asks to have changed.
    pub(super) fn overrule(&self, asker: &CloudHsmBackup, target: &BackupKey) -> bool {
        let others = || self.0.iter().filter(|rival| name_of(rival) != name_of(asker) && acts(rival));
        let stays = |rival: &&&CloudHsmBackup| rival.metadata.deletion_timestamp.is_none();
        let own = primary(asker);
        if asker.metadata.deletion_timestamp.is_none() {
            return others().filter(stays).any(|rival| {
                let same = primary(rival) == own && age(rival) < age(asker);
                same || (primary(rival).as_ref() == Some(target) && own.as_ref() != Some(target))
            });
        }
        others().filter(stays).any(|rival| {
            primary(rival).as_ref() == Some(target) || (keeps(rival, target) && self.has_the_say(rival))
        })
    }

    fn has_the_say(&self, resource: &CloudHsmBackup) -> bool {
        !self.0.iter().any(|rival| {
            name_of(rival) != name_of(resource)
                && acts(rival)
                && rival.metadata.deletion_timestamp.is_none()
                && primary(rival) == primary(resource)
                && age(rival) < age(resource)
        })
    }
}

/// Whether a resource has `target` on record as a copy that its spec lists.
fn keeps(object: &CloudHsmBackup, target: &BackupKey) -> bool {
    let is_it =
        |region: &str, id: Option<&str>| region == target.region.as_str() && id == Some(target.id.as_str());
    let listed = object.spec.copies.iter().flatten().any(|copy| copy.region == target.region.as_str());
    let copies = object.status.iter().flat_map(|status| &status.copies);
    listed && copies.into_iter().any(|copy| is_it(&copy.region, copy.backup_id.as_deref()))
}

/// Whether a resource writes anything; whether it is suspended does not matter.
fn acts(object: &CloudHsmBackup) -> bool {
    let spec = &object.spec;
    let bound = spec.deletion_policy == Some(DeletionPolicy::Delete);
    if object.metadata.deletion_timestamp.is_some() {
        return bound && object.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
    }
    bound
        || spec.never_expires.is_some()
        || spec.tags.is_some()
        || spec.deleted.is_some()
        || spec.copies.as_ref().is_some_and(|copies| !copies.is_empty())
}

/// What a change of standing depends on.
#[derive(PartialEq)]
struct Claim {
    uid: Option<String>,
    leaves: bool,
    acts: bool,
    copies: Vec<(String, Option<String>)>,
    listed: Vec<String>,
}

fn claim(object: &CloudHsmBackup) -> Claim {
    let copies = object.status.iter().flat_map(|status| &status.copies);
    Claim {
        uid: object.metadata.uid.clone(),
        leaves: object.metadata.deletion_timestamp.is_some(),
        acts: acts(object),
        copies: copies.map(|copy| (copy.region.clone(), copy.backup_id.clone())).collect(),
        listed: object.spec.copies.iter().flatten().map(|copy| copy.region.clone()).collect(),
    }
}

fn age(object: &CloudHsmBackup) -> (Option<jiff::Timestamp>, plan::desired::ObjectName) {
    (object.metadata.creation_timestamp.as_ref().map(|time| time.0), name_of(object))
}
