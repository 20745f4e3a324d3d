//! The inventory under a simulated driver: hours of virtual time, and every call counted.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{search::*, *};

/// How calls to the simulated AWS go.
#[derive(Clone, Copy, Debug)]
enum Weather {
    Fair,
    Denied,
    /// AWS refuses batches with an unknown id instead of leaving it out.
    NotFound,
    /// Every answer has an entry that cannot be read.
    Malformed,
    /// Every n-th call fails.
    Flaky(usize),
}

/// A driver under virtual time, with an AWS that has `there`, and `copies` of the sources by number.
struct Driver {
    core: Core,
    there: BTreeSet<BackupId>,
    copies: BTreeSet<(usize, usize)>,
    state: BackupState,
    weather: Weather,
    now: Moment,
    scan_ends: Option<Moment>,
    lookup_ends: Option<(Moment, Query)>,
    scans: Vec<Moment>,
    lookups: Vec<(Moment, BTreeSet<Topic>)>,
    turns: usize,
    jitter: f64,
}

impl Driver {
    fn new(there: BTreeSet<BackupId>, weather: Weather) -> Self {
        Self {
            core: Core::new(&Settings::default()),
            there,
            copies: BTreeSet::new(),
            state: BackupState::Ready,
            weather,
            now: at(0),
            scan_ends: None,
            lookup_ends: None,
            scans: Vec::new(),
            lookups: Vec::new(),
            turns: 0,
            jitter: 0.0,
        }
    }

    fn feed(&mut self, input: Input) {
        self.jitter = (self.jitter + 0.618).fract();
        self.turns += 1;
        let actions = self.core.on(input, self.now, self.jitter);
        if let Some(wakes_at) = self.core.wakes_at() {
            assert!(wakes_at > self.now, "it wants to be woken at once, again and again");
        }
        for action in actions {
            match action {
                Action::Scan => {
                    assert_eq!(self.scan_ends, None, "one scan at a time");
                    self.scan_ends = Some(self.now.after(LATENCY * 5));
                    self.scans.push(self.now);
                }
                Action::Lookup(query) => {
                    assert_eq!(self.lookup_ends, None, "one lookup at a time");
                    let asked: BTreeSet<Topic> = match &query {
                        Query::All => panic!("that is a scan"),
                        Query::Ids(ids) => ids.iter().cloned().map(Topic::Backup).collect(),
                        Query::CopiesOf(sources) => sources.iter().cloned().map(Topic::CopiesOf).collect(),
                    };
                    assert!((1..=50).contains(&asked.len()));
                    self.lookup_ends = Some((self.now.after(LATENCY), query));
                    self.lookups.push((self.now, asked));
                }
                Action::Changed(topics) => assert!(!topics.is_empty()),
                Action::Identify | Action::AccountChanged => panic!("the account is not this one's business"),
            }
        }
    }

    fn answer(&self, query: &Query) -> Result<Listing, Failure> {
        let calls = self.scans.len() + self.lookups.len();
        let there = self.there.iter().map(|id| Backup::new(id.clone(), self.state.clone()));
        let copies = self.copies.iter().map(|(number, of)| copy(*number, *of));
        let backups: Vec<_> = there.chain(copies).filter(|backup| query.matches(backup)).collect();
        let found = |key: &BackupKey| backups.iter().any(|backup| backup.is_copy_of(key));
        let all_known = match query {
            Query::All => true,
            Query::Ids(ids) => ids.len() == backups.len(),
            Query::CopiesOf(sources) => sources.iter().all(found),
        };
        let listing = Listing { backups, complete: true };
        match self.weather {
            Weather::Denied => Err(failure(ErrorClass::AccessDenied)),
            Weather::NotFound if !all_known => Err(failure(ErrorClass::NotFound)),
            Weather::Malformed => Ok(Listing { complete: false, ..listing }),
            Weather::Flaky(nth) if calls.is_multiple_of(nth) => Err(failure(ErrorClass::Transient)),
            Weather::Fair | Weather::NotFound | Weather::Flaky(_) => Ok(listing),
        }
    }

