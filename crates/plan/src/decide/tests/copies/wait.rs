//! A request whose copy does not show: how long it is looked for, and when another one is made (P4).

use super::*;

/// A copy was asked for, and nobody knows whether AWS took that.
fn unanswered() -> Case {
    wanting().acted(unknown())
}

/// Passes and looks every five minutes, for so long. Whatever is asked for then is asked for in vain.
fn watch(mut case: Case, long: Duration, outcome: &Outcome) -> (Case, Vec<String>) {
    let mut asked = Vec::new();
    let end = case.time_in(long);
    while case.now.wall < end {
        case = case.round(&mut asked, |case| case.acted(outcome.clone())).later(5 * MINUTE);
    }
    (case, asked)
}

#[test]
fn an_accepted_request_is_never_repeated_and_lost_after_a_day() {
    let (case, asked) = watch(wanting().acted(Outcome::Accepted), 23 * HOUR, &Outcome::Accepted);
    assert_eq!(asked, Vec::<String>::new());
    case.expect("- CopyInProgress");
    let (case, asked) = watch(case, 3 * DAY, &Outcome::Accepted);
    assert_eq!(asked, Vec::<String>::new());
    case.expect("- CopyLost");
    assert_eq!(case.recorded().last_failure.unwrap().reason, Reason::CopyLost);
    assert!(!case.recorded().is_sought(), "it is not looked for any more");
}

#[test]
fn a_request_is_lost_only_when_a_search_after_that_day_found_nothing() {
    let old = wanting().accepted(23 * HOUR);
    let late = old.without_a_look(2 * HOUR);
    late.expect("- CopyInProgress");
    assert!(ordered_search(&late).is_some_and(|since| since <= late.now.tick));
    late.later(SECOND).expect("- CopyLost eu-central-1[failed:CopyLost*1]");
}

#[test]
fn a_restart_does_not_make_an_accepted_request_unknown() {
    let case = waiting().restarted();
    case.clone().later(HOUR).later(HOUR).expect("- CopyInProgress");
    case.later(DAY).expect("- CopyLost eu-central-1[failed:CopyLost*1]");
}

#[test]
fn a_request_of_unknown_outcome_is_repeated_once_after_two_searches() {
    let case = unanswered().later(SECOND).passed();
    case.expect("- CopyInProgress");
    let began = case.now.tick.before(SECOND);
    assert_eq!(ordered_search(&case), Some(began.after(Duration::from_secs(450))), "halfway");
    let half = case.later(7 * MINUTE + 30 * SECOND).passed();
    half.expect("- CopyInProgress");
    assert_eq!(ordered_search(&half), Some(half.now.tick.after(Duration::from_secs(450))), "and at the end");
    half.clone().later(7 * MINUTE + 29 * SECOND).expect("- CopyInProgress");
    half.clone().without_a_look(HOUR).expect("- CopyInProgress");
    let over = half.later(7 * MINUTE + 30 * SECOND);
    over.expect("Copy(eu-central-1) CopyInProgress eu-central-1[request:open failed:CopyUnanswered*1]");
}

#[test]
fn the_pass_that_sees_the_first_search_orders_the_second() {
    let asked = unanswered().later(SECOND).passed();
    for (wait, second) in [(7 * MINUTE, false), (8 * MINUTE, true)] {
        let mut case = asked.clone().without_a_look(wait);
        case.look_elsewhere();
        let looks = planned(&case, &case.observe()).next.looks;
        let look = looks.get(&(region(THERE), Topic::CopiesOf(key(OWN)))).copied();
        assert_eq!(look == Some(case.now.tick.after(Duration::from_secs(450))), second, "{look:?}");
    }
}

#[test]
fn one_late_search_is_not_two() {
    unanswered().later(HOUR).expect("- CopyInProgress");
    unanswered().later(HOUR).later(7 * MINUTE).expect("- CopyInProgress");
    assert_eq!(effect(&unanswered().later(HOUR).later(8 * MINUTE).plan()), "Copy(eu-central-1)");
}

