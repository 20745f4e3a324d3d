//! What the resource's status records: facts of the last look, and the operator's marks.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    model::AccountId,
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
