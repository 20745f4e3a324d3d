//! The inventory of one region as scripts: inputs in, actions out.

mod driver;
mod odd;
mod search;

use super::*;
use crate::model::Backup;

const LATENCY: Duration = Duration::from_millis(200);

fn at(seconds: u64) -> Moment {
    Moment::from_start(Duration::from_secs(seconds))
}

fn id(number: usize) -> BackupId {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_usize.pow(place) % 26).unwrap());
    format!("backup-xxxxxxxx{}{}{}", letter(2), letter(1), letter(0)).parse().unwrap()
}

fn ids(numbers: std::ops::Range<usize>) -> BTreeSet<BackupId> {
    numbers.map(id).collect()
}

fn listing(ids: &BTreeSet<BackupId>) -> Listing {
    let backups = ids.iter().map(|id| Backup::new(id.clone(), BackupState::Ready)).collect();
    Listing { backups, complete: true }
}

fn failure(class: ErrorClass) -> Failure {
    Failure::new(class, "Failed")
}

fn present(core: &Core, id: &BackupId, since: Moment) -> bool {
    matches!(core.sight(id, since), Sight::Present { .. })
}

fn absent(core: &Core, id: &BackupId, since: Moment) -> bool {
    matches!(core.sight(id, since), Sight::Absent { .. })
}

fn naming(backups: &BTreeSet<BackupId>) -> Input {
    Input::Named(Names { backups: backups.clone(), ..Names::default() })
}

fn asking(id: &BackupId, since: Moment) -> Input {
    Input::Ask { topic: Topic::Backup(id.clone()), since }
}

fn topics(ids: &BTreeSet<BackupId>) -> BTreeSet<Topic> {
    ids.iter().cloned().map(Topic::Backup).collect()
}

fn woken(actions: &[Action]) -> BTreeSet<Topic> {
    let changed = actions.iter().filter_map(|action| match action {
        Action::Changed(topics) => Some(topics.clone()),
        _ => None,
    });
    changed.flatten().collect()
}

fn lookups(actions: &[Action]) -> Vec<BTreeSet<BackupId>> {
    let queries = actions.iter().filter_map(|action| match action {
        Action::Lookup(Query::Ids(ids)) => Some(ids.iter().cloned().collect()),
        _ => None,
    });
    queries.collect()
}

/// An inventory whose first scan, begun at 0 and ended at 1, showed `known`.
fn scanned(named: &BTreeSet<BackupId>, known: &BTreeSet<BackupId>) -> (Core, Vec<Action>) {
    let mut core = Core::new(&Settings::default());
    assert_eq!(core.on(naming(named), at(0), 0.5), [Action::Scan]);
    let actions = core.on(Input::Scanned(Ok(listing(known))), at(1), 0.5);
    (core, actions)
}

#[test]
fn at_start_the_first_scan_is_awaited() {
    let mut core = Core::new(&Settings::default());
    assert_eq!(core.wakes_at(), None, "nothing is looked at that nobody names");
    assert_eq!(core.on(naming(&ids(0..3)), at(0), 0.5), [Action::Scan]);
    assert_eq!(core.on(asking(&id(0), at(0)), at(0), 0.5), []);
    assert_eq!(core.wakes_at(), None, "it waits for the answer");
    assert!(!core.looked_once());
    assert_eq!(core.sight(&id(0), at(0)), Sight::Pending);
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..2)))), at(1), 0.5);
    assert_eq!(woken(&actions), topics(&ids(0..3)), "whoever waited is woken");
    assert!(core.looked_once() && present(&core, &id(0), at(0)));
}

#[test]
fn a_question_that_the_first_scan_answers_costs_no_lookup() {
    let mut core = Core::new(&Settings::default());
    core.on(naming(&ids(0..3)), at(0), 0.5);
    for number in 0..3 {
        core.on(asking(&id(number), at(0)), at(0), 0.5);
    }
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..3)))), at(1), 0.5);
    assert_eq!(lookups(&actions), []);
}

#[test]
fn after_a_first_scan_that_failed_lookups_go_out_all_the_same() {
    let mut core = Core::new(&Settings::default());
    core.on(naming(&ids(0..1)), at(0), 0.5);
    core.on(asking(&id(0), at(0)), at(0), 0.5);
    let actions = core.on(Input::Scanned(Err(failure(ErrorClass::Throttled))), at(1), 0.5);
    assert_eq!(lookups(&actions), [ids(0..1)]);
    assert_eq!(core.trouble(), Some(&failure(ErrorClass::Throttled)), "a region never seen has no credit");
    assert_eq!(core.sight(&id(0), at(0)), Sight::Unclear(failure(ErrorClass::Throttled)));
}

