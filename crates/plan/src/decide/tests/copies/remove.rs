//! The resource is being deleted, with policy Delete and our finalizer.

use super::*;

/// The copies go first.
fn removing() -> Case {
    having().removing()
}

#[test]
fn listed_copies_and_the_source_are_deleted_and_then_the_finalizer_goes() {
    let mut case = removing().lists(FAR, false).listed(FAR, 'b', "READY");
    let mut order = Vec::new();
    for _ in 0..6 {
        case = case.round(&mut order, Case::done_by_aws).later(5 * SECOND);
    }
    order.dedup();
    assert_eq!(order, ["Delete(a)", "Delete(b)", "Delete", "RemoveFinalizer"]);
}

#[test]
fn nothing_is_made_restored_or_tagged_any_more() {
    let plan = case().wish_copy(false).removing().pending().plan();
    assert_eq!(effect(&plan), "RemoveFinalizer");
    let pending = removing().becomes('a', "PENDING_DELETION").wish_copy_tags(&[("team", "a")]).pending();
    assert_eq!(effect(&pending.plan()), "RemoveFinalizer");
}

#[test]
fn the_finalizer_stays_while_a_request_is_open() {
    for asked in [case().wish_copy(false).accepted(HOUR), case().wish_copy(false).asked(MINUTE)] {
        let held = asked.removing();
        held.expect("- CopyInProgress");
        held.clone().pending().expect("- CopyInProgress");
        held.clone().absent().expect("- CopyInProgress");
        let shown = held.there('a', "READY").made('a', SECOND).later(SECOND);
        shown.expect("Delete Applying deletion:open eu-central-1[id:a READY request:none]");
        assert_eq!(effect(&shown.passed().plan()), "Delete(a)");
    }
}

#[test]
fn the_finalizer_stays_while_a_listed_copy_is_being_made_or_not_surely_known() {
    for state in ["CREATE_IN_PROGRESS", "ARCHIVED"] {
        let plan = removing().pending().becomes('a', state).plan();
        assert_eq!(plan.effect, None, "{state}");
        assert!(!verdict(&plan).ready.is_ready());
    }
    let unclear = removing().pending().vanishes('a').unclear_there(ErrorClass::AccessDenied);
    unclear.expect("- AccessDenied");
    assert_eq!(unclear.plan().notices.len(), 1, "it says why it cannot finish");
    let blind = case().wish_copy(false).removing().pending().unclear_there(ErrorClass::AccessDenied);
    assert_eq!(blind.plan().effect, None);
    assert!(!verdict(&blind.plan()).ready.is_ready());
}

#[test]
fn unlisted_copies_and_duplicates_survive() {
    let mut case = removing().there('b', "READY").lists(FAR, false).listed(FAR, 'c', "READY");
    case.desired.copies.retain(|copy| copy.region == region(THERE));
    let mut deleted = Vec::new();
    for _ in 0..6 {
        case = case.round(&mut deleted, Case::done_by_aws).later(5 * SECOND);
    }
    deleted.dedup();
    assert_eq!(deleted, ["Delete(a)", "Delete", "RemoveFinalizer"]);
}

#[test]
fn among_several_copies_of_which_none_is_on_record_nobody_chooses() {
    let several = case().wish_copy(false).there('a', "READY").there('b', "READY").removing();
    assert_eq!(reason(&several.plan()), Reason::AmbiguousCopy);
    assert_ne!(effect(&several.pending().plan()), "RemoveFinalizer");
}

#[test]
fn a_removed_entry_releases_its_copy_also_while_terminating() {
    removing().unlisted().expect("Delete Applying deletion:open eu-central-1[dropped]");
    removing().unlisted().pending().expect("RemoveFinalizer DeletionScheduled eu-central-1[dropped]");
    let asked = waiting().removing().unlisted().pending();
    assert_eq!(effect(&asked.plan()), "RemoveFinalizer");
}

