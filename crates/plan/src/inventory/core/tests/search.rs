//! Searches for the copies of backups of another region, as scripts.

use super::*;
use crate::model::Source;

pub(super) fn source(number: usize) -> BackupKey {
    BackupKey { region: "eu-west-1".parse().unwrap(), id: id(number) }
}

pub(super) fn sources(numbers: std::ops::Range<usize>) -> BTreeSet<BackupKey> {
    numbers.map(source).collect()
}

/// Names the sources, and seeks copies of those of `sought`.
pub(super) fn seeking(sources: &BTreeSet<BackupKey>, sought: &BTreeSet<BackupKey>) -> Input {
    Input::Named(Names { sources: sources.clone(), sought: sought.clone(), ..Names::default() })
}

pub(super) fn searching(number: usize, since: Moment) -> Input {
    Input::Ask { topic: Topic::CopiesOf(source(number)), since }
}

/// A copy of the source `of`.
pub(super) fn copy(number: usize, of: usize) -> Backup {
    let mut copy = Backup::new(id(number), BackupState::Ready);
    let source = source(of);
    copy.source = Some(Source { region: Some(source.region), backup: Some(source.id), cluster: None });
    copy
}

fn all_of(backups: Vec<Backup>) -> Listing {
    Listing { backups, complete: true }
}

fn searches(actions: &[Action]) -> Vec<BTreeSet<BackupKey>> {
    let queries = actions.iter().filter_map(|action| match action {
        Action::Lookup(Query::CopiesOf(sources)) => Some(sources.iter().cloned().collect()),
        _ => None,
    });
    queries.collect()
}

pub(super) fn found(core: &Core, of: usize) -> Vec<BackupId> {
    core.copies(&source(of)).into_iter().map(|(copy, _)| copy.id.clone()).collect()
}

/// A region without backups, in which copies of the source 0 are of interest, scanned from 0 to 1.
fn watching(known: Vec<Backup>) -> Core {
    let mut core = Core::new(&Settings::default());
    assert_eq!(core.on(seeking(&sources(0..1), &sources(0..0)), at(0), 0.5), [Action::Scan]);
    core.on(Input::Scanned(Ok(all_of(known))), at(1), 0.5);
    core
}

/// Runs the next scan; it shows `known`.
fn scan(core: &mut Core, known: Vec<Backup>) -> (Vec<Action>, Moment) {
    let due = core.wakes_at().unwrap();
    assert!(core.on(Input::Tick, due, 0.5).contains(&Action::Scan));
    (core.on(Input::Scanned(Ok(all_of(known))), due.after(LATENCY), 0.5), due)
}

#[test]
fn a_first_search_awaits_the_first_scan_and_then_takes_one_lookup() {
    let mut core = Core::new(&Settings::default());
    core.on(seeking(&sources(0..1), &sources(0..0)), at(0), 0.5);
    assert_eq!(core.on(searching(0, at(0)), at(0), 0.5), []);
    let actions = core.on(Input::Scanned(Ok(all_of(Vec::new()))), at(1), 0.5);
    assert_eq!(searches(&actions), [sources(0..1)]);
    assert_eq!(core.search(&source(0), at(0)), Search::Pending, "a scan alone is no search");
    let actions = core.on(Input::LookedUp(Ok(all_of(Vec::new()))), at(2), 0.5);
    assert_eq!(woken(&actions), [Topic::CopiesOf(source(0))].into());
    assert_eq!(core.search(&source(0), at(0)), Search::Done { began: at(1) });
    assert_eq!(core.search(&source(0), at(2)), Search::Pending, "not for a newer question");
    assert_eq!(found(&core, 0), []);
}