#[test]
fn lookups_go_out_at_once_one_at_a_time_and_fifty_ids_a_call() {
    let (mut core, _) = scanned(&ids(0..120), &ids(0..120));
    let first = core.on(asking(&id(7), at(10)), at(10), 0.5);
    assert_eq!(lookups(&first), [ids(7..8)]);
    for number in 0..120 {
        let actions = core.on(asking(&id(number), at(11)), at(11), 0.5);
        assert_eq!(lookups(&actions), [], "one is under way");
    }
    let mut sizes = Vec::new();
    let mut asked = ids(7..8);
    for second in 12.. {
        let actions = core.on(Input::LookedUp(Ok(listing(&asked))), at(second), 0.5);
        let next = lookups(&actions);
        assert!(next.len() <= 1);
        let Some(batch) = next.into_iter().next() else { break };
        sizes.push(batch.len());
        asked = batch;
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert!(ids(0..120).iter().all(|id| present(&core, id, at(11))));
}

#[test]
fn a_look_that_began_before_the_question_does_not_answer_it() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    core.on(asking(&id(0), at(10)), at(10), 0.5);
    core.on(asking(&id(0), at(11)), at(11), 0.5);
    let actions = core.on(Input::LookedUp(Ok(listing(&ids(0..1)))), at(12), 0.5);
    assert!(present(&core, &id(0), at(10)) && !present(&core, &id(0), at(11)));
    assert_eq!(lookups(&actions), [ids(0..1)], "it is asked again");
}

#[test]
fn a_question_about_the_future_waits_for_its_time() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    assert_eq!(core.on(asking(&id(0), at(60)), at(10), 0.5), []);
    assert_eq!(core.wakes_at(), Some(at(60)));
    assert_eq!(lookups(&core.on(Input::Tick, at(60), 0.5)), [ids(0..1)]);
}

#[test]
fn a_question_about_the_future_does_not_keep_one_about_now_waiting() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    core.on(asking(&id(0), at(200)), at(10), 0.5);
    let actions = core.on(asking(&id(0), at(11)), at(11), 0.5);
    assert_eq!(lookups(&actions), [ids(0..1)]);
    core.on(Input::LookedUp(Ok(listing(&ids(0..1)))), at(12), 0.5);
    assert_eq!(lookups(&core.on(Input::Tick, at(200), 0.5)), [ids(0..1)], "and is not forgotten for it");
}

#[test]
fn a_batch_with_an_unknown_id_is_halved_until_that_id_stands_alone() {
    let (mut core, _) = scanned(&ids(0..50), &ids(0..50));
    let bad = id(13);
    for number in 0..50 {
        core.on(asking(&id(number), at(10)), at(9), 0.5);
    }
    let mut queue = lookups(&core.on(Input::Tick, at(10), 0.5));
    let mut calls = Vec::new();
    let mut second = 10;
    while let Some(batch) = queue.pop() {
        calls.push(batch.len());
        assert!(calls.len() <= 13, "halving 50 takes two calls a level: {calls:?}");
        second += 1;
        let answer =
            if batch.contains(&bad) { Err(failure(ErrorClass::NotFound)) } else { Ok(listing(&batch)) };
        queue = lookups(&core.on(Input::LookedUp(answer), at(second), 0.5));
    }
    assert!(ids(0..50).iter().filter(|id| **id != bad).all(|id| present(&core, id, at(10))));
    assert_eq!(core.trouble(), None, "an unknown id is no trouble of the region");
    // From now on it travels alone.
    for number in 0..50 {
        core.on(asking(&id(number), at(100)), at(99), 0.5);
    }
    let others: BTreeSet<_> = ids(0..50).into_iter().filter(|id| *id != bad).collect();
    assert_eq!(lookups(&core.on(Input::Tick, at(100), 0.5)), std::slice::from_ref(&others));
    let actions = core.on(Input::LookedUp(Ok(listing(&others))), at(101), 0.5);
    assert_eq!(lookups(&actions), [ids(13..14)]);
}

