//! The API server, for as long as the process leads.

use plan::{desired::ObjectName, time::Clock};

use super::Mandate;
use crate::{
    api::{CloudHsmBackup, CloudHsmBackupStatus},
    kubernetes::{Kubernetes, Occurrence, Refusal},
};

/// Hands on to `port`, but refuses to change a resource once the mandate has run out. So no
/// caller can forget to ask.
///
/// Events are let through: that a change was made is worth telling also by someone who has
/// stopped leading meanwhile.
pub(super) struct Led<K, C> {
    pub(super) port: K,
    pub(super) mandate: Mandate,
    pub(super) clock: C,
}

impl<K, C: Clock> Led<K, C> {
    fn check(&self) -> Result<(), Refusal> {
        if self.mandate.holds(self.clock.now().tick) { Ok(()) } else { Err(Refusal::NotLeading) }
    }
}

impl<K: Kubernetes, C: Clock> Kubernetes for Led<K, C> {
    async fn read(&self, name: &ObjectName) -> Result<Option<CloudHsmBackup>, Refusal> {
        self.port.read(name).await
    }

    async fn apply_status(
        &self,
        object: &CloudHsmBackup,
        status: &CloudHsmBackupStatus,
    ) -> Result<CloudHsmBackup, Refusal> {
        self.check()?;
        self.port.apply_status(object, status).await
    }

    async fn merge_status(
        &self,
        object: &CloudHsmBackup,
        patch: &serde_json::Value,
    ) -> Result<CloudHsmBackup, Refusal> {
        self.check()?;
        self.port.merge_status(object, patch).await
    }

    async fn set_finalizer(&self, object: &CloudHsmBackup, present: bool) -> Result<(), Refusal> {
        self.check()?;
        self.port.set_finalizer(object, present).await
    }

    async fn publish(&self, object: &CloudHsmBackup, event: &Occurrence) -> Result<(), Refusal> {
        self.port.publish(object, event).await
    }
}
