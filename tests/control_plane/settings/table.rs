//! The settings that an operator can notice, and why it cannot notice the others.

use emulator::Knobs;
use serde_json::{Map, Value, json};

/// One answer to an open question.
pub(super) struct Setting {
    pub(super) name: String,
    values: Map<String, Value>,
    /// Flags that this setting asks for, beside those of every life.
    pub(super) flags: Vec<&'static str>,
    /// Ready of a resource that wants a copy never to expire: status and reason.
    pub(super) replica: (bool, &'static str),
    /// The state of a backup that was deleted eight days ago.
    pub(super) doomed: &'static str,
    /// The only calls that it refuses, and how; a life in which it refuses none has not met it.
    pub(super) refused: Option<(&'static str, &'static str)>,
    /// How many copies the operator makes where a copy of the copy lies already.
    pub(super) copies_further: usize,
}

impl Setting {
    /// The knobs that it turns.
    pub(super) fn knobs(self) -> impl Iterator<Item = String> {
        self.values.into_iter().map(|(name, _)| name)
    }

    /// Turns them.
    pub(super) fn turn(&self, knobs: &mut Knobs) {
        usual(knobs);
        let mut all = json!(knobs);
        all.as_object_mut().unwrap().extend(self.values.clone());
        *knobs = serde_json::from_value(all).unwrap();
    }
}

/// The setting of a life that does not say otherwise: all as by default, and quick.
pub(super) fn usual(knobs: &mut Knobs) {
    knobs.create_ready_after = std::time::Duration::from_secs(1);
    knobs.copy_ready_after = std::time::Duration::from_secs(1);
}

fn setting(values: Value) -> Setting {
    let Value::Object(values) = values else { panic!("{values}") };
    let name = |(name, value): (&String, &Value)| format!("{name}={value}");
    let name = values.iter().map(name).collect::<Vec<_>>().join(" ");
    Setting {
        name: if name.is_empty() { "usual".to_owned() } else { name },
        values,
        flags: Vec::new(),
        replica: (true, "InSync"),
        doomed: "DELETED",
        refused: None,
        copies_further: 1,
    }
}

/// Every setting of every knob that an operator can notice.
pub(super) fn settings() -> Vec<Setting> {
    vec![
        setting(json!({})),
        Setting {
            refused: Some(("DescribeBackups", "CloudHsmResourceNotFoundException")),
            ..setting(json!({"unknownIdIsAnError": true}))
        },
        setting(json!({"listDeletedFor": "365d"})),
        setting(json!({"createReadyAfter": "4s"})),
        setting(json!({"copyReadyAfter": "0s"})),
        setting(json!({"copyReadyAfter": "6s", "copyVisibleAfter": "3s"})),
        setting(json!({"rejectSecondCopy": true})),
        setting(json!({"hideTagsUntilCopied": true, "copyReadyAfter": "3s"})),
        setting(json!({"copyTagsVisibleAfter": "4s"})),
        setting(json!({"clusterIdOnCopies": "source"})),
        setting(json!({"neverExpiresOnCopies": "inherited"})),
        // Nothing is set that AWS does not show.
        Setting { replica: (false, "UnknownState"), ..setting(json!({"neverExpiresOnCopies": "absent"})) },
        Setting {
            replica: (false, "Rejected"),
            refused: Some(("ModifyBackupAttributes", "CloudHsmInvalidRequestException")),
            ..setting(json!({"refuseNeverExpiresOnCopies": true}))
        },
        setting(json!({"copiesKeepId": true})),
        // The person's copy of the copy passes for one of the original: it is adopted.
        Setting { copies_further: 0, ..setting(json!({"copyOfCopyNamesOriginal": true})) },
        setting(json!({"refuseDeletingNeverExpires": true})),
        setting(json!({"refuseDeletingLastBackup": true})),
        Setting { doomed: "PENDING_DELETION", ..setting(json!({"purgeLateBy": "5d"})) },
        Setting {
            refused: Some(("DescribeBackups", "CloudHsmInvalidRequestException")),
            ..setting(json!({"filterValueLimit": 1}))
        },
        // A look disproves a change only when it is younger than AWS's listings are stale.
        Setting { flags: vec!["--confirm-after=4s"], ..setting(json!({"staleReadsFor": "2s"})) },
        setting(json!({"deletedClustersExpire": true})),
        setting(json!({"pageLimit": 1})),
    ]
}

/// Knobs that no life turns, and why that makes no difference, or where it is shown what it makes.
pub(super) const SAME_AS: [(&str, &str); 15] = [
    ("rejectUnknownFilters", "it knows only filters that there are"),
    ("hideCopies", "a copy that is never seen is lost: copies_remembered.rs, copies_setbacks.rs"),
    ("failCopies", "the next try comes after 15 minutes: copies_failing.rs"),
    ("tagsOnUnfinishedCopies", "it gives tags with the request and changes them when the copy is READY"),
    ("deletePending", "it never deletes what is pending deletion"),
    ("restoreClosesBefore", "such a backup is not undeleted at all: a test of its own"),
    ("allowUndocumentedStates", "it changes nothing that is not READY, and restores what is pending"),
    ("allowCopyToOwnRegion", "the schema refuses such an entry"),
    ("refuseTagsWhilePending", "it tags what is READY"),
    ("multiValueStatesBug", "it never filters by state"),
    ("anyFilterIsEnough", "it uses one filter a call"),
    ("regionLimit", "such a copy is not made at all: a test of its own"),
    ("policyWhenNone", "it has nothing to do with policies"),
    ("sharedIsNotFound", "it never calls anything for a backup that is not listed as its own"),
    ("deletionEndsSharing", "it has nothing to do with sharing"),
];
