//! The operations: their requests as the wire has them, and what each does to the service.

mod clusters;
mod copy;
mod delete;
mod describe;
mod filter;
mod modify;
mod policy;
mod restore;
mod tag;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use clusters::{ClusterPage, DescribeClusters};
pub use copy::{CopyBackupToRegion, DestinationBackup, MadeCopy};
pub use delete::DeleteBackup;
pub use describe::{BackupPage, DescribeBackups, Listing};
pub use modify::ModifyBackupAttributes;
pub use policy::{DeleteResourcePolicy, GetResourcePolicy, PutResourcePolicy, ResourcePolicy};
pub use restore::RestoreBackup;
pub use tag::{ListTags, Tag, TagPage, TagResource, UntagResource};

use super::{ApiError, Backup, Caller, Cloud};

/// A request, by operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Lists backups.
    DescribeBackups(DescribeBackups),
    /// Schedules a backup's deletion.
    DeleteBackup(DeleteBackup),
    /// Takes a backup back from deletion.
    RestoreBackup(RestoreBackup),
    /// Sets `NeverExpires`.
    ModifyBackupAttributes(ModifyBackupAttributes),
    /// Copies a backup to another region.
    CopyBackupToRegion(CopyBackupToRegion),
    /// Adds or overwrites tags.
    TagResource(TagResource),
    /// Removes tags.
    UntagResource(UntagResource),
    /// Lists tags.
    ListTags(ListTags),
    /// Reads a backup's resource policy.
    GetResourcePolicy(GetResourcePolicy),
    /// Sets a backup's resource policy.
    PutResourcePolicy(PutResourcePolicy),
    /// Removes a backup's resource policy.
    DeleteResourcePolicy(DeleteResourcePolicy),
    /// Lists clusters.
    DescribeClusters(DescribeClusters),
}

/// What an operation answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Of `DescribeBackups`.
    Backups(BackupPage),
    /// Of the operations that change one backup.
    Backup(Box<Backup>),
    /// Of `CopyBackupToRegion`: the copy's id is not in it.
    Destination(DestinationBackup),
    /// Of `ListTags`.
    Tags(TagPage),
    /// Of the operations on resource policies.
    Policy(ResourcePolicy),
    /// Of `DescribeClusters`.
    Clusters(ClusterPage),
    /// Of `TagResource` and `UntagResource`: an empty body.
    Nothing,
}

