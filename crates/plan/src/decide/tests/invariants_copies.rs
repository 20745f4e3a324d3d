//! What holds of copies for every input, however odd.

use proptest::{option, prelude::*, sample::select};

use super::{
    invariants::{AGES, cases, mark, obey, tags},
    *,
};

/// All that is random about the copies in one region.
#[derive(Clone, Debug)]
struct Random {
    wish: Option<(bool, Option<Tags>)>,
    listed: Vec<(char, &'static str, Option<Duration>, Doubt, Tags)>,
    record: Option<CopyRecord>,
    try_of_request: Option<Outcome>,
    /// When the process first saw the request, and whether the status has lost it.
    known: Option<(Duration, bool)>,
    seen: Duration,
    blind: (bool, bool),
    claimed: Option<char>,
}

/// What AWS may leave out of an entry, or say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    None,
    NoSourceRegion,
    NoArn,
    OtherAccount,
}

const LETTERS: [char; 3] = ['a', 'b', 'c'];

fn record() -> impl Strategy<Value = CopyRecord> {
    let age = || select(AGES.to_vec());
    let request = option::of((age(), any::<bool>()));
    let reasons = [
        Reason::CopyFailed,
        Reason::CopyLost,
        Reason::CopyUnanswered,
        Reason::AccessDenied,
        Reason::Throttled,
    ];
    let failure = option::of((1..6_u32, select(reasons.to_vec()), age()));
    let states = ["CREATE_IN_PROGRESS", "READY", "PENDING_DELETION", "DELETED", "ARCHIVED"];
    let seen = option::of((select(LETTERS.to_vec()), select(states.to_vec())));
    let keys = proptest::collection::btree_set(select(vec!["env", "old"]), 0..2);
    (seen, request, failure, mark(), mark(), keys).prop_map(
        |(seen, request, failure, deletion, restore, keys)| {
            let now = case().now.wall;
            let keys: BTreeSet<String> = keys.into_iter().map(str::to_owned).collect();
            let accepted = |at, yes: bool| yes.then(|| later(at, SECOND));
            CopyRecord {
                id: seen.map(|(letter, _)| id(letter)),
                state: seen.map(|(_, state)| BackupState::from_name(state)),
                marks: Marks { managed_tag_keys: keys, deletion, restore },
                request: request.map(|(ago, yes)| {
                    let requested_at = earlier(now, ago);
                    Request { requested_at, accepted_at: accepted(requested_at, yes) }
                }),
                attempts: failure.map_or(0, |(attempts, ..)| attempts),
                last_failure: failure.map(|(_, reason, ago)| Setback { at: earlier(now, ago), reason }),
            }
        },
    )
}

fn random() -> impl Strategy<Value = Random> {
    let states = ["CREATE_IN_PROGRESS", "READY", "READY", "PENDING_DELETION", "DELETED", "ARCHIVED"];
    let doubts =
        vec![Doubt::None, Doubt::None, Doubt::None, Doubt::NoSourceRegion, Doubt::NoArn, Doubt::OtherAccount];
    let age = || select(AGES.to_vec());
    let listed =
        (select(LETTERS.to_vec()), select(states.to_vec()), option::of(age()), select(doubts), tags());
    let outcomes = vec![
        Outcome::Accepted,
        unknown(),
        rejected(ErrorClass::AccessDenied),
        Outcome::NotSent(Failure::new(ErrorClass::Transient, "no connection")),
    ];
    let sometimes = || proptest::bool::weighted(0.1);
    (
        option::weighted(0.8, (any::<bool>(), option::of(tags()))),
        proptest::collection::vec(listed, 0..3),
        option::of(record()),
        option::of(select(outcomes)),
        option::of((age(), sometimes())),
        select(vec![Duration::ZERO, 30 * SECOND, 2 * MINUTE, 10 * MINUTE]),
        (sometimes(), sometimes()),
        option::weighted(0.1, select(LETTERS.to_vec())),
    )
        .prop_map(|(wish, listed, record, try_of_request, known, seen, blind, claimed)| Random {
            wish,
            listed,
            record,
            try_of_request,
            known,
            seen,
            blind,
            claimed,
        })
}