#[test]
fn a_lost_request_holds_the_finalizer_until_the_annotation() {
    let lost = wanting().accepted(2 * DAY).later(SECOND).passed().removing().pending();
    lost.expect("- CopyLost");
    let let_go = lost.later(SECOND).request_reconcile("now");
    let_go.expect("- DeletionScheduled eu-central-1[request:none]");
    let_go.passed().expect("RemoveFinalizer DeletionScheduled");
}

#[test]
fn what_another_resource_claims_is_left_to_it_and_counts_as_settled() {
    let left = removing().pending().claimed('a', "other");
    left.expect("RemoveFinalizer DeletionScheduled");
    let making = removing().pending().becomes('a', "CREATE_IN_PROGRESS").claimed('a', "other");
    assert_eq!(effect(&making.plan()), "RemoveFinalizer");
    removing().left_to("other").expect("Delete(a) Applying eu-central-1[deletion:open]");
    // A copy that is not on record yet belongs to whoever keeps the region.
    let mut kept = case().wish_copy(false).there('a', "READY").removing().pending();
    kept.standing.kept_regions.insert(region(THERE));
    assert_eq!(effect(&kept.plan()), "RemoveFinalizer");
}

#[test]
fn the_guards_hold_the_copies_of_a_resource_that_leaves() {
    let held = removing().alone_in_its_cluster();
    held.expect("- LastBackup");
    held.room(Room::Never).allow_last(CLUSTER).expect("- DeletionHeld");
}

#[test]
fn deleting_the_resource_does_not_revive_a_wish_that_was_used_up() {
    let spent = case().wish_copy(true).passed();
    let since = spent.there('a', "READY").later(HOUR).removing().pending();
    assert_eq!(effect(&since.plan()), "RemoveFinalizer");
    assert_eq!(said(&since).record.id, None);
}

#[test]
fn a_suspended_resource_that_leaves_waits_and_so_do_its_copies() {
    removing().suspended().expect("- Suspended");
}

#[test]
fn a_resource_that_retains_deletes_no_copy() {
    let retained: [fn(Case) -> Case; 3] = [|case| case, Case::policy_delete, Case::finalizer];
    for resource in retained {
        for deleted in [false, true] {
            let plan = resource(having().wish_copy(deleted)).terminating().plan();
            assert!(!matches!(plan.effect, Some(Effect::Mutate { .. })), "{plan:#?}");
        }
    }
}

#[test]
fn the_finalizer_goes_although_a_region_of_no_listed_copy_is_in_trouble() {
    let case = removing().pending().becomes('a', "PENDING_DELETION");
    assert_eq!(effect(&case.clone().plan()), "RemoveFinalizer");
    let released = waiting().removing().unlisted().pending().trouble_in(THERE, ErrorClass::Unreachable);
    assert_eq!(effect(&released.plan()), "RemoveFinalizer");
}

#[test]
fn the_source_waits_for_the_look_that_the_deletion_of_a_copy_needs() {
    let mut blind = removing();
    let soon = blind.now.tick.after(SECOND);
    blind.region_there(THERE).demand_look_from(soon);
    let plan = blind.plan();
    assert_eq!(effect(&plan), "-");
    let look = plan.next.looks.get(&(region(THERE), Topic::Backup(id('a'))));
    assert_eq!((look, plan.next.wake), (Some(&soon), Some(soon)));
    assert_eq!(effect(&blind.later(SECOND).plan()), "Delete(a)");
}

#[test]
fn nothing_is_changed_before_the_look_that_is_demanded_and_a_look_that_is_due_needs_no_waking() {
    let mut blind = having().wish_copy_tags(&[("team", "a")]).without_a_look(SECOND);
    let now = blind.now.tick;
    blind.region_there(THERE).demand_look_from(now);
    let plan = blind.plan();
    assert_eq!(effect(&plan), "-");
    assert!(plan.next.looks.contains_key(&(region(THERE), Topic::Backup(id('a')))));
    assert_ne!(plan.next.wake, Some(now));
}
