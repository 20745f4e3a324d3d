//! A copy that is there already is taken over, whoever made it. None is made beside it.

use super::*;

#[test]
fn a_copy_that_somebody_made_is_put_on_record_instead_of_making_one() {
    wanting().there('a', "READY").expect("- InSync eu-central-1[id:a READY]");
    wanting()
        .there('a', "CREATE_IN_PROGRESS")
        .expect("- CopyInProgress eu-central-1[id:a CREATE_IN_PROGRESS]");
}

#[test]
fn of_several_the_first_ready_one_is_adopted() {
    let several = wanting().there('c', "READY").made('c', 3 * HOUR).there('b', "READY").made('b', 5 * HOUR);
    let several = several.there('a', "CREATE_IN_PROGRESS").made('a', 9 * HOUR);
    several.expect("- InSync eu-central-1[id:b READY]");
    assert_eq!(said(&several).duplicates, [id('a'), id('c')]);
}

#[test]
fn of_two_made_at_the_same_time_the_smaller_id_is_adopted() {
    let twins = wanting().there('d', "READY").there('b', "READY").there('c', "READY");
    twins.expect("- InSync eu-central-1[id:b READY]");
}

#[test]
fn a_copy_without_copy_timestamp_comes_after_those_with_one() {
    let odd = wanting().there('a', "READY").with_copy('a', |copy| copy.copy_timestamp = None);
    odd.clone().there('b', "READY").expect("- InSync eu-central-1[id:b READY]");
    odd.there('b', "CREATE_IN_PROGRESS").expect("- InSync eu-central-1[id:a READY]");
}

#[test]
fn the_recorded_copy_stays_whichever_came_first() {
    let case = having().there('b', "READY").made('b', DAY);
    case.expect("- InSync");
    assert_eq!(said(&case).duplicates, [id('b')]);
    assert!(said(&case).message.is_some_and(|message| message.contains(id('b').as_str())));
    having()
        .becomes('a', "CREATE_IN_PROGRESS")
        .there('b', "READY")
        .expect("- CopyInProgress eu-central-1[CREATE_IN_PROGRESS]");
}

#[test]
fn a_live_copy_is_adopted_rather_than_a_pending_one_restored() {
    for state in ["READY", "CREATE_IN_PROGRESS"] {
        let plan = having().becomes('a', "PENDING_DELETION").there('b', state).plan();
        assert_eq!(effect(&plan), "-");
        assert_eq!(verdict(&plan).copies.first().unwrap().record.id, Some(id('b')));
        assert_eq!(effect(&wanting().there('a', "PENDING_DELETION").there('b', state).plan()), "-");
    }
}

#[test]
fn when_only_pending_copies_are_there_one_is_put_on_record_and_restored() {
    let pending = wanting().there('b', "PENDING_DELETION").there('a', "PENDING_DELETION").made('a', 2 * HOUR);
    pending.expect("Restore(a) Applying eu-central-1[id:a PENDING_DELETION restore:open]");
    let restored = pending.done_by_aws().later(5 * SECOND);
    restored.expect("- InSync eu-central-1[READY restore:done]");
}

#[test]
fn the_recorded_copy_is_restored_whoever_deleted_it() {
    let pending = having().becomes('a', "PENDING_DELETION");
    pending.expect("Restore(a) Applying eu-central-1[PENDING_DELETION restore:open]");
    pending
        .there('b', "PENDING_DELETION")
        .made('b', DAY)
        .expect("Restore(a) Applying eu-central-1[PENDING_DELETION restore:open]");
}

#[test]
fn a_copy_that_is_pending_again_within_a_day_is_restored_once_a_day() {
    let again = having().becomes('a', "PENDING_DELETION").done_by_aws().later(MINUTE).passed();
    let again = again.becomes('a', "PENDING_DELETION").later(HOUR);
    again.expect("- RestoredAndDeletedAgain eu-central-1[PENDING_DELETION]");
    assert!(!message(&again.plan()).contains("neverExpires"), "copies have no retention");
    assert_eq!(effect(&again.later(DAY).plan()), "Restore(a)");
}

