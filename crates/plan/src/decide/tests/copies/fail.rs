//! Copies that failed, and copies that are not listed any more.

use super::*;

/// A copy that AWS was making is on record.
fn making() -> Case {
    wanting().there('a', "CREATE_IN_PROGRESS").on_record('a')
}

#[test]
fn a_copy_that_ends_deleted_or_gone_has_failed_and_is_made_again_later() {
    for end in [making().becomes('a', "DELETED"), making().vanishes('a')] {
        end.expect("- CopyFailed eu-central-1[id:none unseen failed:CopyFailed*1]");
        assert_eq!(end.plan().notices.len(), 1, "a failed copy makes an Event");
        let failed = end.passed();
        failed.clone().later(14 * MINUTE).expect("- CopyFailed");
        assert_eq!(failed.plan().next.wake, Some(failed.now.tick.after(15 * MINUTE)));
        failed.later(15 * MINUTE).expect("Copy(eu-central-1) CopyFailed eu-central-1[request:open]");
    }
}

#[test]
fn a_deleted_entry_made_after_the_mark_says_that_the_request_failed() {
    for asked in [waiting(), wanting().asked(HOUR)] {
        let failed = "- CopyFailed eu-central-1[request:none failed:CopyFailed*1]";
        asked.clone().there('a', "DELETED").made('a', HOUR).expect(failed);
        asked.clone().there('a', "DELETED").made('a', MINUTE).expect(failed);
        asked.clone().there('a', "DELETED").made('a', HOUR + SECOND).expect("- CopyInProgress");
        let unsaid = asked.there('a', "DELETED").with_copy('a', |copy| copy.copy_timestamp = None);
        unsaid.expect("- CopyInProgress");
    }
}

#[test]
fn of_a_request_of_our_own_a_deleted_entry_that_was_not_there_before_says_that_it_failed() {
    let asked = |case: Case| case.acted(Outcome::Accepted).later(SECOND).passed();
    let shown = |ago| asked(wanting()).there('a', "DELETED").made('a', ago);
    for ago in [Duration::ZERO, 4 * MINUTE] {
        shown(ago).expect("- CopyFailed eu-central-1[request:none failed:CopyFailed*1]");
    }
    shown(6 * MINUTE).expect("- CopyInProgress");
    asked(wanting().there('a', "DELETED").made('a', MINUTE)).expect("- CopyInProgress");
}

#[test]
fn the_failure_of_a_request_that_another_process_sent_is_mistaken_for_no_earlier_one() {
    let asked = |setback| wanting().failed(setback, 1, 2 * MINUTE).asked(MINUTE);
    let failed = |setback| asked(setback).there('a', "DELETED").made('a', 30 * SECOND);
    // Clocks differ, so that it may be what became of the request before.
    for setback in [Reason::CopyFailed, Reason::CopyUnanswered] {
        failed(setback).expect("- CopyInProgress");
    }
    // A refusal leaves nothing behind.
    for setback in [Reason::Throttled, Reason::AccessDenied, Reason::Rejected] {
        failed(setback).expect("- CopyFailed eu-central-1[request:none failed:CopyFailed*1]");
    }
}

#[test]
fn copies_that_fail_again_and_again_are_made_ever_more_rarely() {
    let mut case = wanting();
    let mut waits = Vec::new();
    for _ in 0..6 {
        case = case.done_by_aws().later(MINUTE).passed();
        let letter = case.recorded().id.as_ref().map(letter).unwrap().chars().next().unwrap();
        case = case.becomes(letter, "DELETED").later(MINUTE).passed();
        let wait = case.plan().next.wake.expect("it comes back").since(case.now.tick);
        waits.push(wait.as_secs() / 60);
        case.clone().later(wait.saturating_sub(SECOND)).expect("- CopyFailed");
        case = case.later(wait);
    }
    assert_eq!(waits, [15, 60, 240, 1440, 1440, 1440]);
}

#[test]
fn a_copy_that_succeeds_after_failures_starts_afresh() {
    let again = wanting().failed(Reason::CopyFailed, 3, DAY).done_by_aws().later(MINUTE);
    again.expect("- CopyInProgress eu-central-1[id:a CREATE_IN_PROGRESS request:none]");
    let again = again.passed();
    assert_eq!(again.recorded().attempts, 3, "it has not succeeded yet");
    again.becomes('a', "READY").later(MINUTE).expect("- InSync eu-central-1[READY failed:none*0]");
}

#[test]
fn a_ready_copy_that_vanished_is_made_again_after_two_absences_a_settle_window_apart() {
    let missing = having().vanishes('a');
    missing.expect("- CopyMissing");
    assert_eq!(verdict(&missing.plan()).copies_count, Some((0, 1)));
    let missing = missing.passed();
    let again = missing.now.tick.after(15 * MINUTE);
    let look = (region(THERE), Topic::Backup(id('a')));
    assert_eq!(missing.plan().next.looks.get(&look), Some(&again));
    missing.clone().later(14 * MINUTE).expect("- CopyMissing");
    missing.clone().without_a_look(HOUR).expect("- CopyMissing");
    missing.clone().later(MINUTE).there('a', "READY").later(MINUTE).expect("- InSync");
    missing
        .later(15 * MINUTE)
        .expect("Copy(eu-central-1) CopyInProgress eu-central-1[id:none unseen request:open]");
}

#[test]
fn two_absences_with_a_sight_between_them_are_not_two() {
    let seen = having().vanishes('a').later(MINUTE).there('a', "READY").later(10 * MINUTE);
    seen.vanishes('a').later(10 * MINUTE).expect("- CopyMissing");
}

#[test]
fn a_restart_restarts_the_wait_for_a_missing_copy() {
    let missing = having().vanishes('a').later(10 * MINUTE).passed().restarted();
    missing.clone().later(10 * MINUTE).expect("- CopyMissing");
    assert_eq!(effect(&missing.later(15 * MINUTE).plan()), "Copy(eu-central-1)");
}

#[test]
fn a_look_that_fails_is_no_absence() {
    let unclear = having().vanishes('a').unclear_there(ErrorClass::Transient);
    unclear.expect("- AwsError");
    assert_eq!(said(&unclear).record.id, Some(id('a')));
    unclear.later(DAY).expect("- AwsError");
    let making = making().vanishes('a').unclear_there(ErrorClass::Transient);
    assert_eq!(effect(&making.later(DAY).plan()), "-");
}

#[test]
fn a_missing_copy_is_replaced_by_one_that_is_there() {
    having().vanishes('a').there('b', "READY").expect("- InSync eu-central-1[id:b]");
}

#[test]
fn a_pending_copy_that_was_purged_is_made_again_at_once() {
    let pending = having().becomes('a', "PENDING_DELETION").passed();
    assert_eq!(effect(&pending.clone().becomes('a', "DELETED").plan()), "Copy(eu-central-1)");
    assert_eq!(effect(&pending.vanishes('a').plan()), "Copy(eu-central-1)");
}
