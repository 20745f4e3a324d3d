//! What holds for every input, however odd.

use proptest::{option, prelude::*, sample::select};

use super::*;
use crate::reason::Stance;

pub(super) const AGES: [Duration; 8] = [
    Duration::ZERO,
    SECOND,
    Duration::from_secs(59),
    MINUTE,
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(2),
    Duration::from_hours(30),
];

pub(super) fn tags() -> impl Strategy<Value = Tags> {
    proptest::collection::btree_map(select(vec!["env", "team"]), select(vec!["a", "b"]), 0..3)
        .prop_map(|tags| tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

pub(super) fn mark() -> impl Strategy<Value = Option<Mark>> {
    let age = || select(AGES.to_vec());
    option::of(prop_oneof![
        age().prop_map(|ago| case().open(ago)),
        age().prop_map(|ago| case().done(ago)),
        age().prop_map(|ago| Mark::spent(earlier(case().now.wall, ago))),
    ])
}

fn sight() -> impl Strategy<Value = Case> {
    let backup = (
        select(vec!["CREATE_IN_PROGRESS", "READY", "READY", "PENDING_DELETION", "DELETED", "ARCHIVED", ""]),
        option::of(any::<bool>()),
        tags(),
        select(vec![Some(OUR_ACCOUNT), Some(OUR_ACCOUNT), Some(OTHER_ACCOUNT), None]),
        option::of(select(AGES.to_vec())),
        (any::<bool>(), any::<bool>(), select(AGES.to_vec())),
    );
    let present = backup.prop_map(|(state, never_expires, tags, account, purge, (cluster, copy, seen))| {
        let mut case = case().state(state).never_expires(never_expires).with(|backup| {
            backup.tags = Some(tags);
            backup.arn = account.map(arn);
            backup.delete_timestamp = purge.map(|wait| later(case().now.wall, wait * 4));
            backup.cluster_id = backup.cluster_id.take().filter(|_| cluster);
        });
        case = if copy { case.copy() } else { case };
        let Sight::Present { began, .. } = &mut case.observed.primary else { panic!("it is seen") };
        *began = Moment::ZERO.after(began.since(Moment::ZERO).saturating_sub(seen));
        case
    });
    prop_oneof![
        6 => present,
        1 => Just(case().absent()),
        1 => Just(case().absent().never_seen()),
        1 => Just(case().unlooked()),
        1 => Just(case().unclear(ErrorClass::Transient)),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<bool>().prop_map(Change::NeverExpires),
        Just(Change::Restore),
        tags().prop_map(Change::Tag),
        Just(Change::Untag(["env".to_owned()].into())),
        Just(Change::Delete),
    ]
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Accepted),
        Just(unknown()),
        Just(rejected(ErrorClass::AccessDenied)),
        Just(rejected(ErrorClass::Throttled)),
        Just(Outcome::NotSent(Failure::new(ErrorClass::Transient, "no connection"))),
    ]
}

/// A wish about the backup.
fn wishes() -> impl Strategy<Value = Desired> {
    let fields = (
        option::of(any::<bool>()),
        option::of(tags()),
        select(vec![None, Some(false), Some(true), Some(true)]),
        (
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            proptest::bool::weighted(0.2),
            proptest::bool::weighted(0.1),
        ),
        select(vec![None, None, Some(OUR_ACCOUNT), Some(OTHER_ACCOUNT)]),
        option::weighted(0.3, select(vec![CLUSTER, "backup-ro5c4er4aac"])),
        option::weighted(0.2, select(vec!["now", "handled"])),
    );
    fields.prop_map(|(never_expires, tags, deleted, flags, account, allow, request)| {
        let (delete, finalizer, terminating, suspend, copies) = flags;
        let case = if copies { case().wish_copy(false) } else { case() };
        Desired {
            never_expires,
            tags,
            deleted,
            deletion_policy: if delete { DeletionPolicy::Delete } else { DeletionPolicy::Retain },
            finalizer,
            terminating,
            suspend,
            account: account.map(|account| account.parse().unwrap()),
            allow_last_backup: allow.map(str::to_owned),
            reconcile_request: request.map(str::to_owned),
            ..case.desired
        }
    })
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
    let surroundings = (
        any::<bool>(),
        select(vec![
            Room::Free,
            Room::Free,
            Room::Free,
            Room::Never,
            Room::Uncounted,
            Room::FullUntil(Moment::START),
        ]),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.2),
    );
    let ledger = (mark(), mark(), proptest::collection::btree_set(select(vec!["env", "old"]), 0..3));
    let tries = proptest::collection::vec((changes(), outcomes(), select(AGES.to_vec())), 0..3);
    (sight(), wishes(), surroundings, ledger, tries).prop_map(|(case, desired, around, ledger, tries)| {
        let (alone, room, trouble, yields, left) = around;
        let (deletion, restore, keys) = ledger;
        let mut case = Case { desired, ..case }.room(room);
        case.ledger.handled_request = Some("handled".to_owned());
        case = if alone { case.alone_in_its_cluster() } else { case };
        case = if trouble { case.trouble(ErrorClass::Throttled) } else { case };
        case.standing.yields_to = yields.then(|| object("older"));
        case.standing.left_to = left.then(|| object("keeper"));
        case.ledger.marks.deletion = deletion;
        case.ledger.marks.restore = restore;
        case = case.manages(&keys.into_iter().collect::<Vec<_>>());
        for (change, outcome, ago) in tries {
            case = case.tried(change, outcome, ago);
        }
        case
    })
}