    /// Runs for `span`.
    fn run(&mut self, span: Duration) {
        let end = self.now.after(span);
        loop {
            let lookup = self.lookup_ends.as_ref().map(|(ends, _)| *ends);
            let Some(next) = [self.core.wakes_at(), self.scan_ends, lookup].into_iter().flatten().min()
            else {
                break;
            };
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            if self.scan_ends == Some(self.now) {
                self.scan_ends = None;
                let answer = self.answer(&Query::All);
                self.feed(Input::Scanned(answer));
            } else if let Some((_, asked)) = self.lookup_ends.take_if(|(ends, _)| *ends == self.now) {
                let answer = self.answer(&asked);
                self.feed(Input::LookedUp(answer));
            } else {
                self.feed(Input::Tick);
            }
            assert!(self.turns < 20_000, "it does not come to rest: {} lookups", self.lookups.len());
        }
        self.now = end;
    }

    fn forget_calls(&mut self) {
        (self.scans, self.lookups) = (Vec::new(), Vec::new());
    }
}

#[test]
fn at_rest_there_is_one_scan_a_poll_interval_and_nothing_else() {
    let mut driver = Driver::new(ids(0..200), Weather::Fair);
    driver.copies = (300..340).map(|number| (number, number - 300)).collect();
    let (backups, sources) = (ids(0..120), sources(0..60));
    driver.feed(Input::Named(Names { backups, sources, ..Names::default() }));
    driver.run(Duration::from_hours(24));
    assert_eq!(driver.lookups, []);
    assert!((280..=296).contains(&driver.scans.len()), "{} scans in a day", driver.scans.len());
    let waits: Vec<_> = driver.scans.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    let (least, most) = (Duration::from_secs(270), Duration::from_secs(331));
    assert!(waits.iter().all(|wait| (least..=most).contains(wait)), "{waits:?}");
    assert!(
        waits.iter().max().unwrap().abs_diff(*waits.iter().min().unwrap()) > Duration::from_secs(30),
        "no jitter"
    );
}

#[test]
fn a_named_backup_that_is_not_there_costs_one_lookup_and_then_nothing() {
    for weather in [Weather::Fair, Weather::NotFound] {
        let mut driver = Driver::new(ids(10..20), weather);
        driver.feed(naming(&ids(0..1)));
        driver.run(Duration::from_hours(1));
        assert_eq!(driver.lookups.len(), 1, "{weather:?}");
        assert!(absent(&driver.core, &id(0), at(0)));
    }
}

#[test]
fn a_backup_that_appears_after_all_is_seen() {
    let mut driver = Driver::new(BTreeSet::new(), Weather::Fair);
    driver.feed(naming(&ids(0..1)));
    driver.run(Duration::from_mins(1));
    assert!(absent(&driver.core, &id(0), at(0)));
    driver.there = ids(0..1);
    driver.run(Duration::from_mins(6));
    assert!(present(&driver.core, &id(0), at(60)));
    driver.there = ids(0..0);
    driver.run(Duration::from_mins(6));
    assert!(absent(&driver.core, &id(0), at(420)), "and absent again only with newer looks");
}

#[test]
fn a_backup_in_progress_is_looked_at_ever_more_rarely_until_it_is_done() {
    let mut driver = Driver::new(ids(0..1), Weather::Fair);
    driver.state = BackupState::CreateInProgress;
    driver.feed(naming(&ids(0..1)));
    driver.run(Duration::from_mins(3));
    let begins = driver.lookups.iter().map(|(begin, _)| *begin).collect::<Vec<_>>();
    let waits: Vec<u64> = begins.windows(2).map(|pair| pair[1].since(pair[0]).as_secs()).collect();
    assert_eq!(begins[0].since(driver.scans[0].after(LATENCY * 5)).as_secs(), 2);
    assert_eq!(waits, [4, 8, 16, 30, 30, 30, 30]);
    driver.state = BackupState::Ready;
    driver.run(Duration::from_mins(1));
    assert_eq!(driver.core.snapshot().get(&id(0)).unwrap().state, BackupState::Ready);
    driver.forget_calls();
    driver.run(Duration::from_mins(30));
    assert_eq!(driver.lookups, [], "then it is left alone");
}

