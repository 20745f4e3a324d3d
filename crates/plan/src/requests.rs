//! The open requests for copies that the process knows of.
//!
//! The mark in a resource's status is what survives a crash. This memory is for what the
//! status does not survive: a resource that is deleted and made again, or a status that
//! somebody wipes, while a copy may be on its way. A request belongs to a source and a
//! destination, not to a resource.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    effect::Outcome,
    error::{ErrorClass, Failure},
    ledger::{CopyRecord, Request, Setback},
    model::{BackupId, BackupKey, Region},
    time::Moment,
};

/// A request that may still lead to a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The request.
    pub request: Request,
    /// How many attempts had failed before.
    pub attempts: u32,
    /// The last one that failed.
    pub last_failure: Option<Setback>,
    /// What came back, if this process sent it. It stands here, since its resource may be gone by then.
    pub outcome: Option<Outcome>,
    /// When this process first saw the mark, or sent the request in vain: waiting times are counted by its own clock.
    pub since: Moment,
    /// The copies that AWS called DELETED when the request was sent, if this process sent it: none of these is what became of it.
    pub failed_before: Option<BTreeSet<BackupId>>,
    /// When the first search began, at least half a settle window later, that found nothing.
    pub halfway: Option<Moment>,
}

/// All of them, whichever resource's they are.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    open: BTreeMap<(BackupKey, Region), Open>,
    /// Marks of this process that may have been written, and under which it sent nothing.
    unsent: BTreeMap<(BackupKey, Region), Timestamp>,
    /// The last one of each pair that was concluded: a watch may show it once more.
    concluded: BTreeMap<(BackupKey, Region), Timestamp>,
    /// Another process acts, and this one sees its marks come and go, in their order.
    following: bool,
}

impl Requests {
    /// Those of a process that does not act before it [takes over](Self::take_over).
    pub fn following() -> Self {
        Self { following: true, ..Self::default() }
    }

    /// Some resource's status says this of the copy of `source` in `to`.
    pub fn see(&mut self, source: &BackupKey, to: &Region, record: &CopyRecord, now: Moment) {
        let pair = (source.clone(), to.clone());
        let Some(request) = record.request else {
            // Another operator has found out what became of it. A status that was wiped does not say so.
            let failed = record.last_failure.as_ref().map(|setback| setback.at);
            if let Some(open) = self.open.get(&pair)
                && (failed.is_some_and(|at| at >= open.request.requested_at)
                    || (self.following && record.id.is_some()))
            {
                self.conclude(source, to, open.request.requested_at);
            }
            return;
        };
        if self.concluded.get(&pair) == Some(&request.requested_at) {
            return;
        }
        let known = self.open.get(&pair).filter(|open| open.request.requested_at >= request.requested_at);
        let (attempts, last_failure) = (record.attempts, record.last_failure.clone());
        let open = match known {
            None => {
                let unsent = self.unsent.get(&pair) == Some(&request.requested_at);
                let outcome = unsent.then(|| Outcome::NotSent(never_sent()));
                Open {
                    request,
                    attempts,
                    last_failure,
                    outcome,
                    since: now,
                    failed_before: None,
                    halfway: None,
                }
            }
            Some(known) if known.request.requested_at == request.requested_at => {
                let accepted_at = request.accepted_at.or(known.request.accepted_at);
                Open { request: Request { accepted_at, ..request }, attempts, last_failure, ..known.clone() }
            }
            Some(_) => return,
        };
        self.open.insert(pair, open);
    }

    /// The request on `record` is about to be sent, while AWS calls `failed` DELETED: whatever was known before is history.
    pub fn begin(
        &mut self,
        source: &BackupKey,
        to: &Region,
        record: &CopyRecord,
        failed: BTreeSet<BackupId>,
        now: Moment,
    ) {
        let pair = (source.clone(), to.clone());
        self.open.remove(&pair);
        self.see(source, to, record, now);
        if let Some(open) = self.open.get_mut(&pair) {
            open.failed_before = Some(failed);
        }
    }

    /// Whether the mark made at `requested_at` was written is not known; no request follows it.
    pub fn gave_up(&mut self, source: &BackupKey, to: &Region, requested_at: Timestamp, now: Moment) {
        self.unsent.insert((source.clone(), to.clone()), requested_at);
        self.answered(source, to, requested_at, Outcome::NotSent(never_sent()), now);
    }

