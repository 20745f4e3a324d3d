//! What the operator reports.
#![allow(clippy::doc_markdown, reason = "kubectl explain prints these comments, and it knows no backticks")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What AWS says of the backup, and the operator's own records. Written by the operator alone.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CloudHsmBackupStatus {
    /// The generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The state of the backup in AWS: CREATE_IN_PROGRESS, READY, PENDING_DELETION or DELETED (gone for good); any other word is
    /// AWS's, verbatim. Absent: the backup was never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_state: Option<String>,

    /// The ARN of the backup. Its account is the one that every later look must show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_arn: Option<String>,

    /// ClusterId as AWS reports it; unreliable on copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,

    /// The cluster whose keys the backup holds: `clusterId`, or `sourceCluster` for a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,

    /// When the backup was made. On a copy: when its source was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_timestamp: Option<Timestamp>,

    /// When the copy was made. Copies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_timestamp: Option<Timestamp>,

    /// Until when a PENDING_DELETION backup can be restored; then AWS deletes it for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_timestamp: Option<Timestamp>,

    /// Whether AWS's retention spares the backup. Absent: AWS does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_expires: Option<bool>,

    /// The region that this copy was made from. Copies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_region: Option<String>,

    /// The backup that this copy was made from. Copies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_backup: Option<String>,

    /// The cluster of the backup that this copy was made from. Copies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_cluster: Option<String>,

    /// The type of HSM that the backup was made from, such as hsm2m.medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hsm_type: Option<String>,

    /// The mode of the cluster: FIPS or NON_FIPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,

    /// The tags of the backup, as observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,

    /// The tag keys that this resource applied, and the only ones that it will ever remove. Do not edit.
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_tag_keys: Vec<String>,

    /// This resource's own deletion of the backup: recorded before DeleteBackup is called, so that one wish never deletes twice.
    /// Both times equal: the wish was used up without a call. Do not edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Mark>,

    /// The undoing of a deletion: recorded before RestoreBackup is called. Do not edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Mark>,

    /// How many of the wanted copies are ready, such as 1/2. Absent when none are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies_ready: Option<String>,

    /// The copies in other regions.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["region"]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyStatus>,

    /// The last value of annotation cloudhsm-backup.dev/reconcile-requested-at that was handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,

    /// Ready: whether AWS matches the spec. Reconciling, Stalled: present only while True; Stalled means that a person must act.
    /// CopiesReady: only when copies are wanted. DeletionScheduled: only while the backup is PENDING_DELETION; it says until when it can be kept.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// A record of one intended call.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// When it was decided on, before the call.
    pub requested_at: Timestamp,
    /// When its effect was known. Absent: not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
}

/// What AWS says of one copy, and the operator's records about it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CopyStatus {
    /// The region of the copy.
    pub region: String,
    /// The id of the copy in its region, once it was seen. It is never exchanged for another one while that copy is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_id: Option<String>,
    /// The state of the copy in AWS, as in `status.backupState`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_state: Option<String>,
    /// The ARN of the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_arn: Option<String>,
    /// When its source was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_timestamp: Option<Timestamp>,
    /// When the copy was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_timestamp: Option<Timestamp>,
    /// Until when it can be restored, while PENDING_DELETION.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_timestamp: Option<Timestamp>,
    /// The tags of the copy, as observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// The tag keys that this resource applied to the copy. Do not edit.
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_tag_keys: Vec<String>,
    /// This resource's own deletion of the copy. Do not edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Mark>,
    /// The undoing of a deletion. Do not edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Mark>,
    /// The open request for this copy: recorded before CopyBackupToRegion is called and kept until its outcome is known, so that no
    /// second copy is made. Do not edit: without it, and with the operator restarted, nobody knows of a copy on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<CopyRequest>,
    /// How many attempts in a row came to nothing for the reason in `lastFailure`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i32>,
    /// The last attempt that came to nothing. The next one waits accordingly; annotation cloudhsm-backup.dev/reconcile-requested-at ends the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<CopyFailure>,
    /// Other live copies of the same backup in that region. They cost money and hold keys, and the operator never deletes them: delete
    /// in AWS those that nobody needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<String>,
    /// What is outstanding for this copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// An open request for a copy.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CopyRequest {
    /// When it was decided on, before the call.
    pub requested_at: Timestamp,
    /// When AWS was known to have accepted it. Absent: whether it did is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
}

/// An attempt that failed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CopyFailure {
    /// When it failed.
    pub at: Timestamp,
    /// Why: a reason as in `status.conditions`.
    pub reason: String,
}
