//! The inventory under a simulated driver: hours of virtual time, and every call counted.

use proptest::prelude::*;

use super::*;

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

/// A driver under virtual time, with an AWS that has `there`.
struct Driver {
    core: Core,
    there: BTreeSet<BackupId>,
    state: BackupState,
    weather: Weather,
    now: Moment,
    scan_ends: Option<Moment>,
    lookup_ends: Option<(Moment, BTreeSet<BackupId>)>,
    scans: Vec<Moment>,
    lookups: Vec<(Moment, BTreeSet<BackupId>)>,
    turns: usize,
    jitter: f64,
}

impl Driver {
    fn new(there: BTreeSet<BackupId>, weather: Weather) -> Self {
        Self {
            core: Core::new(&Settings::default()),
            there,
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
                Action::Lookup(Query::Ids(ids)) => {
                    assert_eq!(self.lookup_ends, None, "one lookup at a time");
                    assert!((1..=50).contains(&ids.len()));
                    let ids: BTreeSet<_> = ids.into_iter().collect();
                    self.lookup_ends = Some((self.now.after(LATENCY), ids.clone()));
                    self.lookups.push((self.now, ids));
                }
                Action::Lookup(other) => panic!("nobody asked for {other:?}"),
                Action::Changed(ids) => assert!(!ids.is_empty()),
                Action::Identify | Action::AccountChanged => panic!("the account is not this one's business"),
            }
        }
    }

    fn answer(&self, asked: Option<&BTreeSet<BackupId>>) -> Result<Listing, Failure> {
        let calls = self.scans.len() + self.lookups.len();
        let known = |id: &&BackupId| asked.is_none_or(|asked| asked.contains(*id));
        let backups = self.there.iter().filter(known).map(|id| Backup::new(id.clone(), self.state.clone()));
        let listing = Listing { backups: backups.collect(), complete: true };
        match self.weather {
            Weather::Denied => Err(failure(ErrorClass::AccessDenied)),
            Weather::NotFound if asked.is_some_and(|asked| !asked.is_subset(&self.there)) => {
                Err(failure(ErrorClass::NotFound))
            }
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
                let answer = self.answer(None);
                self.feed(Input::Scanned(answer));
            } else if let Some((_, asked)) = self.lookup_ends.take_if(|(ends, _)| *ends == self.now) {
                let answer = self.answer(Some(&asked));
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
    driver.feed(Input::Named(ids(0..120)));
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
        driver.feed(Input::Named(ids(0..1)));
        driver.run(Duration::from_hours(1));
        assert_eq!(driver.lookups.len(), 1, "{weather:?}");
        assert!(absent(&driver.core, &id(0), at(0)));
    }
}

#[test]
fn a_backup_that_appears_after_all_is_seen() {
    let mut driver = Driver::new(BTreeSet::new(), Weather::Fair);
    driver.feed(Input::Named(ids(0..1)));
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
    driver.feed(Input::Named(ids(0..1)));
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
    driver.feed(Input::Named(ids(0..1)));
    driver.run(Duration::from_mins(10));
    assert!(driver.lookups.iter().all(|(_, asked)| *asked == ids(0..1)));
    driver.feed(Input::Named(ids(5..6)));
    driver.run(Duration::from_mins(1));
    driver.forget_calls();
    driver.run(Duration::from_mins(10));
    assert_eq!(driver.lookups, []);
}

#[test]
fn a_region_that_cannot_be_seen_is_asked_ever_more_rarely() {
    let mut driver = Driver::new(ids(0..1), Weather::Denied);
    driver.feed(Input::Named(ids(0..3)));
    driver.feed(Input::Ask { id: id(0), since: at(0) });
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
    driver.feed(Input::Named(ids(0..3)));
    driver.weather = Weather::Malformed;
    driver.run(Duration::from_hours(1));
    assert!(driver.lookups.len() <= 60, "{} lookups in an hour", driver.lookups.len());
    assert!(!absent(&driver.core, &id(1), at(0)), "they prove no absence");
    // The same when it begins only after the first scan.
    let mut driver = Driver::new(ids(0..1), Weather::Fair);
    driver.feed(Input::Named(ids(0..1)));
    driver.run(Duration::from_secs(30));
    driver.weather = Weather::Malformed;
    driver.feed(Input::Named(ids(0..3)));
    driver.run(Duration::from_hours(1));
    assert!(driver.lookups.len() <= 60, "{} lookups in an hour", driver.lookups.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, calls stay few, every question is answered, and what is there is never absent.
    #[test]
    fn no_weather_makes_it_spin_or_lie(
        there in proptest::collection::btree_set(0_usize..60, 0..60),
        named in proptest::collection::btree_set(0_usize..60, 1..60),
        nth in 2_usize..9,
        refuses in any::<bool>(),
        asks in proptest::collection::vec((0_usize..60, 0_u64..600), 0..20),
    ) {
        let there: BTreeSet<_> = there.into_iter().map(id).collect();
        let named: BTreeSet<_> = named.into_iter().map(id).collect();
        let mut driver = Driver::new(there.clone(), if refuses { Weather::NotFound } else { Weather::Flaky(nth) });
        driver.feed(Input::Named(named.clone()));
        for (number, wait) in asks {
            driver.feed(Input::Ask { id: id(number), since: driver.now });
            driver.run(Duration::from_secs(wait));
            for id in &there {
                prop_assert!(!absent(&driver.core, id, at(0)));
            }
        }
        driver.forget_calls();
        driver.weather = Weather::Fair;
        driver.run(Duration::from_mins(20));
        prop_assert!(driver.scans.len() <= 6, "{} scans", driver.scans.len());
        prop_assert!(driver.lookups.len() <= 20, "{} lookups", driver.lookups.len());
        for id in &named {
            let expected = if there.contains(id) { present(&driver.core, id, at(0)) } else { absent(&driver.core, id, at(0)) };
            prop_assert!(expected, "{} is {:?}", id, driver.core.sight(id, at(0)));
        }
        let asked = driver.now;
        let id = named.iter().next().unwrap();
        driver.feed(Input::Ask { id: id.clone(), since: asked });
        driver.run(Duration::from_secs(10));
        prop_assert!(driver.core.sight(id, asked) != Sight::Pending, "a question was not answered");
    }
}
