//! What goes wrong on purpose: which requests a fault strikes, and how.

mod book;
mod kind;
pub(crate) mod listing;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cloud::Listing;
pub(crate) use book::{Faults, Struck};
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
    /// Only copying to this region.
    pub destination: Option<String>,
    /// Only listings that choose in this way.
    pub listing: Option<Listing>,
    /// Only these of the listed backups: the copies of this one. For the kinds `EverythingMissing`,
    /// `UnknownState` and `MissingField`; the others do not look at it.
    pub copies_of: Option<String>,
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
        Self {
            operation: operation.into(),
            region: None,
            backup_id: None,
            destination: None,
            listing: None,
            copies_of: None,
            skip: 0,
            times: None,
            kind,
        }
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

    /// Only when the request is to copy to this region.
    #[must_use]
    pub fn destination(self, region: impl Into<String>) -> Self {
        Self { destination: Some(region.into()), ..self }
    }

    /// Only listings that choose in this way.
    #[must_use]
    pub fn listing(self, listing: Listing) -> Self {
        Self { listing: Some(listing), ..self }
    }

    /// Only the copies of this backup, of all that is listed.
    #[must_use]
    pub fn copies_of(self, id: impl Into<String>) -> Self {
        Self { copies_of: Some(id.into()), ..self }
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
    fn strikes(&self, target: &Target<'_>) -> bool {
        let named = self.operation == target.operation || self.operation == "*";
        let fits = target.operation == "DescribeBackups" || !self.kind.is_about_listings();
        let here = self.region.as_deref().is_none_or(|only| only == target.region);
        let this = self.backup_id.as_deref().is_none_or(|only| target.ids.contains(&only));
        let there = self.destination.as_deref().is_none_or(|only| target.destination == Some(only));
        let so = self.listing.is_none_or(|only| target.listing == Some(only));
        named && fits && here && this && there && so
    }

    /// What makes no sense together.
    fn check(&self) -> Result<(), String> {
        let name = self.kind.name();
        let only = |operation: &str| ["*", operation].contains(&self.operation.as_str());
        if self.kind.is_about_listings() && !only("DescribeBackups") {
            return Err(format!("the fault '{name}' strikes DescribeBackups only, not {}", self.operation));
        }
        if self.listing.is_some() && !only("DescribeBackups") {
            return Err(format!("listing goes with DescribeBackups, not {}", self.operation));
        }
        if self.destination.is_some() && !only("CopyBackupToRegion") {
            return Err(format!("destination goes with CopyBackupToRegion, not {}", self.operation));
        }
        if self.copies_of.is_some() && !self.kind.picks_items() {
            return Err(format!("a fault of kind '{name}' cannot be meant for the copiesOf a backup"));
        }
        Ok(())
    }
}

/// What faults look at in a request.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) operation: &'a str,
    pub(crate) region: &'a str,
    pub(crate) ids: Vec<&'a str>,
    pub(crate) destination: Option<&'a str>,
    pub(crate) listing: Option<Listing>,
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
    destination: Option<String>,
    #[serde(default)]
    listing: Option<Listing>,
    #[serde(default)]
    copies_of: Option<String>,
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
        let Matching { operation, region, backup_id, destination, listing, copies_of, skip, times } =
            Matching::deserialize(&all).map_err(|err| err.to_string())?;
        let kind = FaultKind::deserialize(&all).map_err(|err| err.to_string())?;
        let fault = Self { operation, region, backup_id, destination, listing, copies_of, skip, times, kind };
        fault.check()?;
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
    use crate::cloud::Listing;

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
    fn a_fault_of_copying_and_one_of_copies_read_as_they_are_written() {
        let kind = FaultKind::knobs(|knobs| knobs.fail_copies = true);
        let copying = Fault::on("CopyBackupToRegion", kind).destination("eu-west-1");
        let state = FaultKind::UnknownState { backup_ids: None, state: "X".to_owned() };
        let copies = Fault::on("*", state).listing(Listing::SourceBackupIds).copies_of("backup-aaaaaaaaaaa");
        for fault in [copying, copies] {
            let written = serde_json::to_value(&fault).unwrap();
            assert_eq!(serde_json::from_value::<Fault>(written).unwrap(), fault);
        }
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
            (json!({"kind": "knobs", "set": {"failCopy": true}}), "failCopy"),
            (json!({"kind": "knobs", "set": {"pageLimit": 51}}), "pageLimit"),
            (json!({"kind": "drop", "listing": "sources"}), "sources"),
        ] {
            let error = serde_json::from_value::<Fault>(wrong.clone()).unwrap_err().to_string();
            assert!(error.contains(name), "{wrong}: {error}");
        }
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for (wrong, name) in [
            (json!({"operation": "DeleteBackup", "kind": "everythingMissing"}), "everythingMissing"),
            (json!({"operation": "DeleteBackup", "kind": "drop", "destination": "eu-west-1"}), "destination"),
            (json!({"operation": "DeleteBackup", "kind": "drop", "listing": "all"}), "listing"),
            (json!({"kind": "staleReads", "copiesOf": "backup-aaaaaaaaaaa"}), "copiesOf"),
        ] {
            let error = serde_json::from_value::<Fault>(wrong.clone()).unwrap_err().to_string();
            assert!(error.contains(name), "{wrong}: {error}");
        }
    }
}
