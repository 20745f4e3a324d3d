//! What a decision consists of.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    effect::{Effect, EffectKey},
    inventory::Topic,
    ledger::{CopyRecord, Marks},
    model::{Backup, BackupId, Region},
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
    /// How many of the wanted copies there are, and how many are wanted.
    pub copies_count: Option<(usize, usize)>,
    /// The copies that are listed, or of which something is still to be known.
    pub copies: Vec<CopyVerdict>,
    /// Requests for copies of which it is known now what became of them, by destination.
    pub concluded: Vec<(Region, Timestamp)>,
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

/// What the status is to say about one copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyVerdict {
    /// Its region.
    pub region: Region,
    /// The facts about it. [`Facts::Keep`] without a recorded id means that there are none.
    pub facts: Facts,
    /// What is on record of it.
    pub record: CopyRecord,
    /// Other live copies of the same backup there.
    pub duplicates: Vec<BackupId>,
    /// What is to be said of it.
    pub message: Option<String>,
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
    /// The region that it is about, if that is not the backup's own.
    pub region: Option<Region>,
    /// The reason.
    pub reason: Reason,
    /// The message.
    pub message: String,
}

/// When to come back, beside whenever something changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// At this time.
    pub wake: Option<Moment>,
    /// With looks that began at these times or later.
    pub looks: BTreeMap<(Region, Topic), Moment>,
}