/// Each of these might be a copy of the backup, and is not surely one that may be touched.
const DOUBTS: [fn(&mut Backup); 4] = [
    |copy| copy.state = BackupState::from_name("ARCHIVED"),
    |copy| copy.source.as_mut().unwrap().region = None,
    |copy| copy.arn = Some(arn(OTHER_ACCOUNT)),
    |copy| (copy.source.as_mut().unwrap().region, copy.arn) = (None, None),
];

#[test]
fn what_may_be_a_copy_keeps_one_from_being_made_and_is_left_alone() {
    for doubt in DOUBTS {
        wanting().there('a', "READY").with_copy('a', doubt).expect("- UnknownState");
        wanting().there('a', "PENDING_DELETION").with_copy('a', doubt).expect("- UnknownState");
        having().with_copy('a', doubt).wish_copy_tags(&[("team", "a")]).plan();
        let recorded = having().with_copy('a', doubt).wish_copy_tags(&[("team", "a")]);
        assert_eq!(effect(&recorded.plan()), "-");
        assert_eq!(reason(&recorded.plan()), Reason::UnknownState);
        assert_eq!(said(&recorded).record.id, Some(id('a')));
        let unwanted = case().wish_copy(true).there('a', "READY").with_copy('a', doubt);
        unwanted.expect("- UnknownState");
        assert_eq!(effect(&unwanted.on_record('a').plan()), "-");
    }
}

#[test]
fn of_a_copy_that_is_in_doubt_the_marks_stay_as_they_are() {
    for doubt in DOUBTS {
        let tagged = having().record(|record| record.marks.managed_tag_keys = ["env".to_owned()].into());
        let doubtful = tagged.with_copy('a', doubt);
        assert_eq!(said(&doubtful).record.marks, doubtful.recorded().marks);
    }
}

#[test]
fn a_missing_arn_bars_changes_only_when_an_account_is_asked_for() {
    let without = || wanting().there('a', "READY").with_copy('a', |copy| copy.arn = None);
    without().expect("- InSync eu-central-1[id:a READY]");
    without().wish_account(OUR_ACCOUNT).expect("- UnknownState");
    let unwanted = without().wish_copy(true).on_record('a');
    assert_eq!(effect(&unwanted.plan()), "Delete(a)");
    assert_eq!(effect(&unwanted.wish_account(OUR_ACCOUNT).plan()), "-");
}

#[test]
fn a_copy_of_another_backup_is_none_of_ours() {
    let others: [fn(&mut Backup); 3] = [
        |copy| copy.source.as_mut().unwrap().backup = Some(id('z')),
        |copy| copy.source.as_mut().unwrap().region = Some(region(FAR)),
        |copy| copy.source = None,
    ];
    for other in others {
        wanting()
            .there('a', "READY")
            .with_copy('a', other)
            .expect("Copy(eu-central-1) CopyInProgress eu-central-1[request:open]");
    }
}

#[test]
fn deleted_entries_do_not_count() {
    let asked = "Copy(eu-central-1) CopyInProgress eu-central-1[request:open]";
    wanting().there('a', "DELETED").there('b', "DELETED").expect(asked);
    wanting().there('a', "DELETED").there('b', "READY").expect("- InSync eu-central-1[id:b READY]");
    // Nor do they when it is not sure whose they were, except that they do not say that a request failed either.
    for doubt in DOUBTS.into_iter().skip(1) {
        wanting().there('a', "DELETED").with_copy('a', doubt).expect(asked);
        let open = wanting().asked(HOUR).there('a', "DELETED").made('a', MINUTE);
        open.with_copy('a', doubt).expect("- CopyInProgress");
    }
    let unwanted = case().wish_copy(true).there('a', "DELETED");
    unwanted.expect("- InSync eu-central-1[deletion:spent]");
}

#[test]
fn the_keys_of_one_copy_are_not_those_of_the_next() {
    let before = having().record(|record| record.marks.managed_tag_keys = ["env".to_owned()].into());
    let next = before.wish_copy_tags(&[]).vanishes('a').there('b', "READY");
    let next = next.with_copy('b', |copy| copy.tags = Some(tag_map(&[("env", "p")])));
    next.expect("- InSync eu-central-1[id:b keys[]]");
}
