//! Copies that are there are maintained, whatever has become of their source.

use super::*;

/// What may have become of the source.
const SOURCES: [fn(Case) -> Case; 5] = [
    Case::pending,
    Case::absent,
    |case| case.state("ARCHIVED"),
    |case| case.unclear(ErrorClass::Unreachable),
    |case| case.unclear(ErrorClass::Unreachable).trouble(ErrorClass::Unreachable),
];

#[test]
fn copies_are_restored_whatever_has_become_of_the_source() {
    for source in SOURCES {
        let pending = source(having()).becomes('a', "PENDING_DELETION");
        assert_eq!(effect(&pending.plan()), "Restore(a)");
    }
}

#[test]
fn copies_are_tagged_whatever_has_become_of_the_source() {
    for source in SOURCES {
        let plan = source(having()).wish_copy_tags(&[("team", "a")]).plan();
        assert_eq!(effect(&plan), "Tag(a team=a)");
        assert_eq!(verdict(&plan).copies.first().unwrap().record.marks.managed_tag_keys.len(), 1);
    }
}

#[test]
fn copies_are_adopted_and_deleted_while_the_source_cannot_be_seen() {
    let unseen = |case: Case| case.unclear(ErrorClass::Unreachable);
    let adopted = unseen(wanting().there('a', "READY"));
    adopted.expect("- RegionUnreachable eu-central-1[id:a READY]");
    unseen(having().wish_copy(true)).expect("Delete(a) RegionUnreachable eu-central-1[deletion:open]");
    unseen(wanting()).expect("- RegionUnreachable");
}

#[test]
fn in_the_wrong_account_copies_are_left_as_they_are() {
    for source in [Case::ready, |case: Case| case.unclear(ErrorClass::Unreachable)] {
        let mut case = source(having()).wish_account(OTHER_ACCOUNT).becomes('a', "PENDING_DELETION");
        assert_eq!(effect(&case.plan()), "-");
        assert_eq!(said(&case).record, case.recorded());
        // Without a look at the backup only the credentials tell the account.
        case = source(having()).becomes('a', "PENDING_DELETION");
        case.observed.account = None;
        case = case.unclear(ErrorClass::Unreachable);
        assert_eq!(effect(&case.plan()), "-");
    }
}

#[test]
fn a_backup_that_was_never_seen_has_no_copies_to_change() {
    let never = having().becomes('a', "PENDING_DELETION").never_seen();
    assert_eq!(effect(&never.clone().absent().plan()), "-");
    assert_eq!(effect(&never.unclear(ErrorClass::Transient).plan()), "-");
}

#[test]
fn the_tags_of_a_copy_follow_the_same_rules_as_those_of_the_backup() {
    let tagged = |tags: &[(&str, &str)], keys: &[&str]| {
        let (tags, keys) = (tag_map(tags), keys.iter().map(|key| (*key).to_owned()).collect());
        having()
            .with_copy('a', |copy| copy.tags = Some(tags))
            .record(|record| record.marks.managed_tag_keys = keys)
    };
    // Missing, different, there already.
    let wished = |case: Case| case.wish_copy_tags(&[("team", "a")]);
    wished(tagged(&[], &[])).expect("Tag(a team=a) Applying eu-central-1[keys[team]]");
    wished(tagged(&[("team", "b")], &["team"])).expect("Tag(a team=a) Applying");
    wished(tagged(&[("team", "a")], &[])).expect("- InSync eu-central-1[keys[team]]");
    // Lost a key, an empty map, unset.
    wished(tagged(&[("team", "a"), ("env", "p")], &["env", "team"])).expect("Untag(a env) Applying");
    tagged(&[("env", "p")], &["env"]).wish_copy_tags(&[]).expect("Untag(a env) Applying");
    tagged(&[("by", "hand")], &[]).wish_copy_tags(&[]).expect("- InSync");
    tagged(&[("env", "p")], &["env"]).expect("- InSync eu-central-1[keys[]]");
    // Too many, and only on a READY copy.
    let full = (0..50).map(|at| (format!("foreign-{at:02}"), String::new())).collect();
    let full = wished(having()).with_copy('a', |copy| copy.tags = Some(full));
    assert_eq!((effect(&full.plan()).as_str(), reason(&full.plan())), ("-", Reason::TagLimit));
    assert_eq!(effect(&wished(having()).becomes('a', "CREATE_IN_PROGRESS").plan()), "-");
    let untold = wished(having()).with_copy('a', |copy| copy.tags = None);
    assert_eq!((effect(&untold.plan()).as_str(), reason(&untold.plan())), ("-", Reason::UnknownState));
}

