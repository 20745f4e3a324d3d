//! What the resource's status records: facts of the last look, and the operator's marks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    model::{AccountId, BackupId, BackupState, Region},
    reason::Reason,
    time::{Now, later},
};

/// A record of one intended call, written before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When it was decided on.
    pub requested_at: Timestamp,
    /// When its effect was known to have happened.
    pub done_at: Option<Timestamp>,
}

impl Mark {
    /// A call that is about to be made.
    pub const fn requested(at: Timestamp) -> Self {
        Self { requested_at: at, done_at: None }
    }

    /// A wish that is used up without a call of ours: the backup was pending or gone
    /// already, or another resource had the say. Both times equal tell it apart.
    pub const fn spent(at: Timestamp) -> Self {
        Self { requested_at: at, done_at: Some(at) }
    }

    /// Whether it stands for a wish that never led to a call of ours.
    pub fn is_spent(self) -> bool {
        self.done_at == Some(self.requested_at)
    }

    /// Whether its outcome is still unknown.
    pub const fn is_open(self) -> bool {
        self.done_at.is_none()
    }

    /// The same mark, done now (once done it stays as it is).
    #[must_use]
    pub fn done(self, now: Now) -> Self {
        // Never the same instant as the request: that would read as spent.
        let at_the_earliest = later(self.requested_at, std::time::Duration::from_millis(1));
        Self { done_at: self.done_at.or(Some(now.wall.max(at_the_earliest))), ..self }
    }
}

/// The operator's marks: what it intends, has done and owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The tag keys that this resource applied; the only ones that it will ever remove.
    pub managed_tag_keys: BTreeSet<String>,
    /// This resource's own deletion of the backup.
    pub deletion: Option<Mark>,
    /// The undoing of it. Replaces `deletion`.
    pub restore: Option<Mark>,
}

impl Marks {
    /// Whether some call that they stand for may still take effect.
    pub fn are_open(&self) -> bool {
        self.deletion.is_some_and(Mark::is_open) || self.restore.is_some_and(Mark::is_open)
    }
}

/// A record of one request for a copy, written before the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it was decided on.
    pub requested_at: Timestamp,
    /// When AWS was known to have accepted it.
    pub accepted_at: Option<Timestamp>,
}

/// An attempt to make a copy that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// When that was known.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

impl Setback {
    /// Whether nobody ever knew what came of that attempt: a second one like it is not followed by a third.
    pub fn was_unanswered(&self) -> bool {
        matches!(self.reason, Reason::CopyUnanswered | Reason::CopyLost)
    }

    /// Whether there may be a copy, of whatever state, of that attempt: a request that was refused, or never left, made none.
    pub fn may_have_left_a_copy(&self) -> bool {
        self.reason == Reason::CopyFailed || self.was_unanswered()
    }
}

/// What is on record of one copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyRecord {
    /// The copy, once it was seen.
    pub id: Option<BackupId>,
    /// Its state when it was last seen.
    pub state: Option<BackupState>,
    /// The marks of changes to it.
    pub marks: Marks,
    /// The request for it, as long as its outcome is not known.
    pub request: Option<Request>,
    /// How many attempts in a row came to nothing, for the reason that the last one did.
    pub attempts: u32,
    /// The last of them.
    pub last_failure: Option<Setback>,
}

impl CopyRecord {
    /// Whether it was READY when it was last seen.
    pub fn is_ready(&self) -> bool {
        self.state == Some(BackupState::Ready)
    }

    /// Whether the open request was given up: it is not looked for any more, and a person decides.
    pub fn is_lost(&self) -> bool {
        let lost = self.last_failure.as_ref().filter(|setback| setback.reason == Reason::CopyLost);
        let since =
            |setback: &Setback| self.request.is_some_and(|request| setback.at >= request.requested_at);
        lost.is_some_and(since)
    }

    /// Whether its copy may still appear, and is looked for.
    pub fn is_sought(&self) -> bool {
        self.request.is_some() && !self.is_lost()
    }

    /// Whether some call that it stands for may still take effect.
    pub fn is_open(&self) -> bool {
        self.request.is_some() || self.marks.are_open()
    }
}

/// What an earlier look found, as far as decisions depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The account of its ARN.
    pub account: Option<AccountId>,
}

/// What the status says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The backup as it was seen; `None` if it never was.
    pub recorded: Option<Recorded>,
    /// The operator's marks.
    pub marks: Marks,
    /// What is on record of the copies.
    pub copies: BTreeMap<Region, CopyRecord>,
    /// The reason of condition `Ready`, to tell a change from a repetition.
    pub ready_reason: Option<String>,
    /// The value of the reconcile annotation that was handled last.
    pub handled_request: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Moment;

    #[test]
    fn a_deletion_that_was_done_never_reads_as_spent() {
        let wall = "2026-11-21T10:00:00Z".parse().unwrap();
        let done = Mark::requested(wall).done(Now { wall, tick: Moment::START });
        assert!(!done.is_spent() && !done.is_open());
        assert!(Mark::spent(wall).is_spent());
    }

    #[test]
    fn the_first_time_that_it_was_seen_done_stays() {
        let at = |wall: &str| Now { wall: wall.parse().unwrap(), tick: Moment::START };
        let mark = Mark::requested("2026-11-21T10:00:00Z".parse().unwrap()).done(at("2026-11-21T10:00:05Z"));
        assert_eq!(mark.done(at("2026-11-21T11:00:00Z")), mark);
    }
}
