//! What people do, to resources and to AWS, and what happens to machines.

use std::{sync::atomic::Ordering, time::Duration};

use cloudhsm_backup_operator::api::{
    CloudHsmBackupSpec,
    spec::{Copy, DeletionPolicy},
};
use emulator::{
    BackupState, Caller, Cloud, CopyBackupToRegion, DeleteBackup, ModifyBackupAttributes, Operation,
    RestoreBackup, Seed, Source, Tag, TagResource,
};

use plan::desired::ObjectName;

use crate::{
    cluster::{self, Store},
    oracle::History,
    workload::{self, Act, CLUSTERS, Edit, REGIONS},
    world::{Crash, Shared, World},
};

/// Somebody does something.
pub fn perform(world: &Shared, at: Duration, act: &Act) {
    let mut world = world.lock();
    world.catch_up();
    world.history.note_with(at, || format!("somebody: {act:?}"));
    let now = cluster::now(&world);
    let World { cloud, store, history, crash, effects, ahead, frozen, .. } = &mut *world;
    match act {
        Act::Create(name, spec) => {
            store.create(name, (**spec).clone(), now);
        }
        Act::CreateFor(name, number, region, spec) => {
            if let Some(spec) = for_copy(cloud, *number, region, spec) {
                store.create(name, spec, now);
            }
        }
        Act::Edit(name, edit) => {
            store.change(name, |object| change(&mut object.spec, edit));
        }
        Act::Delete(name) => {
            lose_status(store, history, at, name);
            store.delete(name, now);
        }
        Act::Annotate(name, key, value) => {
            store.change(name, |object| {
                object.metadata.annotations.get_or_insert_default().insert(key.clone(), value.clone());
            });
        }
        Act::Wipe(name) => {
            lose_status(store, history, at, name);
            store.change(name, |object| object.status = None);
        }
        Act::RestoreStatus(name) => {
            lose_status(store, history, at, name);
            store.restore_status(name);
        }
        Act::AutomaticBackup(number, cluster) => back_up(cloud, *number, cluster),
        Act::PersonFillsTags(number) => {
            act_on(cloud, history, at, *number, None, |id| {
                let tags = (0..50).map(|tag| Tag::new(format!("theirs-{tag}"), "1")).collect();
                Operation::TagResource(TagResource { resource_id: id.to_owned(), tag_list: Some(tags) })
            });
        }
        Act::PersonDeletes(number, place) => {
            act_on(cloud, history, at, *number, place.as_deref(), |id| {
                Operation::DeleteBackup(DeleteBackup::new(id))
            });
        }
        Act::PersonRestores(number, place) => {
            act_on(cloud, history, at, *number, place.as_deref(), |id| {
                Operation::RestoreBackup(RestoreBackup::new(id))
            });
        }
        Act::PersonSets(number, value) => {
            act_on(cloud, history, at, *number, None, |id| {
                Operation::ModifyBackupAttributes(ModifyBackupAttributes::new(id, *value))
            });
        }
        Act::PersonTags(number, key, value) => {
            act_on(cloud, history, at, *number, None, |id| {
                Operation::TagResource(TagResource {
                    resource_id: id.to_owned(),
                    tag_list: Some(vec![Tag::new(key, value)]),
                })
            });
        }
        Act::PersonCopies(number, region) => copy(cloud, history, at, *number, region),
        Act::Purge(number, place) => purge(cloud, history, at, *number, place.as_deref()),
        Act::Kill(after, when) => *crash = Some(Crash { effect: *effects + after, when: *when }),
        Act::Jump(millis) => {
            ahead.fetch_add(*millis, Ordering::SeqCst);
        }
        Act::CopiesFail(fail) => cloud.knobs_mut().fail_copies = *fail,
        Act::Freeze(wait) => *frozen = Some(*wait),
        Act::Namesake(number) => name_alike(cloud, *number),
        Act::Restart | Act::RestartElsewhere => {}
    }
    world.changed.notify_waiters();
}

/// What the status of a resource tells is not known any more.
fn lose_status(store: &Store, history: &mut History, at: Duration, name: &ObjectName) {
    if let Some(object) = store.get(name) {
        history.status_lost(at, object);
    }
}

