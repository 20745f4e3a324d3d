//! Lookups of single backups: at once when none is under way, and batched otherwise.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Query;
use crate::{
    backoff::Backoff,
    error::{ErrorClass, Failure},
    model::BackupId,
    time::Moment,
};

/// A lookup that is under way.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub(super) began: Moment,
    pub(super) ids: Vec<BackupId>,
}

/// The questions about single backups of one region.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups {
    /// What is asked, and how recent the looks must be: a question about the future stands beside one about now.
    wants: BTreeMap<BackupId, BTreeSet<Moment>>,
    /// Halves of a batch that AWS refused because one of its ids does not exist.
    split: VecDeque<Vec<BackupId>>,
    /// Ids that spoilt a batch before: they travel alone.
    alone: BTreeSet<BackupId>,
    /// In-progress backups that are looked at again by themselves.
    followed: BTreeMap<BackupId, (Moment, u32)>,
    /// When the last lookup began that was answered.
    looked: BTreeMap<BackupId, Moment>,
    in_flight: Option<InFlight>,
    due: Moment,
    failures: u32,
    last_failure: Option<(Failure, Moment)>,
}

impl Lookups {
    /// Somebody wants a look at `id` that begins at `since` or later.
    pub(super) fn want(&mut self, id: BackupId, since: Moment) {
        self.wants.entry(id).or_default().insert(since);
    }

    /// Drops the questions that `answered` says are answered, whatever look it was that did. Returns
    /// whom they were about: whoever asked waits for word.
    pub(super) fn drop_answered(
        &mut self,
        answered: impl Fn(&BackupId, Moment) -> bool,
    ) -> BTreeSet<BackupId> {
        let mut dropped = BTreeSet::new();
        self.wants.retain(|id, wants| {
            let before = wants.len();
            wants.retain(|since| !answered(id, *since));
            if wants.len() < before {
                dropped.insert(id.clone());
            }
            !wants.is_empty()
        });
        dropped
    }

    /// Keeps looking at exactly these, ever more rarely, until they change.
    pub(super) fn follow(&mut self, in_progress: &BTreeSet<BackupId>, now: Moment) {
        self.followed.retain(|id, _| in_progress.contains(id));
        for id in in_progress {
            self.followed.entry(id.clone()).or_insert((now.after(Backoff::IN_PROGRESS.wait(1, 0.0)), 1));
        }
    }

    /// Drops what concerns ids that nobody names any more.
    pub(super) fn keep_only(&mut self, named: &BTreeSet<BackupId>) {
        // Questions are left standing: whoever asked may be named a moment later.
        self.alone.retain(|id| named.contains(id));
        self.followed.retain(|id, _| named.contains(id));
        self.looked.retain(|id, _| named.contains(id));
    }

    /// Whether a lookup that began at `since` or later has been answered.
    pub(super) fn has_looked(&self, id: &BackupId, since: Moment) -> bool {
        self.looked.get(id).is_some_and(|began| *began >= since)
    }

    /// Begins the next lookup if one is due and none is under way.
    pub(super) fn begin(&mut self, now: Moment) -> Option<Query> {
        for (id, (due, tries)) in &mut self.followed {
            if now >= *due {
                *tries += 1;
                *due = now.after(Backoff::IN_PROGRESS.wait(*tries, 0.0));
                self.wants.entry(id.clone()).or_default().insert(now);
            }
        }
        if self.in_flight.is_some() || now < self.due {
            return None;
        }
        let ids = self.next_batch(now)?;
        self.in_flight = Some(InFlight { began: now, ids: ids.clone() });
        Some(Query::Ids(ids))
    }

    fn next_batch(&mut self, now: Moment) -> Option<Vec<BackupId>> {
        while let Some(half) = self.split.pop_front() {
            let still_wanted: Vec<_> = half.into_iter().filter(|id| self.wants.contains_key(id)).collect();
            if !still_wanted.is_empty() {
                return Some(still_wanted);
            }
        }
        // A question about the future waits; it is asked again when its time has come.
        let due = |(id, wants): (&BackupId, &BTreeSet<Moment>)| {
            wants.first().is_some_and(|since| *since <= now).then(|| id.clone())
        };
        let batch: Vec<_> = (self.wants.iter())
            .filter_map(due)
            .filter(|id| !self.alone.contains(id))
            .take(Query::MAX_VALUES)
            .collect();
        if !batch.is_empty() {
            return Some(batch);
        }
        self.wants.iter().find_map(due).map(|id| vec![id])
    }

    /// The lookup that is under way has ended.
    pub(super) fn end(&mut self) -> Option<InFlight> {
        self.in_flight.take()
    }

    /// It was answered: whoever asked no later than it began knows now.
    pub(super) fn answered(&mut self, lookup: &InFlight) {
        (self.failures, self.last_failure) = (0, None);
        self.looked.extend(lookup.ids.iter().map(|id| (id.clone(), lookup.began)));
        self.drop_answered(|id, since| since <= lookup.began && lookup.ids.contains(id));
    }

