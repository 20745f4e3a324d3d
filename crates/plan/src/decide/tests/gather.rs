//! What one reconcile gets to see: the backups that may count as survivors, and the count of deletions.

use super::*;
use crate::{
    decide::{Demand, Lookout, gather},
    deletion::{Breaker, LastBackup, judge},
    inventory::{Input, Listing, Names, World},
};

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
    let lookout = Lookout { world, requests: &case.requests, breaker, marked: &marked };
    gather(&case.desired, &case.ledger, lookout, &Demand::default(), &case.settings, case.now.tick)
}

/// Whether the rule of the last backup lets the backup go, and what survives it.
fn survivor(case: &Case, world: &World, breaker: &Breaker, marked: &[&str]) -> LastBackup {
    let observed = look(case, world, breaker, marked);
    judge(case.backup(), &case.desired.backup, &case.desired, &observed.survivors)
}

#[test]
fn the_backup_itself_is_not_its_own_survivor() {
    let held = LastBackup::Held(CLUSTER.to_owned());
    let free = Breaker::default();
    assert_eq!(survivor(&case().wish_deleted(true), &world(&[OWN]), &free, &[]), held);
    let other = LastBackup::Survivor(key(OTHER));
    assert_eq!(survivor(&case().wish_deleted(true), &world(&[OWN, OTHER]), &free, &[]), other);
}

#[test]
fn a_backup_that_some_resource_deletes_is_no_survivor() {
    let verdict = survivor(&case().removing(), &world(&[OWN, OTHER]), &Breaker::default(), &[OTHER]);
    assert_eq!(verdict, LastBackup::Held(CLUSTER.to_owned()));
}