#[test]
fn a_backup_in_progress_that_nobody_names_is_not_followed() {
    let mut driver = Driver::new(ids(0..2), Weather::Fair);
    driver.state = BackupState::CreateInProgress;
    driver.feed(naming(&ids(0..1)));
    driver.run(Duration::from_mins(10));
    assert!(driver.lookups.iter().all(|(_, asked)| *asked == topics(&ids(0..1))));
    driver.feed(naming(&ids(5..6)));
    driver.run(Duration::from_mins(1));
    driver.forget_calls();
    driver.run(Duration::from_mins(10));
    assert_eq!(driver.lookups, []);
}

#[test]
fn a_region_that_cannot_be_seen_is_asked_ever_more_rarely() {
    let mut driver = Driver::new(ids(0..1), Weather::Denied);
    driver.feed(naming(&ids(0..3)));
    driver.feed(asking(&id(0), at(0)));
    driver.run(Duration::from_hours(1));
    assert!(driver.scans.len() <= 25, "{} scans", driver.scans.len());
    assert!(driver.lookups.len() <= 25, "{} lookups", driver.lookups.len());
    driver.weather = Weather::Fair;
    driver.run(Duration::from_mins(6));
    assert_eq!(driver.core.trouble(), None);
    assert!(present(&driver.core, &id(0), at(3600)) && absent(&driver.core, &id(1), at(3600)));
}

#[test]
fn answers_that_cannot_be_read_in_full_are_not_asked_for_in_a_loop() {
    let mut driver = Driver::new(ids(0..1), Weather::Fair);
    driver.feed(naming(&ids(0..3)));
    driver.weather = Weather::Malformed;
    driver.run(Duration::from_hours(1));
    assert!(driver.lookups.len() <= 60, "{} lookups in an hour", driver.lookups.len());
    assert!(!absent(&driver.core, &id(1), at(0)), "they prove no absence");
    // The same when it begins only after the first scan.
    let mut driver = Driver::new(ids(0..1), Weather::Fair);
    driver.feed(naming(&ids(0..1)));
    driver.run(Duration::from_secs(30));
    driver.weather = Weather::Malformed;
    driver.feed(naming(&ids(0..3)));
    driver.run(Duration::from_hours(1));
    assert!(driver.lookups.len() <= 60, "{} lookups in an hour", driver.lookups.len());
}

#[test]
fn a_copy_that_is_sought_is_looked_for_ever_more_rarely_until_it_is_sought_no_more() {
    for weather in [Weather::Fair, Weather::NotFound] {
        let mut driver = Driver::new(ids(0..1), weather);
        driver.feed(seeking(&sources(0..3), &sources(0..0)));
        driver.run(Duration::from_mins(10));
        assert_eq!(driver.lookups, [], "{weather:?}");
        let began = driver.now;
        driver.feed(seeking(&sources(0..3), &sources(1..2)));
        driver.run(Duration::from_secs(140));
        let mut waits = Vec::new();
        driver.lookups.iter().fold(began, |last, (begin, asked)| {
            assert_eq!(*asked, [Topic::CopiesOf(source(1))].into());
            waits.push(begin.since(last).as_secs());
            *begin
        });
        assert_eq!(waits, [2, 4, 8, 16, 30, 30, 30], "{weather:?}");
        let last = driver.lookups.last().unwrap().0;
        assert_eq!(driver.core.search(&source(1), last), Search::Done { began: last });
        driver.copies = [(7, 1)].into();
        driver.run(Duration::from_secs(31));
        assert_eq!(found(&driver.core, 1), [id(7)]);
        driver.feed(seeking(&sources(0..3), &sources(0..0)));
        driver.run(Duration::from_secs(1));
        driver.forget_calls();
        driver.run(Duration::from_mins(30));
        assert_eq!(driver.lookups, [], "then it is left alone");
    }
}

#[test]
fn backups_and_sources_are_asked_about_in_calls_of_their_own() {
    let mut driver = Driver::new(ids(0..70), Weather::Fair);
    driver.copies = (300..370).map(|number| (number, number - 300)).collect();
    let (backups, sources) = (ids(0..70), sources(0..70));
    driver.feed(Input::Named(Names { backups, sources, ..Names::default() }));
    driver.run(Duration::from_secs(30));
    let since = driver.now;
    for number in 0..70 {
        driver.feed(asking(&id(number), since));
        driver.feed(searching(number, since));
    }
    driver.run(Duration::from_secs(5));
    let sizes: Vec<_> = driver.lookups.iter().map(|(_, asked)| asked.len()).collect();
    assert_eq!(sizes, [1, 50, 19, 50, 20], "the driver takes no mixed ones");
    for number in 0..70 {
        assert!(present(&driver.core, &id(number), since));
        assert!(matches!(driver.core.search(&source(number), since), Search::Done { .. }));
        assert_eq!(found(&driver.core, number), [id(300 + number)]);
    }
}

