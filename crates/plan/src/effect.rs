//! What the operator can do to the world, and how it can turn out.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    error::Failure,
    model::{BackupId, BackupKey, Region, Tags},
};

/// One act. A plan holds at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Put our finalizer on the resource.
    AddFinalizer,
    /// Take our finalizer off the resource.
    RemoveFinalizer,
    /// Change a backup in AWS.
    Mutate {
        /// The change.
        mutation: Mutation,
        /// When the mark was made that stands for it, for a change that has one: outcomes belong to marks.
        mark: Option<Timestamp>,
    },
}

impl Effect {
    /// Whether a backup is deleted: then it passes the gate that all deletions of the account pass.
    pub const fn is_deletion(&self) -> bool {
        matches!(self, Self::Mutate { mutation: Mutation { change: Change::Delete, .. }, .. })
    }
}

/// A change to one backup in AWS: one wire request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// The backup that is changed.
    pub target: BackupKey,
    /// How it is changed.
    pub change: Change,
}

impl Mutation {
    /// The region the request goes to.
    pub fn region(&self) -> &Region {
        &self.target.region
    }

    /// The backup that is changed.
    pub fn backup(&self) -> &BackupId {
        &self.target.id
    }

    /// The region that a copy goes to.
    pub fn destination(&self) -> Option<&Region> {
        match &self.change {
            Change::Copy { to, .. } => Some(to),
            _ => None,
        }
    }

    /// What identifies tries of the same kind on the same backup.
    pub fn key(&self) -> EffectKey {
        EffectKey {
            target: self.target.clone(),
            kind: self.change.kind(),
            destination: self.destination().cloned(),
        }
    }
}

/// How a backup is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// ModifyBackupAttributes.
    NeverExpires(bool),
    /// RestoreBackup.
    Restore,
    /// TagResource with these.
    Tag(Tags),
    /// UntagResource with these keys.
    Untag(BTreeSet<String>),
    /// CopyBackupToRegion.
    Copy {
        /// Where the copy is wanted; the request itself goes to the region of its source.
        to: Region,
        /// The tags of the copy, not empty; `None` lets AWS give it those of its source.
        tags: Option<Tags>,
    },
    /// DeleteBackup.
    Delete,
}

impl Change {
    /// Its kind.
    pub const fn kind(&self) -> ChangeKind {
        match self {
            Self::NeverExpires(_) => ChangeKind::NeverExpires,
            Self::Restore => ChangeKind::Restore,
            Self::Tag(_) => ChangeKind::Tag,
            Self::Untag(_) => ChangeKind::Untag,
            Self::Copy { .. } => ChangeKind::Copy,
            Self::Delete => ChangeKind::Delete,
        }
    }

    /// What it does to `backup`, for a sentence such as "deleting the copy in eu-central-1".
    pub fn doing(&self, backup: &str) -> String {
        match self {
            Self::NeverExpires(value) => format!("setting NeverExpires of {backup} to {value}"),
            Self::Restore => format!("restoring {backup}"),
            Self::Tag(tags) => format!("setting tags {} of {backup}", list(tags.keys())),
            Self::Untag(keys) => format!("removing tags {} of {backup}", list(keys)),
            Self::Copy { to, .. } => format!("copying {backup} to {to}"),
            Self::Delete => format!("deleting {backup}"),
        }
    }
}

fn list<'a>(keys: impl IntoIterator<Item = &'a String>) -> String {
    keys.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The kinds of [`Change`], in the order in which they are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// ModifyBackupAttributes.
    NeverExpires,
    /// RestoreBackup.
    Restore,
    /// TagResource.
    Tag,
    /// UntagResource.
    Untag,
    /// CopyBackupToRegion.
    Copy,
    /// DeleteBackup.
    Delete,
}

impl ChangeKind {
    /// The AWS operation that it calls.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::NeverExpires => "ModifyBackupAttributes",
            Self::Restore => "RestoreBackup",
            Self::Tag => "TagResource",
            Self::Untag => "UntagResource",
            Self::Copy => "CopyBackupToRegion",
            Self::Delete => "DeleteBackup",
        }
    }
}

/// Which effect on which backup: what a failed try is remembered under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectKey {
    /// The backup.
    pub target: BackupKey,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The region that a copy goes to: each has tries of its own.
    pub destination: Option<Region>,
}

/// How a request to change something turned out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It never left: no name, no connection, no credentials, or the decision was too old. Nothing happened.
    NotSent(Failure),
    /// AWS said no. Nothing happened.
    Rejected(Failure),
    /// AWS answered 200, whether or not the rest of the answer could be read.
    Accepted,
    /// It was sent, and what came back does not tell whether it happened.
    Unknown(Failure),
}

impl Outcome {
    /// The failure, if it was one.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Accepted => None,
            Self::NotSent(failure) | Self::Rejected(failure) | Self::Unknown(failure) => Some(failure),
        }
    }

    /// Whether it is certain that nothing happened in AWS.
    pub const fn changed_nothing(&self) -> bool {
        matches!(self, Self::NotSent(_) | Self::Rejected(_))
    }

    /// A label for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::Rejected(_) => "rejected",
            Self::Accepted => "accepted",
            Self::Unknown(_) => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;

    fn change(change: Change) -> Effect {
        let target =
            BackupKey { region: "eu-west-1".parse().unwrap(), id: "backup-ro5c4er4aac".parse().unwrap() };
        Effect::Mutate { mutation: Mutation { target, change }, mark: None }
    }

    #[test]
    fn only_a_deletion_passes_the_gate_of_deletions() {
        assert!(change(Change::Delete).is_deletion());
        assert!(!change(Change::Restore).is_deletion() && !Effect::RemoveFinalizer.is_deletion());
    }

    #[test]
    fn changes_and_outcomes_are_told_by_the_words_of_aws_and_of_the_metrics() {
        let operations = [
            (ChangeKind::NeverExpires, "ModifyBackupAttributes"),
            (ChangeKind::Restore, "RestoreBackup"),
            (ChangeKind::Tag, "TagResource"),
            (ChangeKind::Untag, "UntagResource"),
            (ChangeKind::Copy, "CopyBackupToRegion"),
            (ChangeKind::Delete, "DeleteBackup"),
        ];
        for (kind, operation) in operations {
            assert_eq!(kind.operation(), operation);
        }
        let failure = || Failure::new(ErrorClass::Throttled, "ThrottlingException");
        let outcomes = [
            Outcome::NotSent(failure()),
            Outcome::Rejected(failure()),
            Outcome::Accepted,
            Outcome::Unknown(failure()),
        ];
        assert_eq!(outcomes.map(|outcome| outcome.name()), ["not_sent", "rejected", "accepted", "unknown"]);
    }
}