#[test]
fn searches_in_the_first_half_do_not_count() {
    let case = unanswered().later(MINUTE).later(5 * MINUTE).later(MINUTE);
    case.later(8 * MINUTE).expect("- CopyInProgress");
}

#[test]
fn a_second_request_of_unknown_outcome_is_the_last() {
    let (case, asked) = watch(unanswered(), 3 * DAY, &unknown());
    assert_eq!(asked, ["Copy(eu-central-1)"]);
    case.expect("- CopyLost");
    assert_eq!(case.plan().notices, [], "it was said already");
}

#[test]
fn the_annotation_asks_for_exactly_one_more_copy_after_one_was_lost() {
    for lost in
        [wanting().accepted(2 * DAY), wanting().asked(2 * DAY).failed(Reason::CopyUnanswered, 1, 2 * DAY)]
    {
        let lost = lost.later(HOUR).later(HOUR).passed();
        lost.expect("- CopyLost");
        assert!(message(&lost.plan()).contains("cloudhsm-backup.dev/reconcile-requested-at"));
        let again = lost.later(SECOND).request_reconcile("now");
        assert_eq!(effect(&again.plan()), "Copy(eu-central-1)");
        let (case, asked) = watch(again, 3 * DAY, &unknown());
        assert_eq!(asked, ["Copy(eu-central-1)"]);
        assert_eq!(case.ledger.handled_request.as_deref(), Some("now"));
        case.expect("- CopyLost");
    }
}

#[test]
fn the_annotation_shortens_no_wait_for_an_open_request() {
    let asked = unanswered().later(MINUTE).request_reconcile("now").later(SECOND);
    asked.expect("- CopyInProgress");
    waiting().request_reconcile("now").later(HOUR).expect("- CopyInProgress");
}

#[test]
fn a_restart_restarts_the_window() {
    let case = unanswered().later(8 * MINUTE).passed().restarted();
    case.clone().later(7 * MINUTE).expect("- CopyInProgress");
    let half = case.later(8 * MINUTE);
    half.expect("- CopyInProgress");
    assert_eq!(effect(&half.later(8 * MINUTE).plan()), "Copy(eu-central-1)");
}

#[test]
fn a_request_that_another_process_wrote_down_is_waited_for() {
    // A crash right after the mark: nobody knows whether the request left.
    let crashed = wanting().passed();
    crashed.expect("- CopyInProgress");
    let (case, asked) = watch(crashed, 10 * MINUTE, &unknown());
    assert_eq!(asked, Vec::<String>::new());
    let (_, asked) = watch(case, 20 * MINUTE, &unknown());
    assert_eq!(asked, ["Copy(eu-central-1)"]);
}

#[test]
fn what_became_of_a_try_under_another_mark_proves_nothing() {
    // Our request was refused, and then another operator wrote a mark of its own.
    let refused = wanting().acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    let other = Request { requested_at: refused.now.wall, accepted_at: None };
    let mut other = refused.record(|record| record.request = Some(other));
    other.see_requests();
    other.expect("- CopyInProgress");
    // Nor does an acceptance.
    let accepted = wanting().acted(Outcome::Accepted).later(SECOND);
    let other = Request { requested_at: accepted.now.wall, accepted_at: None };
    let mut other = accepted.record(|record| record.request = Some(other));
    other.see_requests();
    other.expect("- CopyInProgress");
}

#[test]
fn a_copy_that_appears_late_is_adopted_and_nothing_is_lost() {
    let lost = wanting().accepted(2 * DAY).later(SECOND).passed();
    let late = lost.there('a', "READY").made('a', HOUR).later(HOUR);
    late.expect("- InSync eu-central-1[id:a READY request:none failed:none*0]");
    let late = unanswered().later(HOUR).there('a', "CREATE_IN_PROGRESS").made('a', HOUR);
    late.expect("- CopyInProgress eu-central-1[id:a CREATE_IN_PROGRESS request:none]");
}

