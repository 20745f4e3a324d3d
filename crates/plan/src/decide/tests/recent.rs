//! What was tried lately holds back its own repetition and nothing else.

use super::*;

fn tagging(case: Case) -> Case {
    case.wish_tags(&[("team", "a")]).manages(&["team"])
}

fn tag() -> Change {
    Change::Tag(tag_map(&[("team", "a")]))
}

#[test]
fn denied_tags_do_not_keep_never_expires_from_being_set() {
    tagging(case())
        .wish_never_expires(true)
        .tried(tag(), rejected(ErrorClass::AccessDenied), SECOND)
        .expect("NeverExpires(true) Applying");
}

#[test]
fn denied_tags_do_not_keep_the_backup_from_being_deleted() {
    let case = tagging(case()).wish_deleted(true).tried(tag(), rejected(ErrorClass::AccessDenied), SECOND);
    case.expect("Delete AccessDenied deletion:open");
}

#[test]
fn a_denied_never_expires_does_not_keep_tags_from_being_set_or_removed() {
    let denied = |case: Case| {
        case.wish_never_expires(true).tried(
            Change::NeverExpires(true),
            rejected(ErrorClass::AccessDenied),
            SECOND,
        )
    };
    denied(tagging(case())).expect("Tag(team=a) AccessDenied");
    denied(case().tagged(&[("team", "a")]).wish_tags(&[]).manages(&["team"]))
        .expect("Untag(team) AccessDenied");
}

#[test]
fn a_denied_deletion_does_not_keep_tags_from_being_set() {
    tagging(case())
        .wish_deleted(true)
        .open_deletion(SECOND)
        .tried(Change::Delete, rejected(ErrorClass::AccessDenied), SECOND)
        .expect("Tag(team=a) Applying deletion:none");
}

#[test]
fn a_failed_effect_is_tried_again_when_its_backoff_ends() {
    let case = tagging(case()).tried(tag(), rejected(ErrorClass::AccessDenied), 10 * SECOND);
    case.expect("- AccessDenied");
    assert_eq!(case.plan().next.wake, Some(case.now.tick.after(20 * SECOND)));
    case.later(20 * SECOND).expect("Tag(team=a) AccessDenied");
}

#[test]
fn an_accepted_effect_that_does_not_show_is_not_repeated_for_a_minute() {
    let case = tagging(case()).acted(Outcome::Accepted);
    for second in [1, 30, 59] {
        case.clone().later(Duration::from_secs(second)).expect("- Applying");
    }
    let plan = case.clone().later(30 * SECOND).plan();
    assert_eq!(plan.next.wake, Some(case.now.tick.after(MINUTE)), "it comes back by itself");
    assert_eq!(own_look(&plan.next), Some(case.now.tick.after(MINUTE)), "with a fresh look");
    case.later(MINUTE).expect("Tag(team=a) Applying");
}

#[test]
fn a_minute_without_a_look_proves_nothing() {
    tagging(case()).acted(Outcome::Accepted).without_a_look(2 * MINUTE).expect("- Applying");
}

#[test]
fn a_repeated_effect_that_still_does_not_show_is_reported_and_asked_for_ever_more_rarely() {
    let case = tagging(case()).acted(Outcome::Accepted).later(MINUTE).acted(Outcome::Accepted);
    case.clone().later(MINUTE).expect("- NotApplied");
    case.clone().later(2 * MINUTE).expect("Tag(team=a) NotApplied");
    let third = case.later(2 * MINUTE).acted(Outcome::Accepted);
    third.clone().later(3 * MINUTE).expect("- NotApplied");
    third.tagged(&[("team", "a")]).later(SECOND).expect("- InSync");
}

#[test]
fn a_changed_wish_starts_afresh() {
    let failed = tagging(case()).tried(tag(), rejected(ErrorClass::AccessDenied), SECOND);
    failed.wish_tags(&[("team", "b")]).expect("Tag(team=b) Applying");
    let accepted = case().wish_never_expires(true).acted(Outcome::Accepted).never_expires(Some(true));
    accepted.wish_never_expires(false).later(SECOND).expect("NeverExpires(false) Applying");
}

#[test]
fn an_effect_that_showed_and_was_undone_by_somebody_is_made_again_at_once() {
    let case =
        case().wish_never_expires(true).acted(Outcome::Accepted).never_expires(Some(true)).later(SECOND);
    let shown = case.clone().written(&case.plan());
    shown.never_expires(Some(false)).later(SECOND).expect("NeverExpires(true) Applying");
}

#[test]
fn the_annotation_ends_the_backoff_of_a_failure_once() {
    let case =
        tagging(case()).tried(tag(), rejected(ErrorClass::AccessDenied), SECOND).request_reconcile("now");
    case.expect("Tag(team=a) AccessDenied");
    let plan = case.plan();
    assert_eq!(verdict(&plan).handled_request.as_deref(), Some("now"));
    let again = case.acted(rejected(ErrorClass::AccessDenied));
    again.expect("- AccessDenied");
    again.request_reconcile("once more").expect("Tag(team=a) AccessDenied");
}

#[test]
fn a_request_is_handled_by_a_look_that_ended_whatever_it_showed() {
    let handled = |case: Case| verdict(&case.request_reconcile("now").plan()).handled_request.clone();
    assert_eq!(handled(case().absent().never_seen()).as_deref(), Some("now"));
    assert_eq!(handled(case().unclear(ErrorClass::Throttled)), None);
}

#[test]
fn the_annotation_does_not_shorten_the_wait_for_an_accepted_effect() {
    tagging(case()).acted(Outcome::Accepted).later(30 * SECOND).request_reconcile("now").expect("- Applying");
}

#[test]
fn the_annotation_passes_no_guard() {
    let case = case().wish_deleted(true).request_reconcile("now");
    case.clone().never_expires(Some(true)).expect("- NeverExpires");
    case.clone().alone_in_its_cluster().expect("- LastBackup");
    case.clone().done_deletion(HOUR).expect("- ExternallyRestored");
    case.clone().open_deletion(10 * SECOND).expect("- Applying");
    let full = Room::FullUntil(case.now.tick.after(HOUR));
    case.clone().room(full).expect("- DeletionHeld");
    case.room(Room::Never).expect("- DeletionHeld");
}

#[test]
fn the_annotation_does_not_restore_more_often_than_once_a_day() {
    case()
        .pending()
        .wish_deleted(false)
        .done_restore(HOUR)
        .request_reconcile("now")
        .expect("- RestoredAndDeletedAgain");
}

#[test]
fn tries_are_remembered_while_their_effect_is_wanted_and_while_nothing_is_seen() {
    let failed = tagging(case()).tried(tag(), rejected(ErrorClass::AccessDenied), SECOND);
    let tries = vec![failed.mutation(tag()).key()];
    assert_eq!(failed.plan().wanted, tries);
    assert_eq!(failed.clone().unlooked().plan().wanted, tries);
    assert_eq!(failed.clone().unclear(ErrorClass::Transient).plan().wanted, tries);
    assert_eq!(failed.tagged(&[("team", "a")]).plan().wanted, []);
}

#[test]
fn a_denied_call_is_told_with_what_to_allow() {
    let told = |class| message(&tagging(case()).tried(tag(), rejected(class), SECOND).plan()).to_owned();
    let allow = "allow cloudhsm:TagResource on the backup";
    assert!(told(ErrorClass::AccessDenied).contains(allow) && !told(ErrorClass::Throttled).contains(allow));
}
