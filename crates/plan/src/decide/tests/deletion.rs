//! Design §5.1: a deletion is deliberate, bounded and undoable.

use super::*;
use crate::deletion::{Unconfirmed, confirm};

fn deleting() -> Case {
    case().wish_deleted(true)
}

// 1. Never-expires.

#[test]
fn a_backup_that_never_expires_is_not_deleted() {
    deleting().never_expires(Some(true)).expect("- NeverExpires");
    case().removing().never_expires(Some(true)).expect("- NeverExpires");
}

#[test]
fn a_backup_whose_never_expires_is_not_reported_is_not_deleted() {
    deleting().never_expires(None).expect("- NeverExpires");
    case().removing().never_expires(None).expect("- NeverExpires");
}

#[test]
fn the_flag_means_nothing_on_a_copy() {
    for value in [Some(true), None] {
        deleting().copy().never_expires(value).expect("Delete Applying deletion:open");
    }
}

// 2. Once per wish.

#[test]
fn an_accepted_deletion_is_done_and_waits_a_minute_for_its_effect() {
    let case = deleting().acted(Outcome::Accepted).later(10 * SECOND);
    case.expect("- Applying deletion:done");
    let case = case.clone().written(&case.plan());
    case.clone().later(40 * SECOND).expect("- Applying");
    case.clone().later(40 * SECOND).pending().expect("- DeletionScheduled");
    case.later(MINUTE).expect("- ExternallyRestored");
}

#[test]
fn a_rescued_backup_is_not_deleted_again_whatever_else_is_edited() {
    let rescued = deleting().done_deletion(HOUR);
    rescued.expect("- ExternallyRestored");
    let edited = rescued.clone().wish_tags(&[("team", "a")]);
    edited.expect("Tag(team=a) ExternallyRestored keys[team]");
    edited.acted(Outcome::Accepted).tagged(&[("team", "a")]).later(MINUTE).expect("- ExternallyRestored");
    rescued.clone().allow_last(CLUSTER).request_reconcile("now").expect("- ExternallyRestored");
    rescued.removing().expect("- ExternallyRestored");
}

#[test]
fn a_rescued_backup_stays_rescued_across_a_restart() {
    deleting().done_deletion(DAY).restarted().later(HOUR).expect("- ExternallyRestored");
}

#[test]
fn a_wish_that_is_withdrawn_and_made_again_deletes_again() {
    let rescued = deleting().done_deletion(HOUR).wish_deleted(None);
    rescued.expect("- InSync deletion:none");
    let forgotten = rescued.clone().written(&rescued.plan());
    forgotten.wish_deleted(true).later(SECOND).expect("Delete Applying deletion:open");
}

#[test]
fn a_deletion_replaces_the_mark_of_an_earlier_restore() {
    deleting().done_restore(HOUR).expect("Delete Applying deletion:open restore:none");
}

#[test]
fn a_wish_that_was_taken_back_too_briefly_to_be_seen_is_still_the_same_wish() {
    // Nobody saw it unset: the mark is there still.
    deleting().done_deletion(HOUR).wish_deleted(true).expect("- ExternallyRestored");
}

#[test]
fn a_refused_deletion_clears_the_mark_and_is_asked_for_again_after_its_backoff() {
    let case = deleting().acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    case.expect("- AccessDenied deletion:none");
    let case = case.clone().written(&case.plan());
    case.clone().later(10 * SECOND).expect("- AccessDenied");
    case.later(30 * SECOND).expect("Delete AccessDenied deletion:open");
}

#[test]
fn a_deletion_that_was_never_sent_clears_the_mark() {
    let not_sent = Outcome::NotSent(Failure::new(ErrorClass::Withdrawn, "the decision was too old"));
    let case = deleting().acted(not_sent).later(SECOND);
    case.expect("- Applying deletion:none");
    let case = case.clone().written(&case.plan());
    case.later(5 * SECOND).expect("Delete Applying deletion:open");
}

#[test]
fn a_refusal_after_which_the_backup_is_pending_was_somebody_elses_deletion() {
    let refused = deleting().acted(rejected(ErrorClass::Invalid)).later(SECOND).pending();
    refused.expect("- DeletionScheduled deletion:spent");
}

#[test]
fn a_refusal_says_nothing_of_an_earlier_request_whose_outcome_is_unknown() {
    let twice =
        deleting().acted(unknown()).later(SECOND).later(MINUTE).acted(rejected(ErrorClass::AccessDenied));
    twice.clone().later(SECOND).pending().expect("- DeletionScheduled deletion:done");
    assert!(verdict(&twice.later(SECOND).plan()).marks.deletion.is_some_and(crate::ledger::Mark::is_open));
}

/// The second try stands under the mark of the first: it is the same wish.
fn asks_again_with_the_same_mark(case: &Case) {
    let plan = case.plan();
    assert_eq!(effect(&plan), "Delete");
    assert_eq!(verdict(&plan).marks.deletion, case.ledger.marks.deletion);
}