#[test]
fn a_copy_that_was_there_before_is_kept_and_the_request_waited_for() {
    let foreign = waiting().there('a', "READY").made('a', 3 * HOUR);
    foreign.expect("- CopyInProgress eu-central-1[id:a READY]");
    let kept = foreign.passed().later(DAY);
    kept.expect("- InSync eu-central-1[request:none]");
    // The one that was asked for shows after all: one too many, and never deleted.
    let both = waiting().there('a', "READY").made('a', 3 * HOUR).passed();
    let both = both.there('b', "READY").made('b', HOUR).later(SECOND);
    both.expect("- InSync eu-central-1[request:none]");
    assert_eq!(said(&both).duplicates, [id('b')]);
}

#[test]
fn a_request_is_still_waited_for_when_the_copy_that_was_there_before_is_gone() {
    for end in [|case: Case| case.becomes('a', "DELETED"), |case: Case| case.vanishes('a').later(HOUR)] {
        let kept = waiting().there('a', "PENDING_DELETION").made('a', 3 * HOUR).on_record('a');
        let gone = end(kept.passed());
        gone.expect("- CopyInProgress eu-central-1[id:none unseen]");
        assert!(gone.recorded().request.is_some_and(|request| request.accepted_at.is_some()));
    }
}

#[test]
fn a_copy_that_was_there_before_does_not_keep_a_request_of_unknown_outcome_open_for_ever() {
    let old = unanswered().there('a', "READY").made('a', HOUR).later(SECOND).passed();
    old.expect("- CopyInProgress");
    let (case, asked) = watch(old, HOUR, &unknown());
    assert_eq!(asked, Vec::<String>::new());
    case.expect("- InSync");
    assert_eq!(case.recorded().request, None);
}

#[test]
fn an_older_pending_copy_is_restored_when_the_wait_for_the_request_is_over_and_not_before() {
    let pending = unanswered().there('a', "PENDING_DELETION").made('a', HOUR).later(SECOND).passed();
    pending.expect("- CopyInProgress");
    let (case, asked) = watch(pending, HOUR, &Outcome::Accepted);
    assert_eq!(asked, ["Restore(a)"]);
    assert_eq!(case.recorded().id, Some(id('a')));
}

#[test]
fn the_pending_copy_that_the_request_made_is_restored_at_once() {
    let pending = waiting().there('a', "PENDING_DELETION").made('a', HOUR);
    pending.expect("Restore(a) Applying eu-central-1[id:a PENDING_DELETION request:none restore:open]");
}

#[test]
fn clocks_that_differ_a_little_do_not_hide_the_copy_of_a_request() {
    let made = |ago| effect(&waiting().there('a', "READY").made('a', HOUR + ago).plan());
    assert_eq!(made(5 * MINUTE), "-");
    waiting()
        .there('a', "READY")
        .made('a', HOUR + 4 * MINUTE)
        .expect("- InSync eu-central-1[id:a READY request:none]");
}

#[test]
fn acceptance_is_not_forgotten_while_another_resource_has_the_say() {
    let accepted = wanting().acted(Outcome::Accepted).later(SECOND);
    let yielding = accepted.yields_to("older").passed().later(SECOND);
    let mut promoted = yielding.passed();
    promoted.standing = Standing::default();
    promoted.expect("- CopyInProgress eu-central-1[request:accepted]");
}

#[test]
fn a_search_that_shows_a_copy_does_not_count_as_one_that_shows_none() {
    let halfway = |case: &Case| case.requests.open(&key(OWN), &region(THERE)).unwrap().halfway.is_some();
    let asked = wanting().asked(30 * MINUTE);
    assert!(halfway(&asked.clone().passed()), "half the waiting time over, none was there");
    assert!(halfway(&asked.clone().there('a', "DELETED").made('a', HOUR).passed()));
    // One that may be it keeps the request open, whatever it is.
    assert!(!halfway(&asked.there('a', "ARCHIVED").made('a', MINUTE).passed()));
}