/// What a resource for the copy of a seeded backup says; none while there is no such copy.
fn for_copy(
    cloud: &Cloud,
    number: usize,
    region: &str,
    spec: &CloudHsmBackupSpec,
) -> Option<CloudHsmBackupSpec> {
    let live = |(region, id): &(String, String)| {
        cloud.backup(region, id).is_some_and(|copy| copy.state == BackupState::Ready)
    };
    let (region, backup_id) = targets(cloud, number, Some(region)).into_iter().find(live)?;
    let mut spec = CloudHsmBackupSpec { region, backup_id, ..spec.clone() };
    admit(&mut spec);
    Some(spec)
}

fn back_up(cloud: &mut Cloud, number: usize, cluster: &str) {
    let id = workload::id(number);
    if cloud.backup(REGIONS[0], &id).is_none() {
        let seed = Seed::ready(REGIONS[0], cluster).id(id).in_progress();
        cloud.seed(seed).expect("the seed is well-formed");
    }
}

fn name_alike(cloud: &mut Cloud, number: usize) {
    let id = workload::id(number);
    let source = Source {
        region: REGIONS[1].to_owned(),
        backup_id: id.clone(),
        cluster_id: Some(CLUSTERS[0].to_owned()),
    };
    let namesake = Seed::ready(REGIONS[1], CLUSTERS[0]).id(id);
    for seed in [namesake, Seed::copy(REGIONS[2], source)] {
        cloud.seed(seed).expect("the seed is well-formed");
    }
}

fn copy(cloud: &mut Cloud, history: &mut History, at: Duration, number: usize, region: &str) {
    let caller = Caller::new(cloud.account(), REGIONS[0]);
    let before = cloud.copies_made().len();
    let request = CopyBackupToRegion::new(workload::id(number), region);
    let _ = cloud.perform(&caller, &Operation::CopyBackupToRegion(request));
    for made in &cloud.copies_made()[before..] {
        history.touched(at, region, &made.backup_id);
    }
}

fn purge(cloud: &mut Cloud, history: &mut History, at: Duration, number: usize, place: Option<&str>) {
    for (region, id) in targets(cloud, number, place) {
        if cloud.backup(&region, &id).is_some_and(|one| one.state == BackupState::PendingDeletion) {
            cloud.purge(&region, &id);
            history.touched(at, &region, &id);
        }
    }
}

/// The seeded backup of this number, or its copies in a region.
fn targets(cloud: &Cloud, number: usize, place: Option<&str>) -> Vec<(String, String)> {
    let id = workload::id(number);
    let Some(region) = place else { return vec![(REGIONS[0].to_owned(), id)] };
    let copies = cloud.backups().filter(|backup| {
        backup.region == region && backup.source.as_ref().is_some_and(|source| source.backup_id == id)
    });
    copies.map(|backup| (region.to_owned(), backup.id.clone())).collect()
}

fn act_on(
    cloud: &mut Cloud,
    history: &mut History,
    at: Duration,
    number: usize,
    place: Option<&str>,
    operation: impl Fn(&str) -> Operation,
) {
    for (region, id) in targets(cloud, number, place) {
        let caller = Caller::new(cloud.account(), region.as_str());
        if cloud.perform(&caller, &operation(&id)).is_ok() {
            history.touched(at, &region, &id);
        }
    }
}

fn change(spec: &mut CloudHsmBackupSpec, edit: &Edit) {
    match edit {
        Edit::Deleted(deleted) => spec.deleted = *deleted,
        Edit::NeverExpires(value) => spec.never_expires = *value,
        Edit::Tags(tags) => spec.tags.clone_from(tags),
        Edit::Policy(policy) => spec.deletion_policy = Some(*policy),
        Edit::Suspend(suspend) => spec.suspend = *suspend,
        Edit::Copy(region, entry) => {
            let copies = spec.copies.get_or_insert_default();
            copies.retain(|copy| copy.region != *region);
            if let Some((deleted, tags)) = entry {
                copies.push(Copy { region: region.clone(), deleted: *deleted, tags: tags.clone() });
                copies.sort_by(|one, two| one.region.cmp(&two.region));
            }
        }
    }
    admit(spec);
}

/// Nothing is stored that the schema refuses.
fn admit(spec: &mut CloudHsmBackupSpec) {
    let region = spec.region.clone();
    spec.copies.iter_mut().for_each(|copies| copies.retain(|copy| copy.region != region));
    let deletes = spec.deleted == Some(true) || spec.deletion_policy == Some(DeletionPolicy::Delete);
    if deletes && spec.never_expires == Some(true) {
        spec.never_expires = None;
    }
}
