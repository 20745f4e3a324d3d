//! Events, one for each thing that happened.
//!
//! kube's recorder merges events that differ only in their note, which would turn sixteen
//! copies into one. Here every occurrence is an object of its own.

use jiff::Timestamp;
use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Resource, ResourceExt};

use crate::api::{CloudHsmBackup, FIELD_MANAGER};

/// Something worth an Event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Whether a person should look at it.
    pub warning: bool,
    /// CamelCase: a condition reason, or what was done.
    pub reason: String,
    /// What was done to what: the operation, backup id and region.
    pub action: String,
    /// A sentence.
    pub note: String,
    /// When it happened.
    pub at: Timestamp,
}

/// What the API server takes at most.
const MOST_ACTION: usize = 128;
const MOST_NOTE: usize = 1024;
const MOST_NAME: usize = 253;

pub(super) fn about(object: &CloudHsmBackup, event: &Occurrence, instance: &str) -> Event {
    let regarding = ObjectReference {
        api_version: Some(CloudHsmBackup::api_version(&()).into_owned()),
        kind: Some(CloudHsmBackup::kind(&()).into_owned()),
        name: Some(object.name_any()),
        namespace: object.namespace(),
        uid: object.uid(),
        resource_version: object.resource_version(),
        field_path: None,
    };
    Event {
        metadata: ObjectMeta {
            name: Some(unique_name(&object.name_any())),
            namespace: object.namespace(),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(event.at)),
        type_: Some(if event.warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(event.reason.clone()),
        action: Some(cut(&event.action, MOST_ACTION)),
        note: Some(cut(&event.note, MOST_NOTE)),
        regarding: Some(regarding),
        reporting_controller: Some(format!("{}/{FIELD_MANAGER}", crate::api::GROUP)),
        reporting_instance: Some(instance.to_owned()),
        ..Event::default()
    }
}

/// A name that no other Event has; the API server makes none that ends in a dot and a suffix, as is the custom.
fn unique_name(object: &str) -> String {
    let room = object.floor_char_boundary(MOST_NAME - 17);
    format!("{}.{:016x}", object.get(..room).unwrap_or_default(), fastrand::u64(..))
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        assert_eq!(cut("short", 10), "short");
        let cut = cut(&"ä".repeat(600), MOST_NOTE);
        assert!(cut.len() <= MOST_NOTE && cut.ends_with('…'));
    }
}
