//! A first copy: what must be known before it is asked for, and how the request turns out.

use super::{super::rows::Set, *};

const ASKED: &str = "Copy(eu-central-1) CopyInProgress eu-central-1[request:open]";

#[test]
fn a_copy_that_is_wanted_and_surely_not_there_is_asked_for_with_its_mark() {
    let case = wanting();
    case.expect(ASKED);
    let plan = case.plan();
    let Some(Effect::Mutate { mutation, mark }) = &plan.effect else { panic!("no mutation in {plan:#?}") };
    assert_eq!(mutation.target, case.desired.backup, "the request goes to the region of the source");
    let record = &verdict(&plan).copies.first().unwrap().record;
    assert_eq!(record.request, Some(Request { requested_at: case.now.wall, accepted_at: None }));
    assert_eq!(*mark, Some(case.now.wall));
}

#[test]
fn a_search_of_long_ago_proves_nothing_and_a_new_one_is_ordered() {
    wanting().looked_ago(5 * MINUTE).expect(ASKED);
    let stale = wanting().looked_ago(5 * MINUTE + SECOND);
    stale.expect("- CopyInProgress");
    assert_eq!(ordered_search(&stale), Some(stale.now.tick));
    stale.later(SECOND).expect(ASKED);
}

#[test]
fn nothing_is_asked_for_on_the_strength_of_a_search_that_failed() {
    for class in [ErrorClass::AccessDenied, ErrorClass::Transient, ErrorClass::Implausible] {
        let plan = wanting().unclear_there(class).plan();
        assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::CopyInProgress));
        assert!(message(&plan).contains("cannot look at region eu-central-1"), "{}", message(&plan));
    }
}

#[test]
fn a_search_from_before_a_change_of_ours_proves_nothing() {
    let mut stale = wanting().looked_ago(10 * SECOND);
    let since = stale.now.tick.before(5 * SECOND);
    stale.regions.get_mut(&region(THERE)).unwrap().demand_from(since);
    stale.expect("- CopyInProgress");
    assert_eq!(ordered_search(&stale), Some(since));
    stale.later(SECOND).expect(ASKED);
}

#[test]
fn nothing_is_known_until_every_region_was_looked_at() {
    wanting().never_looked_there().expect("- nothing known");
    having().wish_never_expires(true).never_looked_there().expect("- nothing known");
    // The finalizer does not wait for looks.
    wanting().policy_delete().never_looked_there().expect("AddFinalizer nothing known");
}

#[test]
fn the_tags_that_are_asked_for_are_on_record_with_the_request() {
    let tagged = wanting().wish_copy_tags(&[("team", "a"), ("env", "p")]);
    tagged.expect("Copy(eu-central-1 env=p,team=a) CopyInProgress eu-central-1[request:open keys[env,team]]");
    let made = tagged.done_by_aws().becomes('a', "READY").later(SECOND);
    made.expect("- InSync eu-central-1[id:a READY request:none]");
    // So they can be removed when they are not wanted any more.
    made.passed().wish_copy_tags(&[("team", "a")]).expect("Untag(a env) Applying");
}

#[test]
fn tags_that_were_changed_while_the_copy_was_on_its_way_are_brought_up_to_date() {
    let made = wanting().wish_copy_tags(&[("team", "a")]).done_by_aws().later(SECOND).becomes('a', "READY");
    let changed = made.wish_copy_tags(&[("env", "p")]).later(SECOND);
    changed.expect("Tag(a env=p) Applying eu-central-1[id:a READY request:none keys[env,team]]");
    let changed = changed.done_by_aws().later(SECOND);
    assert_eq!(effect(&changed.plan()), "Untag(a team)");
}

#[test]
fn a_refused_request_made_nothing_and_is_repeated_after_its_backoff() {
    let refused = wanting().acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    refused.expect("- AccessDenied eu-central-1[request:none failed:AccessDenied*1]");
    assert!(message(&refused.plan()).contains("cloudhsm:CopyBackupToRegion"));
    let refused = refused.passed();
    assert_eq!(refused.plan().next.wake, Some(refused.now.tick.after(30 * SECOND)));
    refused.clone().later(29 * SECOND).expect("- AccessDenied");
    let again = refused.later(30 * SECOND);
    again.expect("Copy(eu-central-1) AccessDenied eu-central-1[request:open]");
    let again = again.acted(rejected(ErrorClass::AccessDenied)).passed();
    assert_eq!(again.recorded().attempts, 2);
    again.clone().later(59 * SECOND).expect("- AccessDenied");
    assert_eq!(effect(&again.later(MINUTE).plan()), "Copy(eu-central-1)");
}

#[test]
fn a_request_that_never_left_made_nothing() {
    let not_sent = Outcome::NotSent(Failure::new(ErrorClass::Transient, "no connection"));
    let case = wanting().acted(not_sent).later(SECOND);
    case.expect("- AwsError eu-central-1[request:none failed:AwsError*1]");
    assert_eq!(effect(&case.passed().later(5 * SECOND).plan()), "Copy(eu-central-1)");
}

#[test]
fn the_keys_of_a_request_that_made_nothing_are_not_taken_for_applied() {
    let refused = wanting().wish_copy_tags(&[("team", "a")]).acted(rejected(ErrorClass::AccessDenied));
    let refused = refused.later(SECOND).passed();
    // A copy of somebody else has a tag of that name.
    let foreign = refused.wish_copy_tags(&[]).there('a', "READY");
    let foreign = foreign.with_copy('a', |copy| copy.tags = Some(tag_map(&[("team", "b")])));
    assert_eq!(effect(&foreign.plan()), "-");
}