#[test]
fn a_batch_that_aws_finds_too_long_is_asked_for_in_shorter_ones_from_then_on() {
    let (mut core, _) = scanned(&ids(0..50), &ids(0..50));
    let mut sizes = Vec::new();
    for (asked, mut second) in [(10, 10), (100, 100)] {
        for number in 0..50 {
            core.on(asking(&id(number), at(asked)), at(asked - 1), 0.5);
        }
        let mut queue = lookups(&core.on(Input::Tick, at(asked), 0.5));
        while let Some(batch) = queue.pop() {
            sizes.push(batch.len());
            assert!(sizes.len() < 20, "it does not come to an end");
            second += 1;
            let answer =
                if batch.len() > 20 { Err(failure(ErrorClass::Invalid)) } else { Ok(listing(&batch)) };
            queue = lookups(&core.on(Input::LookedUp(answer), at(second), 0.5));
        }
        assert!(ids(0..50).iter().all(|id| present(&core, id, at(asked))));
    }
    assert_eq!(sizes, [50, 25, 12, 12, 12, 12, 2, 12, 12, 12, 12, 2]);
    // One alone cannot be too long: that it is invalid is a failure, and there is no hurry.
    core.on(asking(&id(0), at(200)), at(200), 0.5);
    let actions = core.on(Input::LookedUp(Err(failure(ErrorClass::Invalid))), at(201), 0.5);
    assert_eq!(lookups(&actions), []);
    assert_eq!(core.sight(&id(0), at(200)), Sight::Unclear(failure(ErrorClass::Invalid)));
}

#[test]
fn not_found_after_a_scan_that_missed_it_is_absent() {
    let (mut core, actions) = scanned(&ids(0..1), &ids(5..6));
    assert_eq!(lookups(&actions), [ids(0..1)], "a named backup that the scan missed is looked up");
    let actions = core.on(Input::LookedUp(Err(failure(ErrorClass::NotFound))), at(2), 0.5);
    assert!(absent(&core, &id(0), at(1)));
    assert_eq!(woken(&actions), topics(&ids(0..1)));
    assert_eq!(lookups(&actions), []);
}

#[test]
fn one_scan_that_fails_is_not_worth_a_word_and_two_are_trouble() {
    let (mut core, _) = scanned(&ids(0..3), &ids(0..3));
    let due = core.wakes_at().unwrap();
    assert_eq!(core.on(Input::Tick, due, 0.5), [Action::Scan]);
    let failed = || Input::Scanned(Err(failure(ErrorClass::Unreachable)));
    assert_eq!(core.failing(), None);
    assert_eq!(core.on(failed(), due, 0.5), []);
    assert_eq!((core.trouble(), core.failing()), (None, Some((&failure(ErrorClass::Unreachable), 1))));
    let again = core.wakes_at().unwrap();
    assert!(again.since(due) <= Duration::from_secs(5), "sooner than the next poll");
    assert_eq!(core.on(Input::Tick, again, 0.5), [Action::Scan]);
    assert_eq!(woken(&core.on(failed(), again, 0.5)), topics(&ids(0..3)));
    assert_eq!(core.trouble(), Some(&failure(ErrorClass::Unreachable)));
    assert!(present(&core, &id(0), at(0)), "what was seen is still known");
    let last = core.wakes_at().unwrap();
    assert!(last.since(again) > again.since(due), "ever later");
    assert_eq!(core.on(Input::Tick, last, 0.5), [Action::Scan]);
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..3)))), last.after(LATENCY), 0.5);
    assert_eq!(woken(&actions), topics(&ids(0..3)), "that it is over concerns all of them too");
    assert_eq!(core.trouble(), None);
}

#[test]
fn a_scan_that_cannot_be_right_removes_nothing_and_counts_as_failed() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    for _ in 0..2 {
        let due = core.wakes_at().unwrap();
        core.on(Input::Tick, due, 0.5);
        core.on(
            Input::Scanned(Ok(Listing { backups: Vec::new(), complete: false })),
            due.after(LATENCY),
            0.5,
        );
    }
    assert!(present(&core, &id(0), at(0)));
    assert_eq!(core.trouble().map(|trouble| trouble.class), Some(ErrorClass::Implausible));
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    assert_eq!(core.on(Input::Scanned(Ok(listing(&ids(0..0)))), at(2), 0.5), []);
    assert_eq!(core.on(Input::LookedUp(Ok(listing(&ids(0..0)))), at(2), 0.5), []);
    assert!(present(&core, &id(0), at(0)));
}

