//! The questions that AWS's documentation leaves open, each with the answer this service gives.
//! An operator has to be right under every setting. Which question each knob answers, and which
//! need none, is told by the table in `tests/suite/questions.rs`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::duration;

/// How the service behaves where the documentation is silent.
///
/// The numbers in parentheses are the open questions of the API reference's §9. All may be changed
/// while the service runs. What they say of new copies is settled when a copy is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each a yes-or-no question")]
pub struct Knobs {
    /// `backupIds` naming an unknown backup fails with `CloudHsmResourceNotFoundException` instead of
    /// leaving it out of the answer (Q1). Default: no.
    pub unknown_id_is_an_error: bool,
    /// A filter key that does not exist is refused; otherwise it is ignored and everything is listed (Q14).
    /// Default: yes, so that a client's typing mistake shows.
    pub reject_unknown_filters: bool,
    /// How long a DELETED backup stays in listings (Q2). Default: not at all.
    #[serde(with = "duration")]
    pub list_deleted_for: Duration,
    /// How long a seeded `CREATE_IN_PROGRESS` backup takes to become READY. Default: 5 minutes.
    #[serde(with = "duration")]
    pub create_ready_after: Duration,
    /// How long a copy takes to become READY, or to fail (Q4). Default: 1 minute.
    #[serde(with = "duration")]
    pub copy_ready_after: Duration,
    /// How long an accepted copy is not listed at all (Q4). Default: at once.
    #[serde(with = "duration")]
    pub copy_visible_after: Duration,
    /// Copies accepted from now on are not listed, and not found by their id, until they are shown by
    /// hand (Q4). Default: no.
    pub hide_copies: bool,
    /// Copies accepted from now on end as DELETED (Q4). Default: no.
    pub fail_copies: bool,
    /// A second copy of a backup to a region that has a live one is refused (Q3). Default: no, it is made.
    pub reject_second_copy: bool,
    /// The tags of a copy are shown only when it is READY (Q5). Default: at once.
    pub hide_tags_until_copied: bool,
    /// How long after its `CopyTimestamp` a copy is listed without its tags, READY or not (Q5). Default:
    /// not at all.
    #[serde(with = "duration")]
    pub copy_tags_visible_after: Duration,
    /// What `ClusterId` a copy has (Q23). Default: none.
    pub cluster_id_on_copies: ClusterIdOnCopies,
    /// What `NeverExpires` a new copy has (Q10). Default: false.
    pub never_expires_on_copies: NeverExpiresOnCopies,
    /// A copy gets the id of its source where that is free in its region: ids are unique in a region only
    /// (Q22). Default: no, a new one is drawn.
    pub copies_keep_id: bool,
    /// `ModifyBackupAttributes` is refused for copies (Q10). Default: no.
    pub refuse_never_expires_on_copies: bool,
    /// What `TagResource` and `UntagResource` do to a copy during `CREATE_IN_PROGRESS` (Q24). Default: what
    /// they do to any backup.
    pub tags_on_unfinished_copies: TagsOnUnfinishedCopies,
    /// A copy of a copy names the original as its source, not the copy it was made from (Q25). Default: no.
    pub copy_of_copy_names_original: bool,
    /// What `DeleteBackup` does to a backup that is already pending deletion (Q7). Default: refuses.
    pub delete_pending: DeletePending,
    /// `DeleteBackup` is refused for a backup that never expires (Q11). Default: no, that protects nothing.
    pub refuse_deleting_never_expires: bool,
    /// `DeleteBackup` is refused for the last READY backup of a cluster, copies aside (Q12). Default: no.
    pub refuse_deleting_last_backup: bool,
    /// How long after its `DeleteTimestamp` a backup is purged (Q13). Default: right then.
    #[serde(with = "duration")]
    pub purge_late_by: Duration,
    /// How long before the `DeleteTimestamp` a backup can no longer be restored (Q13). Default: it can be
    /// until it is purged.
    #[serde(with = "duration")]
    pub restore_closes_before: Duration,
    /// Operations on a backup in a state the documentation says nothing about: `ModifyBackupAttributes`,
    /// `CopyBackupToRegion`, `GetResourcePolicy` and `DeleteResourcePolicy` during `CREATE_IN_PROGRESS` and
    /// `PENDING_DELETION`, and `DeleteBackup` during the former (Q6, Q8). Default: refused.
    pub allow_undocumented_states: bool,
    /// `CopyBackupToRegion` takes the region that the backup lies in already (Q6). Default: no.
    pub allow_copy_to_own_region: bool,
    /// `TagResource` and `UntagResource` are refused during `PENDING_DELETION` (Q8). Default: no.
    pub refuse_tags_while_pending: bool,
    /// With several values in the `states` filter only the first counts, as was once seen on the real
    /// service (Q14). Default: no.
    pub multi_value_states_bug: bool,
    /// Of several filters one that matches is enough (Q14). Default: all have to.
    pub any_filter_is_enough: bool,
    /// The most values that a filter may have (Q14). Default: any number.
    pub filter_value_limit: Option<usize>,
    /// Listings show what there was so long ago (Q16). Seeded backups have always been there. Default:
    /// what there is.
    #[serde(with = "duration")]
    pub stale_reads_for: Duration,
    /// The backups of a deleted cluster still expire by its old policy (Q9). Default: no.
    pub deleted_clusters_expire: bool,
    /// The most backups that a region holds for an account, DELETED ones aside; a copy beyond is refused
    /// (Q20). Default: any number.
    pub region_limit: Option<usize>,
    /// What there is to read and to delete where a backup has no resource policy (Q19). Default: `{}`, as was
    /// once recorded from the real service.
    pub policy_when_none: PolicyWhenNone,
    /// A backup of another account that is shared with the caller is not found by any operation but
    /// `DescribeBackups`, instead of being refused with `CloudHsmAccessDeniedException` (Q19). Default: no.
    pub shared_is_not_found: bool,
    /// A backup loses its resource policy and is shared with nobody any more as soon as it is pending
    /// deletion, and does not get them back when it is restored (Q18). Default: when it is purged.
    pub deletion_ends_sharing: bool,
    /// The most items on a page, whatever `MaxResults` asks for (1 to 50). Default: 50.
    pub page_limit: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            unknown_id_is_an_error: false,
            reject_unknown_filters: true,
            list_deleted_for: Duration::ZERO,
            create_ready_after: Duration::from_mins(5),
            copy_ready_after: Duration::from_mins(1),
            copy_visible_after: Duration::ZERO,
            hide_copies: false,
            fail_copies: false,
            reject_second_copy: false,
            hide_tags_until_copied: false,
            copy_tags_visible_after: Duration::ZERO,
            cluster_id_on_copies: ClusterIdOnCopies::Absent,
            never_expires_on_copies: NeverExpiresOnCopies::False,
            copies_keep_id: false,
            refuse_never_expires_on_copies: false,
            tags_on_unfinished_copies: TagsOnUnfinishedCopies::Kept,
            copy_of_copy_names_original: false,
            delete_pending: DeletePending::Reject,
            refuse_deleting_never_expires: false,
            refuse_deleting_last_backup: false,
            purge_late_by: Duration::ZERO,
            restore_closes_before: Duration::ZERO,
            allow_undocumented_states: false,
            allow_copy_to_own_region: false,
            refuse_tags_while_pending: false,
            multi_value_states_bug: false,
            any_filter_is_enough: false,
            filter_value_limit: None,
            stale_reads_for: Duration::ZERO,
            deleted_clusters_expire: false,
            region_limit: None,
            policy_when_none: PolicyWhenNone::EmptyObject,
            shared_is_not_found: false,
            deletion_ends_sharing: false,
            page_limit: 50,
        }
    }
}

