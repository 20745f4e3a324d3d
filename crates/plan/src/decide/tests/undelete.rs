//! Rows: a backup that is pending deletion though the spec does not ask for it.

use super::*;

fn keeping() -> Case {
    case().pending().wish_deleted(false)
}

#[test]
fn a_foreign_deletion_is_reported_and_left_alone_when_deleted_is_unset() {
    let case = case().pending();
    let plan = case.plan();
    assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::PendingDeletion));
    let until = case.time_in(6 * DAY).to_string();
    assert!(message(&plan).contains("set deleted: false to keep it") && message(&plan).contains(&until));
}

#[test]
fn a_foreign_deletion_is_undone_when_deleted_is_false() {
    keeping().expect("Restore Applying restore:open");
}

#[test]
fn what_comes_of_a_restore_belongs_to_its_mark() {
    let plan = keeping().plan();
    let Some(Effect::Mutate { mark, .. }) = plan.effect else { panic!("{:?}", plan.effect) };
    let requested = verdict(&keeping().plan()).marks.restore.map(|mark| mark.requested_at);
    assert!(mark.is_some() && mark == requested);
}

#[test]
fn the_own_deletion_is_undone_when_the_wish_is_withdrawn_by_removal_or_by_false() {
    for withdrawn in [None, Some(false)] {
        let case = case().pending().done_deletion(HOUR).wish_deleted(withdrawn);
        case.expect("Restore Applying deletion:none restore:open");
        let case = case.acted(Outcome::Accepted).later(5 * SECOND).ready();
        case.expect("- InSync restore:done");
    }
}

#[test]
fn the_own_deletion_is_undone_also_when_the_backup_seemed_gone_meanwhile() {
    let case = case().pending().done_deletion(HOUR);
    let unlisted = case.clone().absent();
    let plan = unlisted.plan();
    assert_eq!(reason(&plan), Reason::Gone);
    unlisted.written(&plan).pending().expect("Restore Applying deletion:none restore:open");
    // AWS itself says that it is purged.
    case.state("DELETED").expect("- Gone deletion:none");
}

#[test]
fn of_a_backup_that_is_gone_it_is_said_what_becomes_of_its_copies() {
    let said = |case: Case| message(&case.absent().plan()).to_owned();
    let stay = "the copies that are listed stay";
    assert!(said(case().wish_copy(false)).contains(stay));
    for case in [case(), case().wish_copy(true)] {
        let said = said(case);
        assert!(!said.contains(stay) && said.contains("delete this resource"), "{said}");
    }
}

#[test]
fn an_own_deletion_that_is_still_wanted_is_not_undone() {
    case().pending().done_deletion(HOUR).wish_deleted(true).expect("- DeletionScheduled");
}

#[test]
fn a_foreign_deletion_is_not_undone_for_a_withdrawn_wish_that_was_never_carried_out() {
    // Somebody rescued it, the wish was withdrawn and forgotten, and somebody else deleted it.
    let case = case().done_deletion(HOUR);
    let forgotten = case.clone().written(&case.plan());
    forgotten.pending().expect("- PendingDeletion");
}

#[test]
fn an_accepted_restore_is_not_repeated_while_it_does_not_show() {
    let case = keeping().acted(Outcome::Accepted).later(10 * SECOND);
    case.expect("- Applying restore:done");
    let case = case.clone().written(&case.plan());
    case.clone().later(40 * SECOND).expect("- Applying");
    assert_eq!(own_look(&case.plan().next), Some(case.now.tick.after(MINUTE)));
}

#[test]
fn an_open_restore_is_tried_again_after_a_failure() {
    let refused = keeping().acted(rejected(ErrorClass::AccessDenied));
    refused.clone().later(10 * SECOND).expect("- AccessDenied");
    refused.clone().later(30 * SECOND).expect("Restore AccessDenied restore:open");
    let lost = keeping().acted(unknown());
    lost.clone().later(30 * SECOND).expect("- Applying");
    lost.later(MINUTE).expect("Restore AwsError restore:open");
}

#[test]
fn an_open_restore_goes_on_when_deleted_false_is_removed() {
    // It replaced the mark of the own deletion, and so stands for it.
    case().pending().open_restore(2 * MINUTE).restarted().expect("Restore Applying restore:open");
}

#[test]
fn an_open_restore_of_an_older_process_waits_a_minute_for_its_effect() {
    let case = case().pending().open_restore(10 * SECOND).restarted();
    case.expect("- Applying");
    case.later(50 * SECOND).expect("Restore Applying restore:open");
}

#[test]
fn an_open_restore_is_done_when_the_backup_is_ready() {
    case().open_restore(2 * MINUTE).restarted().expect("- InSync restore:done");
}