#[test]
fn a_scan_that_began_before_a_lookup_does_not_undo_what_the_lookup_saw() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    let due = core.wakes_at().unwrap();
    assert_eq!(core.on(Input::Tick, due, 0.5), [Action::Scan]);
    let asked = due.after(LATENCY);
    core.on(asking(&id(0), asked), asked, 0.5);
    let pending = Backup::new(id(0), BackupState::PendingDeletion);
    core.on(
        Input::LookedUp(Ok(Listing { backups: vec![pending], complete: true })),
        asked.after(LATENCY),
        0.5,
    );
    core.on(Input::Scanned(Ok(listing(&ids(0..1)))), asked.after(LATENCY * 2), 0.5);
    assert_eq!(
        core.snapshot().get(&id(0)).map(|backup| backup.state.clone()),
        Some(BackupState::PendingDeletion)
    );
}

#[test]
fn a_mass_disappearance_is_scanned_again_within_half_a_minute_before_it_is_believed() {
    let (mut core, _) = scanned(&ids(0..4), &ids(0..10));
    let due = core.wakes_at().unwrap();
    core.on(Input::Tick, due, 0.5);
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..0)))), due, 0.5);
    assert_eq!(lookups(&actions), [], "nothing can be concluded yet");
    assert!(core.snapshot().is_doubted() && !absent(&core, &id(0), at(0)));
    let again = core.wakes_at().unwrap();
    assert!(again.since(due) <= Duration::from_secs(30));
    assert_eq!(core.on(Input::Tick, again, 0.5), [Action::Scan]);
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..0)))), again.after(LATENCY), 0.5);
    assert_eq!(lookups(&actions), [ids(0..4)], "now it can");
    core.on(Input::LookedUp(Ok(listing(&ids(0..0)))), again.after(LATENCY * 2), 0.5);
    assert!(absent(&core, &id(0), at(0)));
}

#[test]
fn a_disappearance_that_was_an_error_leaves_no_trace() {
    let (mut core, _) = scanned(&ids(0..4), &ids(0..10));
    for known in [ids(0..0), ids(0..10)] {
        let due = core.wakes_at().unwrap();
        core.on(Input::Tick, due, 0.5);
        core.on(Input::Scanned(Ok(listing(&known))), due.after(LATENCY), 0.5);
    }
    assert!(!core.snapshot().is_doubted() && present(&core, &id(0), at(0)));
}

#[test]
fn a_region_that_nobody_names_any_more_is_left_alone() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    assert_eq!(core.on(naming(&ids(0..0)), at(2), 0.5), []);
    assert_eq!(core.wakes_at(), None);
    assert_eq!(core.on(Input::Tick, at(9999), 0.5), []);
    assert_eq!(core.on(naming(&ids(0..1)), at(9999), 0.5), [Action::Scan], "until somebody does");
}

#[test]
fn whoever_waits_for_a_lookup_is_woken_when_a_scan_answers_first() {
    let ((mut core, _), now) = (scanned(&ids(0..1), &ids(0..1)), at(2));
    core.on(asking(&id(0), now), now, 0.5);
    core.on(Input::LookedUp(Err(failure(ErrorClass::Transient))), now.after(LATENCY), 0.5);
    let due = now.after(Duration::from_hours(1));
    core.on(Input::Tick, due, 0.5);
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..1)))), due.after(LATENCY), 0.5);
    assert_eq!(woken(&actions), topics(&ids(0..1)), "the backup itself has not changed");
    assert!(present(&core, &id(0), now));
}

#[test]
fn whoever_waits_for_a_scan_is_woken_by_it_though_it_shows_nothing_new() {
    let (mut core, _) = scanned(&ids(0..1), &ids(0..1));
    core.on(asking(&id(0), at(10)), at(10), 0.5);
    core.on(Input::LookedUp(Ok(listing(&ids(0..0)))), at(11), 0.5);
    assert_eq!(core.on(asking(&id(0), at(10)), at(11), 0.5), [], "another lookup would settle nothing");
    let due = core.wakes_at().unwrap();
    assert!(due <= at(41), "a scan does, and soon");
    core.on(Input::Tick, due, 0.5);
    let actions = core.on(Input::Scanned(Ok(listing(&ids(0..1)))), due.after(LATENCY), 0.5);
    assert_eq!(woken(&actions), topics(&ids(0..1)));
    assert!(present(&core, &id(0), at(10)));
}