#[test]
fn without_a_scan_no_search_is_done_and_the_next_scan_is_hastened() {
    let mut core = Core::new(&Settings::default());
    core.on(seeking(&sources(0..1), &sources(0..0)), at(0), 0.5);
    core.on(searching(0, at(0)), at(0), 0.5);
    for second in 1..200 {
        core.on(Input::Scanned(Err(failure(ErrorClass::Throttled))), at(second), 0.5);
        core.on(Input::Tick, at(second), 0.5);
    }
    core.on(Input::LookedUp(Ok(all_of(Vec::new()))), at(200), 0.5);
    assert_eq!(core.search(&source(0), at(0)), Search::Unclear(failure(ErrorClass::Throttled)));
    assert!(core.wakes_at().unwrap() > at(230), "it has failed often");
    assert_eq!(searches(&core.on(searching(0, at(0)), at(200), 0.5)), [], "no lookup would help");
    assert_eq!(core.wakes_at(), Some(at(230)));
    let (actions, _) = scan(&mut core, Vec::new());
    assert!(woken(&actions).contains(&Topic::CopiesOf(source(0))), "whoever waits asks again");
    assert_eq!(searches(&core.on(searching(0, at(0)), at(240), 0.5)), [sources(0..1)], "now it does");
    core.on(Input::LookedUp(Ok(all_of(Vec::new()))), at(241), 0.5);
    assert_eq!(core.search(&source(0), at(0)), Search::Done { began: at(240) });
}

#[test]
fn a_source_that_aws_does_not_know_has_no_copies() {
    let mut core = watching(Vec::new());
    core.on(searching(0, at(2)), at(2), 0.5);
    let actions = core.on(Input::LookedUp(Err(failure(ErrorClass::NotFound))), at(3), 0.5);
    assert_eq!(woken(&actions), [Topic::CopiesOf(source(0))].into());
    assert_eq!(core.search(&source(0), at(2)), Search::Done { began: at(2) });
}

#[test]
fn a_search_that_failed_says_why_and_is_repeated() {
    let mut core = watching(Vec::new());
    core.on(searching(0, at(2)), at(2), 0.5);
    let actions = core.on(Input::LookedUp(Err(failure(ErrorClass::AccessDenied))), at(3), 0.5);
    assert_eq!(woken(&actions), [Topic::CopiesOf(source(0))].into());
    assert_eq!(core.search(&source(0), at(2)), Search::Unclear(failure(ErrorClass::AccessDenied)));
    assert_eq!(core.sight(&id(0), at(2)), Sight::Pending, "it says nothing of lookups by id");
    let again = core.wakes_at().unwrap();
    assert_eq!(searches(&core.on(Input::Tick, again, 0.5)), [sources(0..1)]);
    core.on(Input::LookedUp(Ok(all_of(Vec::new()))), again.after(LATENCY), 0.5);
    assert_eq!(core.search(&source(0), at(2)), Search::Done { began: again });
}

#[test]
fn an_answer_that_cannot_be_read_in_full_shows_copies_and_proves_nothing() {
    let mut core = watching(Vec::new());
    core.on(searching(0, at(2)), at(2), 0.5);
    let partial = Listing { backups: vec![copy(7, 0)], complete: false };
    let actions = core.on(Input::LookedUp(Ok(partial)), at(3), 0.5);
    assert_eq!(woken(&actions), [Topic::Backup(id(7)), Topic::CopiesOf(source(0))].into());
    assert_eq!(searches(&actions), [], "it is not asked in a loop");
    assert!(matches!(core.search(&source(0), at(2)), Search::Unclear(_)));
    assert_eq!(found(&core, 0), [id(7)]);
}

#[test]
fn a_question_about_the_future_waits_for_its_time() {
    let mut core = watching(Vec::new());
    assert_eq!(core.on(searching(0, at(60)), at(2), 0.5), []);
    assert_eq!(core.wakes_at(), Some(at(60)));
    assert_eq!(searches(&core.on(Input::Tick, at(60), 0.5)), [sources(0..1)]);
}

#[test]
fn a_copy_that_appears_or_disappears_in_a_scan_wakes_whom_its_source_concerns() {
    let mut core = watching(Vec::new());
    let news = BTreeSet::from([Topic::Backup(id(7)), Topic::CopiesOf(source(0))]);
    assert_eq!(woken(&scan(&mut core, vec![copy(7, 0)]).0), news);
    assert_eq!(found(&core, 0), [id(7)]);
    assert_eq!(woken(&scan(&mut core, vec![copy(7, 0)]).0), [].into());
    assert_eq!(woken(&scan(&mut core, Vec::new()).0), news);
    assert_eq!(found(&core, 0), []);
}

