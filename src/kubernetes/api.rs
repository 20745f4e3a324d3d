//! The API server through kube.

use std::time::Duration;

use k8s_openapi::api::events::v1::Event;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{Patch, PatchParams, PostParams},
};
use plan::desired::ObjectName;
use serde_json::json;

use super::{Kubernetes, Occurrence, Refusal, event, words::words};
use crate::api::{CloudHsmBackup, CloudHsmBackupStatus, FIELD_MANAGER, FINALIZER};

/// The real API server.
#[derive(Clone)]
pub struct KubeApi {
    client: Client,
    instance: String,
}

impl KubeApi {
    /// Every call has an answer within this time, or fails.
    const DEADLINE: Duration = Duration::from_secs(15);

    /// Talks through `client`, which must not retry by itself; `instance` names this process in Events.
    pub fn new(client: Client, instance: String) -> Self {
        Self { client, instance }
    }

    fn objects(&self, namespace: &str) -> Api<CloudHsmBackup> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

impl Kubernetes for KubeApi {
    async fn read(&self, name: &ObjectName) -> Result<Option<CloudHsmBackup>, Refusal> {
        let api = self.objects(&name.namespace);
        in_time(api.get_opt(&name.name)).await
    }

    async fn apply_status(
        &self,
        object: &CloudHsmBackup,
        status: &CloudHsmBackupStatus,
    ) -> Result<CloudHsmBackup, Refusal> {
        let patch = json!({
            "apiVersion": CloudHsmBackup::api_version(&()),
            "kind": CloudHsmBackup::kind(&()),
            "metadata": { "name": object.name_any(), "resourceVersion": object.metadata.resource_version },
            "status": status,
        });
        // Forced: a field of the status that somebody else wrote is taken back.
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let api = self.objects(&object.namespace().unwrap_or_default());
        in_time(api.patch_status(&object.name_any(), &params, &Patch::Apply(&patch))).await
    }

    async fn merge_status(
        &self,
        object: &CloudHsmBackup,
        patch: &serde_json::Value,
    ) -> Result<CloudHsmBackup, Refusal> {
        let patch = json!({
            "metadata": { "resourceVersion": object.metadata.resource_version },
            "status": patch,
        });
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let api = self.objects(&object.namespace().unwrap_or_default());
        in_time(api.patch_status(&object.name_any(), &params, &Patch::Merge(&patch))).await
    }

    async fn set_finalizer(&self, object: &CloudHsmBackup, present: bool) -> Result<(), Refusal> {
        let others = object.finalizers().iter().filter(|finalizer| *finalizer != FINALIZER).cloned();
        let finalizers: Vec<String> = others.chain(present.then(|| FINALIZER.to_owned())).collect();
        let patch = json!({
            "metadata": { "resourceVersion": object.metadata.resource_version, "finalizers": finalizers },
        });
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let api = self.objects(&object.namespace().unwrap_or_default());
        in_time(api.patch_metadata(&object.name_any(), &params, &Patch::Merge(&patch))).await.map(drop)
    }

    async fn publish(&self, object: &CloudHsmBackup, event: &Occurrence) -> Result<(), Refusal> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default());
        let event = event::about(object, event, &self.instance);
        in_time(api.create(&PostParams::default(), &event)).await.map(drop)
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Refusal> {
    match tokio::time::timeout(KubeApi::DEADLINE, call).await {
        Ok(result) => result.map_err(refusal),
        Err(_) => Err(Refusal::TimedOut),
    }
}

pub(super) fn refusal(error: kube::Error) -> Refusal {
    match error {
        kube::Error::Api(status) if status.is_conflict() || status.is_already_exists() => Refusal::Conflict,
        kube::Error::Api(status) if status.is_not_found() => Refusal::Gone,
        kube::Error::Api(status) if terminating(&status) => Refusal::NamespaceTerminating,
        other => Refusal::Failed(words(&other)),
    }
}

fn terminating(status: &kube::core::Status) -> bool {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    status.is_forbidden() && causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
}
