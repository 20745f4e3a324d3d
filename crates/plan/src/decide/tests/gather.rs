//! What one reconcile gets to see: the backups that may count as survivors, and the count of deletions.

use super::*;
use crate::{
    decide::{Lookout, gather},
    deletion::Breaker,
    inventory::{Input, Listing, Names, World},
};

const OWN: &str = "backup-ro5c4er4aac";
const OTHER: &str = "backup-surviving22";

fn world(ids: &[&str]) -> World {
    let backups = ids.iter().map(|id| {
        let mut backup = Backup::new(id.parse().unwrap(), BackupState::Ready);
        backup.cluster_id = Some(CLUSTER.parse().unwrap());
        backup.arn = Some(arn(OUR_ACCOUNT));
        backup
    });
    let listing = Listing { backups: backups.collect(), complete: true };
    let mut world = World::new(Settings::default());
    let region = key(OWN).region;
    world.on(&region, naming(OWN), Moment::START, 0.5);
    world.on(&region, Input::Scanned(Ok(listing)), Moment::START, 0.5);
    world
}

fn naming(id: &str) -> Input {
    Input::Named(Names { backups: [key(id).id].into(), ..Names::default() })
}

fn look(case: &Case, world: &World, breaker: &Breaker, marked: &[&str]) -> Observed {
    let marked = marked.iter().map(|id| key(id)).collect();
    let lookout = Lookout { world, breaker, marked: &marked };
    gather(&case.desired, lookout, Moment::ZERO, &case.settings, case.now.tick)
}

#[test]
fn the_backup_itself_is_not_its_own_survivor() {
    let observed = look(&case().wish_deleted(true), &world(&[OWN]), &Breaker::default(), &[]);
    assert_eq!(observed.survivors, []);
    let observed = look(&case().wish_deleted(true), &world(&[OWN, OTHER]), &Breaker::default(), &[]);
    assert_eq!(observed.survivors, [(key(OTHER), Moment::START)]);
}

#[test]
fn a_backup_that_some_resource_deletes_is_no_survivor() {
    let observed = look(&case().removing(), &world(&[OWN, OTHER]), &Breaker::default(), &[OTHER]);
    assert_eq!(observed.survivors, []);
}

#[test]
fn a_backup_that_this_process_deletes_is_no_survivor_until_that_is_undone() {
    let mut breaker = Breaker::default();
    breaker.begin(key(OTHER), case().now.tick);
    let deleting = case().wish_deleted(true);
    assert_eq!(look(&deleting, &world(&[OWN, OTHER]), &breaker, &[]).survivors, []);
    breaker.undone(&key(OTHER));
    assert_eq!(look(&deleting, &world(&[OWN, OTHER]), &breaker, &[]).survivors.len(), 1);
}

#[test]
fn there_is_no_room_before_every_region_was_looked_at() {
    let case = case().wish_deleted(true);
    let mut world = world(&[OWN, OTHER]);
    assert_eq!(look(&case, &world, &Breaker::default(), &[]).room, Room::Free);
    let elsewhere = "eu-central-1".parse().unwrap();
    world.on(&elsewhere, naming(OTHER), Moment::START, 0.5);
    assert_eq!(look(&case, &world, &Breaker::default(), &[]).room, Room::Uncounted);
}

#[test]
fn what_is_gathered_leads_to_a_deletion() {
    let mut case = case().wish_deleted(true);
    let gathered = look(&case, &world(&[OWN, OTHER]), &Breaker::default(), &[]);
    case.observed = gathered;
    case = case.never_expires(Some(false));
    case.expect("Delete Applying deletion:open");
}
