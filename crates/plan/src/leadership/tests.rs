//! The rules of an election, one by one, and many elections in which everything goes wrong.

use proptest::prelude::*;

use super::*;

const TIMES: Times = Times {
    lease_duration: Duration::from_secs(15),
    renew_deadline: Duration::from_secs(10),
    retry_period: Duration::from_secs(2),
};

fn at(seconds: u64) -> Moment {
    Moment::from_start(Duration::from_secs(seconds))
}

fn lease(version: &str, holder: &str) -> Lease {
    let holder = Some(holder.to_owned()).filter(|holder| !holder.is_empty());
    Lease { version: version.to_owned(), holder, duration: Some(Duration::from_secs(15)) }
}

fn candidate() -> Candidate {
    Candidate::new("me".to_owned(), TIMES)
}

fn update(version: &str) -> Bid {
    Bid::Update(version.to_owned())
}

#[test]
fn without_a_lease_one_is_made() {
    let mut me = candidate();
    me.see(None, at(0));
    assert_eq!(me.bid(at(0)), Bid::Create);
    assert!(!me.leads(at(0)));
    me.won(lease("1", "me"), at(0));
    assert!(me.leads(at(0)) && !me.leads(at(10)));
}

#[test]
fn the_holder_is_whoever_the_lease_names() {
    let mut me = candidate();
    assert_eq!(me.holder(), None);
    me.see(Some(lease("1", "other")), at(0));
    assert_eq!(me.holder(), Some("other"));
    me.see(Some(lease("2", "")), at(1));
    assert_eq!(me.holder(), None);
}

#[test]
fn a_released_lease_is_taken_at_once() {
    let mut me = candidate();
    me.see(Some(lease("7", "")), at(0));
    assert_eq!(me.bid(at(0)), update("7"));
}

#[test]
fn a_lease_is_taken_once_it_did_not_change_for_its_duration() {
    let mut me = candidate();
    for (second, version) in [(0, "1"), (2, "2"), (4, "2"), (16, "2")] {
        me.see(Some(lease(version, "other")), at(second));
        assert_eq!(me.bid(at(second)), Bid::Follow, "{second}");
    }
    assert_eq!(me.bid(at(17)), update("2"), "15 s after it was first seen so");
}

#[test]
fn a_renewal_that_comes_late_counts() {
    let mut me = candidate();
    me.see(Some(lease("1", "other")), at(0));
    me.see(Some(lease("2", "other")), at(14));
    assert_eq!(me.bid(at(28)), Bid::Follow);
}

#[test]
fn the_duration_that_the_holder_wrote_counts_and_not_ours() {
    let mut me = candidate();
    let long = Lease { duration: Some(Duration::from_mins(1)), ..lease("1", "other") };
    me.see(Some(long), at(0));
    assert_eq!((me.bid(at(59)), me.bid(at(60))), (Bid::Follow, update("1")));
    let silent = Lease { duration: None, ..lease("2", "other") };
    me.see(Some(silent), at(100));
    assert_eq!((me.bid(at(114)), me.bid(at(115))), (Bid::Follow, update("2")));
}

#[test]
fn a_leader_goes_on_renewing_and_counts_from_when_it_began() {
    let mut me = candidate();
    me.won(lease("1", "me"), at(0));
    assert_eq!(me.bid(at(2)), update("1"));
    me.won(lease("2", "me"), at(2));
    assert_eq!(me.until(), Some(at(12)));
    assert!(me.leads(at(11)) && !me.leads(at(12)));
}

#[test]
fn a_leader_that_could_not_renew_in_time_waits_like_everybody_else() {
    let mut me = candidate();
    me.won(lease("1", "me"), at(0));
    assert_eq!(me.bid(at(10)), Bid::Follow, "it has lost, and its own lease must run out first");
    assert_eq!(me.bid(at(15)), update("1"));
}

#[test]
fn a_leader_whose_lease_names_another_has_lost_at_once() {
    let mut me = candidate();
    me.won(lease("1", "me"), at(0));
    me.see(Some(lease("2", "other")), at(1));
    assert!(!me.leads(at(1)));
    assert_eq!(me.bid(at(1)), Bid::Follow);
}

#[test]
fn a_leader_whose_lease_somebody_edits_goes_on() {
    let mut me = candidate();
    me.won(lease("1", "me"), at(0));
    me.see(Some(lease("2", "me")), at(1));
    assert!(me.leads(at(1)));
    assert_eq!(me.bid(at(1)), update("2"));
}

