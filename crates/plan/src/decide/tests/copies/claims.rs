//! Copies that others have a say over, and requests that outlive what they were made for (design §5.3, §5.2).

use super::*;

#[test]
fn the_one_that_yields_changes_no_copy_and_keeps_its_marks() {
    let cases = [
        wanting(),
        wanting().there('a', "READY"),
        having().becomes('a', "PENDING_DELETION"),
        having().wish_copy_tags(&[("team", "a")]),
        having().record(|record| record.marks.managed_tag_keys = ["env".to_owned()].into()),
        waiting(),
        wanting().asked(HOUR),
        having().vanishes('a'),
    ];
    for case in cases {
        let yielding = case.clone().yields_to("older").later(DAY);
        let plan = yielding.plan();
        assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::DuplicateClaim));
        let record = |record: CopyRecord| (record.marks, record.request, record.last_failure);
        assert_eq!(record(said(&yielding).record), record(case.recorded()));
    }
}

#[test]
fn the_one_that_yields_shows_the_state_of_its_copies() {
    let yielding = having().becomes('a', "PENDING_DELETION").yields_to("older");
    yielding.expect("- DuplicateClaim eu-central-1[PENDING_DELETION]");
    let ready = verdict(&yielding.plan()).copies_ready.clone().unwrap();
    assert_eq!(ready.reason, Reason::DuplicateClaim);
    assert!(!ready.message.is_empty());
}

#[test]
fn whoever_has_no_say_looks_after_no_copy_while_the_backup_cannot_be_looked_at() {
    let tagged = having().wish_copy_tags(&[("team", "a")]).unclear(ErrorClass::Unreachable);
    assert_eq!(effect(&tagged.plan()), "Tag(a team=a)");
    assert_eq!(effect(&tagged.clone().yields_to("older").plan()), "-");
    assert_eq!(effect(&tagged.policy_delete().removing().plan()), "-");
}

#[test]
fn the_one_that_yields_is_not_ready_without_its_copies_when_the_backup_is_gone() {
    let yielding = |case: Case| case.wish_deleted(true).absent().yields_to("older");
    yielding(wanting()).expect("- SourceUnavailable deletion:spent");
    yielding(having()).expect("- Deleted deletion:spent");
    yielding(having().becomes('a', "PENDING_DELETION"))
        .expect("- SourceUnavailable deletion:spent eu-central-1[PENDING_DELETION]");
    yielding(having().becomes('a', "CREATE_IN_PROGRESS"))
        .expect("- CopyInProgress deletion:spent eu-central-1[CREATE_IN_PROGRESS]");
    yielding(having().wish_copy(true)).expect("- Deleted deletion:spent eu-central-1[deletion:spent]");
}

#[test]
fn a_wish_to_delete_a_copy_that_was_held_while_yielding_is_used_up() {
    let sources: [fn(Case) -> Case; 3] = [Case::ready, Case::pending, Case::absent];
    for see in sources {
        for wish in [having().wish_copy(true), case().wish_copy(true).there('a', "READY")] {
            let yielding = see(wish).yields_to("older");
            assert_eq!(mark(said(&yielding).record.marks.deletion), "spent");
            let mut promoted = yielding.passed().later(HOUR);
            promoted.standing = Standing::default();
            assert_eq!(effect(&promoted.plan()), "-");
            assert_eq!(effect(&promoted.passed().later(HOUR).plan()), "-");
        }
    }
    let suspended = having().wish_copy(true).suspended().yields_to("older");
    assert_eq!(said(&suspended).record.marks.deletion, None);
}

#[test]
fn a_request_that_was_concluded_meanwhile_is_not_looked_for_by_the_one_that_yields() {
    let mut yielding = waiting().yields_to("older");
    let request = yielding.recorded().request.unwrap();
    yielding.requests.conclude(&key(OWN), &region(THERE), request.requested_at);
    assert_eq!(said(&yielding).record.request, None);
}