    /// What came, at `now`, of the request made at `requested_at`, which this process has sent. One of unknown outcome
    /// may have taken effect as late as now, so its waiting time begins now.
    pub fn answered(
        &mut self,
        source: &BackupKey,
        to: &Region,
        requested_at: Timestamp,
        outcome: Outcome,
        now: Moment,
    ) {
        if let Some(open) = self.open.get_mut(&(source.clone(), to.clone()))
            && open.request.requested_at == requested_at
        {
            (open.outcome, open.since, open.halfway) = (Some(outcome), now, None);
        }
    }

    /// This process takes over from another one, which may have sent a request as late as `now`: waiting times begin
    /// anew. What became of those that `matters` does not know any more, the other one has found out.
    pub fn take_over(&mut self, matters: impl Fn(&BackupKey, &Region) -> bool, now: Moment) {
        self.following = false;
        self.open.retain(|(source, to), _| matters(source, to));
        for open in self.open.values_mut() {
            (open.since, open.halfway) = (now, None);
        }
    }

    /// A complete search for copies, begun at `began`, found none.
    pub fn found_none(&mut self, source: &BackupKey, to: &Region, began: Moment, settle_window: Duration) {
        if let Some(open) = self.open.get_mut(&(source.clone(), to.clone()))
            && open.halfway.is_none()
            && began >= open.since.after(settle_window / 2)
        {
            open.halfway = Some(began);
        }
    }

    /// It is known what became of the request made at `requested_at`, and a status says so.
    pub fn conclude(&mut self, source: &BackupKey, to: &Region, requested_at: Timestamp) {
        let pair = (source.clone(), to.clone());
        if self.open.get(&pair).is_some_and(|open| open.request.requested_at == requested_at) {
            self.open.remove(&pair);
        }
        self.concluded.insert(pair, requested_at);
    }

    /// The open request for a copy of `source` in `to`.
    pub fn open(&self, source: &BackupKey, to: &Region) -> Option<&Open> {
        self.open.get(&(source.clone(), to.clone()))
    }

    /// The regions in which a copy of `source` may appear.
    pub fn destinations(&self, source: &BackupKey) -> impl Iterator<Item = &Region> {
        self.open.keys().filter(move |(of, _)| of == source).map(|(_, to)| to)
    }
}

