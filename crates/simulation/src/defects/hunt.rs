//! Plays histories until one breaks a promise: some random ones, all of the exhaustive mode, and more random ones.

use std::sync::{Mutex, PoisonError};

use crate::{exhaustive, schedule, turns::take_turns, workload};

/// How far a hunt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many random histories come first …
    pub first: usize,
    /// … and so many there are in all, the rest of them after the exhaustive mode.
    pub random: usize,
    /// No more than so many are played, of whatever kind.
    pub most: usize,
    /// How many are played at once.
    pub threads: usize,
}

/// A history that breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Which one: its seed, or its name in the exhaustive mode.
    pub history: String,
    /// What it breaks, the first thing first.
    pub violations: Vec<String>,
}

impl Caught {
    /// The promise: what stands before the second colon, after the time.
    pub fn promise(&self) -> &str {
        let first = self.violations.first().map_or("", String::as_str);
        let rule = first.split(": ").find(|part| part.len() <= 3 && part.starts_with(['S', 'L']));
        rule.unwrap_or("?")
    }
}

/// What came of a hunt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunt {
    /// How many histories it took.
    pub played: usize,
    /// The first that breaks a promise, if one does.
    pub caught: Option<Caught>,
}

/// Hunts.
pub fn hunt(bounds: Bounds) -> Hunt {
    let mut played = 0;
    let first = bounds.first.min(bounds.random);
    let random = |number: usize| {
        let violations = schedule::run(&workload::draw(number as u64), false).violations;
        (!violations.is_empty()).then(|| Caught { history: format!("seed {number}"), violations })
    };
    // The exhaustive mode is made up only when it comes to that: each workload is played once for it.
    for stage in 0..3 {
        let left = bounds.most - played;
        let (took, caught) = match stage {
            0 => race(bounds.threads, 0..first.min(left), random),
            1 => {
                let cases = exhaustive::all(true);
                race(bounds.threads, 0..cases.len().min(left), |number| {
                    let violations = exhaustive::play(&cases[number]);
                    let case = &cases[number];
                    let history = format!("{}, {}", case.name, case.what);
                    (!violations.is_empty()).then_some(Caught { history, violations })
                })
            }
            _ => race(bounds.threads, first..bounds.random.min(first + left), random),
        };
        played += took;
        if caught.is_some() {
            return Hunt { played, caught };
        }
    }
    Hunt { played, caught: None }
}

/// Plays these in their order, several at once, until one is caught. Returns how many come before the first that is, that
/// one included: the number is the same however many are played at once.
fn race(
    threads: usize,
    numbers: std::ops::Range<usize>,
    play: impl Fn(usize) -> Option<Caught> + Sync,
) -> (usize, Option<Caught>) {
    let first: Mutex<Option<(usize, Caught)>> = Mutex::new(None);
    take_turns(threads, numbers.clone(), |number| {
        let Some(caught) = play(number) else { return false };
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(known, _)| number < *known) {
            *first = Some((number, caught));
        }
        true
    });
    match first.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((number, caught)) => (number - numbers.start + 1, Some(caught)),
        None => (numbers.len(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caught(number: usize) -> Caught {
        Caught {
            history: number.to_string(),
            violations: vec!["a copy / nothing: 12.500 s: S3: a second copy".into()],
        }
    }

    #[test]
    fn the_first_one_counts_however_many_are_played_at_once() {
        for threads in [1, 4] {
            let (took, first) = race(threads, 10..1000, |number| (number % 40 == 0).then(|| caught(number)));
            assert_eq!((took, first), (31, Some(caught(40))));
        }
        assert_eq!(race(2, 0..5, |_| None), (5, None));
    }

    #[test]
    fn the_promise_is_told_apart_from_where_it_is_broken() {
        assert_eq!(caught(1).promise(), "S3");
    }
}
