//! Design §5.3: of several resources that name one backup, one acts.

use super::*;
use crate::claims::Claim;

#[test]
fn the_one_that_yields_changes_nothing_and_keeps_its_marks() {
    let loser = |case: Case| case.yields_to("older");
    loser(case()).wish_never_expires(true).expect("- DuplicateClaim");
    loser(case()).wish_tags(&[("team", "a")]).manages(&["env"]).expect("- DuplicateClaim");
    loser(case()).wish_deleted(false).pending().expect("- DuplicateClaim");
    loser(case()).manages(&["env"]).restore(case().done(HOUR)).expect("- DuplicateClaim");
}

#[test]
fn the_one_that_yields_says_to_whom_and_shows_what_it_sees() {
    let case = case().pending().yields_to("older");
    let plan = case.plan();
    assert!(message(&plan).contains("hsm/older"));
    assert_eq!(verdict(&plan).facts, super::super::Facts::Seen(case.backup().clone()));
}

#[test]
fn a_wish_to_delete_that_was_held_while_yielding_is_used_up() {
    for state in ["READY", "PENDING_DELETION", "CREATE_IN_PROGRESS"] {
        let loser = case().state(state).wish_deleted(true).yields_to("older");
        loser.expect("- DuplicateClaim deletion:spent");
        let mut promoted = loser.clone().written(&loser.plan()).later(HOUR).ready();
        promoted.standing = Standing::default();
        promoted.expect("- ExternallyRestored");
        promoted.clone().wish_tags(&[]).expect("- ExternallyRestored");
        promoted.removing().expect("- ExternallyRestored");
    }
}

#[test]
fn after_promotion_a_new_wish_deletes() {
    let withdrawn = case().spent_deletion(HOUR);
    withdrawn.expect("- InSync deletion:none");
    let withdrawn = withdrawn.clone().written(&withdrawn.plan());
    withdrawn.wish_deleted(true).expect("Delete Applying deletion:open");
}

#[test]
fn a_finalizer_leaves_the_backup_to_whoever_keeps_it() {
    let sights: [fn(Case) -> Case; 5] = [
        Case::ready,
        Case::pending,
        |case| case.state("CREATE_IN_PROGRESS"),
        |case| case.state("ARCHIVED"),
        Case::absent,
    ];
    for see in sights {
        let plan = see(case()).removing().left_to("keeper").plan();
        assert_eq!(effect(&plan), "RemoveFinalizer", "{plan:#?}");
        assert_eq!(verdict(&plan).marks, Marks::default());
    }
}

#[test]
fn a_suspended_resource_that_leaves_waits_even_if_another_keeps_the_backup() {
    case().removing().suspended().left_to("keeper").expect("- Suspended");
}

#[test]
fn the_finalizer_follows_the_policy_also_of_the_one_that_yields() {
    case().policy_delete().yields_to("older").expect("AddFinalizer DuplicateClaim");
    case().finalizer().yields_to("older").expect("RemoveFinalizer DuplicateClaim");
}

#[test]
fn whoever_writes_or_has_something_to_finish_claims_and_a_view_does_not() {
    let acts = |case: Case| Claim::of(&case.desired, &case.ledger).acts;
    let writes = [
        case().wish_never_expires(false),
        case().wish_tags(&[]),
        case().wish_copy(false),
        case().wish_deleted(false),
        case().policy_delete(),
        case().removing(),
    ];
    let finishes = [case().done_deletion(HOUR), case().restore(case().open(MINUTE)), case().asked(MINUTE)];
    for case in writes.into_iter().chain(finishes.clone()) {
        assert!(acts(case.clone()), "{:?}", case.desired);
    }
    assert!(!acts(case()) && !acts(case().restore(case().done(HOUR))));
    for case in finishes.into_iter().chain([case().policy_delete()]) {
        assert!(!acts(case.terminating()), "it leaves, and has no finalizer");
    }
}
