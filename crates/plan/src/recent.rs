//! What the process remembers of its own tries for one resource.
//!
//! Not persisted: after a restart everything may be tried at once, which is what the
//! marks in the status are for. Here stands only what keeps a failing or slow effect from
//! being hammered while others go on.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    backoff::Backoff,
    effect::{EffectKey, Mutation, Outcome},
    model::BackupKey,
    settings::Settings,
    time::{Moment, Now},
};

/// The last try of one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub mutation: Mutation,
    /// When the mark was made that it was tried under. Another operator's mark has another outcome.
    pub mark: Option<Timestamp>,
    /// How it turned out; `None` while it is under way, and for a mark whose caller is no more.
    pub outcome: Option<Outcome>,
    /// When it turned out so (or the mark was found).
    pub at: Moment,
    /// How often it was tried in a row.
    pub tries: u32,
    /// When it may be tried again.
    pub retry_at: Moment,
    /// Whether an earlier try under the same mark may still take effect: then a refusal of this one proves nothing.
    pub uncertain: bool,
    /// The first look begun after `at` that showed the backup READY as if nothing had happened.
    pub unchanged_at: Option<Moment>,
}

impl Attempt {
    /// Whether it, or one before it, may yet take effect.
    fn may_take_effect(&self) -> bool {
        self.uncertain || matches!(self.outcome, None | Some(Outcome::Unknown(_)))
    }

    /// Whether it is certain that no try has changed, or will change, anything.
    pub fn changed_nothing(&self) -> bool {
        !self.uncertain && self.outcome.as_ref().is_some_and(Outcome::changed_nothing)
    }
}

/// The last try of each effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    attempts: BTreeMap<EffectKey, Attempt>,
    /// When the look began that first missed a recorded copy.
    missed: BTreeMap<BackupKey, Moment>,
    /// When a person last asked, by annotation, not to wait.
    asked: Option<Timestamp>,
}

impl Recent {
    /// The last try of the effect that `key` names.
    pub fn attempt(&self, key: &EffectKey) -> Option<&Attempt> {
        self.attempts.get(key)
    }

    /// Remembers how a try turned out. `jitter` from 0 to 1 spreads the retries.
    pub fn note(
        &mut self,
        mutation: Mutation,
        outcome: Outcome,
        now: Moment,
        settings: &Settings,
        jitter: f64,
    ) {
        let before = self.same(&mutation);
        let tries = before.map_or(0, |before| before.tries).saturating_add(1);
        let uncertain = before.is_some_and(|before| before.uncertain);
        let wait = match outcome.failure() {
            Some(failure) => Backoff::for_class(failure.class).wait(tries, jitter),
            None => accepted(settings).wait(tries, jitter).max(settings.confirm_after),
        };
        let retry_at = now.after(wait);
        let mark = before.and_then(|before| before.mark);
        let outcome = Some(outcome);
        self.put(Attempt {
            mutation,
            mark,
            outcome,
            at: now,
            tries,
            retry_at,
            uncertain,
            unchanged_at: None,
        });
    }

    /// Remembers that a try begins, under the mark made at `mark`. Until [`Recent::note`] tells its outcome that is unknown, also
    /// when the task that tries is cancelled half-way.
    pub fn begin(&mut self, mutation: Mutation, mark: Option<Timestamp>, now: Moment) {
        let before = self.same(&mutation);
        let tries = before.map_or(0, |before| before.tries);
        let uncertain = before.is_some_and(Attempt::may_take_effect);
        self.put(Attempt {
            mutation,
            mark,
            outcome: None,
            at: now,
            tries,
            retry_at: now,
            uncertain,
            unchanged_at: None,
        });
    }

    /// Remembers an open mark that is not this process's own, so that its waiting time starts now. What
    /// became of a try under another mark says nothing about this one.
    pub fn found_mark(&mut self, mutation: Mutation, mark: Timestamp, now: Moment) {
        let known = self.attempt(&mutation.key()).is_some_and(|attempt| attempt.mark == Some(mark));
        if !known {
            self.attempts.remove(&mutation.key());
            self.begin(mutation, Some(mark), now);
        }
    }

    /// The last try of the very same change; a changed wish (other tags) starts afresh.
    fn same(&self, mutation: &Mutation) -> Option<&Attempt> {
        self.attempt(&mutation.key()).filter(|attempt| attempt.mutation == *mutation)
    }

    fn put(&mut self, attempt: Attempt) {
        self.attempts.insert(attempt.mutation.key(), attempt);
    }

    /// A person asked, by annotation, not to wait: what failed may be tried again now. What AWS accepted
    /// waits all the same, until it shows.
    pub fn end_backoffs(&mut self, now: Now) {
        self.asked = Some(now.wall);
        for attempt in self.attempts.values_mut() {
            if attempt.outcome.as_ref().is_some_and(|outcome| outcome.failure().is_some()) {
                attempt.retry_at = attempt.retry_at.min(now.tick);
            }
        }
    }

    /// Whether a person asked not to wait since something failed at `failed`.
    pub fn asked_since(&self, failed: Timestamp) -> bool {
        self.asked.is_some_and(|asked| asked > failed)
    }

