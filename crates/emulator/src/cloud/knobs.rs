//! The questions that AWS's documentation leaves open, each with the answer this service gives.
//! An operator has to be right under every setting.

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
    /// A filter key that does not exist is refused; otherwise it is ignored and everything is listed.
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
    /// hand. Default: no.
    pub hide_copies: bool,
    /// Copies accepted from now on end as DELETED. Default: no.
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
    /// A copy of a copy names the original as its source, not the copy it was made from (Q25). Default: no.
    pub copy_of_copy_names_original: bool,
    /// What `DeleteBackup` does to a backup that is already pending deletion (Q7). Default: refuses.
    pub delete_pending: DeletePending,
    /// Operations on a backup in a state the documentation says nothing about: `DeleteBackup`,
    /// `ModifyBackupAttributes` and `CopyBackupToRegion` during `CREATE_IN_PROGRESS`, the latter two during
    /// `PENDING_DELETION` (Q6, Q8). Default: refused.
    pub allow_undocumented_states: bool,
    /// With several values in the `states` filter only the first counts, as was once seen on the real
    /// service (Q14). Default: no.
    pub multi_value_states_bug: bool,
    /// Listings show what there was so long ago (Q16). Seeded backups have always been there. Default:
    /// what there is.
    #[serde(with = "duration")]
    pub stale_reads_for: Duration,
    /// The backups of a deleted cluster still expire by its old policy (Q9). Default: no.
    pub deleted_clusters_expire: bool,
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
            copy_of_copy_names_original: false,
            delete_pending: DeletePending::Reject,
            allow_undocumented_states: false,
            multi_value_states_bug: false,
            stale_reads_for: Duration::ZERO,
            deleted_clusters_expire: false,
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
