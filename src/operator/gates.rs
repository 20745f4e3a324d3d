//! What has to be in place before the operator acts: looked at until it is.

use std::{sync::Arc, time::Duration};

use kube::Client;
use tokio_util::sync::CancellationToken;

use super::{
    health::{Gate, Readiness},
    observers::Observers,
    preflight::{self, Check, Scope},
    shutdown,
    source::SharedAws,
};
use crate::{aws::SdkAws, controller::Index};

const NOT_LISTED: &str = "the resources are not listed yet";

/// What has to be in place.
pub(super) struct Gates {
    crd: Gate,
    permissions: Gate,
    credentials: Gate,
    caches: Gate,
}

impl Gates {
    pub(super) fn of(readiness: &Readiness) -> Self {
        Self {
            crd: readiness.gate("crd", "not looked for yet"),
            permissions: readiness.gate("permissions", "not looked at yet"),
            credentials: readiness.gate("credentials", "not looked for yet"),
            caches: readiness.gate("caches", NOT_LISTED),
        }
    }

    /// Looks until everything is in place, and returns the way to AWS; `None` when the process is to stop first.
    pub(super) async fn pass(
        &self,
        client: &Client,
        scope: &Scope,
        observers: &Observers,
        stop: &CancellationToken,
    ) -> Option<SharedAws> {
        let mut crd = Check::new(self.crd.clone());
        let mut permissions = Check::new(self.permissions.clone());
        let mut credentials = Check::new(self.credentials.clone());
        loop {
            // Loaded anew each time: the SDK keeps the profile files that it read once.
            let aws = SdkAws::from_environment(Arc::new(observers.clone())).await;
            // All three each time, so that one start shows everything that is wrong.
            let well = [
                crd.take(preflight::crd(client).await),
                permissions.take(preflight::permissions(client, scope).await),
                credentials.take(look_for_credentials(&aws).await),
            ];
            if let (Ok(aws), [true, true, true]) = (aws, well) {
                return Some(SharedAws(Arc::new(aws)));
            }
            if shutdown::pause(preflight::AGAIN, stop).await {
                return None;
            }
        }
    }

    /// Opens the gate of the caches once everything is listed, in this term.
    pub(super) async fn caches(&self, index: &Index, stop: &CancellationToken) {
        self.caches.not_ready(NOT_LISTED);
        while !index.is_complete() {
            if shutdown::pause(Duration::from_millis(50), stop).await {
                return;
            }
        }
        self.caches.ready();
        tracing::info!("all resources are listed");
    }
}

/// Whether AWS can be called as somebody.
async fn look_for_credentials(aws: &Result<SdkAws, String>) -> Result<(), String> {
    let found = aws.as_ref().map_err(Clone::clone)?.credentials().await;
    found
        .map(drop)
        .map_err(|why| format!("{why}: see AWS_PROFILE, AWS_ACCESS_KEY_ID, IRSA or EKS Pod Identity"))
}