    /// Remembers a look, begun at `began`, that missed the recorded copy `key`.
    pub fn missed(&mut self, key: &BackupKey, began: Moment) {
        self.missed.entry(key.clone()).or_insert(began);
    }

    /// The copy `key` was seen.
    pub fn found(&mut self, key: &BackupKey) {
        self.missed.remove(key);
    }

    /// When the look began that first missed the copy `key`.
    pub fn missed_since(&self, key: &BackupKey) -> Option<Moment> {
        self.missed.get(key).copied()
    }

    /// Remembers a look, begun at `began`, that showed no effect of the try.
    pub fn saw_unchanged(&mut self, key: &EffectKey, began: Moment) {
        if let Some(attempt) = self.attempts.get_mut(key)
            && attempt.unchanged_at.is_none()
            && began > attempt.at
        {
            attempt.unchanged_at = Some(began);
        }
    }

    /// What has been tried and still matters.
    pub fn keys(&self) -> impl Iterator<Item = &EffectKey> {
        self.attempts.keys()
    }

    /// Forgets the tries of effects that nobody wants any more.
    pub fn keep_only(&mut self, wanted: &[EffectKey]) {
        self.attempts.retain(|key, _| wanted.contains(key));
    }
}

/// An accepted effect that does not show is asked for again, ever more rarely.
fn accepted(settings: &Settings) -> Backoff {
    Backoff::new(settings.confirm_after, Duration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        effect::Change,
        error::{ErrorClass, Failure},
        model::BackupKey,
    };

    fn tagging(value: &str) -> Mutation {
        Mutation {
            target: BackupKey {
                region: "eu-west-1".parse().unwrap(),
                id: "backup-ro5c4er4aac".parse().unwrap(),
            },
            change: Change::Tag([("team".to_owned(), value.to_owned())].into()),
        }
    }

    fn denied() -> Outcome {
        Outcome::Rejected(Failure::new(ErrorClass::AccessDenied, "AccessDeniedException"))
    }

    #[test]
    fn the_same_failing_effect_waits_longer_each_time_and_a_changed_one_starts_afresh() {
        let (mut recent, now) = (Recent::default(), Moment::ZERO);
        let settings = Settings::default();
        let wait =
            |recent: &Recent| recent.attempt(&tagging("a").key()).unwrap().retry_at.since(now).as_secs();
        recent.note(tagging("a"), denied(), now, &settings, 0.0);
        assert_eq!(wait(&recent), 30);
        recent.note(tagging("a"), denied(), now, &settings, 0.0);
        assert_eq!(wait(&recent), 60);
        recent.note(tagging("b"), denied(), now, &settings, 0.0);
        assert_eq!(wait(&recent), 30);
    }

    #[test]
    fn an_accepted_effect_is_never_repeated_within_a_minute() {
        let mut recent = Recent::default();
        recent.note(tagging("a"), Outcome::Accepted, Moment::START, &Settings::default(), 1.0);
        let attempt = recent.attempt(&tagging("a").key()).unwrap();
        assert_eq!(attempt.retry_at.since(Moment::START), Duration::from_mins(1));
    }

    #[test]
    fn only_a_look_begun_after_the_try_tells_anything() {
        let (mut recent, at) = (Recent::default(), Moment::from_start(Duration::from_secs(10)));
        recent.found_mark(tagging("a"), Timestamp::UNIX_EPOCH, at);
        recent.saw_unchanged(&tagging("a").key(), at);
        assert_eq!(recent.attempt(&tagging("a").key()).unwrap().unchanged_at, None);
        let later = at.after(Duration::from_secs(1));
        recent.saw_unchanged(&tagging("a").key(), later);
        recent.saw_unchanged(&tagging("a").key(), later.after(Duration::from_secs(9)));
        assert_eq!(recent.attempt(&tagging("a").key()).unwrap().unchanged_at, Some(later));
    }

    #[test]
    fn a_try_is_uncertain_while_one_before_it_may_take_effect() {
        let (mut recent, now) = (Recent::default(), Moment::START);
        let uncertain = |recent: &Recent| recent.attempt(&tagging("a").key()).unwrap().uncertain;
        let settings = Settings::default();
        for (outcome, expected) in [
            (denied(), false),
            (Outcome::Unknown(Failure::new(ErrorClass::Ambiguous, "no answer")), true),
            // A refusal of the last one proves nothing of the one before.
            (denied(), true),
        ] {
            recent.note(tagging("a"), outcome, now, &settings, 0.0);
            recent.begin(tagging("a"), None, now);
            assert_eq!(uncertain(&recent), expected);
        }
    }

    #[test]
    fn a_person_asks_about_what_failed_before() {
        let wall = |second| Timestamp::from_second(second).unwrap();
        let mut recent = Recent::default();
        assert!(!recent.asked_since(wall(9)));
        recent.end_backoffs(Now { wall: wall(10), tick: Moment::START });
        assert!(recent.asked_since(wall(9)) && !recent.asked_since(wall(10)));
    }
}
