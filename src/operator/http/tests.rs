//! Over real sockets on the loopback interface, with a client written out by hand.

use std::future::Future;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::operator::health::Gate;

/// A server under test.
struct Running {
    address: SocketAddr,
    sources: Sources,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let server = Server { limits, ..server };
        let address = server.address();
        let sources = Sources { metrics: Metrics::new("1.2.3"), readiness: Readiness::new() };
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.serve(sources.clone(), stop.clone()));
        Self { address, sources, stop, task }
    }

    fn gate(&self, name: &'static str, why: &str) -> Gate {
        self.sources.readiness.gate(name, why)
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// One request on a connection of its own: the head and the body of the answer.
    async fn ask(&self, method: &str, path: &str) -> (String, String) {
        let mut stream = self.connect().await;
        let request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = within(read_to_end(&mut stream)).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Sends a request that keeps the connection open and reads its answer's first bytes.
async fn ask_and_stay(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("ok\n") {
        let mut part = [0; 1024];
        let length = within(stream.read(&mut part)).await.unwrap();
        assert!(length > 0, "closed after {answer:?}");
        answer.push_str(&String::from_utf8_lossy(&part[..length]));
    }
    answer
}

/// Fails loudly instead of hanging.
async fn within<T>(act: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), act).await.expect("it hangs")
}

fn status(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn metrics_are_served_with_their_media_type() {
    let server = Running::start().await;
    server.sources.metrics.status_write("written");
    let (head, body) = server.ask("GET", "/metrics").await;
    assert_eq!(status(&head), "200");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(body.contains("cloudhsm_backup_operator_status_writes_total{outcome=\"written\"} 1\n"), "{body}");
    assert!(body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn it_lives_though_it_is_not_ready() {
    let server = Running::start().await;
    let _gate = server.gate("crd", "CRD not found");
    let (head, body) = server.ask("GET", "/livez").await;
    assert_eq!((status(&head), body.as_str()), ("200", "ok\n"));
}

#[tokio::test]
async fn readiness_says_line_by_line_what_is_missing() {
    let server = Running::start().await;
    let crd = server.gate("crd", "CRD not found");
    let aws = server.gate("credentials", "no credentials");
    let (head, body) = server.ask("GET", "/readyz").await;
    assert_eq!((status(&head), body.as_str()), ("503", "crd: CRD not found\ncredentials: no credentials\n"));
    crd.ready();
    aws.ready();
    let (head, body) = server.ask("GET", "/readyz?verbose").await;
    assert_eq!((status(&head), body.as_str()), ("200", "ok\n"));
}

#[tokio::test]
async fn nothing_else_is_served() {
    let server = Running::start().await;
    let (head, body) = server.ask("GET", "/").await;
    assert_eq!(status(&head), "404");
    assert!(body.contains("/metrics, /livez and /readyz"));
    let (head, _) = server.ask("POST", "/livez").await;
    assert_eq!(status(&head), "405");
    assert!(head.contains("allow: GET, HEAD"), "{head}");
    let (head, body) = server.ask("HEAD", "/livez").await;
    assert_eq!((status(&head), body.as_str()), ("200", ""));
}

#[tokio::test]
async fn an_address_in_use_is_named_in_the_error() {
    let server = Running::start().await;
    let err = Server::bind(server.address).await.unwrap_err().to_string();
    assert!(err.contains(&format!("listen on {} (--metrics-addr)", server.address)), "{err}");
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_takes_no_new_ones() {
    let server = Running::start().await;
    let mut stream = server.connect().await;
    ask_and_stay(&mut stream).await;
    server.stop.cancel();
    assert_eq!(within(read_to_end(&mut stream)).await, "");
    within(server.task).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let server = Running::start().await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        assert!(ask_and_stay(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn idle_connections_cannot_shut_others_out_for_good() {
    let short = Duration::from_millis(200);
    let server = Running::with(Limits { connections: 2, lifetime: short, ..Limits::default() }).await;
    let mut idle = (server.connect().await, server.connect().await);
    // An answer proves that a connection has its slot.
    ask_and_stay(&mut idle.0).await;
    ask_and_stay(&mut idle.1).await;
    let (head, _) = server.ask("GET", "/livez").await;
    assert_eq!(status(&head), "200");
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_off() {
    let short = Duration::from_millis(100);
    let limits = Limits { connections: 1, lifetime: short, grace: short, ..Limits::default() };
    let server = Running::with(limits).await;
    // The answers are more than the buffers of both sides hold.
    let ask = "GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n".repeat(20_000);
    let mut stream = server.connect().await;
    // Cut off while it still asks, or after: either is right.
    let _ = within(stream.write_all(ask.as_bytes())).await;
    let (head, _) = server.ask("GET", "/livez").await;
    assert_eq!(status(&head), "200");
}

#[tokio::test]
async fn a_request_whose_head_never_ends_is_cut_off() {
    let server = Running::with(Limits { head: Duration::from_millis(100), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: te").await.unwrap();
    let answer = within(read_to_end(&mut stream)).await;
    assert!(!answer.contains("200"), "{answer}");
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_peer_that_never_ends() {
    let server = Running::with(Limits { grace: Duration::from_millis(100), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: te").await.unwrap();
    server.stop.cancel();
    within(server.task).await.unwrap();
}