#[test]
fn a_look_that_lags_does_not_make_a_restore_done_that_was_refused_or_never_sent() {
    let refused = keeping().acted(rejected(ErrorClass::Throttled));
    let never_sent = keeping().open_restore(SECOND).restarted();
    for (case, reason) in [(refused, "Throttled"), (never_sent, "Applying")] {
        // As the backup was before somebody deleted it.
        let lagging = case.later(5 * SECOND).ready();
        lagging.expect("- InSync");
        let plan = lagging.plan();
        assert!(own_look(&plan.next).is_some(), "it looks again");
        lagging.written(&plan).pending().later(MINUTE).expect(&format!("Restore {reason} restore:open"));
    }
}

#[test]
fn a_backup_that_is_pending_again_within_a_day_waits_until_the_day_is_over() {
    let case = keeping().done_restore(HOUR);
    let plan = case.plan();
    assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::RestoredAndDeletedAgain));
    for advice in ["neverExpires: true", "retention", "find who deletes it"] {
        assert!(message(&plan).contains(advice), "{advice}");
    }
    case.clone().later(22 * HOUR).expect("- RestoredAndDeletedAgain");
    case.later(23 * HOUR).expect("Restore Applying restore:open");
}

#[test]
fn the_wait_for_the_next_restore_ends_by_itself() {
    // In the last hours of the wait nothing else wakes it earlier.
    let case = keeping().done_restore(23 * HOUR + 30 * MINUTE);
    assert_eq!(case.plan().next.wake, Some(case.now.tick.after(30 * MINUTE)));
}

#[test]
fn within_its_last_day_a_backup_is_restored_without_limit() {
    keeping().done_restore(HOUR).purge_in(23 * HOUR).expect("Restore Applying restore:open");
    let case = keeping().done_restore(HOUR).purge_in(25 * HOUR);
    case.expect("- RestoredAndDeletedAgain");
    assert_eq!(case.plan().next.wake, Some(case.now.tick.after(HOUR)), "as soon as its last day begins");
}

#[test]
fn an_own_deletion_is_undone_however_lately_another_one_was() {
    let case = case().pending().done_restore(HOUR).done_deletion(10 * MINUTE);
    case.expect("Restore Applying deletion:none restore:open");
}

#[test]
fn a_foreign_deletion_after_an_own_restore_is_none_of_ours_when_deleted_is_unset() {
    case().pending().done_restore(HOUR).expect("- PendingDeletion");
}

#[test]
fn a_late_restore_is_still_tried() {
    keeping().purge_in(SECOND).expect("Restore Applying restore:open");
}

/// Lets the operator act on what AWS shows until it does nothing more.
fn settle(mut case: Case) -> Case {
    for _ in 0..10 {
        let plan = case.plan();
        if plan.effect.is_some() {
            case = case.done_by_aws().later(5 * SECOND);
            continue;
        }
        case = case.written(&plan).later(2 * MINUTE);
        if case.plan().effect.is_none() {
            return case;
        }
    }
    panic!("no end: {case:#?}")
}

#[test]
fn going_from_one_wish_to_another_and_back_leads_to_where_it_began() {
    for (first, second) in
        [(None, Some(true)), (Some(false), Some(true)), (Some(true), None), (Some(true), Some(false))]
    {
        let start = settle(case().wish_deleted(first));
        let there = settle(start.clone().wish_deleted(second));
        let back = settle(there.wish_deleted(first));
        assert_eq!(back.backup().state, start.backup().state, "{first:?} → {second:?} → {first:?}");
        assert!(verdict(&back.plan()).ready.is_ready());
    }
}

#[test]
fn the_wish_to_delete_that_comes_back_before_its_restore_began_finds_the_deletion_on_record() {
    // The restore mark was written and the process died; nothing was sent.
    let case = case().pending().open_restore(5 * MINUTE).restarted().wish_deleted(true);
    case.expect("- DeletionScheduled deletion:done restore:none");
    let case = settle(case);
    assert_eq!(case.backup().state, BackupState::PendingDeletion);
    assert!(verdict(&case.plan()).ready.is_ready());
    // It is this resource's own deletion as before, so withdrawing it again undoes it.
    assert_eq!(settle(case.wish_deleted(None)).backup().state, BackupState::Ready);
}

#[test]
fn the_wish_to_delete_that_comes_back_before_the_accepted_restore_shows_is_carried_out() {
    // AWS shows the effect of a restore late; deleted: true is there again before it does.
    let withdrawn = case().pending().done_deletion(HOUR);
    let back = withdrawn.acted(Outcome::Accepted).later(5 * SECOND).wish_deleted(true);
    let back = back.clone().written(&back.plan()).later(5 * SECOND).ready().later(2 * MINUTE);
    assert_eq!(settle(back).backup().state, BackupState::PendingDeletion, "A → B → A is A (L3)");
}

#[test]
fn the_wish_to_delete_that_comes_back_before_a_restore_of_unknown_outcome_shows_is_carried_out() {
    let withdrawn = case().pending().done_deletion(HOUR);
    let back = withdrawn.acted(unknown()).later(5 * SECOND).wish_deleted(true);
    let back = back.clone().written(&back.plan()).later(5 * SECOND).ready().later(2 * MINUTE);
    assert_eq!(settle(back).backup().state, BackupState::PendingDeletion, "A → B → A is A (L3)");
}