#[test]
fn a_lease_that_is_deleted_keeps_its_time() {
    let mut me = candidate();
    me.see(Some(lease("1", "other")), at(0));
    me.see(None, at(1));
    assert_eq!(me.bid(at(14)), Bid::Follow, "its holder may not know yet");
    assert_eq!(me.bid(at(15)), Bid::Create);
}

#[test]
fn a_leader_whose_lease_is_deleted_makes_it_anew() {
    let mut me = candidate();
    me.won(lease("1", "me"), at(0));
    me.see(None, at(1));
    assert!(me.leads(at(1)));
    assert_eq!(me.bid(at(1)), Bid::Create);
}

#[test]
fn times_that_could_let_two_lead_or_none_are_named() {
    let with = |lease, renew, retry| Times {
        lease_duration: Duration::from_secs(lease),
        renew_deadline: Duration::from_secs(renew),
        retry_period: Duration::from_secs(retry),
    };
    assert_eq!(Times::default().problem(), None);
    assert!(with(10, 10, 2).problem().unwrap().starts_with("--renew-deadline"));
    assert!(with(15, 10, 9).problem().unwrap().starts_with("--retry-period"));
    assert_eq!(with(15, 10, 8).problem(), None);
    assert_eq!(TIMES.pause(0.5), Duration::from_millis(2200));
    assert_eq!(TIMES.pause(1.0), Duration::from_millis(2400));
}

/// What goes wrong with one call of one candidate, and how long it takes.
#[derive(Clone, Copy, Debug)]
struct Call {
    /// Milliseconds until the API server has it.
    there: u64,
    /// Milliseconds until the candidate has the answer.
    back: u64,
    lost: Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Nothing,
    Request,
    Answer,
}

/// What happens in one round of one candidate.
#[derive(Clone, Copy, Debug)]
struct Round {
    look: Call,
    write: Call,
    /// Milliseconds of a process that stands still, before or after it writes.
    frozen: u64,
    luck: f64,
    /// It stops, and lets go of the Lease.
    stops: bool,
    /// Somebody edits the Lease, for another reason, before it looks.
    edited: bool,
}

fn call() -> impl Strategy<Value = Call> {
    let lost = prop_oneof![8 => Just(Lost::Nothing), 1 => Just(Lost::Request), 1 => Just(Lost::Answer)];
    let times = prop_oneof![8 => 0..50_u64, 1 => 0..12_000_u64];
    (times.clone(), times, lost).prop_map(|(there, back, lost)| Call { there, back, lost })
}

fn round() -> impl Strategy<Value = Round> {
    let frozen = prop_oneof![12 => Just(0), 1 => 0..40_000_u64];
    let rare = || prop::bool::weighted(0.03);
    (call(), call(), frozen, 0.0..1.0, rare(), rare()).prop_map(
        |(look, write, frozen, luck, stops, edited)| Round { look, write, frozen, luck, stops, edited },
    )
}

/// The API server: one Lease, and a number that counts its versions.
#[derive(Default)]
struct Server {
    lease: Option<Lease>,
    versions: u32,
}

impl Server {
    fn store(&mut self, holder: Option<&str>) -> Lease {
        self.versions += 1;
        let duration = Some(TIMES.lease_duration);
        let lease = Lease { version: self.versions.to_string(), holder: holder.map(str::to_owned), duration };
        self.lease = Some(lease.clone());
        lease
    }

    /// Carries out a bid; `None` is a conflict.
    fn take(&mut self, bid: &Bid, holder: Option<&str>) -> Option<Lease> {
        let fits = match (bid, &self.lease) {
            (Bid::Create, None) => true,
            (Bid::Update(version), Some(lease)) => lease.version == *version,
            _ => false,
        };
        fits.then(|| self.store(holder))
    }
}

/// A candidate, where its clock stands when time begins, and what it still has to go through.
struct Player {
    candidate: Candidate,
    clock: Duration,
    rounds: Vec<Round>,
    terms: u32,
}

/// One thing that happens at one time.
#[derive(Clone, Debug)]
enum Step {
    Look,
    Seen(Option<Lease>),
    Reach(Bid, Option<String>, Duration),
    Answered(Option<Lease>, Duration),
}