#[test]
fn an_entry_without_tags_leaves_the_tags_of_the_copy_to_aws() {
    wanting()
        .wish_tags(&[("team", "a")])
        .tagged(&[("team", "a")])
        .manages(&["team"])
        .expect("Copy(eu-central-1) CopyInProgress eu-central-1[request:open]");
    having().wish_tags(&[("team", "a")]).tagged(&[("team", "a")]).manages(&["team"]).expect("- InSync");
}

#[test]
fn an_accepted_tag_of_a_copy_is_not_repeated_before_a_later_look() {
    let tagged = having().wish_copy_tags(&[("team", "a")]).acted(Outcome::Accepted);
    tagged.clone().later(59 * SECOND).expect("- Applying");
    tagged.clone().without_a_look(HOUR).expect("- Applying");
    tagged.later(MINUTE).expect("Tag(a team=a) Applying");
}

#[test]
fn a_removed_entry_lets_go_of_the_copy() {
    having().unlisted().expect("- InSync eu-central-1[dropped]");
    having().becomes('a', "PENDING_DELETION").unlisted().expect("- InSync eu-central-1[dropped]");
    let marked = having().wish_copy(true).done_by_aws().later(SECOND).passed().unlisted();
    marked.expect("- InSync eu-central-1[dropped]");
}

#[test]
fn an_open_mark_outlives_its_entry_until_it_is_known_what_became_of_it() {
    let deleting = having().wish_copy(true).acted(unknown()).later(SECOND).unlisted();
    assert!(said(&deleting).record.marks.deletion.is_some_and(Mark::is_open));
    assert_eq!(effect(&deleting.plan()), "-");
    deleting.clone().later(HOUR).expect("- InSync eu-central-1[dropped]");
    deleting.becomes('a', "PENDING_DELETION").expect("- InSync eu-central-1[dropped]");
}

#[test]
fn an_open_request_outlives_its_entry_and_goes_on_when_it_is_added_again() {
    let removed = waiting().unlisted();
    removed.expect("- CopyInProgress");
    let removed = removed.passed().later(HOUR);
    removed.clone().wish_copy(false).expect("- CopyInProgress");
    let shown = removed.there('a', "READY").made('a', HOUR).later(SECOND);
    shown.expect("- InSync eu-central-1[dropped]");
    shown.passed().wish_copy(false).expect("- InSync eu-central-1[id:a READY]");
}

#[test]
fn an_open_request_without_an_entry_is_let_go_after_its_waiting_time() {
    let case = wanting().acted(unknown()).later(SECOND).passed().unlisted();
    let case = case.later(8 * MINUTE).passed();
    case.expect("- CopyInProgress");
    case.later(8 * MINUTE).expect("- InSync eu-central-1[dropped]");
    // An accepted one is never repeated by itself, so that it is lost stays on record.
    let lost = waiting().unlisted().passed().later(DAY);
    let lost = lost.passed();
    assert!(lost.recorded().is_lost());
    assert_eq!(reason(&lost.wish_copy(false).plan()), Reason::CopyLost);
}

#[test]
fn an_older_copy_does_not_keep_a_request_without_an_entry_open_for_ever() {
    let case = wanting().acted(unknown()).there('a', "READY").made('a', HOUR).unlisted();
    let case = case.later(8 * MINUTE).passed().later(8 * MINUTE).passed().later(8 * MINUTE).passed();
    case.expect("- InSync");
    assert_eq!(case.ledger.copies, BTreeMap::new());
}

#[test]
fn an_older_copy_is_not_what_a_request_without_an_entry_leads_to() {
    let older = waiting().unlisted().there('a', "READY").made('a', 3 * HOUR);
    older.expect("- CopyInProgress");
    // Nor is one of which nobody knows when it was made.
    older.with_copy('a', |copy| copy.copy_timestamp = None).expect("- CopyInProgress");
}

#[test]
fn a_removed_entry_wants_no_look_at_its_copy_once_its_deletion_is_done() {
    let deleted = having().wish_copy(true).acted(Outcome::Accepted).later(SECOND).passed().unlisted();
    deleted.expect("- InSync eu-central-1[dropped]");
    assert_eq!(deleted.plan().next.looks, BTreeMap::new());
}

#[test]
fn a_removed_entry_is_the_way_out_for_a_deletion_that_waits_for_its_copy() {
    let held = waiting().wish_deleted(true);
    held.expect("- CopyInProgress");
    assert!(message(&held.plan()).contains("remove its entry"));
    held.unlisted().expect("Delete CopyInProgress deletion:open");
}
