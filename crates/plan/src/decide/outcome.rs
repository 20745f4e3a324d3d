//! What a decision consists of.

use std::sync::Arc;

use crate::{
    effect::{Effect, EffectKey},
    ledger::Marks,
    model::Backup,
    reason::Reason,
    time::Moment,
};

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The status to write; `None` while nothing is known, which leaves it as it is.
    pub verdict: Option<Verdict>,
    /// The one thing to do, after the status was written.
    pub effect: Option<Effect>,
    /// Events to publish.
    pub notices: Vec<Notice>,
    /// When to come back.
    pub next: Next,
    /// The effects that somebody still wants, whether or not they may be tried now.
    pub wanted: Vec<EffectKey>,
}

/// What the status is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The facts about the backup.
    pub facts: Facts,
    /// The marks.
    pub marks: Marks,
    /// Conditions `Ready`, `Reconciling` and `Stalled`.
    pub ready: Ready,
    /// Condition `CopiesReady`; `None` when no copies are wanted.
    pub copies_ready: Option<Finding>,
    /// How many of the wanted copies there are.
    pub copies: Option<(usize, usize)>,
    /// The message of condition `DeletionScheduled`, while PENDING_DELETION.
    pub deletion_scheduled: Option<String>,
    /// The value of the reconcile annotation that this decision has handled.
    pub handled_request: Option<String>,
}

/// What the status is to say about the backup itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Nothing new.
    Keep,
    /// It is gone: the state becomes DELETED and the other facts stay.
    Gone,
    /// As it was seen.
    Seen(Arc<Backup>),
}

/// Something that is outstanding, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The reason.
    pub reason: Reason,
    /// A sentence for the person who reads the condition. Stable while the matter is.
    pub message: String,
}

/// The summary of all findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The finding that counts most, or why nothing is outstanding.
    pub reason: Reason,
    /// All findings.
    pub message: String,
}

impl Ready {
    /// Whether AWS matches the spec.
    pub fn is_ready(&self) -> bool {
        self.reason.stance() == crate::reason::Stance::Settled
    }
}

/// An Event about a change of mind, not about a change in AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The reason.
    pub reason: Reason,
    /// The message.
    pub message: String,
}

/// When to come back, beside whenever something changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// At this time.
    pub wake: Option<Moment>,
    /// With a look at the backup that began at this time or later.
    pub look: Option<Moment>,
}