#[test]
fn a_deletion_of_unknown_outcome_is_asked_for_again_after_two_looks_a_minute_apart() {
    let case = deleting().acted(unknown());
    case.clone().later(30 * SECOND).expect("- AwsError");
    let looked_once = case.later(30 * SECOND);
    looked_once.clone().later(59 * SECOND).expect("- AwsError");
    looked_once.clone().without_a_look(5 * MINUTE).expect("- AwsError");
    asks_again_with_the_same_mark(&looked_once.later(MINUTE));
}

#[test]
fn one_late_look_is_not_two() {
    deleting().acted(unknown()).later(5 * MINUTE).expect("- AwsError");
}

#[test]
fn a_deletion_that_a_crash_left_open_is_asked_for_again_after_two_looks_a_minute_apart() {
    let crashed = deleting().open_deletion(10 * SECOND).restarted();
    crashed.expect("- Applying");
    let looked_once = crashed.later(SECOND);
    looked_once.expect("- Applying");
    looked_once.clone().later(59 * SECOND).expect("- Applying");
    asks_again_with_the_same_mark(&looked_once.later(MINUTE));
}

#[test]
fn waiting_for_looks_orders_them() {
    let crashed = deleting().open_deletion(10 * SECOND).restarted().later(SECOND);
    let next = crashed.plan().next;
    assert_eq!(own_look(&next), Some(crashed.now.tick.after(MINUTE)));
    assert_eq!(next.wake, Some(crashed.now.tick.after(MINUTE)));
}

#[test]
fn a_deletion_asked_for_again_meets_the_guards_again() {
    let again = deleting().open_deletion(10 * SECOND).restarted().later(SECOND).later(MINUTE);
    again.clone().never_expires(Some(true)).expect("- NeverExpires");
    again.clone().alone_in_its_cluster().expect("- LastBackup");
    again.room(Room::Never).expect("- DeletionHeld");
}

#[test]
fn a_deletion_left_open_for_the_settle_window_counts_as_done() {
    let old = deleting().open_deletion(15 * MINUTE).restarted();
    old.expect("- Applying deletion:done");
    let old = old.clone().written(&old.plan());
    old.later(MINUTE).expect("- ExternallyRestored");
}

#[test]
fn a_deletion_left_open_is_done_when_the_backup_is_seen_pending() {
    for wish in [Some(true), None, Some(false)] {
        let plan = case().wish_deleted(wish).open_deletion(10 * SECOND).restarted().pending().plan();
        let expected = if wish == Some(true) { "-" } else { "Restore" };
        assert_eq!(effect(&plan), expected);
    }
    deleting().open_deletion(10 * SECOND).pending().expect("- DeletionScheduled deletion:done");
}

#[test]
fn a_withdrawn_deletion_stays_on_record_until_a_look_a_minute_after_it_was_asked_for() {
    let case = case().open_deletion(10 * SECOND).restarted();
    case.expect("- Applying");
    assert_eq!(own_look(&case.plan().next), Some(case.now.tick.after(50 * SECOND)));
    case.clone().without_a_look(HOUR).expect("- Applying");
    case.clone().later(49 * SECOND).expect("- Applying");
    case.clone().later(50 * SECOND).expect("- InSync deletion:none");
    case.later(50 * SECOND).pending().expect("Restore Applying deletion:none restore:open");
}

#[test]
fn only_a_ready_backup_shows_that_a_withdrawn_deletion_did_not_take_effect() {
    for state in ["CREATE_IN_PROGRESS", "ARCHIVED"] {
        let plan = case().open_deletion(HOUR).restarted().state(state).later(HOUR).plan();
        assert!(verdict(&plan).marks.deletion.is_some(), "{state}");
    }
}

#[test]
fn a_wish_that_is_fulfilled_already_is_used_up() {
    let fulfilled = deleting().pending();
    fulfilled.expect("- DeletionScheduled deletion:spent");
    let fulfilled = fulfilled.clone().written(&fulfilled.plan());
    fulfilled.later(HOUR).ready().expect("- ExternallyRestored");
}

#[test]
fn what_somebody_else_deleted_is_not_restored_when_the_wish_is_withdrawn() {
    case().spent_deletion(HOUR).pending().expect("- PendingDeletion deletion:none");
}

// 3. The breaker.

#[test]
fn a_full_hour_holds_the_deletion_until_there_is_room() {
    let free_at = case().now.tick.after(20 * MINUTE);
    let held = deleting().room(Room::FullUntil(free_at));
    held.expect("- DeletionHeld");
    assert_eq!(held.plan().next.wake, Some(free_at));
    assert_eq!(held.plan().notices.len(), 1);
    held.later(20 * MINUTE).room(Room::Free).expect("Delete Applying deletion:open");
}

#[test]
fn no_room_holds_a_finalizers_deletion_too() {
    for room in [Room::Never, Room::Uncounted, Room::FullUntil(Moment::START)] {
        case().removing().room(room).expect("- DeletionHeld");
    }
}

#[test]
fn nothing_is_deleted_until_every_region_was_counted() {
    let held = deleting().room(Room::Uncounted);
    held.expect("- DeletionHeld");
    assert!(held.plan().next.wake.is_some_and(|wake| wake > held.now.tick));
}

