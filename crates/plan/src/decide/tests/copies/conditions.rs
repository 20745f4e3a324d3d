//! What the status says of copies, what comes first, and what keeps what from being done.

use super::*;
use crate::reason::Stance;

/// The count, and condition `CopiesReady`.
fn copies_ready(case: &Case) -> (Option<(usize, usize)>, Option<Reason>) {
    let plan = case.plan();
    let verdict = verdict(&plan);
    (verdict.copies_count, verdict.copies_ready.as_ref().map(|finding| finding.reason))
}

#[test]
fn only_wanted_copies_count() {
    assert_eq!(copies_ready(&case()), (None, None));
    assert_eq!(copies_ready(&case().wish_copy(true)), (None, None));
    assert_eq!(copies_ready(&having()), (Some((1, 1)), Some(Reason::InSync)));
    let mixed = having().lists(FAR, true).listed(FAR, 'b', "READY");
    assert_eq!(copies_ready(&mixed), (Some((1, 1)), Some(Reason::InSync)));
    let missing = having().lists(FAR, false);
    assert_eq!(copies_ready(&missing), (Some((1, 2)), Some(Reason::CopyInProgress)));
    assert_eq!(copies_ready(&having().removing()), (None, None));
    assert_eq!(copies_ready(&waiting().unlisted()), (None, None));
}

#[test]
fn only_a_ready_copy_counts_as_ready() {
    for state in ["CREATE_IN_PROGRESS", "PENDING_DELETION", "ARCHIVED"] {
        let (count, reason) = copies_ready(&having().becomes('a', state));
        assert_eq!(count, Some((0, 1)), "{state}");
        assert_ne!(reason, Some(Reason::InSync), "{state}");
    }
    // A region that cannot be seen changes nothing in the count.
    let blind = having().trouble_in(THERE, ErrorClass::Unreachable);
    assert_eq!(copies_ready(&blind).0, Some((1, 1)));
}

/// What is decided after a scan has missed the copy on record, before a lookup tells whether it is gone.
fn missed_by_a_scan(case: &Case) -> Plan {
    let mut observed = case.observe();
    observed.copies.get_mut(&region(THERE)).unwrap().recorded = Some(Sight::Pending);
    planned(case, &observed)
}

#[test]
fn a_copy_that_was_as_wanted_is_not_missed_before_a_lookup_misses_it_too() {
    let missed = |case: Case| reason(&missed_by_a_scan(&case));
    assert_eq!(missed(having()), Reason::InSync);
    let pending = || having().becomes('a', "PENDING_DELETION").on_record('a');
    assert_eq!(missed(pending().wish_copy(true)), Reason::InSync);
    // One that was not as wanted is looked for.
    assert_eq!(missed(pending()), Reason::CopyInProgress);
    assert_eq!(missed(having().wish_copy(true)), Reason::Applying);
}

#[test]
fn the_condition_gives_the_worst_reason_and_says_which_regions_are_missing() {
    let case = wanting().failed(Reason::CopyFailed, 1, MINUTE).lists(FAR, false);
    let case = case.listed(FAR, 'b', "PENDING_DELETION").claimed('z', "other");
    let mut case = case;
    case.standing.copies.insert(BackupKey { region: region(FAR), id: id('b') }, object("other"));
    let ready = verdict(&case.plan()).copies_ready.clone().unwrap();
    assert_eq!(ready.reason, Reason::CopyClaimedElsewhere);
    assert!(ready.message.contains(THERE) && ready.message.contains(FAR), "{}", ready.message);
}

