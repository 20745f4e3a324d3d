//! Every state of the backup with every wish: the rows of the table that are not about copies.

use super::*;

/// Changes a case.
pub(super) type Set = fn(Case) -> Case;

/// Everything that a look can show.
pub(super) const SIGHTS: [(&str, Set); 9] = [
    ("CREATE_IN_PROGRESS", |case| case.state("CREATE_IN_PROGRESS")),
    ("READY", Case::ready),
    ("PENDING_DELETION", Case::pending),
    ("DELETED", |case| case.state("DELETED")),
    ("ARCHIVED", |case| case.state("ARCHIVED")),
    ("absent, never seen", |case| case.absent().never_seen()),
    ("absent, seen before", Case::absent),
    ("no look yet", Case::unlooked),
    ("failed look", |case| case.unclear(ErrorClass::Transient)),
];

/// What a resource that asks for nothing says of it. It never does anything.
fn view(sight: &str) -> &'static str {
    match sight {
        "CREATE_IN_PROGRESS" => "- CreateInProgress",
        "READY" => "- InSync",
        "PENDING_DELETION" => "- PendingDeletion",
        "DELETED" | "absent, seen before" => "- Gone",
        "ARCHIVED" => "- UnknownState",
        "absent, never seen" => "- NotFound",
        "no look yet" => "- nothing known",
        "failed look" => "- AwsError",
        other => panic!("no such sight: {other}"),
    }
}

/// A wish, and the sights under which it leads to something else than a view.
type Row = (&'static str, Set, &'static [(&'static str, &'static str)]);

