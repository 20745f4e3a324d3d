//! What a user asks for.
#![expect(unreachable_pub, reason = "KubeSchema derives a second, private struct with the same visibility")]
#![allow(clippy::doc_markdown, reason = "kubectl explain prints these comments, and it knows no backticks")]
#![allow(
    clippy::duplicated_attributes,
    reason = "kube's printcolumns are distinct, though their types repeat"
)]

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use plan::model::{AccountId, BackupId, Region};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::status::CloudHsmBackupStatus;

/// The wanted state of one backup. Every field but `backupId` and `region` is optional, and a
/// field that is not set is not managed: a resource with only those two is a read-only view.
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, Serialize, PartialEq)]
#[kube(
    group = "cloudhsm-backup.dev",
    version = "v1alpha1",
    kind = "CloudHsmBackup",
    plural = "cloudhsmbackups",
    shortname = "hsmb",
    category = "cloudhsm",
    namespaced,
    status = "CloudHsmBackupStatus",
    derive = "PartialEq",
    selectable = ".spec.backupId",
    selectable = ".spec.region",
    doc = "One backup of an AWS CloudHSM cluster: what is wanted of it (spec) and what AWS says of it (status). Deleting this resource deletes nothing in AWS unless it says deletionPolicy: Delete.",
    printcolumn(
        name = "Cluster",
        type_ = "string",
        json_path = ".status.cluster",
        description = "The cluster whose keys the backup holds"
    ),
    printcolumn(
        name = "State",
        type_ = "string",
        json_path = ".status.backupState",
        description = "BackupState, as AWS reports it"
    ),
    printcolumn(
        name = "Never-Expires",
        type_ = "boolean",
        json_path = ".status.neverExpires",
        description = "Whether AWS's retention spares the backup"
    ),
    printcolumn(
        name = "Copies",
        type_ = "string",
        json_path = ".status.copiesReady",
        description = "Wanted copies that are ready"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status",
        description = "Whether AWS matches the spec"
    ),
    printcolumn(
        name = "Created",
        type_ = "date",
        json_path = ".status.createTimestamp",
        description = "When AWS made the backup"
    ),
    printcolumn(
        name = "Deletes",
        type_ = "string",
        json_path = ".status.deleteTimestamp",
        description = "Until when a deleted backup can be restored"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Age of this resource"
    ),
    printcolumn(name = "Backup-Id", type_ = "string", json_path = ".spec.backupId", priority = 1),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region", priority = 1),
    printcolumn(
        name = "Source",
        type_ = "string",
        json_path = ".status.sourceBackup",
        description = "The backup that this one is a copy of",
        priority = 1
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason",
        description = "Why it is ready, or not",
        priority = 1
    )
)]
#[x_kube(
    validation = (
        "has(oldSelf.accountId) ? has(self.accountId) && self.accountId == oldSelf.accountId : true",
        "accountId is immutable once set; make a new resource for a backup of another account"
    ),
    validation = (
        "!has(self.copies) || self.copies.all(c, c.region != self.region)",
        "a copy must be in another region than the backup itself"
    ),
    validation = (
        "!(has(self.neverExpires) && self.neverExpires && has(self.deleted) && self.deleted)",
        "neverExpires: true and deleted: true contradict each other; set one of them"
    ),
    validation = (
        "!(has(self.neverExpires) && self.neverExpires && has(self.deletionPolicy) && self.deletionPolicy == 'Delete')",
        "neverExpires: true and deletionPolicy: Delete contradict each other; set one of them"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct CloudHsmBackupSpec {
    /// The id of the backup, such as `backup-ro5c4er4aac`. Required and immutable. Ids come from
    /// `aws cloudhsmv2 describe-backups`.
    #[schemars(regex(pattern = BackupId::PATTERN), length(max = 128))]
    #[x_kube(validation = ("self == oldSelf", "backupId is immutable; make a new resource for another backup"))]
    pub backup_id: String,

    /// The AWS region in which this backup lives, such as `eu-west-1`. Required and immutable.
    #[schemars(regex(pattern = Region::PATTERN), length(max = 32))]
    #[x_kube(validation = ("self == oldSelf", "region is immutable; make a new resource for another backup"))]
    pub region: String,

    /// The AWS account that the backup must belong to: 12 digits. Optional, immutable once set. If AWS shows
    /// another account, nothing is changed and the resource is Stalled with reason AccountMismatch. Unset: not checked
    /// before the first look; afterwards the account in `status.backupArn` counts.
    #[schemars(regex(pattern = AccountId::PATTERN), length(max = 12))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,

    /// Whether the backup is exempt from its cluster's retention policy. true keeps it until it is deleted on purpose. Careful:
    /// false lets AWS's retention delete the backup, at once if it is older than the policy allows. Unset: not managed.
    /// Cannot be true together with `deleted: true` or `deletionPolicy: Delete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_expires: Option<bool>,

    /// The tags of the backup, at most 50. Every key listed here is owned by this resource: it is set to this value, and removed from
    /// the backup when it is taken from the list. Keys not listed here are left alone. `{}` removes those that were listed before. Unset: tags
    /// are not managed, and those set before stay. Keys must not begin with `aws:`.
    #[schemars(schema_with = "tags")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,

    /// The copies of this backup that other regions are to hold, at most 16, one a region. A copy that is there already is adopted, one
    /// that somebody deleted is restored, and a missing one is made: never a second one, whatever fails meanwhile (`status.copies`
    /// keeps the record). Other copies in the same region are reported and left alone. Removing an entry lets go of the copy and deletes nothing.
    /// Copies do not expire. Not for a backup that is itself a copy: list them on its original.
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["region"]))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<Vec<Copy>>,

    /// true deletes the backup (AWS's DeleteBackup), once: it can be undeleted for 7 days, until `status.deleteTimestamp`. false
    /// keeps it, and restores it while it is PENDING_DELETION, whoever deleted it. Taking true back, by false or by removing the field,
    /// restores what this resource deleted. Unset: not managed. A deletion is held while the backup never expires, is the last READY one of its
    /// cluster, or too many were deleted within the hour; `status.conditions` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,

    /// What deleting this resource does in AWS. Retain, the default: nothing. Delete: the backup and the listed copies are deleted first
    /// (they can be undeleted for 7 days), and the resource is held by a finalizer until that is done; setting it back to Retain releases it.
    #[schemars(schema_with = "deletion_policy")]
    #[serde(default = "retain", skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// true: observe and report, change nothing in AWS. Default false.
    #[serde(default = "not", skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// What deleting the resource does to the backup.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// Nothing happens in AWS.
    Retain,
    /// The backup and the listed copies are deleted first.
    Delete,
}