/// Values for some of the knobs. In JSON an object with just those.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct KnobChanges(Map<String, Value>);

impl KnobChanges {
    /// The knobs that `change` takes off their defaults.
    pub fn new(change: impl FnOnce(&mut Knobs)) -> Self {
        let (usual, mut changed) = (json!(Knobs::default()), Knobs::default());
        change(&mut changed);
        let members = json!(changed).as_object().cloned().unwrap_or_default();
        Self(members.into_iter().filter(|(name, value)| usual.get(name) != Some(value)).collect())
    }

    /// These knobs, but for those that are named here.
    pub(crate) fn applied_to(&self, knobs: &Knobs) -> Result<Knobs, String> {
        let mut all = json!(knobs);
        if let Some(all) = all.as_object_mut() {
            all.extend(self.0.clone());
        }
        let knobs = Knobs::deserialize(all).map_err(|err| err.to_string())?;
        if !(1..=50).contains(&knobs.page_limit) {
            return Err(format!("pageLimit is {}; it must be 1 to 50", knobs.page_limit));
        }
        Ok(knobs)
    }
}

impl TryFrom<Map<String, Value>> for KnobChanges {
    type Error = String;

    fn try_from(members: Map<String, Value>) -> Result<Self, String> {
        let changes = Self(members);
        changes.applied_to(&Knobs::default()).map(|_| changes)
    }
}

/// The `ClusterId` of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClusterIdOnCopies {
    /// None at all.
    Absent,
    /// The source's.
    Source,
}

/// The `NeverExpires` of a new copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NeverExpiresOnCopies {
    /// Always false, whatever the source has.
    False,
    /// The source's.
    Inherited,
    /// Not shown, and not to be set.
    Absent,
}

/// Tags of a copy that is `CREATE_IN_PROGRESS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TagsOnUnfinishedCopies {
    /// They stick.
    Kept,
    /// The call succeeds and changes nothing.
    Lost,
    /// `CloudHsmInvalidRequestException`.
    Refused,
}

/// The resource policy of a backup that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyWhenNone {
    /// The text `{}`.
    EmptyObject,
    /// A text without characters.
    EmptyText,
    /// Null.
    Null,
    /// `CloudHsmResourceNotFoundException`.
    NotFound,
}

/// `DeleteBackup` on a backup that is pending deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeletePending {
    /// `CloudHsmInvalidRequestException`.
    Reject,
    /// Succeeds and changes nothing.
    Noop,
    /// Succeeds and starts the seven days again.
    Reset,
}
