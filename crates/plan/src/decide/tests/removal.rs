//! Rows: the resource is being deleted. The table has the ordinary cases.

use super::{
    rows::{SIGHTS, Set},
    *,
};

/// Policy Retain, or a finalizer that was never put on: nothing happens in AWS, whatever is asked for and seen.
#[test]
fn a_terminating_resource_that_retains_changes_nothing_in_aws() {
    let resources: [(Set, &str); 4] = [
        (|case| case, "-"),
        (Case::policy_delete, "-"),
        (Case::finalizer, "RemoveFinalizer"),
        (|case| case.finalizer().suspended(), "RemoveFinalizer"),
    ];
    let wishes: [Set; 5] = [
        |case| case,
        |case| case.wish_deleted(true),
        |case| case.wish_deleted(false).done_deletion(HOUR),
        |case| case.wish_never_expires(true).wish_tags(&[("team", "a")]),
        |case| case.wish_copy(false),
    ];
    for (resource, expected) in resources {
        for wish in wishes {
            for (sight, see) in SIGHTS {
                let case = wish(resource(see(case()))).terminating();
                assert_eq!(effect(&case.plan()), expected, "{sight}: {:#?}", case.plan());
            }
        }
    }
}

#[test]
fn a_wrong_id_with_policy_delete_holds_the_finalizer_and_says_not_found() {
    let plan = case().removing().absent().never_seen().plan();
    assert_eq!((effect(&plan).as_str(), reason(&plan)), ("-", Reason::NotFound));
    assert_eq!(plan.notices.len(), 1, "a finalizer that cannot finish says so in an Event");
}

#[test]
fn a_removal_that_never_expires_holds_says_so_also_when_the_spec_would_clear_the_way() {
    for wish in [None, Some(false)] {
        let mut held = case().removing().never_expires(Some(true));
        held.desired.never_expires = wish;
        held.expect("- NeverExpires");
    }
}

#[test]
fn a_changed_mind_releases_a_terminating_resource_at_once() {
    let holding = case().removing().absent().never_seen();
    holding.expect("- NotFound");
    let mut released = holding;
    released.desired.deletion_policy = DeletionPolicy::Retain;
    assert_eq!(effect(&released.plan()), "RemoveFinalizer");
}

#[test]
fn a_listed_copy_that_is_being_made_holds_the_finalizer_whatever_is_seen_of_the_backup() {
    for (sight, see) in SIGHTS {
        let making = see(case()).removing().wish_copy(false).there('a', "CREATE_IN_PROGRESS").on_record('a');
        assert_ne!(effect(&making.plan()), "RemoveFinalizer", "{sight}");
    }
}
