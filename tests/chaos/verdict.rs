//! What has to hold in the end, whatever broke.

use std::{collections::BTreeSet, time::Duration};

use emulator::{Backup, BackupState};

use crate::{
    role::{Resource, Role},
    world::World,
};

/// Judges the end of the world.
pub fn judge(world: &mut World) {
    let resources = world.resources.clone();
    for resource in &resources {
        backup_is_as_wanted(world, resource);
        for region in resource.destinations() {
            there_is_one_copy(world, resource, region);
        }
    }
    nothing_was_deleted_unasked(world);
    nobody_elses_backup_was_touched(world);
    no_finalizer_is_stuck(world);
    the_operator_ends_when_it_is_told_to(world);
}

fn backup_is_as_wanted(world: &World, resource: &Resource) {
    let backup = world.solo.aws.backup(resource.region, &resource.id).unwrap();
    assert_eq!(backup.state, resource.role.backup_ends(), "{}: {backup:#?}", resource.name);
    let spec = resource.spec();
    for (key, value) in spec["tags"].as_object().into_iter().flatten() {
        assert_eq!(backup.tags.get(key).map(String::as_str), value.as_str(), "{}", resource.name);
    }
    if resource.role == Role::Kept {
        assert_eq!(backup.never_expires, Some(true), "{}", resource.name);
    }
}

/// Of each source in each region one was made, ever.
fn there_is_one_copy(world: &World, resource: &Resource, region: &str) {
    let Resource { name, id, role, .. } = resource;
    let made = world.solo.aws.copies_made(resource.region, id, region);
    let copies: Vec<Backup> = made.iter().filter_map(|copy| world.solo.aws.backup(region, copy)).collect();
    assert!(made.len() <= 1, "{name} has {} copies in {region}: {copies:#?}", made.len());
    // It may have been deleted, or the copy not be wanted any more, before it was asked for.
    let optional = matches!(role, Role::LetGo | Role::Removed | Role::CopyDeleted);
    assert!(!made.is_empty() || optional, "{name} has no copy in {region}");
    for copy in &copies {
        assert_eq!(copy.state, role.copies_end(), "{name}: {copy:#?}");
    }
}

/// Each deletion in AWS is of a backup or copy that a resource asked to delete at some time, past no guard.
fn nothing_was_deleted_unasked(world: &World) {
    let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
    for resource in &world.resources {
        if resource.role.deletes_backup() {
            asked.insert((resource.region.to_owned(), resource.id.clone()));
        }
        if resource.role.deletes_copies() {
            for region in resource.destinations() {
                let copies = world.solo.aws.copies_made(resource.region, &resource.id, region);
                asked.extend(copies.into_iter().map(|copy| (region.to_owned(), copy)));
            }
        }
    }
    for call in world.changes().into_iter().filter(|call| call.operation == "DeleteBackup") {
        for id in &call.backup_ids {
            let known = asked.contains(&(call.region.clone(), id.clone()));
            assert!(known, "nobody asked for {call:#?}");
        }
    }
}

/// Backups that no resource names, and those of views, were not even asked to change.
fn nobody_elses_backup_was_touched(world: &World) {
    let views = world.resources.iter().filter(|resource| resource.role == Role::View);
    let views = views.map(|resource| (resource.region, resource.id.clone()));
    let untouched: Vec<_> = world.bystanders.iter().cloned().chain(views).collect();
    for call in world.changes() {
        let of = |(region, id): &(&str, String)| call.region == *region && call.backup_ids.contains(id);
        assert!(!untouched.iter().any(of), "{call:#?}");
    }
    for (region, id) in &untouched {
        assert_eq!(world.solo.aws.backup(region, id).unwrap().state, BackupState::Ready);
    }
}

fn no_finalizer_is_stuck(world: &World) {
    for (name, object) in world.objects() {
        let metadata = &object["metadata"];
        let free = metadata["finalizers"].is_null() && metadata["deletionTimestamp"].is_null();
        assert!(free, "{name}: {object:#}");
    }
}

/// Whenever it was killed it was alive; now it is told to end, and does. Nothing in it ever panicked.
fn the_operator_ends_when_it_is_told_to(world: &mut World) {
    let process = world.solo.operator().process();
    process.signal("TERM").unwrap();
    let ended = process.wait(Duration::from_secs(45)).unwrap();
    let log = world.solo.log();
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}