#[test]
fn a_missing_copy_always_has_a_reason_and_a_message() {
    let cases = [
        wanting(),
        wanting().copy(),
        wanting().absent(),
        wanting().absent().never_seen(),
        wanting().yields_to("older"),
        wanting().wish_account(OTHER_ACCOUNT),
        wanting().unclear(ErrorClass::Throttled),
        wanting().trouble_in(THERE, ErrorClass::Throttled),
        wanting()
            .there('a', "CREATE_IN_PROGRESS")
            .on_record('a')
            .vanishes('a')
            .unclear_there(ErrorClass::Throttled),
        having().vanishes('a'),
        waiting(),
    ];
    for case in cases {
        let plan = case.plan();
        let ready = verdict(&plan).copies_ready.clone().unwrap();
        assert!(!ready.message.is_empty(), "{plan:#?}");
        assert_ne!(ready.reason, Reason::InSync, "{plan:#?}");
        assert_ne!(reason(&plan).stance(), Stance::Settled, "{plan:#?}");
    }
}

#[test]
fn a_resource_is_ready_only_when_nothing_is_open_or_missing() {
    let settled = |case: &Case| verdict(&case.plan()).ready.is_ready();
    assert!(settled(&having()));
    assert!(!settled(&waiting()));
    assert!(!settled(&waiting().unlisted()), "a request is open");
    assert!(!settled(&having().lists(FAR, false)));
    let deleted = having().wish_copy(true).done_by_aws().later(SECOND).passed();
    assert!(settled(&deleted));
    assert!(!settled(&deleted.there('b', "READY")), "a live duplicate of what was to be deleted");
}

#[test]
fn what_a_person_must_do_about_a_copy_comes_before_what_goes_on_by_itself() {
    let stances = [
        (wanting(), Stance::Reconciling),
        (waiting(), Stance::Reconciling),
        (wanting().failed(Reason::CopyFailed, 1, MINUTE), Stance::Reconciling),
        (having().vanishes('a'), Stance::Reconciling),
        (wanting().accepted(2 * DAY).later(SECOND), Stance::Stalled),
        (wanting().copy(), Stance::Stalled),
        (wanting().pending(), Stance::Stalled),
        (case().wish_copy(true).there('a', "READY").there('b', "READY"), Stance::Stalled),
        (wanting().there('a', "PENDING_DELETION").claimed('a', "other"), Stance::Stalled),
        (wanting().suspended(), Stance::Stalled),
    ];
    for (case, expected) in stances {
        let case = case.wish_never_expires(true).passed();
        assert_eq!(reason(&case.plan()).stance(), expected, "{:#?}", case.plan());
        if expected == Stance::Stalled {
            assert!(case.plan().next.wake.is_some_and(|wake| wake <= case.now.tick.after(HOUR)));
        }
    }
}

#[test]
fn a_suspended_resource_records_what_it_sees_of_copies_and_changes_none() {
    wanting().suspended().expect("- Suspended");
    wanting().suspended().there('a', "READY").expect("- InSync eu-central-1[id:a READY]");
    having()
        .suspended()
        .becomes('a', "PENDING_DELETION")
        .expect("- Suspended eu-central-1[PENDING_DELETION]");
    having().suspended().wish_copy_tags(&[("team", "a")]).expect("- Suspended");
    having().suspended().wish_copy(true).expect("- Suspended");
    case().wish_copy(true).suspended().expect("- InSync");
    // What became of a request is recorded, and none is made.
    waiting()
        .suspended()
        .there('a', "READY")
        .made('a', HOUR)
        .expect("- InSync eu-central-1[id:a READY request:none]");
}

#[test]
fn changes_are_made_in_the_order_of_preference() {
    let mut case = having()
        .wish_copy_tags(&[("team", "a")])
        .becomes('a', "PENDING_DELETION")
        .lists(FAR, false)
        .lists("us-east-1", true)
        .listed("us-east-1", 'x', "READY")
        .never_expires(Some(true))
        .wish_never_expires(false)
        .wish_tags(&[("team", "a")])
        .wish_deleted(true)
        .passed();
    case.recent = Recent::default();
    let mut order = Vec::new();
    for _ in 0..12 {
        case = case.round(&mut order, Case::done_by_aws).later(5 * SECOND);
        let there = region(FAR);
        if case.regions.get(&there).is_some_and(|far| far.lists(&id('b'))) {
            case = case.with_copy_in(&there, &id('b'), |copy| copy.state = BackupState::Ready);
        }
    }
    let expected = [
        "NeverExpires(false)",
        "Restore(a)",
        "Tag(team=a)",
        "Tag(a team=a)",
        "Copy(ap-south-1)",
        "Delete(x)",
        "Delete",
    ];
    assert_eq!(order, expected);
}

