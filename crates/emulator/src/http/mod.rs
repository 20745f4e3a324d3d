//! The server: connections, bodies and waiting. What is answered is decided in [`crate::service`].

mod admin;
mod body;

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::service::{Answer, Delivery, Next, Request, Service};
use body::AnswerBody;

/// Far more than any request of this API.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// The service, shared between connections and the handle.
pub(crate) type Shared = Arc<Mutex<Service>>;

/// The service, even if a panic elsewhere poisoned its lock: a test that fails should say why itself.
pub(crate) fn lock(service: &Mutex<Service>) -> MutexGuard<'_, Service> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until the runtime is dropped.
pub(crate) async fn serve(listener: TcpListener, service: Shared) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&service)));
            }
            // Out of file descriptors, or the client was gone already: the next may do better.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn connection(stream: TcpStream, service: Shared) {
    let exchange = service_fn(move |request| answer(request, Arc::clone(&service)));
    // An error here is a client that left, or a connection dropped on purpose.
    let _ =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), exchange).await;
}

/// Closes a connection without an answer: hyper does that when the service fails.
#[derive(Debug)]
struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the emulator hangs up")
    }
}

impl std::error::Error for HangUp {}

async fn answer(request: hyper::Request<Incoming>, service: Shared) -> Result<Response<AnswerBody>, HangUp> {
    let request = read(request).await?;
    if request.path.starts_with("/_admin") {
        let (status, json) = admin::answer(&mut lock(&service), &request);
        let body = AnswerBody::whole(format!("{json:#}\n").into_bytes());
        return respond(status, "application/json", None, body);
    }
    let next = lock(&service).receive(&request);
    let answer = match next {
        Next::Answer(answer) => answer,
        Next::Wait(wait, held) => {
            pause(wait).await;
            lock(&service).resume(&held)
        }
    };
    pause(answer.hold).await;
    deliver(answer)
}

fn deliver(answer: Answer) -> Result<Response<AnswerBody>, HangUp> {
    let body = match answer.delivery {
        Delivery::Whole => AnswerBody::whole(answer.body),
        Delivery::Truncated => AnswerBody::truncated(answer.body),
        Delivery::Dropped => return Err(HangUp),
    };
    respond(answer.status, answer.content_type, Some(&answer.request_id), body)
}

fn respond(
    status: u16,
    content_type: &str,
    request_id: Option<&str>,
    body: AnswerBody,
) -> Result<Response<AnswerBody>, HangUp> {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header(CONTENT_TYPE, content_type)
        .header(CONTENT_LENGTH, body.promised_length());
    if let Some(id) = request_id {
        response = response.header("x-amzn-RequestId", id);
    }
    response.body(body).map_err(|_| HangUp)
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, HangUp> {
    let (head, body) = request.into_parts();
    let header = |name: &str| text(&head.headers, name);
    let mut read = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        content_type: header(CONTENT_TYPE.as_str()).unwrap_or_default(),
        target: header("x-amz-target"),
        authorization: header("authorization"),
        smithy_protocol: header("smithy-protocol"),
        invocation_id: header("amz-sdk-invocation-id"),
        sdk_attempt: header("amz-sdk-request"),
        body: Vec::new(),
    };
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|_| HangUp)?;
    read.body = body.to_bytes().to_vec();
    Ok(read)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "hanging is what the fault asks for, in real time")]
async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}
