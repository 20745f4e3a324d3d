//! The `CloudHsmBackup` custom resource: its schema, and the way between it and the decisions.
//!
//! The doc comments of [`spec`] and [`status`] are what `kubectl explain` prints, so they
//! speak to the people who operate backups. Inwards, [`desired`](CloudHsmBackup::desired)
//! and [`ledger`](CloudHsmBackup::ledger) turn an object into what `plan` takes, and
//! [`report`] turns what it returns into a status. Beyond this module nobody reads a spec.

pub mod conditions;
mod copies;
mod desired;
mod ledger;
pub mod report;
pub mod shown;
pub mod spec;
pub mod status;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

pub use desired::Undecodable;
pub use plan::desired::RECONCILE_REQUEST;
pub use spec::{CloudHsmBackup, CloudHsmBackupSpec};
pub use status::CloudHsmBackupStatus;

/// The API group; every annotation, finalizer and label of ours begins with it.
pub const GROUP: &str = "cloudhsm-backup.dev";

/// The finalizer of resources with `deletionPolicy: Delete`.
pub const FINALIZER: &str = "cloudhsm-backup.dev/deletion";

/// The one field manager of ours, which applies the status and nothing else.
pub const FIELD_MANAGER: &str = "cloudhsm-backup-operator";

/// The CRD, as it is installed.
pub fn crd() -> CustomResourceDefinition {
    CloudHsmBackup::crd()
}

/// The CRD as YAML.
///
/// # Panics
/// Never: whatever a CRD consists of, YAML can hold.
#[expect(
    clippy::expect_used,
    reason = "a CRD has only string keys, numbers and text, all of which YAML can hold"
)]
pub fn crd_yaml() -> String {
    serde_saphyr::to_string(&crd()).expect("a CRD can be written as YAML")
}

#[cfg(test)]
mod odd;

#[cfg(test)]
mod tests {
    use kube::Resource;

    use super::*;

    #[test]
    fn every_name_of_ours_begins_with_the_group() {
        assert_eq!(CloudHsmBackup::group(&()), GROUP);
        for name in [FINALIZER, RECONCILE_REQUEST, plan::deletion::ALLOW_LAST_BACKUP] {
            assert!(name.starts_with(&format!("{GROUP}/")), "{name}");
        }
    }
}
