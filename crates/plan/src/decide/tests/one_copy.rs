//! P4 over time: whatever crashes, is refused, is answered too late or shows late, there is one copy.

use proptest::{prelude::*, sample::select};

use super::*;

/// What happens between two passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Nothing,
    /// The process is replaced by another one.
    Restart,
    /// The process dies between mark and call, if a call is next.
    Crash,
    /// Somebody wipes the status.
    Wipe,
    /// The resource is deleted and made again.
    MadeAgain,
    /// The entry is removed, or added again.
    Relist,
    /// Another resource has the say for a while, or not any more.
    Yield,
    /// A person asks for a look.
    Ask,
    /// The copy that is being made fails.
    Fail,
}

/// How a request turns out: what AWS answers, whether it makes a copy, and how many minutes later that shows.
type Fate = (Outcome, bool, u64);

fn fates() -> impl Strategy<Value = Fate> {
    // An accepted copy shows within a day; one that nobody knows of within the settle window.
    prop_oneof![
        (0..23 * 60_u64).prop_map(|minutes| (Outcome::Accepted, true, minutes)),
        (0..5_u64).prop_map(|minutes| (Outcome::Accepted, true, minutes)),
        (0..15_u64).prop_map(|minutes| (unknown(), true, minutes)),
        Just((unknown(), false, 0)),
        Just((rejected(ErrorClass::Throttled), false, 0)),
        Just((Outcome::NotSent(Failure::new(ErrorClass::Transient, "no connection")), false, 0)),
    ]
}

fn events() -> impl Strategy<Value = Vec<(Event, u64)>> {
    let events = [
        [Event::Nothing; 9].as_slice(),
        &[Event::Restart, Event::Crash, Event::Wipe, Event::MadeAgain, Event::Relist],
        &[Event::Yield, Event::Ask, Event::Fail],
    ];
    proptest::collection::vec((select(events.concat()), select(vec![0, 1, 4, 8, 30, 120, 1500])), 1..60)
}

/// The operator and AWS, with the copies that AWS has begun to make and does not list yet.
struct World {
    case: Case,
    hidden: Vec<(Timestamp, Timestamp)>,
    fates: Vec<Fate>,
    asked: usize,
}

impl World {
    fn pass(self, crashes: bool) -> Self {
        let Self { case, mut hidden, fates, mut asked } = self;
        let plan = case.plan();
        let asks =
            matches!(&plan.effect, Some(Effect::Mutate { mutation, .. }) if mutation.destination().is_some());
        if !asks || crashes {
            let case = case.written(&plan);
            let case = if crashes { case.restarted() } else { case };
            return Self { case, hidden, fates, asked };
        }
        let (outcome, made, minutes) = fates[asked % fates.len()].clone();
        asked += 1;
        if made {
            hidden.push((case.time_in(Duration::from_mins(minutes)), case.now.wall));
        }
        // What became of it goes on record at once; a crash before that makes it unknown.
        let case = case.acted(outcome);
        let plan = case.plan();
        Self { case: case.written(&plan), hidden, fates, asked }
    }

    /// Time passes, and what is due shows. What shows is READY a while later.
    fn wait(self, minutes: u64) -> Self {
        let Self { mut case, hidden, fates, asked } = self;
        case = case.without_a_look(Duration::from_mins(minutes) + SECOND).aws_finishes();
        let now = case.now.wall;
        let (due, hidden): (Vec<_>, Vec<_>) = hidden.into_iter().partition(|(shows, _)| *shows <= now);
        for (_, made) in due {
            case = case.aws_copies(&region(THERE), None, made);
        }
        Self { case: case.later(SECOND), hidden, fates, asked }
    }

    fn happens(mut self, event: Event) -> Self {
        match event {
            Event::Nothing | Event::Crash => {}
            // Then the one with the say has the request on its record, and that one is not here.
            Event::Wipe | Event::MadeAgain if self.case.standing.yields_to.is_some() => {}
            Event::Restart => self.case = self.case.restarted(),
            // The process lives, and its next pass puts on record again what it knows.
            Event::Wipe | Event::MadeAgain => {
                self = self.wait(0);
                self.case.ledger.copies.clear();
                if event == Event::MadeAgain {
                    self.case.recent = Recent::default();
                }
                self = self.pass(false);
            }
            Event::Relist if self.case.desired.copies.is_empty() => self.case = self.case.wish_copy(false),
            Event::Relist => self.case = self.case.unlisted(),
            Event::Yield => {
                let other = self.case.standing.yields_to.is_none().then(|| object("older"));
                self.case.standing.yields_to = other;
            }
            Event::Ask => self.case = self.case.request_reconcile("now"),
            Event::Fail => self.case = self.case.aws_fails(),
        }
        self
    }

    /// The copies that there are, or will be.
    fn copies(&self) -> usize {
        self.case.live_there() + self.hidden.len()
    }
}

proptest! {
    #![proptest_config(crate::random::cases(300))]

    #[test]
    fn there_is_never_a_second_copy(fates in proptest::collection::vec(fates(), 1..6), events in events()) {
        let mut world = World { case: case().wish_copy(false), hidden: Vec::new(), fates, asked: 0 };
        for (event, minutes) in events {
            world = world.pass(event == Event::Crash).happens(event).wait(minutes);
            prop_assert!(world.copies() <= 1, "{:#?}", world.case);
        }
    }

    #[test]
    fn and_in_the_end_there_is_one(fates in proptest::collection::vec(fates(), 1..6), events in events()) {
        let mut world = World { case: case().wish_copy(false), hidden: Vec::new(), fates, asked: 0 };
        for (event, minutes) in events {
            world = world.pass(event == Event::Crash).happens(event).wait(minutes);
        }
        world.case = world.case.wish_copy(false);
        world.case.standing = Standing::default();
        // From now on AWS does what it is asked; a person asks again for what was lost.
        world.fates = vec![(Outcome::Accepted, true, 1)];
        for _ in 0..40 {
            world = world.happens(Event::Ask).pass(false).wait(30).pass(false).wait(60);
        }
        prop_assert_eq!(world.copies(), 1);
        prop_assert!(verdict(&world.case.plan()).ready.is_ready(), "{:#?}", world.case);
    }
}
