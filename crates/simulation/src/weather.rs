//! What goes wrong with calls, and when.

use std::time::Duration;

/// What goes wrong with a call that reads AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadFault {
    /// The call is denied.
    Denied,
    /// AWS throttles, also after the SDK's own retries.
    Throttled,
    /// HTTP 500.
    Failed,
    /// No such host.
    Unreachable,
    /// No answer within the deadline.
    Hang,
    /// The answer is cut short.
    Truncated,
    /// The page comes with the token that it was asked with.
    RepeatedToken,
    /// No items, but a token that leads to them.
    EmptyPage,
    /// Some items are left out.
    Missing,
    /// Nothing is listed.
    Nothing,
    /// Items have a state that nobody knows.
    UnknownState,
    /// A member is left out of the items.
    MissingMember,
    /// What there was some time ago is listed.
    Stale,
    /// Some items cannot be read.
    Unreadable,
}

/// What goes wrong with a call that changes AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeFault {
    /// No connection came about.
    NotSent,
    /// The call is denied.
    Denied,
    /// AWS throttles.
    Throttled,
    /// HTTP 500, and nothing was done.
    FailedBefore,
    /// HTTP 500, and it was done.
    FailedAfter,
    /// The request was lost.
    LostBefore,
    /// It was done, and the answer was lost.
    LostAfter,
    /// No answer within the deadline, and nothing was done.
    HangBefore,
    /// It was done at once, and there was no answer within the deadline.
    HangAfter,
}

/// What goes wrong with a call to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterFault {
    /// HTTP 500, and nothing was done.
    Before,
    /// It was done, and the answer was lost.
    After,
    /// Somebody else has written in between.
    Conflict,
}

impl ReadFault {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Denied,
        Self::Throttled,
        Self::Failed,
        Self::Unreachable,
        Self::Hang,
        Self::Truncated,
        Self::RepeatedToken,
        Self::EmptyPage,
        Self::Missing,
        Self::Nothing,
        Self::UnknownState,
        Self::MissingMember,
        Self::Stale,
        Self::Unreadable,
    ];
}

impl ChangeFault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NotSent,
        Self::Denied,
        Self::Throttled,
        Self::FailedBefore,
        Self::FailedAfter,
        Self::LostBefore,
        Self::LostAfter,
        Self::HangBefore,
        Self::HangAfter,
    ];
}

impl ChangeFault {
    /// Whether the change is carried out, and its sender does not learn it.
    pub const fn takes_effect(self) -> bool {
        matches!(self, Self::FailedAfter | Self::LostAfter | Self::HangAfter)
    }
}

impl ClusterFault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Before, Self::After, Self::Conflict];
}

/// A fault of any of the three ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Of a read of AWS.
    Read(ReadFault),
    /// Of a change of AWS.
    Change(ChangeFault),
    /// Of a call to the API server.
    Cluster(ClusterFault),
}

impl Fault {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let reads = ReadFault::ALL.into_iter().map(Self::Read);
        let changes = ChangeFault::ALL.into_iter().map(Self::Change);
        reads.chain(changes).chain(ClusterFault::ALL.into_iter().map(Self::Cluster))
    }
}

/// Some time in which calls go wrong with some likelihood.
#[derive(Clone, Debug)]
pub struct Spell {
    /// From then on.
    pub from: Duration,
    /// Until then.
    pub until: Duration,
    /// Where, for calls to AWS; `None` for everywhere.
    pub region: Option<String>,
    /// How likely it is for each call.
    pub odds: f64,
    /// What goes wrong.
    pub fault: Fault,
}

/// All that goes wrong in a history.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    /// The spells.
    pub spells: Vec<Spell>,
    /// One fault at the n-th call of its port, counted from 1: for histories that try each single fault.
    pub single: Option<(u64, Fault)>,
}

impl Weather {
    /// Whether anything may go wrong at `now`.
    pub fn is_stormy(&self, now: Duration) -> bool {
        self.spells.iter().any(|spell| now < spell.until)
    }

    /// What strikes the call number `count` of a port, made at `now` to `region`, of the faults that `pick` picks.
    pub fn strike<T>(
        &self,
        now: Duration,
        region: &str,
        count: u64,
        rng: &mut fastrand::Rng,
        pick: fn(Fault) -> Option<T>,
    ) -> Option<T> {
        let single = self.single.filter(|(at, _)| *at == count).and_then(|(_, fault)| pick(fault));
        single.or_else(|| {
            let of = |spell: &&Spell| {
                (spell.from..spell.until).contains(&now)
                    && spell.region.as_deref().is_none_or(|wanted| wanted == region)
            };
            self.spells.iter().filter(of).find_map(|spell| {
                let fault = pick(spell.fault)?;
                (rng.f64() < spell.odds).then_some(fault)
            })
        })
    }
}