#[test]
fn a_copy_that_is_sought_where_nothing_can_be_seen_is_asked_for_ever_more_rarely() {
    for weather in [Weather::Denied, Weather::Malformed] {
        let mut driver = Driver::new(ids(0..1), weather);
        driver.feed(seeking(&sources(0..2), &sources(0..2)));
        driver.run(Duration::from_hours(1));
        let calls = (driver.scans.len(), driver.lookups.len());
        assert!(calls.0 <= 25 && calls.1 <= 25, "{calls:?} in {weather:?}");
        assert!(matches!(driver.core.search(&source(0), at(0)), Search::Unclear(_)));
        driver.weather = Weather::Fair;
        driver.run(Duration::from_mins(6));
        assert!(matches!(driver.core.search(&source(0), at(3600)), Search::Done { .. }));
    }
}

proptest! {
    #![proptest_config(crate::random::cases(64))]

    /// Whatever happens, calls stay few, every question is answered, and what is there is never absent.
    #[test]
    fn no_weather_makes_it_spin_or_lie(
        there in proptest::collection::btree_set(0_usize..60, 0..60),
        named in proptest::collection::btree_set(0_usize..60, 1..60),
        nth in 2_usize..9,
        refuses in any::<bool>(),
        copies in proptest::collection::btree_set((100_usize..120, 0_usize..9), 0..9),
        sought in proptest::collection::btree_set(0_usize..9, 0..9),
        asks in proptest::collection::vec((0_usize..60, any::<bool>(), 0_u64..600), 0..20),
    ) {
        let there: BTreeSet<_> = there.into_iter().map(id).collect();
        let named: BTreeSet<_> = named.into_iter().map(id).collect();
        // A backup is the copy of one source at most.
        let copies: BTreeMap<_, _> = copies.into_iter().collect();
        let of = |source: usize| -> Vec<_> {
            copies.iter().filter(|(_, of)| **of == source).map(|(number, _)| id(*number)).collect()
        };
        let mut names = Names { backups: named.clone(), sources: sources(0..9), ..Names::default() };
        names.sought = sought.into_iter().map(source).collect();
        let mut driver = Driver::new(there.clone(), if refuses { Weather::NotFound } else { Weather::Flaky(nth) });
        driver.copies = copies.clone().into_iter().collect();
        driver.feed(Input::Named(names.clone()));
        for (number, searches, wait) in asks {
            let now = driver.now;
            driver.feed(if searches { searching(number % 9, now) } else { asking(&id(number), now) });
            driver.run(Duration::from_secs(wait));
            for id in &there {
                prop_assert!(!absent(&driver.core, id, at(0)));
            }
            for number in 0..9 {
                let done = matches!(driver.core.search(&source(number), at(0)), Search::Done { .. });
                prop_assert!(!done || found(&driver.core, number) == of(number), "a search has missed a copy");
            }
        }
        names.sought = BTreeSet::new();
        driver.feed(Input::Named(names));
        driver.forget_calls();
        driver.weather = Weather::Fair;
        driver.run(Duration::from_mins(20));
        prop_assert!(driver.scans.len() <= 6, "{} scans", driver.scans.len());
        prop_assert!(driver.lookups.len() <= 30, "{} lookups", driver.lookups.len());
        for id in &named {
            let expected = if there.contains(id) { present(&driver.core, id, at(0)) } else { absent(&driver.core, id, at(0)) };
            prop_assert!(expected, "{} is {:?}", id, driver.core.sight(id, at(0)));
        }
        let asked = driver.now;
        let id = named.iter().next().unwrap();
        driver.feed(asking(id, asked));
        driver.feed(searching(0, asked));
        driver.run(Duration::from_secs(10));
        prop_assert!(driver.core.sight(id, asked) != Sight::Pending, "a question was not answered");
        prop_assert!(matches!(driver.core.search(&source(0), asked), Search::Done { .. }), "nor a search");
    }
}