/// A case with the copies in one region as `random` has them.
fn with(mut case: Case, name: &str, random: &Random) -> Case {
    let (there, now) = (region(name), case.now);
    if let Some((deleted, tags)) = &random.wish {
        let (deleted, tags) = (*deleted, tags.clone());
        case.desired.copies.push(DesiredCopy { region: there.clone(), tags, deleted });
    }
    for (letter, state, made, doubt, tags) in &random.listed {
        case = case.listed(name, *letter, state).with_copy_in(&there, &id(*letter), |copy| {
            copy.copy_timestamp = made.map(|ago| earlier(now.wall, ago));
            copy.tags = Some(tags.clone());
            match doubt {
                Doubt::None => {}
                Doubt::NoSourceRegion => copy.source.as_mut().unwrap().region = None,
                Doubt::NoArn => copy.arn = None,
                Doubt::OtherAccount => copy.arn = Some(arn(OTHER_ACCOUNT)),
            }
        });
    }
    if let Some(record) = &random.record {
        case.ledger.copies.insert(there.clone(), record.clone());
        let (ago, lost) = random.known.unwrap_or_default();
        case.requests.see(&key(OWN), &there, record, now.tick.before(ago));
        if let (Some(request), Some(outcome)) = (record.request, &random.try_of_request) {
            let copy = case.mutation(Change::Copy { to: there.clone(), tags: None });
            let at = now.tick.before(now.age(request.requested_at));
            case.recent.begin(copy.clone(), Some(request.requested_at), at);
            case.recent.note(copy, outcome.clone(), at, &case.settings, 0.0);
        }
        if lost {
            case.ledger.copies.remove(&there);
        }
    }
    case = case.looked_in(name, random.seen);
    case = if random.blind.0 { case.trouble_in(name, ErrorClass::Throttled) } else { case };
    case = if random.blind.1 { case.unclear_in(name, ErrorClass::Throttled) } else { case };
    if let Some(letter) = random.claimed {
        case.standing.copies.insert(BackupKey { region: there, id: id(letter) }, object("other"));
    }
    case
}

pub(super) fn copying() -> impl Strategy<Value = Case> {
    (cases(), random(), random(), any::<bool>()).prop_map(|(mut case, there, far, asks)| {
        case.desired.copies.clear();
        let case = with(with(case, THERE, &there), FAR, &far);
        if asks { case.request_reconcile("once more") } else { case }
    })
}

fn mutation(plan: &Plan) -> Option<(&Mutation, Option<Timestamp>)> {
    match &plan.effect {
        Some(Effect::Mutate { mutation, mark }) => Some((mutation, *mark)),
        _ => None,
    }
}

fn listed<'a>(case: &'a Case, region: &Region) -> Option<&'a DesiredCopy> {
    case.desired.copies.iter().find(|copy| copy.region == *region)
}

fn recorded<'a>(plan: &'a Plan, region: &Region) -> Option<&'a CopyRecord> {
    verdict(plan).copies.iter().find(|copy| copy.region == *region).map(|copy| &copy.record)
}