const ROWS: &[Row] = &[
    ("nothing", |case| case, &[]),
    // neverExpires
    (
        "neverExpires: true, AWS: false",
        |case| case.wish_never_expires(true),
        &[("READY", "NeverExpires(true) Applying")],
    ),
    ("neverExpires: false, AWS: false", |case| case.wish_never_expires(false), &[]),
    ("neverExpires: true, AWS: true", |case| aws_says(case.wish_never_expires(true), Some(true)), &[]),
    (
        "neverExpires: false, AWS: true",
        |case| aws_says(case.wish_never_expires(false), Some(true)),
        &[("READY", "NeverExpires(false) Applying")],
    ),
    (
        "neverExpires: true, AWS: nothing",
        |case| aws_says(case.wish_never_expires(true), None),
        &[("READY", "- UnknownState")],
    ),
    (
        "neverExpires: false, AWS: nothing",
        |case| aws_says(case.wish_never_expires(false), None),
        &[("READY", "- UnknownState")],
    ),
    ("neverExpires unset, AWS: true", |case| aws_says(case, Some(true)), &[]),
    ("neverExpires unset, AWS: nothing", |case| aws_says(case, None), &[]),
    // tags
    (
        "tags: {team: a}, AWS: none",
        |case| case.wish_tags(&[("team", "a")]),
        &[("READY", "Tag(team=a) Applying keys[team]")],
    ),
    (
        "tags: {team: a}, AWS: {team: a}, not managed yet",
        |case| aws_tags(case.wish_tags(&[("team", "a")]), &[("team", "a")]),
        &[("READY", "- InSync keys[team]")],
    ),
    (
        "tags: {team: a}, AWS: {team: b, by: aws}",
        |case| aws_tags(case.wish_tags(&[("team", "a")]).manages(&["team"]), &[("team", "b"), ("by", "aws")]),
        &[("READY", "Tag(team=a) Applying")],
    ),
    (
        "tags: {env: p, team: a}, AWS: {env: p}: only what is missing",
        |case| aws_tags(case.wish_tags(&[("env", "p"), ("team", "a")]), &[("env", "p")]),
        &[("READY", "Tag(team=a) Applying keys[env,team]")],
    ),
    (
        "tags lost env, AWS: {env: p, team: a, by: aws}",
        |case| {
            let case = case.wish_tags(&[("team", "a")]).manages(&["env", "team"]);
            aws_tags(case, &[("env", "p"), ("team", "a"), ("by", "aws")])
        },
        &[("READY", "Untag(env) Applying")],
    ),
    (
        "tags lost env, which is gone from AWS too",
        |case| aws_tags(case.wish_tags(&[("team", "a")]).manages(&["env", "team"]), &[("team", "a")]),
        &[("READY", "- InSync keys[team]")],
    ),
    (
        "tags swapped env for team: what is missing is set first, and both keys stay on record",
        |case| aws_tags(case.wish_tags(&[("team", "a")]).manages(&["env"]), &[("env", "p")]),
        &[("READY", "Tag(team=a) Applying keys[env,team]")],
    ),
    (
        "tags: {}, AWS: {team: a, by: aws}",
        |case| aws_tags(case.wish_tags(&[]).manages(&["team"]), &[("team", "a"), ("by", "aws")]),
        &[("READY", "Untag(team) Applying")],
    ),
    (
        "tags: {}, nothing managed, AWS: {by: aws}",
        |case| aws_tags(case.wish_tags(&[]), &[("by", "aws")]),
        &[],
    ),
    (
        "tags unset, team managed: forgotten, and not removed",
        |case| aws_tags(case.manages(&["team"]), &[("team", "a")]),
        &[
            ("CREATE_IN_PROGRESS", "- CreateInProgress keys[]"),
            ("READY", "- InSync keys[]"),
            ("PENDING_DELETION", "- PendingDeletion keys[]"),
            ("ARCHIVED", "- UnknownState keys[]"),
        ],
    ),
    // deleted
    (
        "deleted: false",
        |case| case.wish_deleted(false),
        &[("PENDING_DELETION", "Restore Applying restore:open")],
    ),
    (
        "deleted: true",
        |case| case.wish_deleted(true),
        &[
            ("READY", "Delete Applying deletion:open"),
            ("PENDING_DELETION", "- DeletionScheduled deletion:spent"),
            ("DELETED", "- Deleted deletion:spent"),
            ("absent, seen before", "- Deleted deletion:spent"),
        ],
    ),
    (
        "deleted: true, done an hour ago",
        |case| case.wish_deleted(true).done_deletion(HOUR),
        &[
            ("READY", "- ExternallyRestored"),
            ("PENDING_DELETION", "- DeletionScheduled"),
            ("DELETED", "- Deleted"),
            ("absent, seen before", "- Deleted"),
        ],
    ),
    (
        "deleted: true, asked for ten seconds ago with unknown outcome",
        |case| case.wish_deleted(true).open_deletion(10 * SECOND),
        &[
            ("READY", "- Applying"),
            ("PENDING_DELETION", "- DeletionScheduled deletion:done"),
            ("DELETED", "- Deleted deletion:done"),
            ("absent, seen before", "- Deleted deletion:done"),
        ],
    ),
    (
        "deleted removed, own deletion done an hour ago",
        |case| case.done_deletion(HOUR),
        &[
            ("READY", "- InSync deletion:none"),
            ("PENDING_DELETION", "Restore Applying deletion:none restore:open"),
            ("DELETED", "- Gone deletion:none"),
        ],
    ),
    (
        "deleted: false, own deletion done an hour ago",
        |case| case.wish_deleted(false).done_deletion(HOUR),
        &[
            ("READY", "- InSync deletion:none"),
            ("PENDING_DELETION", "Restore Applying deletion:none restore:open"),
            ("DELETED", "- Gone deletion:none"),
        ],
    ),
    // deletionPolicy and finalizer, on a living resource
    ("policy Retain, no finalizer", |case| case, &[]),
    (
        "policy Delete, no finalizer yet",
        Case::policy_delete,
        &[
            ("CREATE_IN_PROGRESS", "AddFinalizer CreateInProgress"),
            ("READY", "AddFinalizer InSync"),
            ("PENDING_DELETION", "AddFinalizer PendingDeletion"),
            ("DELETED", "AddFinalizer Gone"),
            ("ARCHIVED", "AddFinalizer UnknownState"),
            ("absent, never seen", "AddFinalizer NotFound"),
            ("absent, seen before", "AddFinalizer Gone"),
            ("no look yet", "AddFinalizer nothing known"),
            ("failed look", "AddFinalizer AwsError"),
        ],
    ),
    ("policy Delete, with finalizer", |case| case.policy_delete().finalizer(), &[]),
    (
        "policy Retain, with finalizer",
        Case::finalizer,
        &[
            ("CREATE_IN_PROGRESS", "RemoveFinalizer CreateInProgress"),
            ("READY", "RemoveFinalizer InSync"),
            ("PENDING_DELETION", "RemoveFinalizer PendingDeletion"),
            ("DELETED", "RemoveFinalizer Gone"),
            ("ARCHIVED", "RemoveFinalizer UnknownState"),
            ("absent, never seen", "RemoveFinalizer NotFound"),
            ("absent, seen before", "RemoveFinalizer Gone"),
            ("no look yet", "RemoveFinalizer nothing known"),
            ("failed look", "RemoveFinalizer AwsError"),
        ],
    ),
    (
        "policy Delete without finalizer and deleted: true: the finalizer first",
        |case| case.policy_delete().wish_deleted(true),
        &[
            ("CREATE_IN_PROGRESS", "AddFinalizer CreateInProgress"),
            ("READY", "AddFinalizer Applying"),
            ("PENDING_DELETION", "AddFinalizer DeletionScheduled deletion:spent"),
            ("DELETED", "AddFinalizer Deleted deletion:spent"),
            ("ARCHIVED", "AddFinalizer UnknownState"),
            ("absent, never seen", "AddFinalizer NotFound"),
            ("absent, seen before", "AddFinalizer Deleted deletion:spent"),
            ("no look yet", "AddFinalizer nothing known"),
            ("failed look", "AddFinalizer AwsError"),
        ],
    ),
    // a resource that is being deleted, policy Delete
    (
        "terminating, policy Delete, with finalizer",
        Case::removing,
        &[
            ("READY", "Delete Applying deletion:open"),
            ("PENDING_DELETION", "RemoveFinalizer DeletionScheduled"),
            ("DELETED", "RemoveFinalizer Deleted"),
            ("absent, seen before", "RemoveFinalizer Deleted"),
        ],
    ),
    (
        "terminating, policy Delete, with finalizer, and every other wish: only the row of the removal counts",
        |case| {
            let case = case.removing().wish_never_expires(true).wish_tags(&[("team", "a")]);
            aws_tags(case.manages(&["env"]).wish_deleted(false), &[("env", "p")])
        },
        &[
            ("READY", "Delete Applying deletion:open"),
            ("PENDING_DELETION", "RemoveFinalizer DeletionScheduled"),
            ("DELETED", "RemoveFinalizer Deleted"),
            ("absent, seen before", "RemoveFinalizer Deleted"),
        ],
    ),
    // suspend
    ("suspend", Case::suspended, &[]),
    (
        "suspend, neverExpires differs",
        |case| case.suspended().wish_never_expires(true),
        &[("READY", "- Suspended")],
    ),
    (
        "suspend, tags differ: nothing is recorded as managed either",
        |case| case.suspended().wish_tags(&[("team", "a")]),
        &[("READY", "- Suspended")],
    ),
    (
        "suspend, tags removed: managed keys stay on record until it goes on",
        |case| aws_tags(case.suspended().manages(&["team"]), &[("team", "a")]),
        &[],
    ),
    (
        "suspend, deleted: true",
        |case| case.suspended().wish_deleted(true),
        &[
            ("READY", "- Suspended"),
            ("PENDING_DELETION", "- DeletionScheduled"),
            ("DELETED", "- Deleted"),
            ("absent, seen before", "- Deleted"),
        ],
    ),
    (
        "suspend, deleted: false",
        |case| case.suspended().wish_deleted(false),
        &[("PENDING_DELETION", "- Suspended")],
    ),
    (
        "suspend, policy Delete, no finalizer yet",
        |case| case.suspended().policy_delete(),
        &[
            ("CREATE_IN_PROGRESS", "AddFinalizer CreateInProgress"),
            ("READY", "AddFinalizer InSync"),
            ("PENDING_DELETION", "AddFinalizer PendingDeletion"),
            ("DELETED", "AddFinalizer Gone"),
            ("ARCHIVED", "AddFinalizer UnknownState"),
            ("absent, never seen", "AddFinalizer NotFound"),
            ("absent, seen before", "AddFinalizer Gone"),
            ("no look yet", "AddFinalizer nothing known"),
            ("failed look", "AddFinalizer AwsError"),
        ],
    ),
    (
        "suspend, terminating, policy Delete, with finalizer: it waits",
        |case| case.suspended().removing(),
        &[
            ("CREATE_IN_PROGRESS", "- Suspended"),
            ("READY", "- Suspended"),
            ("PENDING_DELETION", "- Suspended"),
            ("DELETED", "- Suspended"),
            ("ARCHIVED", "- Suspended"),
            ("absent, seen before", "- Suspended"),
        ],
    ),
];

