//! Conditions and Events (design §3).

use super::*;
use crate::{
    decide::{Facts, Notice},
    reason::Stance,
};

#[test]
fn what_a_person_must_do_comes_before_what_goes_on_by_itself() {
    // Found in the order neverExpires, deletion; the second needs a person.
    let plan = case().wish_never_expires(true).wish_deleted(true).alone_in_its_cluster().plan();
    assert_eq!(reason(&plan), Reason::LastBackup);
}

#[test]
fn the_message_lists_all_that_is_outstanding() {
    let plan = case()
        .wish_never_expires(true)
        .wish_tags(&[("team", "a")])
        .wish_deleted(true)
        .alone_in_its_cluster()
        .trouble(ErrorClass::Throttled)
        .plan();
    for part in
        ["no other READY backup", "setting NeverExpires", "setting tags team", "cannot look at region"]
    {
        assert!(message(&plan).contains(part), "{part} is missing in: {}", message(&plan));
    }
}

#[test]
fn no_message_says_the_same_twice() {
    for case in [case().wish_copy(false), case().wish_copy(true), case().removing().wish_copy(false)] {
        let blind = case.unclear_there(ErrorClass::Throttled).trouble_in(THERE, ErrorClass::Throttled);
        let plan = blind.plan();
        assert_eq!(message(&plan).matches("cannot look at region").count(), 1, "{}", message(&plan));
    }
}

#[test]
fn messages_are_stable_while_nothing_changes() {
    let cases = [
        case().pending(),
        case().wish_deleted(true).alone_in_its_cluster(),
        case().wish_deleted(true).done_deletion(HOUR),
        case().wish_deleted(true).room(Room::FullUntil(case().now.tick.after(HOUR))),
        case().pending().wish_deleted(false).done_restore(HOUR),
        case().absent().never_seen(),
        case().unclear(ErrorClass::AccessDenied),
    ];
    for case in cases {
        assert_eq!(verdict(&case.plan()).ready, verdict(&case.clone().later(5 * MINUTE).plan()).ready);
    }
}

#[test]
fn an_event_comes_only_with_a_change_of_reason() {
    let held = case().wish_deleted(true).alone_in_its_cluster();
    let plan = held.plan();
    assert_eq!(
        plan.notices,
        [Notice { region: None, reason: Reason::LastBackup, message: message(&plan).to_owned() }]
    );
    assert_eq!(held.said(Reason::LastBackup).plan().notices, []);
}

#[test]
fn what_goes_on_by_itself_makes_no_event_but_a_held_deletion_does() {
    assert_eq!(case().wish_never_expires(true).plan().notices, []);
    assert_eq!(case().unclear(ErrorClass::Throttled).plan().notices, []);
    assert_eq!(case().wish_deleted(true).room(Room::Never).plan().notices.len(), 1);
    assert_eq!(case().wish_deleted(true).room(Room::Never).said(Reason::DeletionHeld).plan().notices, []);
}

#[test]
fn a_finalizer_that_cannot_finish_makes_an_event() {
    let denied = case().removing().open_deletion(SECOND);
    let denied = denied.tried(Change::Delete, rejected(ErrorClass::AccessDenied), SECOND);
    assert_eq!(denied.plan().notices.len(), 1);
    assert_eq!(case().removing().unclear(ErrorClass::AccessDenied).plan().notices.len(), 1);
    assert_eq!(case().removing().plan().notices, [], "one that gets on with it does not");
}

#[test]
fn whoever_waits_for_a_person_is_looked_at_once_an_hour() {
    let case = case().pending();
    assert_eq!(case.plan().next.wake, Some(case.now.tick.after(HOUR)));
}

#[test]
fn at_rest_nothing_is_planned() {
    for case in [case(), case().pending().done_deletion(HOUR).wish_deleted(true), case().said(Reason::InSync)]
    {
        let plan = case.plan();
        assert_eq!(
            (plan.effect.clone(), plan.notices.clone(), plan.next.clone()),
            (None, Vec::new(), Next::default())
        );
        assert_eq!(verdict(&plan).marks, case.ledger.marks);
    }
}

#[test]
fn trouble_in_the_region_bars_every_mutation_and_says_why() {
    let wishes: [fn(Case) -> Case; 5] = [
        |case| case.wish_never_expires(true),
        |case| case.wish_tags(&[("team", "a")]),
        |case| case.wish_deleted(true),
        |case| case.pending().wish_deleted(false),
        Case::removing,
    ];
    for wish in wishes {
        let case = wish(case()).trouble(ErrorClass::Unreachable);
        let plan = case.plan();
        assert_eq!(plan.effect, None);
        assert_eq!(verdict(&plan).marks.deletion, None);
        assert_eq!(verdict(&plan).marks.restore, None);
        assert!(message(&plan).contains("check the region's name"), "{}", message(&plan));
    }
    case().trouble(ErrorClass::Unreachable).expect("- RegionUnreachable");
    let denied = case().trouble(ErrorClass::AccessDenied).plan();
    assert!(message(&denied).contains("allow cloudhsm:DescribeBackups"), "{}", message(&denied));
}

