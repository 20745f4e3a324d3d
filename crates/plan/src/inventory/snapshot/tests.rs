//! What answers prove, in whatever order they come.

use std::time::Duration;

use super::*;
use crate::model::{BackupState, Source};

const HOME: &str = "eu-west-1";
const ABROAD: &str = "us-east-1";

fn at(second: u64) -> Moment {
    Moment::from_start(Duration::from_secs(second))
}

fn id(letter: char) -> BackupId {
    format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap()
}

fn listing(letters: &str, state: &BackupState) -> Listing {
    let backups = letters.chars().map(|letter| Backup::new(id(letter), state.clone())).collect();
    Listing { backups, complete: true }
}

fn ready(letters: &str) -> Listing {
    listing(letters, &BackupState::Ready)
}

fn lookup(letters: &str) -> Query {
    Query::Ids(letters.chars().map(id).collect())
}

/// What `news` are about, where copies of the source 's' and of its namesake elsewhere are of interest.
fn told(news: News) -> BTreeSet<Topic> {
    news.topics(&[source(HOME), source(ABROAD)].into())
}

fn state(snapshot: &Snapshot, letter: char) -> Option<BackupState> {
    snapshot.get(&id(letter)).map(|backup| backup.state.clone())
}

#[test]
fn the_look_that_began_later_wins_whichever_answer_comes_first() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_lookup(at(20), &lookup("a"), listing("a", &BackupState::PendingDeletion));
    assert_eq!(told(snapshot.merge_scan(at(10), ready("a"))), [].into());
    assert_eq!(state(&snapshot, 'a'), Some(BackupState::PendingDeletion));
}

#[test]
fn a_scan_does_not_remove_what_was_first_seen_after_it_began() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_lookup(at(20), &lookup("a"), ready("a"));
    snapshot.merge_scan(at(10), ready(""));
    assert_eq!(state(&snapshot, 'a'), Some(BackupState::Ready));
}

#[test]
fn absent_takes_a_scan_and_a_later_lookup() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_lookup(at(5), &lookup("a"), ready(""));
    assert_eq!(snapshot.sight(&id('a'), at(0)), None, "a lookup alone proves nothing");
    snapshot.merge_scan(at(10), ready(""));
    assert_eq!(snapshot.sight(&id('a'), at(0)), None, "nor a scan alone");
    let changed = snapshot.merge_lookup(at(11), &lookup("a"), ready(""));
    assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(11) }));
    assert_eq!(told(changed), [Topic::Backup(id('a'))].into());
}

#[test]
fn a_backup_that_a_scan_shows_is_not_absent_because_one_lookup_misses_it() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready("a"));
    snapshot.merge_lookup(at(11), &lookup("a"), ready(""));
    assert!(matches!(snapshot.sight(&id('a'), at(0)), Some(Sight::Present { .. })));
}

#[test]
fn an_incomplete_listing_adds_and_never_removes() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready("a"));
    snapshot.merge_scan(at(20), Listing { complete: false, ..ready("b") });
    assert!(state(&snapshot, 'a').is_some() && state(&snapshot, 'b').is_some());
    assert_eq!(snapshot.scanned(), Some(at(10)));
}

#[test]
fn what_is_seen_again_is_absent_no_more() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready(""));
    snapshot.merge_lookup(at(11), &lookup("a"), ready(""));
    snapshot.merge_scan(at(20), ready("a"));
    assert!(matches!(snapshot.sight(&id('a'), at(0)), Some(Sight::Present { .. })));
    // And the answer to an older call does not bring back what a newer one missed.
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready(""));
    snapshot.merge_lookup(at(30), &lookup("a"), ready(""));
    snapshot.merge_lookup(at(20), &lookup("a"), ready("a"));
    assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(30) }));
}

#[test]
fn after_a_mass_disappearance_nothing_is_absent_until_a_second_scan() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready("abcd"));
    snapshot.merge_scan(at(20), ready(""));
    assert!(snapshot.is_doubted());
    snapshot.merge_lookup(at(21), &lookup("a"), ready(""));
    assert_eq!(snapshot.sight(&id('a'), at(0)), None);
    snapshot.merge_scan(at(30), ready(""));
    snapshot.merge_lookup(at(31), &lookup("a"), ready(""));
    assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(31) }));
}

#[test]
fn an_older_look_does_not_satisfy_a_newer_question() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready("a"));
    assert_eq!(snapshot.sight(&id('a'), at(11)), None);
    snapshot.merge_lookup(at(11), &lookup("a"), ready("a"));
    assert!(snapshot.sight(&id('a'), at(11)).is_some());
}