#[test]
fn the_breaker_holds_nothing_but_deletions() {
    case().pending().wish_deleted(false).room(Room::Never).expect("Restore Applying restore:open");
    case().wish_never_expires(true).room(Room::Never).expect("NeverExpires(true) Applying");
}

// 4. The last backup.

#[test]
fn the_last_backup_of_a_cluster_is_held() {
    for case in [deleting(), case().removing()] {
        let plan = case.alone_in_its_cluster().plan();
        assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::LastBackup));
        assert!(message(&plan).contains(&format!("cloudhsm-backup.dev/allow-last-backup: {CLUSTER}")));
    }
}

#[test]
fn the_last_backup_goes_when_the_annotation_names_its_cluster() {
    deleting().alone_in_its_cluster().allow_last(CLUSTER).expect("Delete Applying deletion:open");
}

#[test]
fn an_annotation_with_any_other_value_allows_nothing() {
    for value in ["", "true", "cluster-aaaaaaaaaaa", "backup-ro5c4er4aac"] {
        deleting().alone_in_its_cluster().allow_last(value).expect("- LastBackup");
    }
}

#[test]
fn a_backup_of_an_unknown_cluster_counts_as_the_last_and_is_allowed_by_its_own_id() {
    let case = deleting().with(|backup| backup.cluster_id = None);
    case.expect("- LastBackup");
    case.clone().allow_last(CLUSTER).expect("- LastBackup");
    case.allow_last("backup-ro5c4er4aac").expect("Delete Applying deletion:open");
}

// 5. The fresh look.

fn confirmed(case: &Case) -> Result<(), Unconfirmed> {
    confirm(&case.desired, &case.observe(), &case.desired.backup, case.now.tick)
}

#[test]
fn a_fresh_look_at_a_ready_backup_with_a_survivor_confirms() {
    let case = deleting();
    assert_eq!(confirmed(&case), Ok(()));
}

#[test]
fn whatever_the_fresh_look_does_not_confirm_is_not_deleted() {
    type Change = fn(Case) -> Case;
    let changes: [(Change, Unconfirmed); 11] = [
        (Case::unlooked, Unconfirmed::NotSeen),
        (|case| case.unclear(ErrorClass::Transient), Unconfirmed::NotSeen),
        (Case::absent, Unconfirmed::NotSeen),
        (|case| case.without_a_look(SECOND), Unconfirmed::NotSeen),
        (Case::pending, Unconfirmed::NotReady),
        (|case| case.state("ARCHIVED"), Unconfirmed::NotReady),
        (|case| case.with(|backup| backup.arn = Some(arn(OTHER_ACCOUNT))), Unconfirmed::OtherAccount),
        (|case| case.wish_account(OTHER_ACCOUNT), Unconfirmed::OtherAccount),
        (|case| case.wish_account(OUR_ACCOUNT).with(|backup| backup.arn = None), Unconfirmed::OtherAccount),
        (Case::alone_in_its_cluster, Unconfirmed::NoSurvivor),
        (|case| case.with(|backup| backup.cluster_id = None), Unconfirmed::NoSurvivor),
    ];
    for (change, expected) in changes {
        let case = change(deleting());
        assert_eq!(confirmed(&case), Err(expected), "{case:#?}");
    }
}

#[test]
fn a_survivor_must_be_seen_as_freshly_as_the_backup() {
    let mut case = deleting();
    for survivor in &mut case.observed.survivors {
        survivor.seen = Moment::START;
    }
    assert_eq!(confirmed(&case), Err(Unconfirmed::NoSurvivor));
    let allowed = case.allow_last(CLUSTER);
    assert_eq!(confirmed(&allowed), Ok(()));
}

#[test]
fn without_an_account_id_a_missing_arn_confirms() {
    let case = deleting().with(|backup| backup.arn = None);
    assert_eq!(confirmed(&case), Ok(()));
}

#[test]
fn a_wish_to_delete_is_of_the_backup_of_a_copy_or_with_the_resource() {
    for wishing in [case().wish_deleted(true), case().wish_copy(true), case().removing()] {
        assert!(wishing.desired.wishes_deletion());
    }
    for other in
        [case(), case().wish_copy(false), case().policy_delete(), case().wish_copy(true).terminating()]
    {
        assert!(!other.desired.wishes_deletion());
    }
}

#[test]
fn a_wish_that_is_used_up_is_told_with_the_fields_to_change() {
    let told = |case: Case| message(&case.later(HOUR).plan()).to_owned();
    let own = told(case().wish_deleted(true).done_deletion(HOUR));
    assert!(own.contains("take deleted: true back, wait until status.deletion is gone"), "{own}");
    let copy = case().wish_copy(true).there('a', "READY").on_record('a');
    let mark = copy.done(HOUR);
    let copy = told(copy.record(|record| record.marks.deletion = Some(mark)));
    assert!(
        copy.contains("take the entry's deleted: true back, wait until the deletion in its status is gone"),
        "{copy}"
    );
}