#[test]
fn a_backup_that_this_process_deletes_is_no_survivor_until_that_is_undone() {
    let mut breaker = Breaker::default();
    breaker.begin(key(OTHER), case().now.tick);
    let deleting = || case().wish_deleted(true);
    let held = LastBackup::Held(CLUSTER.to_owned());
    assert_eq!(survivor(&deleting(), &world(&[OWN, OTHER]), &breaker, &[]), held);
    breaker.undone(&key(OTHER));
    let other = LastBackup::Survivor(key(OTHER));
    assert_eq!(survivor(&deleting(), &world(&[OWN, OTHER]), &breaker, &[]), other);
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

// Copies.

/// An empty region of which this was scanned, and in which copies of the backup are of interest.
fn copies_in(world: &mut World, name: &str, backups: Vec<Backup>) {
    let names = Names { sources: [key(OWN)].into(), ..Names::default() };
    world.on(&region(name), Input::Named(names), Moment::START, 0.5);
    let listing = Listing { backups, complete: true };
    world.on(&region(name), Input::Scanned(Ok(listing)), Moment::START, 0.5);
}

fn copy_of_ours(letter: char) -> Backup {
    let mut copy = Backup::new(id(letter), BackupState::Ready);
    copy.source = Some(Source {
        region: Some(key(OWN).region),
        backup: Some(key(OWN).id),
        cluster: Some(CLUSTER.parse().unwrap()),
    });
    copy
}

#[test]
fn a_region_is_looked_at_when_it_is_listed_on_record_or_may_get_a_copy() {
    let free = Breaker::default();
    let regions = |case: &Case| look(case, &world(&[OWN]), &free, &[]).copies.into_keys().collect::<Vec<_>>();
    assert_eq!(regions(&case()), []);
    assert_eq!(regions(&case().wish_copy(false)), [region(THERE)]);
    assert_eq!(regions(&case().wish_copy(true).lists(FAR, false)), [region(FAR), region(THERE)]);
    assert_eq!(regions(&case().on_record('a')), [region(THERE)]);
    let mut asked = case().asked(MINUTE);
    asked.ledger.copies.clear();
    assert_eq!(regions(&asked), [region(THERE)]);
    let there = look(&asked, &world(&[OWN]), &free, &[]).copies.remove(&region(THERE)).unwrap();
    assert!(there.open.is_some() && !there.looked);
}

#[test]
fn the_recorded_copy_and_all_others_are_seen() {
    let mut world = world(&[OWN]);
    let mut other = copy_of_ours('c');
    other.source.as_mut().unwrap().backup = Some(id('z'));
    copies_in(&mut world, THERE, vec![copy_of_ours('a'), copy_of_ours('b'), other]);
    let case = case().wish_copy(false).on_record('a');
    let seen = look(&case, &world, &Breaker::default(), &[]);
    let there = &seen.copies[&region(THERE)];
    assert!(there.looked);
    assert!(matches!(&there.recorded, Some(Sight::Present { backup, .. }) if backup.id == id('a')));
    let found: Vec<_> = there.found.iter().map(|(backup, _)| backup.id.clone()).collect();
    assert_eq!(found, [id('a'), id('b')]);
    assert_eq!(there.search, Search::Pending, "a scan alone is no search");
    assert_eq!(seen.copies_found(), [copy_key('a'), copy_key('b')].into());
}

#[test]
fn the_source_survives_its_copy_and_a_copy_its_source() {
    let mut world = world(&[OWN]);
    copies_in(&mut world, THERE, vec![copy_of_ours('a')]);
    let survives = |case: &Case, key: &BackupKey, marked: &[&str]| {
        let observed = look(case, &world, &Breaker::default(), marked);
        let backup = match observed.sight(&case.desired, key) {
            Some(Sight::Present { backup, .. }) => backup.clone(),
            sight => panic!("{sight:?}"),
        };
        judge(&backup, key, &case.desired, &observed.survivors)
    };
    let copy = case().wish_copy(true).on_record('a');
    assert_eq!(survives(&copy, &copy_key('a'), &[]), LastBackup::Survivor(key(OWN)));
    assert_eq!(survives(&copy, &copy_key('a'), &[OWN]), LastBackup::Held(CLUSTER.to_owned()));
    let source = case().wish_copy(false).on_record('a').wish_deleted(true);
    assert_eq!(survives(&source, &key(OWN), &[]), LastBackup::Survivor(copy_key('a')));
}

#[test]
fn a_demand_for_later_looks_at_copies_is_passed_on() {
    let (case, mut demand) = (case().wish_copy(false).on_record('a'), Demand::default());
    let (at, later) = (case.now.tick, case.now.tick.after(SECOND));
    demand.raise(&region(THERE), Topic::Backup(id('a')), at);
    demand.raise(&region(THERE), Topic::CopiesOf(key(OWN)), later);
    let (world, breaker, marked) = (world(&[OWN]), Breaker::default(), BTreeSet::new());
    let lookout = Lookout { world: &world, requests: &case.requests, breaker: &breaker, marked: &marked };
    let seen = gather(&case.desired, &case.ledger, lookout, &demand, &case.settings, at);
    let there = &seen.copies[&region(THERE)];
    assert_eq!((there.since, there.search_since), (at, later));
}

#[test]
fn a_recorded_copy_counts_as_found_though_aws_does_not_say_of_what_it_is_one() {
    let mut world = world(&[OWN]);
    copies_in(&mut world, THERE, vec![Backup::new(id('d'), BackupState::Ready)]);
    let case = case().wish_copy(false).on_record('d');
    let seen = look(&case, &world, &Breaker::default(), &[]);
    assert!(seen.copies[&region(THERE)].found.is_empty());
    assert_eq!(seen.copies_found(), [copy_key('d')].into());
}

#[test]
fn a_demand_of_all_looks_is_one_of_each() {
    let at = Moment::START.after(SECOND);
    assert_eq!(Demand::all(at).of(&region(THERE), Topic::CopiesOf(key(OWN))), at);
}

#[test]
fn a_deletion_that_a_later_look_shows_undone_leaves_a_survivor() {
    let mut breaker = Breaker::default();
    breaker.begin(key(OTHER), Moment::START.before(5 * MINUTE));
    let verdict = survivor(&case().wish_deleted(true), &world(&[OWN, OTHER]), &breaker, &[]);
    assert_eq!(verdict, LastBackup::Survivor(key(OTHER)));
}