#[test]
fn trouble_does_not_hold_the_finalizer_of_a_resource_that_retains() {
    case()
        .finalizer()
        .terminating()
        .trouble(ErrorClass::Unreachable)
        .expect("RemoveFinalizer RegionUnreachable");
}

#[test]
fn a_suspended_resource_is_ready_while_aws_matches() {
    let matching = case().suspended().tagged(&[("team", "a")]).wish_tags(&[("team", "a")]).manages(&["team"]);
    matching.expect("- InSync");
    matching.clone().wish_never_expires(false).expect("- InSync");
    matching.clone().tagged(&[]).expect("- Suspended");
    matching.clone().wish_tags(&[]).expect("- Suspended");
    matching.wish_never_expires(true).expect("- Suspended");
}

#[test]
fn a_suspended_resource_says_what_is_outstanding() {
    let plan = case().suspended().wish_tags(&[("team", "a")]).plan();
    assert!(message(&plan).contains("setting tags team"), "{}", message(&plan));
    assert!(message(&plan).contains("spec.suspend is true"), "{}", message(&plan));
}

#[test]
fn deletion_is_announced_only_while_pending_and_with_the_way_out() {
    let announced = |case: Case| verdict(&case.plan()).deletion_scheduled.clone();
    assert_eq!(announced(case()), None);
    assert_eq!(announced(case().absent()), None);
    let pending = case().pending();
    let until = pending.time_in(6 * DAY).to_string();
    let text = announced(pending.clone()).unwrap();
    assert!(text.contains(&until) && text.contains("set deleted: false"), "{text}");
    let text = announced(pending.with(|backup| backup.delete_timestamp = None)).unwrap();
    assert!(text.contains("within 7 days"), "{text}");
    // A terminating resource undeletes nothing, so that would be bad advice.
    let text = announced(case().pending().removing()).unwrap();
    assert!(text.contains("new resource"), "{text}");
}

#[test]
fn facts_are_kept_when_nothing_was_seen_and_stay_when_it_is_gone() {
    let facts = |case: Case| verdict(&case.plan()).facts.clone();
    assert_eq!(facts(case().unclear(ErrorClass::Transient)), Facts::Keep);
    assert_eq!(facts(case().absent().never_seen()), Facts::Keep);
    assert_eq!(facts(case().absent()), Facts::Gone);
    assert_eq!(facts(case().state("DELETED")), Facts::Gone);
    assert_eq!(facts(case()), Facts::Seen(case().backup().clone()));
}

#[test]
fn a_backup_that_is_found_elsewhere_is_said_to_be_there() {
    let mut case = case().absent().never_seen();
    case.observed.elsewhere = vec![("eu-central-1".parse().unwrap(), BackupState::Ready)];
    let plan = case.plan();
    for part in ["eu-central-1", "READY", "backup-ro5c4er4aac", "eu-west-1", OUR_ACCOUNT] {
        assert!(message(&plan).contains(part), "{part} is missing in: {}", message(&plan));
    }
}

#[test]
fn every_failure_has_a_reason_that_goes_on_by_itself() {
    for class in ErrorClass::ALL {
        let plan = case().unclear(class).plan();
        assert_eq!(reason(&plan), class.reason());
        assert_eq!(reason(&plan).stance(), Stance::Reconciling, "{class:?}");
    }
}

#[test]
fn a_wish_that_clears_the_way_for_a_deletion_is_not_asked_of_the_person_again() {
    // neverExpires: false and deleted: true together: the flag is on its way, nobody has to do anything.
    let plan = case().never_expires(Some(true)).wish_never_expires(false).wish_deleted(true).plan();
    assert_eq!((effect(&plan).as_str(), reason(&plan)), ("NeverExpires(false)", Reason::Applying));
    assert_eq!(plan.notices, []);
}

#[test]
fn a_wish_that_is_fulfilled_is_told_as_what_it_has_led_to() {
    let told = |case: Case| message(&case.plan()).to_owned();
    assert_eq!(told(case()), "AWS matches the spec");
    let pending = case().pending().wish_deleted(true).done_deletion(HOUR);
    assert!(told(pending).contains("can still be restored"));
    assert!(
        told(case().absent().wish_deleted(true).done_deletion(HOUR)).contains("gone for good, as wanted")
    );
}

#[test]
fn what_is_not_looked_at_counts_as_what_it_was() {
    let elsewhere = |state| wanting_there(state).wish_account(OTHER_ACCOUNT).plan();
    assert_eq!(verdict(&elsewhere("READY")).copies_count, Some((1, 1)));
    assert_eq!(verdict(&elsewhere("PENDING_DELETION")).copies_count, Some((0, 1)));
}

fn wanting_there(state: &str) -> Case {
    case().wish_copy(false).there('a', state).on_record('a')
}