#[test]
fn a_copy_that_another_resource_manages_is_present_while_it_is_live_and_only_reported() {
    let claimed = having().wish_copy_tags(&[("team", "a")]).claimed('a', "other");
    claimed.expect("- InSync");
    assert!(said(&claimed).message.is_some_and(|message| message.contains("hsm/other")));
    assert_eq!(verdict(&claimed.plan()).copies_count, Some((1, 1)));
    let making = claimed.becomes('a', "CREATE_IN_PROGRESS");
    making.expect("- CopyInProgress eu-central-1[CREATE_IN_PROGRESS]");
}

#[test]
fn a_copy_that_another_resource_deletes_is_not_restored_and_no_other_one_is_made() {
    let pending = having().claimed('a', "other").becomes('a', "PENDING_DELETION");
    pending.expect("- CopyClaimedElsewhere eu-central-1[PENDING_DELETION]");
    assert_eq!(effect(&pending.later(DAY).plan()), "-");
    let unrecorded = wanting().there('a', "PENDING_DELETION").claimed('a', "other");
    unrecorded.expect("- CopyClaimedElsewhere eu-central-1[id:a PENDING_DELETION]");
}

#[test]
fn a_copy_that_another_resource_manages_is_not_deleted_and_the_wish_is_used_up() {
    let claimed = having().wish_copy(true).claimed('a', "other");
    claimed.expect("- CopyClaimedElsewhere eu-central-1[deletion:spent]");
    let mut free = claimed.passed();
    free.standing = Standing::default();
    free.later(HOUR).expect("- ExternallyRestored");
    let pending = having().wish_copy(true).claimed('a', "other").becomes('a', "PENDING_DELETION");
    pending.expect("- InSync eu-central-1[PENDING_DELETION deletion:spent]");
    let found = case().wish_copy(true).there('a', "READY").claimed('a', "other");
    assert_eq!(effect(&found.passed().plan()), "-");
}

/// The resource is made again, under the same process: nothing is on record.
fn made_again(mut case: Case) -> Case {
    case.ledger.copies.clear();
    case.recent = Recent::default();
    case
}

#[test]
fn a_request_outlives_its_resource_and_its_status_while_the_process_lives() {
    let accepted = made_again(waiting());
    accepted.expect("- CopyInProgress eu-central-1[request:accepted]");
    accepted.passed().later(DAY).expect("- CopyLost eu-central-1[failed:CopyLost*1]");
    let unknown = made_again(wanting().asked(MINUTE));
    unknown.expect("- CopyInProgress eu-central-1[request:open]");
    // A wish that says nothing of the region does not forget it either.
    made_again(waiting().unlisted()).expect("- CopyInProgress eu-central-1[request:accepted]");
}

#[test]
fn a_lost_request_stays_lost_when_the_status_is_wiped() {
    let lost = wanting().accepted(2 * DAY).later(SECOND).passed();
    let again = made_again(lost);
    again.expect("- CopyLost eu-central-1[request:accepted failed:CopyLost*1]");
}

#[test]
fn a_request_that_was_wiped_again_and_again_leads_to_one_copy() {
    let mut case = wanting();
    let mut order = Vec::new();
    for _ in 0..20 {
        case = made_again(case.round(&mut order, Case::done_by_aws)).later(MINUTE);
    }
    assert_eq!(order, ["Copy(eu-central-1)"]);
    assert_eq!(case.live_there(), 1);
}

#[test]
fn a_request_of_another_resource_for_the_same_copy_is_waited_for() {
    let mut other = case().wish_copy(false);
    let request = Request { requested_at: earlier(other.now.wall, MINUTE), accepted_at: None };
    let record = CopyRecord { request: Some(request), ..CopyRecord::default() };
    other.requests.see(&key(OWN), &region(THERE), &record, other.now.tick);
    other.expect("- CopyInProgress eu-central-1[request:open]");
}

#[test]
fn a_request_that_this_process_concluded_is_not_taken_up_from_an_old_status() {
    let made = waiting().there('a', "READY").made('a', HOUR);
    let before = made.ledger.clone();
    let mut back = made.passed();
    back.ledger = before;
    back.see_requests();
    back.vanishes('a').expect("Copy(eu-central-1) CopyInProgress eu-central-1[request:open]");
}
