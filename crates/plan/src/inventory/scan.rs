//! When to scan a region.

use std::time::Duration;

use crate::{backoff::Backoff, error::Failure, time::Moment};

/// The timer of one region's scans and how the last ones went.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    pub(super) running: Option<Moment>,
    due: Moment,
    failures: u32,
    last_failure: Option<(Failure, Moment)>,
    ended_once: bool,
}

impl Scan {
    /// So many scans in a row must fail before the resources of a region hear of it: one
    /// answer lost among thousands is not worth a write to each of them.
    const PATIENCE: u32 = 2;

    /// Begins one if it is time.
    pub(super) fn begin(&mut self, now: Moment) -> bool {
        let begins = self.running.is_none() && now >= self.due;
        if begins {
            self.running = Some(now);
        }
        begins
    }

    /// One ended well; the next comes `wait` after it.
    pub(super) fn succeeded(&mut self, now: Moment, wait: Duration) {
        *self = Self { due: now.after(wait), ended_once: true, ..Self::default() };
    }

    /// One failed; the next comes sooner than usual, but ever later.
    pub(super) fn failed(&mut self, failure: Failure, now: Moment, poll: Duration, jitter: f64) {
        self.failures = self.failures.saturating_add(1);
        let wait = Backoff::new(Duration::from_secs(5), Duration::from_mins(5))
            .wait(self.failures, jitter)
            .min(poll);
        self.due = now.after(wait);
        self.running = None;
        self.ended_once = true;
        self.last_failure = Some((failure, now));
    }

    /// The next one comes at `at` at the latest.
    pub(super) fn hasten(&mut self, at: Moment) {
        self.due = self.due.min(at);
    }

    /// The last one failed so: why, and how many have failed in a row.
    pub(super) fn failing(&self) -> Option<(&Failure, u32)> {
        self.last_failure.as_ref().map(|(failure, _)| (failure, self.failures))
    }

    /// Whether the first one has ended, well or not.
    pub(super) fn ended_once(&self) -> bool {
        self.ended_once
    }

    /// Why the region cannot be seen, if it cannot. A region never seen at all has no credit to lose.
    pub(super) fn trouble(&self, seen_before: bool) -> Option<&Failure> {
        let patience = if seen_before { Self::PATIENCE } else { 1 };
        self.last_failure.as_ref().filter(|_| self.failures >= patience).map(|(failure, _)| failure)
    }

    /// The last failure, if it came after `since`.
    pub(super) fn failure_after(&self, since: Moment) -> Option<&Failure> {
        self.last_failure.as_ref().filter(|(_, at)| *at >= since).map(|(failure, _)| failure)
    }

    /// When it next wants attention.
    pub(super) fn wakes_at(&self) -> Option<Moment> {
        self.running.is_none().then_some(self.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;

    const POLL: Duration = Duration::from_mins(5);

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(seconds))
    }

    fn failed(scan: &mut Scan, now: Moment) {
        scan.failed(Failure::new(ErrorClass::Transient, "Failed"), now, POLL, 0.0);
    }

    #[test]
    fn one_runs_at_a_time_and_the_next_waits_for_its_time() {
        let mut scan = Scan::default();
        assert!(scan.begin(at(0)) && !scan.begin(at(1)));
        assert_eq!(scan.wakes_at(), None);
        scan.succeeded(at(2), POLL);
        assert_eq!(scan.wakes_at(), Some(at(302)));
        assert!(!scan.begin(at(301)) && scan.begin(at(302)));
    }

    #[test]
    fn failing_scans_come_ever_later_but_never_later_than_the_poll_interval() {
        let mut scan = Scan::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            let now = scan.wakes_at().unwrap().max(at(0));
            scan.begin(now);
            failed(&mut scan, now);
            waits.push(scan.wakes_at().unwrap().since(now).as_secs());
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(scan.failing().map(|(_, in_a_row)| in_a_row), Some(9));
        scan.failed(Failure::new(ErrorClass::Transient, "Failed"), at(0), Duration::from_secs(3), 0.0);
        assert_eq!(scan.wakes_at(), Some(at(3)));
    }

    #[test]
    fn the_first_failure_of_a_region_never_seen_is_trouble_and_that_of_a_known_one_is_not() {
        let mut scan = Scan::default();
        failed(&mut scan, at(0));
        assert!(scan.trouble(false).is_some() && scan.trouble(true).is_none());
        failed(&mut scan, at(5));
        assert!(scan.trouble(true).is_some());
        scan.succeeded(at(6), POLL);
        assert_eq!(scan.failing(), None);
        failed(&mut scan, at(306));
        assert!(scan.trouble(true).is_none(), "failures in a row count");
    }

    #[test]
    fn a_failure_answers_only_who_asked_before_it() {
        let mut scan = Scan::default();
        failed(&mut scan, at(10));
        assert!(scan.failure_after(at(10)).is_some() && scan.failure_after(at(11)).is_none());
    }
}
