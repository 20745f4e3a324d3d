//! What goes wrong on purpose: which requests a fault strikes, and how.

mod book;
mod kind;
pub(crate) mod listing;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use book::Faults;
pub use kind::FaultKind;

/// A fault: the requests it strikes, how often, and what it does to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Map<String, Value>")]
pub struct Fault {
    /// An operation's name, or `*`.
    pub operation: String,
    /// Only calls to this region.
    pub region: Option<String>,
    /// Only requests that name this backup, as their object or in a filter of ids.
    pub backup_id: Option<String>,
    /// So many matching calls are left alone first.
    pub skip: u32,
    /// So many calls are struck; absent: all.
    pub times: Option<u32>,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

impl Fault {
    /// A fault of every call of this operation (`*`: of any).
    pub fn on(operation: impl Into<String>, kind: FaultKind) -> Self {
        Self { operation: operation.into(), region: None, backup_id: None, skip: 0, times: None, kind }
    }

    /// Only in this region.
    #[must_use]
    pub fn region(self, region: impl Into<String>) -> Self {
        Self { region: Some(region.into()), ..self }
    }

    /// Only when the request names this backup.
    #[must_use]
    pub fn backup(self, id: impl Into<String>) -> Self {
        Self { backup_id: Some(id.into()), ..self }
    }

    /// Not the first so many matching calls.
    #[must_use]
    pub fn skip(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Only so many calls.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Whether a request is one of those struck, its turn aside.
    fn strikes(&self, operation: &str, region: &str, ids: &[&str]) -> bool {
        let named = self.operation == operation || self.operation == "*";
        let fits = operation == "DescribeBackups" || !self.kind.is_about_listings();
        let here = self.region.as_deref().is_none_or(|only| only == region);
        let this = self.backup_id.as_deref().is_none_or(|only| ids.contains(&only));
        named && fits && here && this
    }
}

/// The members of a fault's JSON that are not its kind's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matching {
    #[serde(default = "any_operation")]
    operation: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    backup_id: Option<String>,
    #[serde(default)]
    skip: u32,
    #[serde(default)]
    times: Option<u32>,
}

fn any_operation() -> String {
    "*".to_owned()
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = String;

    fn try_from(members: Map<String, Value>) -> Result<Self, String> {
        let given: Vec<String> = members.keys().cloned().collect();
        let all = Value::Object(members);
        let Matching { operation, region, backup_id, skip, times } =
            Matching::deserialize(&all).map_err(|err| err.to_string())?;
        let kind = FaultKind::deserialize(&all).map_err(|err| err.to_string())?;
        if kind.is_about_listings() && !["*", "DescribeBackups"].contains(&operation.as_str()) {
            return Err(format!("the fault '{}' strikes DescribeBackups only, not {operation}", kind.name()));
        }
        let fault = Self { operation, region, backup_id, skip, times, kind };
        // Flattened structs cannot deny unknown members themselves; a typing mistake must not pass.
        let known = serde_json::to_value(&fault).map_err(|err| err.to_string())?;
        match given.iter().find(|name| known.get(name).is_none()) {
            Some(name) => Err(format!("a fault of kind '{}' has no member '{name}'", fault.kind.name())),
            None => Ok(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Fault, FaultKind};

    #[test]
    fn a_fault_reads_as_it_is_written() {
        let fault = Fault::on("DeleteBackup", FaultKind::AcceptThenDrop)
            .region("eu-west-1")
            .backup("backup-aaaaaaaaaaa")
            .skip(1)
            .times(2);
        let written = serde_json::to_value(&fault).unwrap();
        assert_eq!(written["kind"], "acceptThenDrop");
        assert_eq!(serde_json::from_value::<Fault>(written).unwrap(), fault);
    }

    #[test]
    fn only_the_kind_is_required() {
        let fault: Fault = serde_json::from_value(json!({"kind": "drop"})).unwrap();
        assert_eq!(fault, Fault::on("*", FaultKind::Drop));
    }

    #[test]
    fn a_typing_mistake_is_refused_and_named() {
        for (wrong, name) in [
            (json!({"kind": "drop", "tiems": 1}), "tiems"),
            (json!({"kind": "hang", "seconds": 1, "after": true}), "after"),
            (json!({"kind": "explode"}), "explode"),
            (json!({"operation": "DeleteBackup"}), "kind"),
            (json!({"kind": "missingField"}), "field"),
        ] {
            let error = serde_json::from_value::<Fault>(wrong.clone()).unwrap_err().to_string();
            assert!(error.contains(name), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_fault_of_listings_cannot_be_put_on_another_operation() {
        let wrong = json!({"operation": "DeleteBackup", "kind": "everythingMissing"});
        assert!(serde_json::from_value::<Fault>(wrong).is_err());
    }
}