#[test]
fn nothing_is_changed_in_a_region_in_trouble_and_others_go_on() {
    let troubled = |case: Case| case.trouble_in(THERE, ErrorClass::Throttled);
    let far = |case: Case| troubled(case).lists(FAR, false);
    far(wanting()).expect("Copy(ap-south-1) Throttled ap-south-1[request:open]");
    for case in [
        having().becomes('a', "PENDING_DELETION"),
        having().wish_copy_tags(&[("team", "a")]),
        having().wish_copy(true),
    ] {
        assert_eq!(effect(&far(case.clone()).plan()), "Copy(ap-south-1)");
        let plan = troubled(case).plan();
        assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::Throttled));
        let marks = &verdict(&plan).copies.first().unwrap().record.marks;
        assert_eq!((marks.deletion, marks.restore), (None, None), "no mark without its call");
    }
}

#[test]
fn nothing_is_copied_from_a_region_in_trouble() {
    let troubled = wanting().trouble(ErrorClass::Throttled);
    assert_eq!(effect(&troubled.plan()), "-");
    assert_eq!(said(&troubled).record.request, None);
    // What is elsewhere can be changed all the same.
    let tags = having().wish_copy_tags(&[("team", "a")]).trouble(ErrorClass::Throttled);
    assert_eq!(effect(&tags.plan()), "Tag(a team=a)");
}

#[test]
fn one_failing_region_does_not_keep_another_from_being_copied_to() {
    let denied = wanting().lists(FAR, false).acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    assert_eq!(effect(&denied.plan()), "Copy(ap-south-1)");
    let denied_tags = having().wish_copy_tags(&[("team", "a")]).lists(FAR, false);
    let denied_tags = denied_tags.acted(rejected(ErrorClass::AccessDenied)).later(SECOND);
    assert_eq!(effect(&denied_tags.plan()), "Copy(ap-south-1)");
}

#[test]
fn a_deletion_waits_for_wanted_copies_and_says_how_not_to() {
    for case in [waiting(), having().becomes('a', "CREATE_IN_PROGRESS"), having().vanishes('a')] {
        let plan = case.wish_deleted(true).plan();
        assert_eq!(effect(&plan), "-");
        assert!(message(&plan).contains("remove its entry from spec.copies"), "{}", message(&plan));
    }
    having().wish_deleted(true).expect("Delete Applying deletion:open");
    // One that is to be deleted is not waited for.
    having().wish_copy(true).wish_deleted(true).expect("Delete(a) Applying eu-central-1[deletion:open]");
    let held = having().wish_copy(true).wish_deleted(true).there('b', "READY").passed();
    assert_eq!(effect(&held.becomes('a', "PENDING_DELETION").plan()), "Delete");
}

#[test]
fn messages_about_copies_are_stable_while_nothing_changes() {
    let cases = [
        waiting(),
        wanting().asked(MINUTE),
        wanting().failed(Reason::CopyFailed, 2, MINUTE),
        wanting().accepted(2 * DAY).later(SECOND),
        wanting().copy(),
        having().vanishes('a'),
        having().there('b', "READY"),
        case().wish_copy(true).there('a', "READY").there('b', "READY"),
    ];
    for case in cases {
        let case = case.passed();
        let later = case.clone().later(MINUTE);
        assert_eq!(verdict(&case.plan()), verdict(&later.plan()));
    }
}