proptest! {
    #![proptest_config(crate::random::cases(1000))]

    #[test]
    fn a_copy_is_asked_for_only_where_it_is_wanted_and_none_can_be(case in copying()) {
        let (plan, observed) = (case.plan(), case.observe());
        let Some((Mutation { target, change: Change::Copy { to, .. } }, _)) = mutation(&plan) else { return Ok(()) };
        prop_assert_eq!(target, &case.desired.backup);
        prop_assert_eq!(&case.backup().state, &BackupState::Ready);
        prop_assert!(!case.backup().is_copy());
        prop_assert!(listed(&case, to).is_some_and(|copy| !copy.deleted));
        let there = &observed.copies[to];
        prop_assert!(there.trouble.is_none() && observed.trouble.is_none());
        let none = there.found.iter().all(|(backup, _)| backup.state == BackupState::Deleted);
        prop_assert!(none, "{:#?}", there.found);
        let fresh = case.now.tick.before(Settings::SEARCH_LIFETIME);
        let searched = matches!(there.search, Search::Done { began } if began >= fresh);
        prop_assert!(searched, "{:?}", there.search);
    }

    #[test]
    fn no_copy_is_asked_for_while_a_request_is_open_and_not_over(case in copying()) {
        let (plan, observed) = (case.plan(), case.observe());
        let Some((Mutation { change: Change::Copy { to, .. }, .. }, _)) = mutation(&plan) else { return Ok(()) };
        let there = &observed.copies[to];
        let Some(open) = &there.open else { return Ok(()) };
        let copy = case.mutation(Change::Copy { to: to.clone(), tags: None });
        let tried = case.recent.attempt(&copy.key());
        let tried = tried.filter(|attempt| attempt.mark == Some(open.request.requested_at));
        let outcome = tried.and_then(|attempt| attempt.outcome.as_ref());
        let refused = outcome.is_some_and(Outcome::changed_nothing);
        let failed = there.found.iter().any(|(backup, _)| {
            backup.copy_timestamp.is_some_and(|made| made >= open.request.requested_at)
        });
        let before = case.ledger.copies.get(to).cloned().unwrap_or_else(|| CopyRecord {
            request: Some(open.request),
            last_failure: open.last_failure.clone(),
            ..CopyRecord::default()
        });
        let lost = before.is_lost() && case.desired.reconcile_request.is_some();
        let accepted = open.request.accepted_at.is_some() || outcome == Some(&Outcome::Accepted);
        let window = open.since.after(case.settings.settle_window);
        let waited = !accepted && matches!(there.search, Search::Done { began } if began >= window);
        prop_assert!(refused || failed || lost || waited, "{open:#?}\n{plan:#?}");
    }

    #[test]
    fn every_change_of_a_copy_has_its_mark_in_the_record_of_that_copy(case in copying()) {
        let plan = case.plan();
        let Some((mutation, mark)) = mutation(&plan) else { return Ok(()) };
        if let Some(to) = mutation.destination() {
            let request = recorded(&plan, to).unwrap().request.unwrap();
            prop_assert_eq!(request, Request { requested_at: case.now.wall, accepted_at: None });
            prop_assert_eq!(mark, Some(request.requested_at));
            let tags = listed(&case, to).unwrap().tags.clone().unwrap_or_default();
            let keys = &recorded(&plan, to).unwrap().marks.managed_tag_keys;
            prop_assert!(tags.keys().all(|key| keys.contains(key)));
        } else if mutation.target != case.desired.backup {
            let record = recorded(&plan, mutation.region()).unwrap();
            prop_assert_eq!(record.id.as_ref(), Some(mutation.backup()));
            let marks = &record.marks;
            match &mutation.change {
                Change::Delete => {
                    prop_assert!(marks.deletion.is_some_and(Mark::is_open));
                    prop_assert_eq!(mark, marks.deletion.map(|mark| mark.requested_at));
                }
                Change::Restore => {
                    prop_assert!(marks.restore.is_some_and(Mark::is_open) && marks.deletion.is_none());
                    prop_assert_eq!(mark, marks.restore.map(|mark| mark.requested_at));
                }
                Change::Tag(tags) => prop_assert!(tags.keys().all(|key| marks.managed_tag_keys.contains(key))),
                Change::Untag(keys) => {
                    let before = &case.ledger.copies[mutation.region()].marks.managed_tag_keys;
                    prop_assert!(keys.is_subset(before) && keys.is_subset(&marks.managed_tag_keys));
                }
                other => prop_assert!(false, "{other:?} of a copy"),
            }
        }
    }

    #[test]
    fn only_a_recorded_copy_that_somebody_asked_to_delete_is_deleted(case in copying()) {
        let plan = case.plan();
        let Some((mutation, _)) = mutation(&plan) else { return Ok(()) };
        if mutation.change != Change::Delete || mutation.target == case.desired.backup {
            return Ok(());
        }
        let wish = listed(&case, mutation.region());
        let Desired { terminating, finalizer, deletion_policy, .. } = case.desired;
        let removal = terminating && finalizer && deletion_policy == DeletionPolicy::Delete;
        prop_assert!(wish.is_some_and(|wish| removal || (wish.deleted && !terminating)));
        let before = case.ledger.copies.get(mutation.region()).cloned().unwrap_or_default();
        prop_assert_eq!(before.id.as_ref(), Some(mutation.backup()), "it was on record before");
        prop_assert!(before.marks.deletion.is_none_or(Mark::is_open), "a wish that is used up deletes nothing");
        prop_assert!(!case.standing.copies.contains_key(&mutation.target));
        prop_assert_eq!(case.observed.room, Room::Free);
    }

    #[test]
    fn only_what_is_surely_a_copy_of_ours_is_changed(case in copying()) {
        let (plan, observed) = (case.plan(), case.observe());
        let Some((mutation, _)) = mutation(&plan) else { return Ok(()) };
        if mutation.destination().is_some() || mutation.target == case.desired.backup {
            return Ok(());
        }
        prop_assert!(!case.desired.suspend && (case.desired.terminating || case.standing.yields_to.is_none()));
        let there = &observed.copies[mutation.region()];
        prop_assert!(there.trouble.is_none());
        let seen = there.found.iter().find(|(backup, _)| backup.id == *mutation.backup());
        let Some((backup, _)) = seen else { panic!("it is not there: {plan:#?}") };
        prop_assert!(backup.is_copy_of(&case.desired.backup));
        prop_assert!(backup.account().is_none_or(|account| account == OUR_ACCOUNT.parse().unwrap()));
        prop_assert!(case.desired.account.is_none() || backup.account() == case.desired.account);
        let state = if mutation.change == Change::Restore { BackupState::PendingDeletion } else { BackupState::Ready };
        prop_assert_eq!(&backup.state, &state);
    }

    #[test]
    fn nothing_is_unlisted_but_what_is_done_with(case in copying()) {
        let plan = case.plan();
        if plan.verdict.is_none() {
            return Ok(());
        }
        for copy in &verdict(&plan).copies {
            prop_assert!(listed(&case, &copy.region).is_some() || copy.record.is_open());
        }
        for wish in &case.desired.copies {
            prop_assert!(recorded(&plan, &wish.region).is_some());
        }
    }

    /// L1 and P6: with a cooperating AWS everything comes to rest, and then there is nothing to write.
    #[test]
    fn every_resource_with_copies_comes_to_rest(case in copying()) {
        let mut case = case.restarted();
        let mut rounds = Vec::new();
        for _ in 0..60 {
            let plan = case.plan();
            rounds.push(effect(&plan));
            // Whatever it waits for comes within a day.
            let wake = plan.next.wake.map_or(Duration::ZERO, |wake| wake.since(case.now.tick));
            let Some(next) = obey(case, &plan, wake.clamp(2 * MINUTE, DAY)) else { return Ok(()) };
            case = next.aws_finishes();
        }
        prop_assert!(rounds.iter().skip(30).all(|effect| effect == "-"), "{rounds:?}\n{case:#?}");
        let plan = case.plan();
        let Some(verdict) = &plan.verdict else { return Ok(()) };
        for copy in &verdict.copies {
            prop_assert_eq!(Some(&copy.record), case.ledger.copies.get(&copy.region));
        }
        prop_assert_eq!(verdict.copies.len(), case.ledger.copies.len());
        prop_assert_eq!(&verdict.concluded, &[]);
        prop_assert_eq!(&plan.notices, &[]);
        let again = case.written(&plan).later(2 * MINUTE).plan();
        prop_assert_eq!(again.effect, None);
        prop_assert_eq!(again.verdict.as_ref(), Some(verdict));
    }
}
