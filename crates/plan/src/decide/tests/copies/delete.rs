//! `copies[].deleted: true` (design §4, §5.1).

use super::*;
use crate::deletion::{Unconfirmed, confirm};

/// A copy that is there and on record is to be deleted.
fn deleting() -> Case {
    having().wish_copy(true)
}

/// Nothing is on record, and none is wanted.
fn unwanted() -> Case {
    case().wish_copy(true)
}

const DELETED: &str = "Delete(a) Applying eu-central-1[deletion:open]";

#[test]
fn a_recorded_ready_copy_is_deleted_with_its_mark_on_its_own_record() {
    deleting().expect(DELETED);
    let deleted = deleting().done_by_aws().later(5 * SECOND);
    deleted.expect("- InSync eu-central-1[PENDING_DELETION deletion:done]");
    let deleted = deleted.passed();
    deleted.clone().later(DAY).expect("- InSync");
    deleted.becomes('a', "DELETED").later(8 * DAY).expect("- InSync eu-central-1[DELETED]");
}

#[test]
fn the_guards_hold_the_deletion_of_a_copy() {
    deleting().alone_in_its_cluster().expect("- LastBackup");
    deleting().alone_in_its_cluster().allow_last(CLUSTER).expect(DELETED);
    let unknown_cluster = deleting().with_copy('a', |copy| copy.source.as_mut().unwrap().cluster = None);
    unknown_cluster.expect("- LastBackup");
    let backup = id('a').to_string();
    unknown_cluster.allow_last(&backup).expect(DELETED);
    let full = Room::FullUntil(case().now.tick.after(HOUR));
    for room in [full, Room::Never, Room::Uncounted] {
        deleting().room(room).expect("- DeletionHeld");
    }
}

#[test]
fn the_flag_never_expires_means_nothing_on_a_copy() {
    for value in [Some(true), Some(false), None] {
        deleting().with_copy('a', |copy| copy.never_expires = value).expect(DELETED);
    }
    // Nor does that of the backup hold the deletion of its copy.
    deleting().never_expires(Some(true)).expect(DELETED);
}

#[test]
fn the_fresh_look_confirms_the_copy_and_not_its_source() {
    let confirmed = |case: &Case| confirm(&case.desired, &case.observe(), &copy_key('a'), case.now.tick);
    assert_eq!(confirmed(&deleting()), Ok(()));
    assert_eq!(confirmed(&deleting().pending()), Ok(()));
    assert_eq!(confirmed(&deleting().becomes('a', "PENDING_DELETION")), Err(Unconfirmed::NotReady));
    assert_eq!(confirmed(&deleting().vanishes('a')), Err(Unconfirmed::NotSeen));
    assert_eq!(confirmed(&deleting().looked_ago(SECOND)), Err(Unconfirmed::NotSeen));
    let other = deleting().with_copy('a', |copy| copy.source = None);
    assert_eq!(confirmed(&other), Err(Unconfirmed::NotSeen));
    let other = deleting().with_copy('a', |copy| copy.arn = Some(arn(OTHER_ACCOUNT)));
    assert_eq!(confirmed(&other), Err(Unconfirmed::OtherAccount));
    assert_eq!(confirmed(&deleting().alone_in_its_cluster()), Err(Unconfirmed::NoSurvivor));
}

#[test]
fn the_only_copy_is_put_on_record_first_and_deleted_in_the_next_pass() {
    let found = unwanted().there('a', "READY");
    found.expect("- Applying eu-central-1[id:a READY]");
    found.passed().expect(DELETED);
    let making = unwanted().there('a', "CREATE_IN_PROGRESS");
    making.expect("- Applying eu-central-1[id:a CREATE_IN_PROGRESS]");
    let making = making.passed();
    making.expect("- CopyInProgress");
    making.becomes('a', "READY").later(MINUTE).expect("Delete(a) Applying eu-central-1[READY deletion:open]");
}

#[test]
fn of_several_copies_none_is_deleted() {
    for state in ["READY", "CREATE_IN_PROGRESS"] {
        let several = unwanted().there('a', "READY").there('b', state);
        several.expect("- AmbiguousCopy");
        assert!(message(&several.plan()).contains(id('b').as_str()));
        several.passed().later(HOUR).expect("- AmbiguousCopy");
    }
    // Those that are deleted already cannot be meant.
    let one = unwanted().there('a', "READY").there('b', "PENDING_DELETION").there('c', "DELETED");
    one.expect("- Applying eu-central-1[id:a READY]");
}

#[test]
fn a_duplicate_is_never_adopted_and_deleted_too() {
    let deleted = deleting().there('b', "READY").done_by_aws().later(5 * SECOND);
    deleted.expect("- AmbiguousCopy eu-central-1[PENDING_DELETION deletion:done]");
    assert_eq!(said(&deleted).duplicates, [id('b')]);
    let deleted = deleted.passed();
    deleted.clone().later(DAY).expect("- AmbiguousCopy");
    let gone = deleted.vanishes('a').later(8 * DAY);
    gone.expect("- AmbiguousCopy eu-central-1[DELETED]");
    gone.passed().later(DAY).expect("- AmbiguousCopy");
}