    /// It failed. Returns whether that answers the question: AWS knows no such backup.
    pub(super) fn failed(&mut self, lookup: &InFlight, failure: Failure, now: Moment, jitter: f64) -> bool {
        if failure.class == ErrorClass::NotFound {
            return self.not_found(lookup);
        }
        self.failures = self.failures.saturating_add(1);
        self.due = now.after(Backoff::FAILED.wait(self.failures, jitter));
        self.last_failure = Some((failure, now));
        false
    }

    fn not_found(&mut self, lookup: &InFlight) -> bool {
        if let [id] = lookup.ids.as_slice() {
            self.alone.insert(id.clone());
            return true;
        }
        // One of them spoilt the batch; halving finds it in a few calls.
        let (left, right) = lookup.ids.split_at(lookup.ids.len() / 2);
        self.split.extend([left.to_vec(), right.to_vec()]);
        false
    }

    /// Why there is no answer to a question asked at `since`, if trying failed.
    pub(super) fn failure_after(&self, since: Moment) -> Option<&Failure> {
        self.last_failure.as_ref().filter(|(_, at)| *at >= since).map(|(failure, _)| failure)
    }

    /// When it next wants attention.
    pub(super) fn wakes_at(&self) -> Option<Moment> {
        let followed = self.followed.values().map(|(due, _)| *due);
        let firsts = self.wants.values().filter_map(BTreeSet::first);
        let wanted = firsts.map(|since| self.due.max(*since)).filter(|_| self.in_flight.is_none());
        followed.chain(wanted).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(seconds))
    }

    fn id(letter: char) -> BackupId {
        format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap()
    }

    fn ids(letters: &str) -> Vec<BackupId> {
        letters.chars().map(id).collect()
    }

    fn wanting(letters: &str) -> Lookups {
        let mut lookups = Lookups::default();
        for id in ids(letters) {
            lookups.want(id, at(0));
        }
        lookups
    }

    fn ends(lookups: &mut Lookups, result: Result<(), ErrorClass>, now: u64) -> bool {
        let lookup = lookups.end().expect("one is under way");
        match result {
            Ok(()) => {
                lookups.answered(&lookup);
                true
            }
            Err(class) => lookups.failed(&lookup, Failure::new(class, "Failed"), at(now), 0.0),
        }
    }

    #[test]
    fn many_who_ask_the_same_cost_one_question() {
        let mut lookups = wanting("aaa");
        assert_eq!(lookups.begin(at(1)), Some(Query::Ids(ids("a"))));
        ends(&mut lookups, Ok(()), 2);
        assert_eq!(lookups.begin(at(2)), None);
        assert_eq!(lookups.wakes_at(), None);
    }

    #[test]
    fn a_failed_lookup_is_repeated_after_a_growing_wait_and_says_why_meanwhile() {
        let mut lookups = wanting("a");
        lookups.begin(at(0));
        assert!(!ends(&mut lookups, Err(ErrorClass::Transient), 1));
        assert_eq!(lookups.failure_after(at(0)).map(|failure| failure.class), Some(ErrorClass::Transient));
        assert_eq!(lookups.failure_after(at(2)), None, "it does not answer a later question");
        assert_eq!((lookups.begin(at(2)), lookups.wakes_at()), (None, Some(at(6))));
        assert!(lookups.begin(at(6)).is_some());
        ends(&mut lookups, Err(ErrorClass::Transient), 6);
        assert_eq!(lookups.wakes_at(), Some(at(16)));
        assert!(lookups.begin(at(16)).is_some());
        ends(&mut lookups, Ok(()), 17);
        assert_eq!((lookups.failure_after(at(0)), lookups.wakes_at()), (None, None));
    }

    #[test]
    fn only_the_bad_half_of_a_batch_is_halved_again() {
        let mut lookups = wanting("abcd");
        let mut asked = Vec::new();
        while let Some(Query::Ids(batch)) = lookups.begin(at(1)) {
            asked.push(batch.clone());
            let bad = batch.contains(&id('c'));
            let answers = ends(&mut lookups, if bad { Err(ErrorClass::NotFound) } else { Ok(()) }, 1);
            assert_eq!(answers, !bad || batch.len() == 1);
            if batch == ids("c") {
                // Core takes it for an answer.
                lookups.drop_answered(|asked, _| *asked == id('c'));
            }
        }
        assert_eq!(asked, [ids("abcd"), ids("ab"), ids("cd"), ids("c"), ids("d")]);
    }

    #[test]
    fn half_of_a_batch_that_was_answered_otherwise_is_not_asked_for() {
        let mut lookups = wanting("abcd");
        lookups.begin(at(1));
        ends(&mut lookups, Err(ErrorClass::NotFound), 1);
        lookups.drop_answered(|asked, _| *asked != id('d'));
        assert_eq!(lookups.begin(at(2)), Some(Query::Ids(ids("d"))));
    }
}
