//! Who of several processes acts: an election over one Lease.
//!
//! A [`Candidate`] decides what to do next about the Lease and whether it leads; somebody
//! else reads and writes. Three rules keep two from leading at the same time:
//!
//! * Every write names the version that it replaces, so of two candidates one gets a conflict.
//! * A claim ends at [`Times::renew_deadline`] after the last write that succeeded was *begun*,
//!   by the monotonic clock of its holder. Whoever cannot renew stops before others begin.
//! * A Lease is taken only when it did not change for its whole duration, by the monotonic
//!   clock of whoever looks. What time it says it was renewed is for people: clocks may differ.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::Moment;

/// The times of an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How long a Lease that does not change keeps others from leading (`--lease-duration`).
    pub lease_duration: Duration,
    /// How long a leader that cannot renew its Lease goes on (`--renew-deadline`).
    pub renew_deadline: Duration,
    /// Time between two looks at the Lease, or two renewals of it (`--retry-period`), before jitter.
    pub retry_period: Duration,
}

impl Times {
    /// By how much a pause may be longer than [`Times::retry_period`]: many who wait are not to look at once.
    pub const JITTER: f64 = 0.2;

    /// What is wrong with these times, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        if self.renew_deadline >= self.lease_duration {
            return Some("--renew-deadline must be shorter than --lease-duration, or two could lead at once");
        }
        let longest_pause = self.retry_period.mul_f64(1.0 + Self::JITTER);
        (longest_pause >= self.renew_deadline).then_some(
            "--retry-period, and a fifth more, must be shorter than --renew-deadline, or nobody could go on leading",
        )
    }

    /// How long to pause, with `luck` from 0 to 1.
    pub fn pause(&self, luck: f64) -> Duration {
        self.retry_period.mul_f64(1.0 + Self::JITTER * luck.clamp(0.0, 1.0))
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }
}

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which version of it this is; two versions that differ differ here.
    pub version: String,
    /// Whose it is; `None` when it was released.
    pub holder: Option<String>,
    /// For how long its holder has it, from each renewal on; `None` if it does not say so.
    pub duration: Option<Duration>,
}

/// What a candidate is to do about the Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bid {
    /// Make it, in our name.
    Create,
    /// Write our name into the version named here.
    Update(String),
    /// Nothing: somebody else has it.
    Follow,
}

/// One who wants to lead, for one term: whoever has lost is done, and stands again under another name.
#[derive(Clone, Debug)]
pub struct Candidate {
    name: String,
    times: Times,
    /// The Lease as it was last seen, and when it was first seen so.
    seen: Option<(Lease, Moment)>,
    /// Whether it was there at the last look.
    there: bool,
    /// When our claim ends.
    until: Option<Moment>,
}

impl Candidate {
    /// A candidate of this name, which nobody else has ever had.
    pub fn new(name: String, times: Times) -> Self {
        Self { name, times, seen: None, there: false, until: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its times.
    pub const fn times(&self) -> &Times {
        &self.times
    }

    /// The Lease was read at `now`; there may be none.
    pub fn see(&mut self, lease: Option<Lease>, now: Moment) {
        self.there = lease.is_some();
        // One that is deleted keeps its time all the same: its holder may not know yet.
        let Some(lease) = lease else { return };
        if lease.holder.as_ref() != Some(&self.name) {
            self.until = None;
        }
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != lease) {
            self.seen = Some((lease, now));
        }
    }

    /// Our write that was begun at `began` made `lease`: the claim is ours, from then on.
    pub fn won(&mut self, lease: Lease, began: Moment) {
        self.there = true;
        self.until = Some(began.after(self.times.renew_deadline));
        self.seen = Some((lease, began));
    }

    /// Whether it leads at `now`.
    pub fn leads(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// When the claim ends, unless it is renewed; `None` while there is none.
    pub const fn until(&self) -> Option<Moment> {
        self.until
    }

    /// Who has the Lease, as far as is known.
    pub fn holder(&self) -> Option<&str> {
        self.seen.as_ref().and_then(|(lease, _)| lease.holder.as_deref())
    }

    /// What to do about the Lease at `now`, after a look at it.
    pub fn bid(&self, now: Moment) -> Bid {
        if !self.leads(now) && self.seen.as_ref().is_some_and(|(lease, at)| self.holds(lease, *at, now)) {
            return Bid::Follow;
        }
        match &self.seen {
            Some((lease, _)) if self.there => Bid::Update(lease.version.clone()),
            _ => Bid::Create,
        }
    }

    /// Whether whoever the Lease names, this candidate included, may still believe to lead.
    fn holds(&self, lease: &Lease, seen_at: Moment, now: Moment) -> bool {
        let duration = lease.duration.unwrap_or(self.times.lease_duration);
        lease.holder.is_some() && now < seen_at.after(duration)
    }
}
