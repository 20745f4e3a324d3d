//! Who hears of what the operator does.

use std::time::Duration;

use plan::effect::{Mutation, Outcome};

use crate::kubernetes::Refusal;

/// Counts what happens. The operator's metrics implement it.
pub trait Reporter: Send + Sync + 'static {
    /// A change to AWS was tried.
    fn changed(&self, mutation: &Mutation, outcome: &Outcome);
    /// A status was written, or could not be.
    fn status_written(&self, result: Result<(), &Refusal>);
    /// An Event could not be published.
    fn event_refused(&self);
    /// So many deletions count towards the limit of this hour.
    fn deletions(&self, used: usize);
    /// The reason of a resource's `Ready` went from `before` (`None`: not known yet) to `after` (`None`: it is gone).
    fn resource(&self, before: Option<&str>, after: Option<&str>);
    /// A pass took `elapsed` and ended in `outcome`: `ok` or `error`.
    fn passed(&self, outcome: &'static str, elapsed: Duration);
}
