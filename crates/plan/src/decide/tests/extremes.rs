//! Times that no clock of sense shows: AWS's, those on record, our own.

use proptest::{prelude::*, sample::select};

use super::{invariants::cases, invariants_copies::copying, *};

/// A time, or none at all.
fn time_of_any_age() -> impl Strategy<Value = Timestamp> {
    let now = case().now.wall;
    prop_oneof![
        select(vec![Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH, now]),
        (Timestamp::MIN.as_second()..=Timestamp::MAX.as_second())
            .prop_map(|second| Timestamp::from_second(second).unwrap()),
    ]
}

/// Hands out times, over and over.
fn put(case: &mut Case, times: &[Timestamp], clock: bool) {
    let mut times = times.iter().copied().cycle();
    let mut next = || times.next().unwrap();
    let mut upset = |marks: &mut Marks| {
        for mark in [&mut marks.deletion, &mut marks.restore].into_iter().flatten() {
            mark.requested_at = next();
            mark.done_at = mark.done_at.map(|_| next());
        }
    };
    upset(&mut case.ledger.marks);
    for record in case.ledger.copies.values_mut() {
        upset(&mut record.marks);
    }
    for record in case.ledger.copies.values_mut() {
        if let Some(request) = &mut record.request {
            *request = Request { requested_at: next(), accepted_at: request.accepted_at.map(|_| next()) };
        }
        if let Some(setback) = &mut record.last_failure {
            setback.at = next();
        }
        record.attempts = record.attempts.saturating_mul(u32::MAX);
    }
    if let Sight::Present { backup, .. } = &mut case.observed.primary {
        let backup = Arc::make_mut(backup);
        for time in [&mut backup.create_timestamp, &mut backup.copy_timestamp, &mut backup.delete_timestamp] {
            *time = time.map(|_| next());
        }
    }
    case.desired.created = next();
    if clock {
        case.now.wall = next();
    }
    case.see_requests();
}

fn upset(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    let times = proptest::collection::vec(time_of_any_age(), 1..12);
    (cases, times, any::<bool>()).prop_map(|(mut case, times, clock)| {
        put(&mut case, &times, clock);
        case
    })
}

/// A plan is a plan, now and after the longest wait, and says no more than a status can hold.
fn assert_sane(case: Case) {
    let plan = case.plan();
    assert_eq!(plan, case.plan());
    if let Some(verdict) = &plan.verdict {
        let messages = verdict.copies.iter().filter_map(|copy| copy.message.as_deref());
        for message in messages.chain([verdict.ready.message.as_str()]) {
            assert!((1..=32 * 1024).contains(&message.len()), "{message}");
        }
    }
    let later = case.written(&plan).later(Duration::MAX);
    let _ = later.plan();
}

proptest! {
    #![proptest_config(crate::random::cases(500))]

    #[test]
    fn no_time_is_too_absurd_to_decide(case in upset(cases())) {
        assert_sane(case);
    }

    #[test]
    fn no_time_of_a_copy_is_too_absurd_to_decide(case in upset(copying())) {
        assert_sane(case);
    }
}
