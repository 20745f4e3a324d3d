//! The server of `/metrics`, `/livez` and `/readyz`.
//!
//! It is open to whoever reaches the address, so it gives away no names and lets no peer
//! hold it up: connections are few, and each one ends.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::health::Readiness;
use super::metrics::{self, Metrics};

/// What keeps peers from holding the server up.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Connections at once. More wait in the kernel's queue: a probe that waits is better
    /// than one that is refused.
    connections: usize,
    /// How long a request's head may take, the wait for the next request included.
    head: Duration,
    /// How long a connection may last. A peer that asks and does not read would keep it for ever.
    lifetime: Duration,
    /// How long an answer under way may still take when its connection is to end.
    grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 64,
            head: Duration::from_secs(10),
            lifetime: Duration::from_mins(2),
            grace: Duration::from_secs(5),
        }
    }
}

/// How long to wait when a connection cannot be taken, as when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address cannot be had.
#[derive(Debug, Error)]
#[error("listen on {address} (--metrics-addr): {source}")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

/// A server that has its address and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

/// What answers are made from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// For `/metrics`.
    pub metrics: Metrics,
    /// For `/readyz`.
    pub readiness: Readiness,
}

impl Server {
    /// Takes `address`.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let bound = match TcpListener::bind(address).await {
            // A node whose kernel has no IPv6: every interface means every IPv4 interface there.
            Err(err) if address.ip() == Ipv6Addr::UNSPECIFIED && err.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await.map_err(|_| err)
            }
            bound => bound,
        };
        let listener = bound.map_err(|source| BindError { address, source })?;
        let address = listener.local_addr().map_err(|source| BindError { address, source })?;
        Ok(Self { listener, address, limits: Limits::default() })
    }

    /// The address, with the port that was taken where 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`; then takes no more connections and lets answers under way finish.
    pub async fn serve(self, sources: Sources, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        let connections = TaskTracker::new();
        while let Some(accepted) = stop.run_until_cancelled(self.accept(&slots)).await {
            match accepted {
                Ok((stream, slot)) => {
                    let connection = connection(stream, self.limits, sources.clone(), stop.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(slot);
                    });
                }
                Err(err) => {
                    warn!(%err, "cannot accept a connection for metrics and health");
                    let _ = timeout(ACCEPT_PAUSE, stop.cancelled()).await;
                }
            }
        }
        drop(self.listener);
        connections.close();
        connections.wait().await;
    }

    /// The next connection, once there is a slot for it.
    async fn accept(&self, slots: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, _) = self.listener.accept().await?;
        Ok((stream, slot))
    }
}

async fn connection(stream: TcpStream, limits: Limits, sources: Sources, stop: CancellationToken) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), &sources);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        _ = timeout(limits.lifetime, stop.cancelled()) => {}
    }
    connection.as_mut().graceful_shutdown();
    if let Ok(ended) = timeout(limits.grace, connection).await {
        log_end(ended);
    }
}

/// A peer that left or was too slow is its own affair.
fn log_end(ended: hyper::Result<()>) {
    if let Err(err) = ended {
        debug!(%err, "a connection for metrics and health broke off");
    }
}

type Answer = Response<Full<Bytes>>;

fn answer(method: &Method, path: &str, sources: &Sources) -> Answer {
    let known = matches!(path, "/metrics" | "/livez" | "/readyz");
    if known && method != Method::GET && method != Method::HEAD {
        let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    match path {
        "/metrics" => respond(StatusCode::OK, metrics::CONTENT_TYPE, sources.metrics.encode()),
        "/livez" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => match sources.readiness.report() {
            Ok(()) => text(StatusCode::OK, "ok\n".to_owned()),
            Err(lines) => text(StatusCode::SERVICE_UNAVAILABLE, lines.join("\n") + "\n"),
        },
        _ => text(StatusCode::NOT_FOUND, "not found: there are /metrics, /livez and /readyz\n".to_owned()),
    }
}

fn text(status: StatusCode, body: String) -> Answer {
    respond(status, "text/plain; charset=utf-8", body)
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

#[cfg(test)]
mod tests;
