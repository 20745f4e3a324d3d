//! What a service answers, in words that belong to neither side.

use emulator::{BackupState, Caller, Operation};

/// Members of a tag list, in the order of the answer.
pub(crate) type TagList = Vec<(String, String)>;

/// A backup, member by member. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) arn: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) cluster_id: Option<String>,
    pub(crate) created: Option<i64>,
    pub(crate) copied: Option<i64>,
    pub(crate) purged: Option<i64>,
    pub(crate) never_expires: Option<bool>,
    pub(crate) source_region: Option<String>,
    pub(crate) source_backup: Option<String>,
    pub(crate) source_cluster: Option<String>,
    pub(crate) hsm_type: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) tags: Option<TagList>,
}

impl Item {
    /// Whether it is in this state.
    pub(crate) fn is(&self, state: BackupState) -> bool {
        self.state.as_deref() == Some(state.as_str())
    }
}

/// A cluster, as far as the emulator knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterItem {
    pub(crate) id: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) backup_policy: Option<String>,
    /// Type and value.
    pub(crate) retention: Option<(Option<String>, Option<String>)>,
    pub(crate) hsm_type: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) vpc_id: Option<String>,
    pub(crate) hsms: Option<usize>,
    pub(crate) tags: Option<TagList>,
}

/// The answer of `CopyBackupToRegion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) created: Option<i64>,
    pub(crate) source_region: Option<String>,
    pub(crate) source_backup: Option<String>,
    pub(crate) source_cluster: Option<String>,
}

/// The answer of any operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A page of backups and the token of the next.
    Backups(Vec<Item>, Option<String>),
    /// The backup that was changed.
    Backup(Box<Item>),
    /// Where a copy comes from.
    Destination(Destination),
    /// A page of tags and the token of the next.
    Tags(TagList, Option<String>),
    /// A page of clusters and the token of the next.
    Clusters(Vec<ClusterItem>, Option<String>),
    /// ARN and policy.
    Policy(Option<String>, Option<String>),
    /// An empty body.
    Nothing,
}

/// An error of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u16,
    /// Whether the service model has this error for this operation. Everything that the emulator itself
    /// refuses has to be: a client matches the SDK's variants.
    pub(crate) modelled: bool,
}

/// What a call ended in.
pub(crate) type Result = std::result::Result<Answer, Refusal>;

/// A call and its end, for the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) caller: Caller,
    pub(crate) operation: Operation,
    pub(crate) result: Result,
}