impl Operation {
    /// The operations of the service that this emulator does not have.
    pub(crate) const LACKING: [&'static str; 6] =
        ["CreateCluster", "CreateHsm", "DeleteCluster", "DeleteHsm", "InitializeCluster", "ModifyCluster"];

    /// Reads a request's JSON body. Unknown members are ignored, as AWS does.
    pub fn parse(name: &str, body: &[u8]) -> Result<Self, ApiError> {
        Ok(match name {
            "DescribeBackups" => Self::DescribeBackups(members(body)?),
            "DeleteBackup" => Self::DeleteBackup(members(body)?),
            "RestoreBackup" => Self::RestoreBackup(members(body)?),
            "ModifyBackupAttributes" => Self::ModifyBackupAttributes(members(body)?),
            "CopyBackupToRegion" => Self::CopyBackupToRegion(members(body)?),
            "TagResource" => Self::TagResource(members(body)?),
            "UntagResource" => Self::UntagResource(members(body)?),
            "ListTags" => Self::ListTags(members(body)?),
            "GetResourcePolicy" => Self::GetResourcePolicy(members(body)?),
            "PutResourcePolicy" => Self::PutResourcePolicy(members(body)?),
            "DeleteResourcePolicy" => Self::DeleteResourcePolicy(members(body)?),
            "DescribeClusters" => Self::DescribeClusters(members(body)?),
            name if Self::LACKING.contains(&name) => {
                let message = format!("{name} is an operation of CloudHSM that this emulator does not have.");
                return Err(ApiError::unknown_operation(message));
            }
            name => return Err(ApiError::unknown_operation(format!("There is no operation '{name}'."))),
        })
    }

    /// The operation's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DescribeBackups(_) => "DescribeBackups",
            Self::DeleteBackup(_) => "DeleteBackup",
            Self::RestoreBackup(_) => "RestoreBackup",
            Self::ModifyBackupAttributes(_) => "ModifyBackupAttributes",
            Self::CopyBackupToRegion(_) => "CopyBackupToRegion",
            Self::TagResource(_) => "TagResource",
            Self::UntagResource(_) => "UntagResource",
            Self::ListTags(_) => "ListTags",
            Self::GetResourcePolicy(_) => "GetResourcePolicy",
            Self::PutResourcePolicy(_) => "PutResourcePolicy",
            Self::DeleteResourcePolicy(_) => "DeleteResourcePolicy",
            Self::DescribeClusters(_) => "DescribeClusters",
        }
    }

    /// The backups (or clusters) that the request names, in a filter or as its object.
    pub fn resource_ids(&self) -> Vec<&str> {
        match self {
            Self::DescribeBackups(request) => ["backupIds", "sourceBackupIds"]
                .iter()
                .filter_map(|key| request.filters.get(*key))
                .flatten()
                .map(String::as_str)
                .collect(),
            Self::DeleteBackup(request) => vec![&request.backup_id],
            Self::RestoreBackup(request) => vec![&request.backup_id],
            Self::ModifyBackupAttributes(request) => vec![&request.backup_id],
            Self::CopyBackupToRegion(request) => vec![&request.backup_id],
            Self::TagResource(request) => vec![&request.resource_id],
            Self::UntagResource(request) => vec![&request.resource_id],
            Self::ListTags(request) => vec![&request.resource_id],
            Self::GetResourcePolicy(request) => vec![id_of(&request.resource_arn)],
            Self::PutResourcePolicy(request) => vec![id_of(&request.resource_arn)],
            Self::DeleteResourcePolicy(request) => vec![id_of(&request.resource_arn)],
            Self::DescribeClusters(request) => {
                request.filters.get("clusterIds").into_iter().flatten().map(String::as_str).collect()
            }
        }
    }

    /// How a listing chooses; `None`: it is no listing.
    pub fn listing(&self) -> Option<Listing> {
        match self {
            Self::DescribeBackups(request) => Some(request.listing()),
            _ => None,
        }
    }

    /// Where a copy is to lie; `None`: it is no copying.
    pub fn destination(&self) -> Option<&str> {
        match self {
            Self::CopyBackupToRegion(request) => Some(&request.destination_region),
            _ => None,
        }
    }
}

impl Cloud {
    /// Performs any operation.
    pub fn perform(&mut self, caller: &Caller, operation: &Operation) -> Result<Reply, ApiError> {
        let boxed = |backup| Reply::Backup(Box::new(backup));
        match operation {
            Operation::DescribeBackups(request) => self.describe_backups(caller, request).map(Reply::Backups),
            Operation::DeleteBackup(request) => self.delete_backup(caller, request).map(boxed),
            Operation::RestoreBackup(request) => self.restore_backup(caller, request).map(boxed),
            Operation::ModifyBackupAttributes(request) => {
                self.modify_backup_attributes(caller, request).map(boxed)
            }
            Operation::CopyBackupToRegion(request) => {
                self.copy_backup_to_region(caller, request).map(Reply::Destination)
            }
            Operation::TagResource(request) => self.tag_resource(caller, request).map(|()| Reply::Nothing),
            Operation::UntagResource(request) => {
                self.untag_resource(caller, request).map(|()| Reply::Nothing)
            }
            Operation::ListTags(request) => self.list_tags(caller, request).map(Reply::Tags),
            Operation::GetResourcePolicy(request) => {
                self.get_resource_policy(caller, request).map(Reply::Policy)
            }
            Operation::PutResourcePolicy(request) => {
                self.put_resource_policy(caller, request).map(Reply::Policy)
            }
            Operation::DeleteResourcePolicy(request) => {
                self.delete_resource_policy(caller, request).map(Reply::Policy)
            }
            Operation::DescribeClusters(request) => {
                self.describe_clusters(caller, request).map(Reply::Clusters)
            }
        }
    }
}

/// The resource's id at the end of an ARN.
fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// The members of a JSON object; an empty body is an empty object.
fn members<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).map_err(|err| ApiError::serialization(err.to_string()))?;
    T::deserialize(serde_json::Value::Object(object)).map_err(|err| ApiError::serialization(err.to_string()))
}

/// A member that is null counts as absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
