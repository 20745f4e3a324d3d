//! The SDK's own HTTP client, which also takes a proxy from the environment.
//!
//! By itself it takes none, where the other tools for AWS, and the client for Kubernetes, do.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};

/// The timeouts that a connector is made for: for connecting, and for each read.
type Settings = (Option<Duration>, Option<Duration>);

/// A client that goes through `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, but for what `NO_PROXY` names.
pub(super) fn client() -> SharedHttpClient {
    // A connector keeps connections, so it is made once for all who want the same.
    let connectors: Mutex<BTreeMap<Settings, SharedHttpConnector>> = Mutex::default();
    http_client_fn(move |settings, components| {
        let mut connectors = connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (settings.connect_timeout(), settings.read_timeout());
        let made = connectors.entry(key).or_insert_with(|| {
            let mut connector = Connector::builder()
                .connector_settings(settings.clone())
                .proxy_config(ProxyConfig::from_env());
            connector.set_sleep_impl(components.sleep_impl());
            let tls = Provider::Rustls(CryptoMode::AwsLc);
            SharedHttpConnector::new(connector.tls_provider(tls).build())
        });
        made.clone()
    })
}