fn change(plan: &Plan) -> Option<&Change> {
    match &plan.effect {
        Some(Effect::Mutate { mutation, .. }) => Some(&mutation.change),
        _ => None,
    }
}

/// Whether AWS shows what `desired` and the record name in another account than they say.
fn wrong_account(case: &Case, backup: &Backup) -> bool {
    let recorded = case.ledger.recorded.as_ref().and_then(|recorded| recorded.account.clone());
    match (backup.account(), &case.desired.account) {
        (Some(account), Some(wanted)) if account != *wanted => true,
        (None, Some(_)) => true,
        (Some(account), _) => recorded.is_some_and(|recorded| recorded != account),
        (None, None) => false,
    }
}

proptest! {
    #![proptest_config(crate::random::cases(1000))]

    #[test]
    fn nothing_is_deleted_that_nobody_asked_to_delete(case in cases()) {
        if change(&case.plan()) == Some(&Change::Delete) {
            let Desired { deleted, terminating, finalizer, deletion_policy, .. } = case.desired;
            let asked = if terminating { finalizer && deletion_policy == DeletionPolicy::Delete } else { deleted == Some(true) };
            prop_assert!(asked);
            prop_assert_eq!(case.observed.room, Room::Free);
            prop_assert!(case.backup().is_copy() || case.backup().never_expires == Some(false));
            let mark = case.ledger.marks.deletion;
            prop_assert!(mark.is_none_or(Mark::is_open), "a wish that is done or spent deletes nothing more");
        }
    }

    #[test]
    fn every_deletion_and_restore_has_its_mark_on_record(case in cases()) {
        let plan = case.plan();
        match change(&plan) {
            Some(Change::Delete) => {
                let marks = &verdict(&plan).marks;
                prop_assert!(marks.deletion.is_some_and(Mark::is_open) && marks.restore.is_none_or(|mark| !mark.is_open()));
            }
            Some(Change::Restore) => {
                let marks = &verdict(&plan).marks;
                prop_assert!(marks.restore.is_some_and(Mark::is_open) && marks.deletion.is_none());
            }
            Some(Change::Tag(tags)) => {
                prop_assert!(tags.keys().all(|key| verdict(&plan).marks.managed_tag_keys.contains(key)));
            }
            Some(Change::Untag(keys)) => {
                prop_assert!(keys.iter().all(|key| case.ledger.marks.managed_tag_keys.contains(key)));
                prop_assert!(keys.is_subset(&verdict(&plan).marks.managed_tag_keys));
            }
            Some(Change::NeverExpires(_) | Change::Copy { .. }) | None => {}
        }
    }

    #[test]
    fn only_a_backup_that_is_surely_there_and_in_the_right_state_is_changed(case in cases()) {
        let plan = case.plan();
        let Some(change) = change(&plan) else { return Ok(()) };
        prop_assert!(!case.desired.suspend, "suspended");
        prop_assert!(case.observed.trouble.is_none(), "trouble");
        prop_assert!(case.desired.terminating || case.standing.yields_to.is_none(), "another has the say");
        let Sight::Present { backup, .. } = &case.observed.primary else { panic!("nothing is there to change") };
        prop_assert!(!wrong_account(&case, backup), "wrong account");
        let state = if *change == Change::Restore { BackupState::PendingDeletion } else { BackupState::Ready };
        prop_assert_eq!(&backup.state, &state);
    }

    #[test]
    fn a_terminating_resource_only_deletes_or_lets_go(case in cases()) {
        let case = case.terminating();
        let plan = case.plan();
        prop_assert!(matches!(change(&plan), None | Some(Change::Delete)));
        prop_assert!(plan.effect != Some(Effect::AddFinalizer));
    }

    #[test]
    fn with_nothing_set_nothing_is_written(case in cases()) {
        let mut case = case;
        let Desired { never_expires, tags, copies, deleted, .. } = &mut case.desired;
        (*never_expires, *tags, *copies, *deleted) = (None, None, Vec::new(), None);
        case.desired.terminating = false;
        // The one exception: undoing what this resource itself did.
        case.ledger.marks.deletion = case.ledger.marks.deletion.filter(|mark| mark.is_spent());
        case.ledger.marks.restore = case.ledger.marks.restore.filter(|mark| !mark.is_open());
        let plan = case.plan();
        prop_assert_eq!(change(&plan), None);
    }

    #[test]
    fn the_same_input_gives_the_same_plan(case in cases()) {
        prop_assert_eq!(case.plan(), case.plan());
    }

    #[test]
    fn ready_tells_the_truth(case in cases()) {
        let plan = case.plan();
        let Some(verdict) = &plan.verdict else { return Ok(()) };
        prop_assert!(!verdict.ready.message.is_empty());
        if verdict.ready.is_ready() {
            prop_assert!(change(&plan).is_none(), "what is about to change something is not ready");
            let seen = matches!(case.observed.primary, Sight::Present { .. } | Sight::Absent { .. });
            prop_assert!(seen, "what was not seen is not ready");
            prop_assert!(case.observed.trouble.is_none());
            if let Sight::Present { backup, .. } = &case.observed.primary
                && !case.desired.terminating
                && backup.state == BackupState::PendingDeletion
            {
                prop_assert_eq!(case.desired.deleted, Some(true));
            }
        }
        if verdict.ready.reason.stance() == Stance::Stalled {
            let hour = case.now.tick.after(HOUR);
            prop_assert!(plan.next.wake.is_some_and(|wake| wake <= hour), "a stalled resource is looked at once an hour");
        }
    }

    #[test]
    fn it_comes_back_in_the_future_or_wants_a_look(case in cases()) {
        let next = case.plan().next;
        let past = next.wake.is_some_and(|wake| wake <= case.now.tick);
        // A breaker that says "not before" a time that is over is the only input that is late by itself.
        prop_assert!(!past || case.observed.room == Room::FullUntil(Moment::START), "{next:?}");
    }

    /// L1: with a cooperating AWS every resource comes to rest within ten rounds, two minutes apart, and stays there.
    #[test]
    fn every_resource_comes_to_rest(case in cases()) {
        let mut case = case.restarted();
        let mut rounds = Vec::new();
        for _ in 0..20 {
            let plan = case.plan();
            rounds.push(effect(&plan));
            let Some(next) = obey(case.clone(), &plan, 2 * MINUTE) else { return Ok(()) };
            case = next;
        }
        prop_assert!(rounds.iter().skip(10).all(|effect| effect == "-"), "{rounds:?}\n{case:#?}");
    }

    /// At rest there is nothing to write either (P6).
    #[test]
    fn a_resource_at_rest_has_nothing_to_write(case in cases()) {
        let mut case = case.restarted();
        for _ in 0..20 {
            let plan = case.plan();
            let Some(next) = obey(case.clone(), &plan, 2 * MINUTE) else { return Ok(()) };
            case = next;
        }
        let plan = case.plan();
        let Some(verdict) = &plan.verdict else { return Ok(()) };
        prop_assert_eq!(&verdict.marks, &case.ledger.marks);
        prop_assert_eq!(Some(verdict.ready.reason.name()), case.ledger.ready_reason.as_deref());
        prop_assert_eq!(&verdict.handled_request, &case.ledger.handled_request);
        prop_assert_eq!(&plan.notices, &[]);
    }
}

/// The status is written, the effect happens, and after `wait` AWS is looked at. `None` when the resource is gone.
pub(super) fn obey(case: Case, plan: &Plan, wait: Duration) -> Option<Case> {
    let mut case = case.written(plan);
    match plan.effect.clone() {
        None => {}
        Some(Effect::AddFinalizer) => case.desired.finalizer = true,
        Some(Effect::RemoveFinalizer) if case.desired.terminating => return None,
        Some(Effect::RemoveFinalizer) => case.desired.finalizer = false,
        Some(Effect::Mutate { mutation, mark }) => {
            case.send(&mutation, mark, Outcome::Accepted, case.now.tick);
            case = case.aws_does(&mutation);
        }
    }
    Some(case.later(wait))
}
