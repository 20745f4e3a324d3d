use std::time::Duration;

use super::*;
use crate::model::{BackupId, BackupKey};

fn at(seconds: u64) -> Moment {
    Moment::from_start(Duration::from_secs(seconds))
}

fn id(letter: char) -> BackupId {
    format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap()
}

fn ids(letters: &str) -> Vec<BackupId> {
    letters.chars().map(id).collect()
}

fn wanting(letters: &str) -> Lookups {
    let mut lookups = Lookups::default();
    for id in ids(letters) {
        lookups.want(Topic::Backup(id), at(0));
    }
    lookups
}

fn ends(lookups: &mut Lookups, result: Result<(), ErrorClass>, now: u64) -> bool {
    let lookup = lookups.end().expect("one is under way");
    match result {
        Ok(()) => {
            lookups.answered(&lookup);
            true
        }
        Err(class) => lookups.failed(&lookup, Failure::new(class, "Failed"), at(now), 0.0),
    }
}

#[test]
fn many_who_ask_the_same_cost_one_question() {
    let mut lookups = wanting("aaa");
    assert_eq!(lookups.begin(at(1)), Some(Query::Ids(ids("a"))));
    ends(&mut lookups, Ok(()), 2);
    assert_eq!(lookups.begin(at(2)), None);
    assert_eq!(lookups.wakes_at(), None);
}

#[test]
fn a_failed_lookup_is_repeated_after_a_growing_wait_and_says_why_meanwhile() {
    let mut lookups = wanting("a");
    lookups.begin(at(0));
    assert!(!ends(&mut lookups, Err(ErrorClass::Transient), 1));
    assert_eq!(
        lookups.failure_after(Kind::Backup, at(0)).map(|failure| failure.class),
        Some(ErrorClass::Transient)
    );
    assert_eq!(lookups.failure_after(Kind::Backup, at(2)), None, "it does not answer a later question");
    assert_eq!((lookups.begin(at(2)), lookups.wakes_at()), (None, Some(at(6))));
    assert!(lookups.begin(at(6)).is_some());
    ends(&mut lookups, Err(ErrorClass::Transient), 6);
    assert_eq!(lookups.wakes_at(), Some(at(16)));
    assert!(lookups.begin(at(16)).is_some());
    ends(&mut lookups, Ok(()), 17);
    assert_eq!((lookups.failure_after(Kind::Backup, at(0)), lookups.wakes_at()), (None, None));
}

#[test]
fn only_the_bad_half_of_a_batch_is_halved_again() {
    let mut lookups = wanting("abcd");
    let mut asked = Vec::new();
    while let Some(Query::Ids(batch)) = lookups.begin(at(1)) {
        asked.push(batch.clone());
        assert!(asked.len() < 20, "it does not come to an end");
        let bad = batch.contains(&id('c'));
        let answers = ends(&mut lookups, if bad { Err(ErrorClass::NotFound) } else { Ok(()) }, 1);
        assert_eq!(answers, !bad || batch.len() == 1);
        if batch == ids("c") {
            // Core takes it for an answer.
            lookups.drop_answered(|asked, _| *asked == Topic::Backup(id('c')));
        }
    }
    assert_eq!(asked, [ids("abcd"), ids("ab"), ids("cd"), ids("c"), ids("d")]);
}

#[test]
fn half_of_a_batch_that_was_answered_otherwise_is_not_asked_for() {
    let mut lookups = wanting("abcd");
    lookups.begin(at(1));
    ends(&mut lookups, Err(ErrorClass::NotFound), 1);
    lookups.drop_answered(|asked, _| *asked != Topic::Backup(id('d')));
    assert_eq!(lookups.begin(at(2)), Some(Query::Ids(ids("d"))));
}

fn source(letter: char) -> BackupKey {
    BackupKey { region: "eu-west-1".parse().unwrap(), id: id(letter) }
}

fn copies(letters: &str) -> Vec<Topic> {
    letters.chars().map(|letter| Topic::CopiesOf(source(letter))).collect()
}