fn never_sent() -> Failure {
    Failure::new(ErrorClass::Withdrawn, "its mark may not have been written")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(15);

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(seconds))
    }

    fn source() -> BackupKey {
        BackupKey { region: "eu-west-1".parse().unwrap(), id: "backup-ro5c4er4aac".parse().unwrap() }
    }

    fn there() -> Region {
        "eu-central-1".parse().unwrap()
    }

    fn asked(second: i64, accepted: Option<i64>) -> CopyRecord {
        let time = |second| Timestamp::from_second(second).unwrap();
        let request = Request { requested_at: time(second), accepted_at: accepted.map(time) };
        CopyRecord { request: Some(request), ..CopyRecord::default() }
    }

    #[test]
    fn a_request_is_remembered_when_its_status_is_gone_and_its_time_runs_from_the_first_sight() {
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, None), at(1));
        requests.see(&source(), &there(), &asked(10, Some(11)), at(60));
        requests.see(&source(), &there(), &CopyRecord::default(), at(70));
        let open = requests.open(&source(), &there()).unwrap();
        assert_eq!((open.since, Some(open.request)), (at(1), asked(10, Some(11)).request));
        assert_eq!(requests.destinations(&source()).collect::<Vec<_>>(), [&there()]);
    }

    #[test]
    fn what_was_known_of_a_request_stays_and_what_is_new_of_it_counts() {
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, Some(11)), at(1));
        let failure = Setback { at: Timestamp::UNIX_EPOCH, reason: crate::reason::Reason::CopyFailed };
        let record = CopyRecord { attempts: 2, last_failure: Some(failure.clone()), ..asked(10, None) };
        requests.see(&source(), &there(), &record, at(2));
        let open = requests.open(&source(), &there()).unwrap();
        assert_eq!(Some(open.request), asked(10, Some(11)).request, "that AWS accepted it stays");
        assert_eq!((open.attempts, open.last_failure.as_ref()), (2, Some(&failure)));
    }

    #[test]
    fn a_new_request_takes_the_place_of_an_old_one_and_never_the_other_way_round() {
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, None), at(1));
        requests.see(&source(), &there(), &asked(20, None), at(2));
        requests.see(&source(), &there(), &asked(10, None), at(3));
        let open = requests.open(&source(), &there()).unwrap();
        assert_eq!((open.since, Some(open.request)), (at(2), asked(20, None).request));
    }

    #[test]
    fn a_concluded_request_does_not_come_back_with_a_late_watch_event() {
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, None), at(1));
        requests.conclude(&source(), &there(), asked(10, None).request.unwrap().requested_at);
        requests.see(&source(), &there(), &asked(10, None), at(2));
        assert_eq!(requests.open(&source(), &there()), None);
        // Nor does the conclusion of an old one touch a newer one, whatever the clock says.
        requests.see(&source(), &there(), &asked(5, None), at(3));
        requests.conclude(&source(), &there(), asked(10, None).request.unwrap().requested_at);
        assert!(requests.open(&source(), &there()).is_some());
    }

    #[test]
    fn what_another_operator_found_out_counts_and_a_wiped_status_says_nothing() {
        let failed_at = |second| CopyRecord {
            last_failure: Some(Setback {
                at: Timestamp::from_second(second).unwrap(),
                reason: crate::reason::Reason::AccessDenied,
            }),
            ..CopyRecord::default()
        };
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, None), at(1));
        requests.see(&source(), &there(), &failed_at(9), at(2));
        assert!(requests.open(&source(), &there()).is_some(), "an older failure");
        requests.see(&source(), &there(), &failed_at(11), at(3));
        assert_eq!(requests.open(&source(), &there()), None);
    }

    #[test]
    fn what_another_operator_has_put_on_record_as_the_copy_is_not_waited_for() {
        let id = Some("backup-ro5c4er4aad".parse().unwrap());
        let copy = CopyRecord { id, ..CopyRecord::default() };
        let mut requests = Requests::following();
        requests.see(&source(), &there(), &asked(10, None), at(1));
        requests.see(&source(), &there(), &copy, at(2));
        assert_eq!(requests.open(&source(), &there()), None);
        // Whoever acts has written newer marks than the watch may show.
        requests.take_over(|_, _| true, at(2));
        requests.see(&source(), &there(), &asked(20, None), at(3));
        requests.see(&source(), &there(), &copy, at(4));
        assert!(requests.open(&source(), &there()).is_some());
    }

    #[test]
    fn whoever_takes_over_counts_from_then_on_and_only_what_matters_still() {
        let elsewhere: Region = "us-east-1".parse().unwrap();
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, None), at(0));
        requests.see(&source(), &elsewhere, &asked(10, None), at(0));
        requests.found_none(&source(), &there(), at(500), WINDOW);
        requests.take_over(|_, region| *region == there(), at(600));
        let open = requests.open(&source(), &there()).unwrap();
        assert_eq!((open.since, open.halfway), (at(600), None));
        assert_eq!(requests.open(&source(), &elsewhere), None);
    }

    #[test]
    fn a_mark_whose_write_lost_its_answer_stands_for_no_request() {
        let mut requests = Requests::default();
        let ours = asked(10, None).request.unwrap().requested_at;
        requests.gave_up(&source(), &there(), ours, at(0));
        requests.see(&source(), &there(), &asked(10, None), at(1));
        let outcome = |requests: &Requests| requests.open(&source(), &there()).unwrap().outcome.clone();
        assert!(matches!(outcome(&requests), Some(Outcome::NotSent(_))));
        requests.see(&source(), &there(), &asked(20, None), at(2));
        assert_eq!(outcome(&requests), None, "another one's mark is another matter");
    }

    #[test]
    fn a_request_of_our_own_counts_though_the_clock_was_set_back() {
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(20, None), at(1));
        requests.begin(&source(), &there(), &asked(10, None), BTreeSet::new(), at(2));
        assert_eq!(Some(requests.open(&source(), &there()).unwrap().request), asked(10, None).request);
    }

    #[test]
    fn only_a_search_half_a_window_after_the_first_sight_is_the_one_halfway() {
        let mut requests = Requests::default();
        requests.see(&source(), &there(), &asked(10, None), at(0));
        requests.found_none(&source(), &there(), at(449), WINDOW);
        assert_eq!(requests.open(&source(), &there()).unwrap().halfway, None);
        requests.found_none(&source(), &there(), at(450), WINDOW);
        requests.found_none(&source(), &there(), at(800), WINDOW);
        assert_eq!(requests.open(&source(), &there()).unwrap().halfway, Some(at(450)));
    }
}