/// The backup 's' of `region`.
fn source(region: &str) -> BackupKey {
    BackupKey { region: region.parse().unwrap(), id: id('s') }
}

/// Copies of the backup 's' of `region`, or of a region that AWS does not tell.
fn copies(letters: &str, region: Option<&str>) -> Listing {
    let source =
        Source { region: region.map(|region| region.parse().unwrap()), backup: Some(id('s')), cluster: None };
    let mut listing = ready(letters);
    for backup in &mut listing.backups {
        backup.source = Some(source.clone());
    }
    listing
}

fn and(mut one: Listing, other: Listing) -> Listing {
    one.backups.extend(other.backups);
    one
}

fn search() -> Query {
    Query::CopiesOf(vec![source(HOME)])
}

fn found(snapshot: &Snapshot, region: &str) -> Vec<BackupId> {
    snapshot.copies_of(&source(region)).map(|(backup, _)| backup.id.clone()).collect()
}

#[test]
fn copies_are_found_by_the_region_and_the_id_of_their_source_in_whatever_state() {
    let mut snapshot = Snapshot::default();
    let mut deleted = copies("b", Some(HOME));
    deleted.backups[0].state = BackupState::Deleted;
    let listing = and(and(copies("c", Some(HOME)), deleted), and(copies("d", Some(ABROAD)), ready("ae")));
    snapshot.merge_scan(at(10), listing);
    assert_eq!(found(&snapshot, HOME), [id('b'), id('c')]);
    assert_eq!(found(&snapshot, ABROAD), [id('d')]);
    assert!(snapshot.copies_of(&source(HOME)).all(|(_, seen)| seen == at(10)));
}

#[test]
fn a_copy_without_a_source_region_may_be_one_of_any() {
    let mut snapshot = Snapshot::default();
    let news = snapshot.merge_scan(at(10), copies("b", None));
    let all = [Topic::Backup(id('b')), Topic::CopiesOf(source(HOME)), Topic::CopiesOf(source(ABROAD))];
    assert_eq!(told(news), all.clone().into());
    assert_eq!(found(&snapshot, HOME), [id('b')]);
    assert_eq!(found(&snapshot, ABROAD), [id('b')]);
    assert_eq!(told(snapshot.merge_scan(at(20), ready(""))), all.into());
    assert_eq!(found(&snapshot, HOME), []);
}

#[test]
fn a_copy_that_comes_changes_or_goes_is_news_of_its_source() {
    let mut snapshot = Snapshot::default();
    let news = || BTreeSet::from([Topic::Backup(id('b')), Topic::CopiesOf(source(HOME))]);
    assert_eq!(told(snapshot.merge_scan(at(10), copies("b", Some(HOME)))), news());
    assert_eq!(told(snapshot.merge_scan(at(20), copies("b", Some(HOME)))), [].into(), "nothing changed");
    let mut pending = copies("b", Some(HOME));
    pending.backups[0].state = BackupState::PendingDeletion;
    assert_eq!(told(snapshot.merge_scan(at(30), pending)), news());
    assert_eq!(told(snapshot.merge_scan(at(40), ready(""))), news());
}

#[test]
fn a_copy_that_turns_out_to_be_one_of_another_source_is_news_of_both() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), copies("b", Some(HOME)));
    let news = snapshot.merge_scan(at(20), copies("b", Some(ABROAD)));
    let both = [Topic::Backup(id('b')), Topic::CopiesOf(source(HOME)), Topic::CopiesOf(source(ABROAD))];
    assert_eq!(told(news), both.into());
    assert_eq!((found(&snapshot, HOME), found(&snapshot, ABROAD)), (vec![], vec![id('b')]));
}

#[test]
fn a_search_takes_a_scan_and_a_later_lookup() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_lookup(at(5), &search(), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), None, "a lookup alone proves nothing");
    snapshot.merge_scan(at(10), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), None, "nor a scan alone");
    snapshot.merge_lookup(at(10), &search(), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), None, "nor a lookup that is no later");
    snapshot.merge_lookup(at(12), &search(), ready(""));
    snapshot.merge_lookup(at(11), &search(), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(12)), Some(at(12)), "the later of two counts");
    assert_eq!(snapshot.search(&source(HOME), at(13)), None, "not for a newer question");
    assert_eq!(snapshot.search(&source(ABROAD), at(0)), None, "not for another source");
}