#[test]
fn a_call_asks_one_kind_of_question_and_the_oldest_goes_first() {
    let mut lookups = Lookups::default();
    for (letter, since) in [('a', 3), ('b', 1), ('c', 4)] {
        lookups.want(Topic::Backup(id(letter)), at(since));
        lookups.want(Topic::CopiesOf(source(letter)), at(since - 1));
    }
    assert_eq!(lookups.begin(at(9)), Some(Query::CopiesOf("bac".chars().map(source).collect())));
    ends(&mut lookups, Ok(()), 9);
    assert_eq!(lookups.begin(at(9)), Some(Query::Ids(ids("bac"))));
    ends(&mut lookups, Ok(()), 9);
    assert_eq!(lookups.begin(at(9)), None);
}

#[test]
fn sources_that_aws_does_not_know_are_halved_out_like_backups_and_travel_alone() {
    let mut lookups = Lookups::default();
    let ask = |lookups: &mut Lookups, since| {
        for topic in copies("abc") {
            lookups.want(topic, at(since));
        }
    };
    ask(&mut lookups, 1);
    let mut asked = Vec::new();
    while let Some(Query::CopiesOf(batch)) = lookups.begin(at(1)) {
        let bad = batch.contains(&source('a'));
        if ends(&mut lookups, if bad { Err(ErrorClass::NotFound) } else { Ok(()) }, 1) {
            lookups.drop_answered(|topic, _| batch.iter().any(|key| *topic == Topic::CopiesOf(key.clone())));
        }
        asked.push(batch.iter().map(|key| key.id.clone()).collect::<Vec<_>>());
        assert!(asked.len() < 20, "it does not come to an end");
    }
    assert_eq!(asked, [ids("abc"), ids("a"), ids("bc")]);
    ask(&mut lookups, 2);
    assert_eq!(lookups.begin(at(2)), Some(Query::CopiesOf("bc".chars().map(source).collect())));
}

#[test]
fn one_kind_that_fails_does_not_keep_the_other_waiting() {
    let mut lookups = Lookups::default();
    lookups.want(Topic::CopiesOf(source('a')), at(0));
    lookups.begin(at(0));
    ends(&mut lookups, Err(ErrorClass::Invalid), 1);
    lookups.want(Topic::Backup(id('a')), at(1));
    assert_eq!(lookups.begin(at(1)), Some(Query::Ids(ids("a"))));
    assert_eq!(lookups.failure_after(Kind::Backup, at(0)), None);
    assert!(lookups.failure_after(Kind::Copies, at(0)).is_some());
    ends(&mut lookups, Ok(()), 2);
    assert_eq!((lookups.begin(at(2)), lookups.wakes_at()), (None, Some(at(6))));
    assert!(lookups.failure_after(Kind::Copies, at(0)).is_some(), "nor does the other's success excuse it");
}

#[test]
fn a_followed_topic_does_not_pile_up_questions_while_lookups_fail() {
    let mut lookups = Lookups::default();
    let topics: BTreeSet<_> = copies("a").into_iter().collect();
    lookups.follow(&topics, at(0));
    for second in 0..3600 {
        if lookups.begin(at(second)).is_some() {
            ends(&mut lookups, Err(ErrorClass::AccessDenied), second);
        }
    }
    assert_eq!(lookups.wants.values().map(BTreeSet::len).sum::<usize>(), 1);
}

fn backup() -> Topic {
    Topic::Backup(id('a'))
}

#[test]
fn only_whoever_is_answered_is_told_so() {
    let mut lookups = Lookups::default();
    lookups.want(backup(), at(5));
    assert_eq!(lookups.drop_answered(|_, since| since < at(5)), BTreeSet::new());
    assert_eq!(lookups.drop_answered(|_, _| true), [backup()].into());
}

#[test]
fn what_nobody_names_any_more_is_not_followed_or_known() {
    let mut lookups = Lookups::default();
    lookups.follow(&[backup()].into(), at(0));
    lookups.keep_only(&Names::default());
    assert_eq!(lookups.begin(at(9999)), None);
    lookups.want(backup(), at(10_000));
    assert!(lookups.begin(at(10_000)).is_some());
    let lookup = lookups.end().unwrap();
    lookups.answered(&lookup);
    assert!(lookups.has_looked(&backup(), at(10_000)));
    lookups.keep_only(&Names::default());
    assert!(!lookups.has_looked(&backup(), at(0)));
}

#[test]
fn what_is_followed_is_looked_at_though_somebody_asks_for_a_later_look() {
    let mut lookups = Lookups::default();
    lookups.want(backup(), at(100_000));
    lookups.follow(&[backup()].into(), at(0));
    assert!(lookups.begin(at(9999)).is_some());
}
