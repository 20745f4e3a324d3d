//! Rows: tags. The table has the ordinary cases; here are the limit and the keys of others.

use super::*;

/// `count` tags of others.
fn foreign(count: usize) -> Tags {
    (0..count).map(|at| (format!("foreign-{at:02}"), String::new())).collect()
}

fn with_tags(case: Case, tags: Tags) -> Case {
    case.with(|backup| backup.tags = Some(tags))
}

#[test]
fn as_many_tags_as_aws_allows_are_set() {
    with_tags(case(), foreign(49)).wish_tags(&[("team", "a")]).expect("Tag(team=a) Applying keys[team]");
}

#[test]
fn tags_beyond_the_limit_are_not_tried() {
    let plan = with_tags(case(), foreign(50)).wish_tags(&[("team", "a")]).plan();
    assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::TagLimit));
}

#[test]
fn a_value_is_changed_however_many_tags_there_are() {
    let mut tags = foreign(49);
    tags.insert("team".to_owned(), "b".to_owned());
    with_tags(case(), tags).wish_tags(&[("team", "a")]).expect("Tag(team=a) Applying keys[team]");
}

#[test]
fn a_key_that_is_no_longer_wanted_makes_room_first() {
    let mut tags = foreign(49);
    tags.insert("env".to_owned(), "p".to_owned());
    let case = with_tags(case(), tags.clone()).wish_tags(&[("team", "a")]).manages(&["env"]);
    case.expect("Untag(env) Applying keys[env,team]");
    tags.remove("env");
    let case = with_tags(case.acted(Outcome::Accepted).later(5 * SECOND), tags);
    case.expect("Tag(team=a) Applying keys[team]");
}

#[test]
fn the_tag_limit_keeps_nothing_else_from_being_done() {
    let case = with_tags(case(), foreign(50)).wish_tags(&[("team", "a")]);
    let case = case.manages(&["team"]);
    case.clone().wish_never_expires(true).expect("NeverExpires(true) TagLimit");
    case.wish_deleted(true).expect("Delete TagLimit deletion:open");
}

#[test]
fn a_key_that_somebody_else_set_is_never_removed() {
    case().tagged(&[("by", "hand")]).wish_tags(&[]).expect("- InSync");
}

#[test]
fn a_listed_key_counts_as_managed_even_when_it_had_its_value_already() {
    let case = case().tagged(&[("team", "a")]).wish_tags(&[("team", "a")]);
    let listed = case.clone().written(&case.plan());
    listed.wish_tags(&[]).expect("Untag(team) Applying");
}

#[test]
fn released_keys_are_not_removed_by_a_later_empty_map() {
    let released = case().tagged(&[("team", "a")]).manages(&["team"]);
    let plan = released.plan();
    released.written(&plan).wish_tags(&[]).expect("- InSync");
}

#[test]
fn a_key_whose_tag_may_still_appear_stays_on_record_until_a_look_tells() {
    let asked = case().wish_tags(&[("team", "a")]).acted(unknown()).later(SECOND).wish_tags(&[]);
    asked.expect("- InSync");
    assert!(own_look(&asked.plan().next).is_some(), "a look is ordered that tells");
    asked.clone().later(MINUTE).expect("- InSync keys[]");
    with_tags(asked.later(MINUTE), tag_map(&[("team", "a")])).expect("Untag(team) Applying");
}