#[test]
fn a_copy_that_does_not_tell_the_region_of_its_source_concerns_every_namesake() {
    let mut core = watching(Vec::new());
    let namesake = BackupKey { region: "us-east-1".parse().unwrap(), id: id(0) };
    let sources = [source(0), source(1), namesake.clone()].into();
    core.on(seeking(&sources, &BTreeSet::new()), at(2), 0.5);
    let mut perhaps = copy(7, 0);
    perhaps.source = Some(Source { region: None, backup: Some(id(0)), cluster: None });
    let (actions, _) = scan(&mut core, vec![perhaps]);
    let concerned = [Topic::Backup(id(7)), Topic::CopiesOf(source(0)), Topic::CopiesOf(namesake.clone())];
    assert_eq!(woken(&actions), concerned.into());
    assert_eq!((found(&core, 0), found(&core, 1)), (vec![id(7)], vec![]));
    assert_eq!(core.copies(&namesake).len(), 1);
}

#[test]
fn a_copy_that_is_gone_is_searched_for_anew() {
    let mut core = watching(vec![copy(7, 0)]);
    core.on(searching(0, at(2)), at(2), 0.5);
    core.on(Input::LookedUp(Ok(all_of(vec![copy(7, 0)]))), at(3), 0.5);
    assert_eq!(core.search(&source(0), at(0)), Search::Done { began: at(2) });
    let (_, scanned) = scan(&mut core, Vec::new());
    assert_eq!(core.search(&source(0), at(0)), Search::Pending, "the old search has seen it");
    let now = scanned.after(LATENCY * 2);
    assert_eq!(searches(&core.on(searching(0, at(0)), now, 0.5)), [sources(0..1)]);
    core.on(Input::LookedUp(Ok(all_of(Vec::new()))), now.after(LATENCY), 0.5);
    assert_eq!(core.search(&source(0), at(0)), Search::Done { began: now });
}

#[test]
fn after_a_mass_disappearance_a_search_awaits_a_second_scan() {
    let mut core = watching((5..10).map(|number| copy(number, 0)).collect());
    let (_, lost) = scan(&mut core, Vec::new());
    let now = lost.after(LATENCY * 2);
    core.on(searching(0, now), now, 0.5);
    core.on(Input::LookedUp(Ok(all_of(Vec::new()))), now.after(LATENCY), 0.5);
    assert_eq!(core.search(&source(0), now), Search::Pending);
    assert_eq!(searches(&core.on(searching(0, now), now.after(LATENCY), 0.5)), [], "no lookup would help");
    let (actions, again) = scan(&mut core, Vec::new());
    assert!(again.since(now) <= Duration::from_secs(30));
    assert_eq!(woken(&actions), [Topic::CopiesOf(source(0))].into(), "whoever waits asks again");
    let now = again.after(LATENCY * 2);
    assert_eq!(searches(&core.on(searching(0, now), now, 0.5)), [sources(0..1)]);
    core.on(Input::LookedUp(Ok(all_of(Vec::new()))), now.after(LATENCY), 0.5);
    assert_eq!(core.search(&source(0), now), Search::Done { began: now });
}

#[test]
fn a_region_that_is_named_for_copies_alone_is_looked_at_until_it_is_not() {
    let mut core = watching(Vec::new());
    assert!(core.wakes_at().is_some());
    assert_eq!(core.on(seeking(&sources(0..0), &sources(0..0)), at(2), 0.5), []);
    assert_eq!(core.wakes_at(), None);
}

#[test]
fn trouble_concerns_whoever_waits_for_copies_too() {
    let mut core = Core::new(&Settings::default());
    core.on(seeking(&sources(0..2), &sources(0..0)), at(0), 0.5);
    let actions = core.on(Input::Scanned(Err(failure(ErrorClass::Unreachable))), at(1), 0.5);
    assert_eq!(woken(&actions), sources(0..2).into_iter().map(Topic::CopiesOf).collect());
    assert_eq!(core.search(&source(0), at(9)), Search::Unclear(failure(ErrorClass::Unreachable)));
}
