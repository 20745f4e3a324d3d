//! Lookups of single backups and of copies: at once when none is under way, and batched otherwise.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Names, Query, Topic, topic::Kind};
use crate::{
    backoff::Backoff,
    error::{ErrorClass, Failure},
    time::Moment,
};

/// A lookup that is under way.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub(super) began: Moment,
    kind: Kind,
    /// All of that kind.
    pub(super) topics: Vec<Topic>,
}

impl InFlight {
    /// What it asks.
    pub(super) fn query(&self) -> Query {
        Query::about(&self.topics)
    }
}

/// How calls of one kind went lately.
#[derive(Clone, Debug, Default)]
struct Trials {
    due: Moment,
    failures: u32,
    last_failure: Option<(Failure, Moment)>,
    /// The shortest batch that AWS called invalid: it documents no limit, and may have one.
    too_long: Option<usize>,
}

/// The questions about single backups, and about the copies of single backups, of one region.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups {
    /// What is asked, and how recent the looks must be: a question about the future stands beside one about now.
    wants: BTreeMap<Topic, BTreeSet<Moment>>,
    /// Halves of a batch that AWS refused because one of its ids does not exist.
    split: VecDeque<Vec<Topic>>,
    /// What spoilt a batch before: it travels alone.
    alone: BTreeSet<Topic>,
    /// In-progress backups and sought copies: they are looked at again by themselves.
    followed: BTreeMap<Topic, (Moment, u32)>,
    /// When the last lookup began that was answered.
    looked: BTreeMap<Topic, Moment>,
    in_flight: Option<InFlight>,
    /// Each kind fails by itself: a filter that AWS refuses must not keep the other waiting.
    backups: Trials,
    copies: Trials,
}

impl Lookups {
    /// Somebody wants a look at `topic` that begins at `since` or later.
    pub(super) fn want(&mut self, topic: Topic, since: Moment) {
        self.wants.entry(topic).or_default().insert(since);
    }

    /// Drops the questions that `answered` says are answered, whatever look it was that did. Returns
    /// whom they were about: whoever asked waits for word.
    pub(super) fn drop_answered(&mut self, answered: impl Fn(&Topic, Moment) -> bool) -> BTreeSet<Topic> {
        let mut dropped = BTreeSet::new();
        self.wants.retain(|topic, wants| {
            let before = wants.len();
            wants.retain(|since| !answered(topic, *since));
            if wants.len() < before {
                dropped.insert(topic.clone());
            }
            !wants.is_empty()
        });
        dropped
    }

    /// Keeps looking at exactly these, ever more rarely, until they are no longer among them.
    pub(super) fn follow(&mut self, topics: &BTreeSet<Topic>, now: Moment) {
        self.followed.retain(|topic, _| topics.contains(topic));
        for topic in topics {
            if !self.followed.contains_key(topic) {
                self.followed.insert(topic.clone(), (now.after(Backoff::IN_PROGRESS.wait(1, 0.0)), 1));
            }
        }
    }

    /// Drops what concerns what nobody names any more.
    pub(super) fn keep_only(&mut self, names: &Names) {
        // Questions are left standing: whoever asked may be named a moment later.
        self.alone.retain(|topic| names.contains(topic));
        self.followed.retain(|topic, _| names.contains(topic));
        self.looked.retain(|topic, _| names.contains(topic));
    }

    /// Whether a lookup that began at `since` or later has been answered.
    pub(super) fn has_looked(&self, topic: &Topic, since: Moment) -> bool {
        self.looked.get(topic).is_some_and(|began| *began >= since)
    }

    /// Begins the next lookup if one is due and none is under way.
    pub(super) fn begin(&mut self, now: Moment) -> Option<Query> {
        for (topic, (due, tries)) in &mut self.followed {
            if now >= *due {
                *tries += 1;
                *due = now.after(Backoff::IN_PROGRESS.wait(*tries, 0.0));
                let wants = self.wants.entry(topic.clone()).or_default();
                // While lookups fail one question stands for all that would follow it.
                if wants.first().is_none_or(|since| *since > now) {
                    wants.insert(now);
                }
            }
        }
        if self.in_flight.is_some() {
            return None;
        }
        let topics = self.next_batch(now)?;
        let lookup = InFlight { began: now, kind: topics.first()?.kind(), topics };
        Some(self.in_flight.insert(lookup).query())
    }

