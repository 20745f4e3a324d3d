//! What a status says, in the few words that metrics can take.

use jiff::Timestamp;
use plan::{
    model::{BackupId, BackupKey, BackupState, Region},
    reason::Reason,
};

use super::{CloudHsmBackup, conditions};

/// A condition without its message. Whatever somebody else has written there has no word of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stated {
    /// Its type: one of [`conditions::TYPES`].
    pub condition: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// The name of a [`Reason`], or `other`.
    pub reason: &'static str,
}

/// A backup that can still be restored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pending {
    /// The backup.
    pub key: BackupKey,
    /// Until when, as far as AWS says.
    pub until: Option<Timestamp>,
}

impl CloudHsmBackup {
    /// The operator's conditions.
    pub fn stated(&self) -> Vec<Stated> {
        let all = self.status.iter().flat_map(|status| &status.conditions);
        let stated = |condition: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition| {
            Some(Stated {
                condition: conditions::TYPES.into_iter().find(|type_| *type_ == condition.type_)?,
                status: ["True", "False"]
                    .into_iter()
                    .find(|status| *status == condition.status)
                    .unwrap_or("Unknown"),
                reason: Reason::from_name(&condition.reason).map_or("other", Reason::name),
            })
        };
        all.filter_map(stated).collect()
    }

    /// The backup and its copies, those of them that are PENDING_DELETION.
    pub fn pending(&self) -> Vec<Pending> {
        let Some(status) = &self.status else { return Vec::new() };
        let own = (
            self.spec.region.as_str(),
            Some(self.spec.backup_id.as_str()),
            status.backup_state.as_deref(),
            status.delete_timestamp,
        );
        let copies = status.copies.iter().map(|copy| {
            let (id, state) = (copy.backup_id.as_deref(), copy.backup_state.as_deref());
            (copy.region.as_str(), id, state, copy.delete_timestamp)
        });
        let pending = |(region, id, state, until): (&str, Option<&str>, Option<&str>, _)| {
            let is_pending = state == Some(BackupState::PendingDeletion.name());
            let key = BackupKey { region: Region::parse(region).ok()?, id: BackupId::parse(id?).ok()? };
            is_pending.then_some(Pending { key, until })
        };
        std::iter::once(own).chain(copies).filter_map(pending).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(status: &serde_json::Value) -> CloudHsmBackup {
        serde_json::from_value(json!({
            "apiVersion": "cloudhsm-backup.dev/v1alpha1",
            "kind": "CloudHsmBackup",
            "metadata": { "name": "main", "namespace": "hsm" },
            "spec": { "backupId": "backup-aaaaaaaaaaa", "region": "eu-west-1" },
            "status": status,
        }))
        .unwrap()
    }

    fn condition(type_: &str, status: &str, reason: &str) -> serde_json::Value {
        let since = "2026-11-21T10:00:00Z";
        json!({ "type": type_, "status": status, "reason": reason, "message": "", "lastTransitionTime": since })
    }

    #[test]
    fn conditions_of_others_and_their_words_do_not_show() {
        let conditions = [
            condition("Ready", "False", "LastBackup"),
            condition("Stalled", "Perhaps", "Whatever"),
            condition("Foreign", "True", "InSync"),
        ];
        let stated = |condition, status, reason| Stated { condition, status, reason };
        assert_eq!(
            object(&json!({ "conditions": conditions })).stated(),
            [stated("Ready", "False", "LastBackup"), stated("Stalled", "Unknown", "other")]
        );
    }

    #[test]
    fn the_backup_and_its_copies_are_pending_each_in_its_own_region() {
        let until = "2026-11-28T10:00:00Z";
        let copy = |region: &str, id: &str, state: &str| json!({ "region": region, "backupId": id, "backupState": state, "deleteTimestamp": until });
        let status = json!({
            "backupState": "PENDING_DELETION",
            "copies": [
                copy("eu-central-1", "backup-bbbbbbbbbbb", "PENDING_DELETION"),
                // The time of an earlier deletion, since undone or carried out.
                copy("eu-north-1", "backup-ccccccccccc", "READY"),
                copy("us-east-1", "backup-ddddddddddd", "DELETED"),
            ],
        });
        let pending = |region: &str, id: &str, until: Option<&str>| Pending {
            key: BackupKey { region: region.parse().unwrap(), id: id.parse().unwrap() },
            until: until.map(|until| until.parse().unwrap()),
        };
        assert_eq!(
            object(&status).pending(),
            [
                pending("eu-west-1", "backup-aaaaaaaaaaa", None),
                pending("eu-central-1", "backup-bbbbbbbbbbb", Some(until)),
            ]
        );
        assert_eq!(object(&json!({ "backupState": "READY", "deleteTimestamp": until })).pending(), []);
    }
}