impl Player {
    fn now(&self, time: Duration) -> Moment {
        Moment::from_start(self.clock + time)
    }

    /// It has lost, and stands again under another name.
    fn stand_again(&mut self, number: usize) {
        self.terms += 1;
        self.candidate = Candidate::new(format!("{number}-{}", self.terms), TIMES);
    }
}

/// Plays an election, and returns how many terms there were. At every moment at most one leads.
fn play(players: Vec<(u64, Vec<Round>)>) -> usize {
    let mut server = Server::default();
    let mut players: Vec<Player> = players
        .into_iter()
        .enumerate()
        .map(|(number, (clock, rounds))| Player {
            candidate: Candidate::new(format!("{number}-0"), TIMES),
            clock: Duration::from_millis(clock),
            rounds,
            terms: 0,
        })
        .collect();
    let mut queue: Vec<(Duration, usize, Step)> =
        (0..players.len()).map(|number| (Duration::ZERO, number, Step::Look)).collect();
    let mut leaders = std::collections::BTreeSet::new();
    while let Some(next) = (0..queue.len()).min_by_key(|place| queue[*place].0) {
        let (time, number, step) = queue.remove(next);
        let player = &mut players[number];
        let now = player.now(time);
        let Some(round) = player.rounds.last().copied() else { continue };
        let after = |millis: u64| time + Duration::from_millis(millis);
        let again = time + TIMES.pause(round.luck);
        match step {
            Step::Look => {
                if round.edited {
                    let holder = server.lease.as_ref().and_then(|lease| lease.holder.clone());
                    server.store(holder.as_deref());
                }
                if round.look.lost == Lost::Nothing {
                    let seen = server.lease.clone();
                    queue.push((after(round.look.there + round.look.back), number, Step::Seen(seen)));
                } else {
                    player.rounds.pop();
                    queue.push((again, number, Step::Look));
                }
            }
            Step::Seen(lease) => {
                let led = player.candidate.until().is_some();
                player.candidate.see(lease, now);
                let stops = round.stops && player.candidate.leads(now);
                let bid = player.candidate.bid(now);
                if bid == Bid::Follow || (led && !player.candidate.leads(now)) {
                    if led {
                        player.stand_again(number);
                    }
                    player.rounds.pop();
                    queue.push((again, number, Step::Look));
                } else {
                    let holder = (!stops).then(|| player.candidate.name().to_owned());
                    // Whoever lets go acts no more from that moment on.
                    if stops {
                        player.stand_again(number);
                    }
                    // The write is begun, and then the process may stand still.
                    let reach = after(round.frozen + round.write.there);
                    queue.push((reach, number, Step::Reach(bid, holder, time)));
                }
            }
            Step::Reach(bid, holder, began) => {
                let lost = round.write.lost;
                let answer = if lost == Lost::Request { None } else { server.take(&bid, holder.as_deref()) };
                let answer = answer.filter(|_| lost != Lost::Answer && holder.is_some());
                queue.push((after(round.write.back), number, Step::Answered(answer, began)));
            }
            Step::Answered(lease, began) => {
                player.rounds.pop();
                let began = player.now(began);
                if let Some(lease) = lease {
                    player.candidate.won(lease, began);
                }
                queue.push((again, number, Step::Look));
            }
        }
        let leading: Vec<&str> = players
            .iter()
            .filter(|player| player.candidate.leads(player.now(time)))
            .map(|player| player.candidate.name())
            .collect();
        assert!(leading.len() <= 1, "at {time:?} both lead: {leading:?}");
        leaders.extend(leading.first().map(|name| (*name).to_owned()));
    }
    leaders.len()
}

proptest! {
    #![proptest_config(crate::random::cases(2000))]

    #[test]
    fn at_no_time_two_lead(
        players in prop::collection::vec((0..100_000_u64, prop::collection::vec(round(), 1..60)), 2..4)
    ) {
        play(players);
    }
}

#[test]
fn leadership_changes_hands_in_such_an_election() {
    let calm = Call { there: 5, back: 5, lost: Lost::Nothing };
    let round = Round { look: calm, write: calm, frozen: 0, luck: 0.5, stops: false, edited: false };
    let dies = vec![round; 3];
    let mut leaves = vec![round; 40];
    leaves[20].stops = true;
    assert_eq!(play(vec![(0, dies), (77_000, leaves), (5, vec![round; 60])]), 3);
}
