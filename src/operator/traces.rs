//! Traces over OTLP, for those who name a collector in the environment. Feature `otel`.
//!
//! All that can be set is what the OpenTelemetry specification calls its environment variables, and without
//! `OTEL_EXPORTER_OTLP_ENDPOINT` nothing is done at all. The exporter has a thread of its own, and speaks through the
//! hyper that is linked anyway, without TLS: to a collector beside the pod or in the cluster, as is the custom.

use std::{
    env,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::runtime::Handle;
use tracing_subscriber::{Layer, Registry, filter::filter_fn};

/// The target of every span that is meant for traces; log lines know nothing of them.
pub(super) const TARGET: &str = "otel";

/// How long the collector has for an answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// The most of an answer that is read.
const ANSWER: usize = 64 * 1024;

/// What traces are sent with; nothing where no collector is named.
#[derive(Debug, Default)]
pub struct Traces {
    provider: Option<SdkTracerProvider>,
    /// Why there are none, though a collector is named.
    problem: Option<String>,
}

impl Traces {
    /// Begins as the environment says. Within a runtime of tokio, on which requests are sent.
    pub(super) fn start() -> Self {
        if !is_wanted() {
            return Self::default();
        }
        let exporter = SpanExporter::builder().with_http().with_http_client(Collector::new()).build();
        match exporter {
            Ok(exporter) => {
                let provider = SdkTracerProvider::builder().with_resource(resource());
                Self { provider: Some(provider.with_batch_exporter(exporter).build()), problem: None }
            }
            Err(error) => Self { provider: None, problem: Some(error.to_string()) },
        }
    }

    /// The layer that makes traces of spans.
    pub(super) fn layer(&self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        let tracer = self.provider.as_ref()?.tracer(env!("CARGO_PKG_NAME"));
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
        Some(Box::new(layer.with_filter(filter_fn(|metadata| metadata.target() == TARGET))))
    }

    /// Says in the log what has become of the wish for traces.
    pub(super) fn announce(&self) {
        if let Some(problem) = &self.problem {
            tracing::warn!(problem, "no traces are sent");
        } else if self.provider.is_some() {
            tracing::info!("traces are sent to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names");
        }
    }

    /// Sends what is left. It blocks for some seconds at most, and the runtime must still be there.
    pub fn flush(self) {
        if let Some(provider) = self.provider {
            // What cannot be sent at the end is lost; the exporter has said why.
            let _ = provider.shutdown();
        }
    }
}

fn is_wanted() -> bool {
    let named = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    let off = variable("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"))
        || variable("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter == "none");
    named.into_iter().any(|name| variable(name).is_some()) && !off
}

/// Who sends the traces: what the environment says, else our own name.
fn resource() -> Resource {
    let resource = Resource::builder();
    let named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|list| list.contains("service.name="));
    if named { resource } else { resource.with_service_name(env!("CARGO_PKG_NAME")) }.build()
}

#[expect(clippy::disallowed_methods, reason = "the environment is read in src/operator")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The way to the collector.
#[derive(Debug)]
struct Collector {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
    failing: AtomicBool,
}

impl Collector {
    fn new() -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, runtime: Handle::current(), failing: AtomicBool::new(false) }
    }

    /// Once when it begins to fail, and once when it no longer does.
    fn tell(&self, result: &Result<Response<Bytes>, HttpError>) {
        let problem = match result {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answered {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let failed = self.failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !failed => tracing::warn!(problem, "cannot send traces"),
            None if failed => tracing::info!("traces are sent again"),
            _ => {}
        }
    }
}

impl HttpClient for Collector {
    // The exporter waits on a thread that knows no runtime, so the request runs on ours.
    fn send_bytes<'a, 't>(
        &'a self,
        request: Request<Bytes>,
    ) -> BoxFuture<'t, Result<Response<Bytes>, HttpError>>
    where
        'a: 't,
        Self: 't,
    {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async { tokio::time::timeout(DEADLINE, send(client, request)).await });
        Box::pin(async move {
            let result = match sent.await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err("no answer in time".into()),
                Err(_) => Err("the process is stopping".into()),
            };
            self.tell(&result);
            result
        })
    }
}

async fn send(
    client: Client<HttpConnector, Full<Bytes>>,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}