/// AWS reports this for the flag, if it shows the backup at all.
fn aws_says(case: Case, value: Option<bool>) -> Case {
    if matches!(case.observed.primary, Sight::Present { .. }) { case.never_expires(value) } else { case }
}

/// AWS reports these tags, if it shows the backup at all.
fn aws_tags(case: Case, tags: &[(&str, &str)]) -> Case {
    if matches!(case.observed.primary, Sight::Present { .. }) { case.tagged(tags) } else { case }
}

#[test]
fn every_wish_meets_every_state() {
    let mut wrong = Vec::new();
    for (wish, set, differs) in ROWS {
        for (sight, see) in SIGHTS {
            let expected =
                differs.iter().find(|(name, _)| *name == sight).map_or(view(sight), |(_, line)| line);
            let line = set(see(case())).line();
            if line != expected {
                wrong.push(format!("{wish} | {sight}: expected {expected:?}, planned {line:?}"));
            }
        }
        for (name, _) in *differs {
            assert!(
                SIGHTS.iter().any(|(sight, _)| sight == name),
                "{wish} names the sight {name}, which is none"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn several_differences_are_mended_one_at_a_time_in_the_order_of_preference() {
    let mut case = case()
        .never_expires(Some(true))
        .wish_never_expires(false)
        .tagged(&[("env", "p")])
        .wish_tags(&[("team", "a")])
        .manages(&["env"])
        .wish_deleted(true);
    let mut order = Vec::new();
    for _ in 0..6 {
        case = case.round(&mut order, Case::done_by_aws).later(5 * SECOND);
    }
    assert_eq!(order, ["NeverExpires(false)", "Tag(team=a)", "Untag(env)", "Delete"]);
    assert_eq!(reason(&case.plan()), Reason::DeletionScheduled);
}