/// A copy of the backup in another region.
#[derive(KubeSchema, Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Copy {
    /// The region of the copy. Not that of the backup itself, and each region once.
    #[schemars(regex(pattern = Region::PATTERN), length(max = 32))]
    pub region: String,

    /// The tags of the copy, at most 50 and not empty. A new copy gets only these; from then on they are owned like `spec.tags`. Unset: AWS
    /// gives a new copy the tags of its source, and nothing is managed.
    #[schemars(schema_with = "copy_tags")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,

    /// true deletes this copy, once, and makes no new one; taking it back restores it for 7 days, and makes a new one later. The deletion is
    /// guarded like that of the backup. Unset means false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

// The signature is serde's.
#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn retain() -> Option<DeletionPolicy> {
    Some(DeletionPolicy::Retain)
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn not() -> Option<bool> {
    Some(false)
}

/// Not nullable, unlike the others: the API server holds an allowed null against the enum, while
/// it drops one that is not allowed, and then sets the default.
fn deletion_policy(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["Retain", "Delete"], "default": "Retain" })
}

/// The characters that AWS allows in tag keys and values.
const TAG_TEXT: &str = r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$";

fn tags(_: &mut SchemaGenerator) -> Schema {
    tag_schema(0)
}

fn copy_tags(_: &mut SchemaGenerator) -> Schema {
    tag_schema(1)
}

/// AWS's rules for tags. Bounded in every direction: without bounds the API server refuses the
/// rules, since it could not limit what they cost.
fn tag_schema(at_least: usize) -> Schema {
    let characters = "letters, digits, spaces and _ . : / = + - @";
    json_schema!({
        "type": "object",
        "nullable": true,
        "minProperties": at_least,
        "maxProperties": plan::model::MAX_TAGS,
        "additionalProperties": { "type": "string", "maxLength": 256 },
        "x-kubernetes-validations": [
            { "rule": "self.all(k, size(k) >= 1 && size(k) <= 128)", "message": "a tag key has 1 to 128 characters" },
            { "rule": "self.all(k, !k.lowerAscii().startsWith('aws:'))", "message": "tag keys that begin with aws: are reserved by AWS" },
            { "rule": format!("self.all(k, k.matches(r'{TAG_TEXT}'))"), "message": format!("a tag key has only {characters}") },
            { "rule": format!("self.all(k, self[k].matches(r'{TAG_TEXT}'))"), "message": format!("a tag value has only {characters}") },
        ],
    })
}