    /// What the next call asks about: one kind only, since a call has one filter key.
    fn next_batch(&mut self, now: Moment) -> Option<Vec<Topic>> {
        let (backups, copies) = (now >= self.backups.due, now >= self.copies.due);
        let ready = |topic: &Topic| match topic.kind() {
            Kind::Backup => backups,
            Kind::Copies => copies,
        };
        while let Some(place) = self.split.iter().position(|half| half.iter().any(ready)) {
            let half = self.split.remove(place)?;
            let still_wanted: Vec<_> =
                half.into_iter().filter(|topic| self.wants.contains_key(topic)).collect();
            if !still_wanted.is_empty() {
                return Some(still_wanted);
            }
        }
        // A question about the future waits; it is asked again when its time has come.
        let due = |(topic, wants): (_, &BTreeSet<Moment>)| Some((*wants.first()?, topic));
        let mut due: Vec<(Moment, &Topic)> = (self.wants.iter())
            .filter_map(due)
            .filter(|(since, topic)| *since <= now && ready(topic))
            .collect();
        // The oldest question first, so that many of one kind never keep one of the other waiting.
        due.sort_unstable();
        let in_company = || due.iter().map(|(_, topic)| *topic).filter(|topic| !self.alone.contains(*topic));
        let Some(first) = in_company().next() else {
            return due.first().map(|(_, topic)| vec![(*topic).clone()]);
        };
        let same_kind = in_company().filter(|topic| topic.kind() == first.kind());
        let most = self.trials(first.kind()).too_long.map_or(Query::MAX_VALUES, |too_long| too_long / 2);
        Some(same_kind.take(most).cloned().collect())
    }

    /// The lookup that is under way has ended.
    pub(super) fn end(&mut self) -> Option<InFlight> {
        self.in_flight.take()
    }

    /// It was answered: whoever asked no later than it began knows now.
    pub(super) fn answered(&mut self, lookup: &InFlight) {
        let trials = self.trials_mut(lookup.kind);
        *trials = Trials { too_long: trials.too_long, ..Trials::default() };
        self.looked.extend(lookup.topics.iter().map(|topic| (topic.clone(), lookup.began)));
        self.drop_answered(|topic, since| since <= lookup.began && lookup.topics.contains(topic));
    }

    /// It failed. Returns whether that answers the question: AWS knows no such backup, or source.
    pub(super) fn failed(&mut self, lookup: &InFlight, failure: Failure, now: Moment, jitter: f64) -> bool {
        if failure.class == ErrorClass::NotFound {
            return self.not_found(lookup);
        }
        let trials = self.trials_mut(lookup.kind);
        let length = lookup.topics.len();
        if failure.class == ErrorClass::Invalid && length > 1 {
            trials.too_long = Some(trials.too_long.map_or(length, |known| known.min(length)));
            return false;
        }
        trials.failures = trials.failures.saturating_add(1);
        trials.due = now.after(Backoff::FAILED.wait(trials.failures, jitter));
        trials.last_failure = Some((failure, now));
        false
    }

    fn not_found(&mut self, lookup: &InFlight) -> bool {
        if let [topic] = lookup.topics.as_slice() {
            self.alone.insert(topic.clone());
            return true;
        }
        // One of them spoilt the batch; halving finds it in a few calls.
        let (left, right) = lookup.topics.split_at(lookup.topics.len() / 2);
        self.split.extend([left.to_vec(), right.to_vec()]);
        false
    }

    fn trials(&self, kind: Kind) -> &Trials {
        match kind {
            Kind::Backup => &self.backups,
            Kind::Copies => &self.copies,
        }
    }

    fn trials_mut(&mut self, kind: Kind) -> &mut Trials {
        match kind {
            Kind::Backup => &mut self.backups,
            Kind::Copies => &mut self.copies,
        }
    }

    /// Why there is no answer to a question of this kind asked at `since`, if trying failed.
    pub(super) fn failure_after(&self, kind: Kind, since: Moment) -> Option<&Failure> {
        self.trials(kind).last_failure.as_ref().filter(|(_, at)| *at >= since).map(|(failure, _)| failure)
    }

    /// When it next wants attention.
    pub(super) fn wakes_at(&self) -> Option<Moment> {
        let followed = self.followed.values().map(|(due, _)| *due);
        let due = |(topic, wants): (&Topic, &BTreeSet<Moment>)| {
            Some(self.trials(topic.kind()).due.max(*wants.first()?))
        };
        let wanted = self.wants.iter().filter_map(due).filter(|_| self.in_flight.is_none());
        followed.chain(wanted).min()
    }
}

#[cfg(test)]
mod tests;