#[test]
fn another_reason_to_fail_counts_from_one_again() {
    let throttled = wanting().failed(Reason::AccessDenied, 4, HOUR).acted(rejected(ErrorClass::Throttled));
    assert_eq!(throttled.passed().recorded().attempts, 1);
}

#[test]
fn a_restart_shortens_no_backoff() {
    let refused = wanting().acted(rejected(ErrorClass::AccessDenied)).later(SECOND).passed().restarted();
    refused.clone().later(29 * SECOND).expect("- AccessDenied");
    assert_eq!(effect(&refused.later(30 * SECOND).plan()), "Copy(eu-central-1)");
}

#[test]
fn the_annotation_ends_the_backoff_of_a_copy_once() {
    let asked = wanting().failed(Reason::CopyFailed, 3, MINUTE).request_reconcile("now").later(SECOND);
    assert_eq!(effect(&asked.plan()), "Copy(eu-central-1)");
    let refused = asked.acted(rejected(ErrorClass::AccessDenied)).later(SECOND).passed();
    assert_eq!(refused.ledger.handled_request.as_deref(), Some("now"));
    refused.later(SECOND).expect("- AccessDenied");
}

#[test]
fn an_annotation_that_asks_for_a_copy_counts_as_handled_once_it_was_asked_for() {
    let handled = |case: &Case| verdict(&case.plan()).handled_request.clone();
    let asked = wanting().failed(Reason::CopyFailed, 3, MINUTE).request_reconcile("now").later(SECOND);
    assert_eq!(handled(&asked), None, "after a crash it is still to be done");
    assert_eq!(handled(&asked.clone().suspended()).as_deref(), Some("now"));
    let done = asked.acted(Outcome::Accepted).later(SECOND);
    assert_eq!(handled(&done).as_deref(), Some("now"));
}

#[test]
fn what_was_tried_in_a_region_is_remembered_while_the_region_cannot_be_seen() {
    for case in [having().wish_copy_tags(&[("team", "a")]), wanting()] {
        let tried = case.acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
        let blind = tried.never_looked_there().trouble_in(THERE, ErrorClass::Unreachable);
        assert_eq!(blind.plan().wanted.len(), 1);
    }
}

#[test]
fn two_failing_regions_do_not_keep_each_other_going_after_one_annotation() {
    let mut case = wanting().lists(FAR, false);
    for _ in 0..2 {
        case = case.acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    }
    case = case.passed().later(SECOND).request_reconcile("now");
    let mut asked = Vec::new();
    for _ in 0..8 {
        case = case.round(&mut asked, |case| case.acted(rejected(ErrorClass::AccessDenied))).later(SECOND);
    }
    assert_eq!(asked, ["Copy(eu-central-1)", "Copy(ap-south-1)"]);
    assert_eq!(case.ledger.handled_request.as_deref(), Some("now"));
}

#[test]
fn an_accepted_request_is_on_record_as_accepted_and_the_copy_is_found() {
    let case = wanting().acted(Outcome::Accepted).later(2 * SECOND);
    case.expect("- CopyInProgress eu-central-1[request:accepted]");
    let case = case.passed().later(30 * SECOND);
    case.expect("- CopyInProgress");
    let shown = case.there('a', "CREATE_IN_PROGRESS").made('a', 30 * SECOND).later(30 * SECOND);
    shown.expect("- CopyInProgress eu-central-1[id:a CREATE_IN_PROGRESS request:none]");
    shown.passed().becomes('a', "READY").later(HOUR).expect("- InSync eu-central-1[READY]");
}

#[test]
fn the_source_must_be_there_and_ready() {
    let sources: [(Set, Reason); 5] = [
        (|case| case.state("CREATE_IN_PROGRESS"), Reason::CreateInProgress),
        (Case::pending, Reason::PendingDeletion),
        (|case| case.state("DELETED"), Reason::Gone),
        (|case| case.state("ARCHIVED"), Reason::SourceUnavailable),
        (Case::absent, Reason::Gone),
    ];
    for (see, expected) in sources {
        let plan = see(wanting()).plan();
        assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", expected));
        if expected != Reason::CreateInProgress {
            let ready = verdict(&plan).copies_ready.clone().unwrap();
            assert_eq!(ready.reason, Reason::SourceUnavailable, "{}", ready.message);
        }
    }
    // One that is being restored is not unavailable: it goes on by itself.
    let plan = wanting().pending().wish_deleted(false).plan();
    assert_eq!((effect(&plan).as_str(), reason(&plan)), ("Restore", Reason::Applying));
    assert_eq!(reason(&wanting().absent().never_seen().plan()), Reason::NotFound);
}

#[test]
fn a_backup_that_is_to_be_deleted_is_copied_first() {
    let case = wanting().wish_deleted(true);
    case.expect(ASKED);
    assert!(message(&case.plan()).contains("the deletion waits"));
}

#[test]
fn copies_of_a_copy_are_not_made_but_told_of() {
    let case = wanting().copy();
    case.expect("- CopyOfCopy");
    let ready = verdict(&case.plan()).copies_ready.clone().unwrap();
    assert_eq!(ready.reason, Reason::CopyOfCopy);
    assert!(ready.message.contains("declare them on its original"), "{}", ready.message);
    wanting().copy().wish_copy(true).there('a', "READY").on_record('a').expect("- CopyOfCopy");
    case.unlisted().expect("- InSync");
}