#[test]
fn a_search_that_was_not_answered_in_full_does_not_count_but_what_it_shows_does() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready(""));
    snapshot.merge_lookup(at(11), &search(), Listing { complete: false, ..copies("b", Some(HOME)) });
    assert_eq!(snapshot.search(&source(HOME), at(0)), None);
    assert_eq!(found(&snapshot, HOME), [id('b')]);
}

#[test]
fn a_copy_that_a_scan_shows_is_there_though_a_search_misses_it() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), copies("b", Some(HOME)));
    snapshot.merge_lookup(at(11), &search(), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), Some(at(11)));
    assert_eq!(found(&snapshot, HOME), [id('b')]);
}

#[test]
fn a_search_that_knew_of_a_copy_does_not_count_once_the_copy_is_gone() {
    for region in [Some(HOME), None] {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), copies("b", region));
        snapshot.merge_lookup(at(11), &search(), copies("b", region));
        assert_eq!(snapshot.search(&source(HOME), at(0)), Some(at(11)));
        snapshot.merge_scan(at(20), ready(""));
        assert_eq!(snapshot.search(&source(HOME), at(0)), None, "that takes a later one");
        snapshot.merge_lookup(at(21), &search(), ready(""));
        assert_eq!(snapshot.search(&source(HOME), at(0)), Some(at(21)));
    }
}

#[test]
fn a_copy_that_no_longer_says_of_what_is_not_taken_to_be_gone_by_an_old_search() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), copies("b", Some(HOME)));
    snapshot.merge_lookup(at(11), &search(), copies("b", Some(HOME)));
    snapshot.merge_scan(at(20), ready("b"));
    assert_eq!((snapshot.search(&source(HOME), at(0)), found(&snapshot, HOME)), (None, vec![]));
}

#[test]
fn after_a_mass_disappearance_no_search_counts_until_a_second_scan() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready("abcd"));
    snapshot.merge_lookup(at(11), &search(), ready(""));
    snapshot.merge_scan(at(20), ready(""));
    assert!(snapshot.is_doubted() && !snapshot.is_credible());
    assert_eq!(snapshot.search(&source(HOME), at(0)), None, "nor an older one");
    snapshot.merge_lookup(at(21), &search(), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), None);
    snapshot.merge_scan(at(30), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), None, "the lookup has to be later");
    snapshot.merge_lookup(at(31), &search(), ready(""));
    assert_eq!(snapshot.search(&source(HOME), at(0)), Some(at(31)));
}

#[test]
fn verdicts_about_what_nobody_names_are_forgotten() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_scan(at(10), ready(""));
    snapshot.merge_lookup(at(11), &search(), ready(""));
    snapshot.merge_lookup(at(12), &lookup("a"), ready(""));
    let named = Names { backups: [id('a')].into(), sources: [source(HOME)].into(), ..Names::default() };
    snapshot.forget_verdicts_but(&named);
    assert!(snapshot.search(&source(HOME), at(0)).is_some() && !snapshot.is_open(&id('a')));
    snapshot.forget_verdicts_but(&Names::default());
    assert!(snapshot.search(&source(HOME), at(0)).is_none() && snapshot.is_open(&id('a')));
}

#[test]
fn looks_that_begin_at_the_same_moment_take_nothing_from_each_other() {
    let mut snapshot = Snapshot::default();
    snapshot.merge_lookup(at(10), &lookup("a"), ready("a"));
    snapshot.merge_scan(at(10), ready(""));
    assert_eq!(state(&snapshot, 'a'), Some(BackupState::Ready));
    // Of two answers to the same moment the one that came later counts.
    snapshot.merge_lookup(at(10), &lookup("a"), listing("a", &BackupState::PendingDeletion));
    assert_eq!(state(&snapshot, 'a'), Some(BackupState::PendingDeletion));
    snapshot.merge_scan(at(20), ready(""));
    snapshot.merge_lookup(at(21), &lookup("a"), ready(""));
    assert_eq!(snapshot.sight(&id('a'), at(0)), Some(Sight::Absent { began: at(21) }));
    snapshot.merge_lookup(at(21), &lookup("a"), ready("a"));
    assert_eq!(state(&snapshot, 'a'), Some(BackupState::Ready));
}

#[test]
fn a_scan_is_doubted_when_it_misses_more_than_half_of_what_was_known() {
    for (known, left, doubted) in [("abcde", "ab", true), ("abcdef", "abc", false), ("abc", "a", false)] {
        let mut snapshot = Snapshot::default();
        snapshot.merge_scan(at(10), ready(known));
        snapshot.merge_scan(at(20), ready(left));
        assert_eq!(snapshot.is_doubted(), doubted, "{left} of {known}");
    }
}
