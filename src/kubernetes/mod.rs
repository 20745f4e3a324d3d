//! The port to the API server: conditional writes of the status, the finalizer, Events.
//!
//! Every write names the `resourceVersion` that it was decided on. That is the fence: a
//! stale cache, a process that was frozen or a second operator gets [`Refusal::Conflict`]
//! and has to look again.

mod api;
mod event;
mod lease;
mod words;

pub use api::KubeApi;
pub use event::Occurrence;
pub use lease::{Claim, KubeLease, Leases, StoredLease};
pub use words::{without_values, words};

use plan::desired::ObjectName;

use crate::api::{CloudHsmBackup, CloudHsmBackupStatus};

/// Why a call to the API server did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The object has changed since the decision.
    #[error("the resource has changed meanwhile")]
    Conflict,
    /// The object is no more.
    #[error("the resource is gone")]
    Gone,
    /// The namespace is being deleted and takes no new objects.
    #[error("the namespace is terminating")]
    NamespaceTerminating,
    /// The API server refused or failed, in [`words()`] that may be shown.
    #[error("{0}")]
    Failed(String),
    /// This process does not lead, or not any more; nothing was sent.
    #[error("this process does not lead")]
    NotLeading,
    /// No answer in time.
    #[error("no answer from the API server in time")]
    TimedOut,
}

/// What the operator needs of the API server.
pub trait Kubernetes: Send + Sync + 'static {
    /// Reads a resource, past every cache; `None` if there is none.
    fn read(&self, name: &ObjectName)
    -> impl Future<Output = Result<Option<CloudHsmBackup>, Refusal>> + Send;

    /// Applies `status` to `object`, provided that it still is the version given. Returns the object as it is now.
    fn apply_status(
        &self,
        object: &CloudHsmBackup,
        status: &CloudHsmBackupStatus,
    ) -> impl Future<Output = Result<CloudHsmBackup, Refusal>> + Send;

    /// Merges `patch` into the status of `object`, provided that it still is the version given: for what an apply
    /// cannot remove, because somebody else applied it too. Returns the object as it is now.
    fn merge_status(
        &self,
        object: &CloudHsmBackup,
        patch: &serde_json::Value,
    ) -> impl Future<Output = Result<CloudHsmBackup, Refusal>> + Send;

    /// Puts our finalizer on `object`, or takes it off, provided that it still is the version given.
    fn set_finalizer(
        &self,
        object: &CloudHsmBackup,
        present: bool,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Publishes an Event about `object`.
    fn publish(
        &self,
        object: &CloudHsmBackup,
        event: &Occurrence,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;
}
