//! Who hears of what the operator does.

use std::time::Duration;

use jiff::Timestamp;
use plan::{
    effect::{Mutation, Outcome},
    model::Region,
};

use crate::{api::shown::Stated, kubernetes::Refusal};

/// A sum over all resources that are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sum {
    /// So many resources have this condition.
    Stated {
        /// The condition.
        stated: Stated,
        /// How many.
        resources: usize,
    },
    /// So many copies in `region` are wanted, and so many of them are READY, as far as statuses say.
    Copies {
        /// Where.
        region: Region,
        /// How many are wanted.
        wanted: usize,
        /// How many of these are there.
        ready: usize,
    },
    /// So many of the backups and copies in `region` are PENDING_DELETION.
    Pending {
        /// Where.
        region: Region,
        /// How many.
        backups: usize,
    },
    /// When the first of those is deleted for good; `None` if there is none, or AWS does not say.
    NextPurge(Option<Timestamp>),
}

/// Counts what happens. The operator's metrics implement it.
pub trait Reporter: Send + Sync + 'static {
    /// A change to AWS was tried.
    fn changed(&self, mutation: &Mutation, outcome: &Outcome);
    /// A status was written, or could not be.
    fn status_written(&self, result: Result<(), &Refusal>);
    /// An Event could not be published.
    fn event_refused(&self);
    /// So many deletions count towards the limit of this hour, which is `most`.
    fn deletions(&self, used: usize, most: u32);
    /// A sum over all resources may have changed, and is this now.
    fn summed(&self, sum: &Sum);
    /// A pass took `elapsed` and ended in `outcome`: `ok` or `error`.
    fn passed(&self, outcome: &'static str, elapsed: Duration);
}