#[test]
fn a_wish_that_found_nothing_is_used_up() {
    let nothing = unwanted();
    nothing.expect("- InSync eu-central-1[deletion:spent]");
    let nothing = nothing.passed();
    nothing.expect("- InSync");
    nothing.clone().there('a', "READY").later(HOUR).expect("- ExternallyRestored");
    nothing.clone().restarted().there('a', "READY").expect("- ExternallyRestored");
    // Withdrawn and made again it is another wish.
    let again = nothing.there('a', "READY").wish_copy(false).passed().wish_copy(true);
    again.expect(DELETED);
}

#[test]
fn a_wish_that_finds_nothing_waits_for_a_search() {
    for class in [ErrorClass::Transient, ErrorClass::AccessDenied] {
        let blind = unwanted().unclear_there(class);
        blind.expect("- Applying");
        assert!(message(&blind.plan()).contains("looking for a copy"));
    }
}

#[test]
fn a_copy_that_was_rescued_is_not_deleted_again_for_the_same_wish() {
    let rescued = deleting().done_by_aws().later(5 * SECOND).passed().becomes('a', "READY").later(HOUR);
    rescued.expect("- ExternallyRestored eu-central-1[READY]");
    let rescued = rescued.passed();
    rescued.clone().restarted().later(DAY).expect("- ExternallyRestored");
    rescued.clone().request_reconcile("now").expect("- ExternallyRestored");
    rescued.clone().removing().expect("Delete ExternallyRestored deletion:open");
    // Withdrawn, forgotten, and made again it deletes.
    let withdrawn = rescued.wish_copy(false).later(HOUR);
    withdrawn.expect("- InSync eu-central-1[deletion:none]");
    withdrawn.passed().wish_copy(true).expect(DELETED);
}

#[test]
fn a_withdrawn_deletion_is_undone() {
    let deleted = deleting().done_by_aws().later(5 * SECOND).passed();
    let withdrawn = deleted.wish_copy(false).later(HOUR);
    withdrawn.expect("Restore(a) Applying eu-central-1[deletion:none restore:open]");
    withdrawn.done_by_aws().later(5 * SECOND).expect("- InSync eu-central-1[READY restore:done]");
}

#[test]
fn a_withdrawn_deletion_is_undone_even_if_another_copy_is_there() {
    let deleted = deleting().done_by_aws().later(5 * SECOND).passed();
    let withdrawn = deleted.wish_copy(false).there('b', "READY").later(HOUR);
    assert_eq!(effect(&withdrawn.plan()), "Restore(a)");
}

#[test]
fn a_withdrawn_deletion_that_was_carried_out_long_ago_leads_to_a_new_copy() {
    let deleted = deleting().done_by_aws().later(5 * SECOND).passed().vanishes('a').later(8 * DAY).passed();
    deleted.expect("- InSync");
    let withdrawn = deleted.wish_copy(false);
    withdrawn
        .expect("Copy(eu-central-1) CopyInProgress eu-central-1[id:none unseen request:open deletion:none]");
}

#[test]
fn a_deletion_of_unknown_outcome_is_repeated_after_two_looks() {
    let asked = deleting().acted(unknown()).later(5 * SECOND);
    asked.expect("- AwsError");
    asked.clone().later(59 * SECOND).expect("- AwsError");
    let again = asked.later(MINUTE);
    assert_eq!(effect(&again.plan()), "Delete(a)");
    assert_eq!(said(&again).record.marks, again.recorded().marks, "it is the same wish");
    let crashed = deleting().passed().restarted().later(SECOND);
    crashed.expect("- Applying");
    assert_eq!(effect(&crashed.later(MINUTE).plan()), "Delete(a)");
}

#[test]
fn a_refused_deletion_clears_the_mark_of_the_copy() {
    let refused = deleting().acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    refused.expect("- AccessDenied eu-central-1[deletion:none]");
}

#[test]
fn an_open_request_is_waited_for_and_then_its_copy_is_deleted() {
    for asked in [unwanted().accepted(HOUR), unwanted().asked(MINUTE)] {
        asked.expect("- CopyInProgress");
        let shown = asked.there('a', "CREATE_IN_PROGRESS").made('a', SECOND).later(SECOND);
        shown.expect("- Applying eu-central-1[id:a CREATE_IN_PROGRESS request:none]");
        let ready = shown.passed().becomes('a', "READY").later(MINUTE);
        assert_eq!(effect(&ready.plan()), "Delete(a)");
    }
}

#[test]
fn an_open_request_that_leads_to_nothing_uses_up_the_wish() {
    let asked = unwanted().asked(SECOND).later(8 * MINUTE).passed().later(8 * MINUTE).passed();
    asked.expect("- InSync eu-central-1[deletion:spent]");
}

#[test]
fn an_accepted_request_that_leads_to_nothing_is_let_go_by_the_annotation() {
    let lost = unwanted().accepted(2 * DAY).later(SECOND).passed();
    lost.expect("- CopyLost");
    let let_go = lost.later(SECOND).request_reconcile("now").passed();
    let_go.later(SECOND).expect("- InSync eu-central-1[deletion:spent]");
}

#[test]
fn an_unwanted_copy_is_not_made_tagged_or_restored() {
    unwanted().wish_copy_tags(&[("team", "a")]).expect("- InSync eu-central-1[deletion:spent]");
    let deleted = deleting().wish_copy_tags(&[("team", "a")]).becomes('a', "PENDING_DELETION");
    deleted.expect("- InSync eu-central-1[PENDING_DELETION deletion:spent]");
    // One that somebody else deleted is not restored when the wish is withdrawn: but a wanted copy is kept.
    assert_eq!(effect(&deleted.passed().wish_copy(false).plan()), "Restore(a)");
}
