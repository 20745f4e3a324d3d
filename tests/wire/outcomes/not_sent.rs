//! Nothing was sent: AWS cannot have seen the request.

use std::net::TcpListener;
use std::sync::Arc;

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_sdk_cloudhsmv2::config::ProvideCredentials;
use cloudhsm_backup_operator::aws::{Aws, Permit, Receipt, SdkAws, Unobserved};
use futures::future::join_all;
use plan::effect::Outcome;
use plan::error::ErrorClass;

use crate::socket::{Socket, Then};
use crate::support::*;

/// Tries every change. Tells whether the permit was used up, which a connection that failed to come about does.
async fn each_unsent(aws: &SdkAws, permit: impl Fn() -> Permit, class: ErrorClass, detail: &str, used: bool) {
    join_all(every_change().map(async |change| {
        let (case, permit) = (format!("{change:?}"), permit());
        let receipt = aws.mutate(&mutation(STRANGER, change), &permit).await;
        let outcome = Outcome::NotSent(failure(class, detail));
        assert_eq!(receipt, Receipt { outcome, request_id: None }, "{case}");
        assert_eq!(permit.was_sent(), used, "{case}");
    }))
    .await;
}

async fn each_is_unreachable(aws: &SdkAws) {
    let detail = "the endpoint of the region cannot be reached";
    each_unsent(aws, permit, ErrorClass::Unreachable, detail, true).await;
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    each_is_unreachable(&adapter(&endpoint)).await;
}

#[tokio::test]
async fn a_name_that_does_not_exist_sent_nothing() {
    each_is_unreachable(&adapter("http://nonexistent.invalid")).await;
}

#[tokio::test]
async fn a_server_without_tls_sent_nothing() {
    let socket = Socket::start(Then::Close("this is no TLS\r\n\r\n".to_owned()));
    let endpoint = socket.url().replace("http:", "https:");
    // The handshake is never answered by a server that waits for an HTTP request: the connect deadline ends it.
    each_is_unreachable(&adapter_within(&endpoint, hasty())).await;
    assert_eq!(socket.requests(), [""; 0]);
}

#[tokio::test]
async fn a_failed_tls_handshake_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    each_is_unreachable(&adapter(&endpoint)).await;
}

/// Tries every change at an emulator with these credentials, which come to nothing.
async fn each_is_denied(credentials: impl ProvideCredentials + 'static, detail: &str) {
    let emulator = emulator();
    let config = configuration(&emulator.url(), credentials);
    let aws = SdkAws::from_config(&config, hasty(), Arc::new(Unobserved));
    each_unsent(&aws, permit, ErrorClass::AccessDenied, detail, false).await;
    assert_eq!(emulator.calls(), []);
}

#[tokio::test]
async fn without_credentials_nothing_was_sent() {
    let none = ProfileFileCredentialsProvider::builder().profile_name("no-such-profile-here").build();
    each_is_denied(none, "no credentials").await;
}

#[tokio::test]
async fn a_deadline_that_ends_while_credentials_are_fetched_sent_nothing() {
    let slow = CredentialProcessProvider::new("sleep 6".to_owned());
    each_is_denied(slow, "no credentials in time").await;
}

#[tokio::test]
async fn a_permit_that_has_lapsed_sent_nothing() {
    let emulator = emulator();
    let lapsed = || Permit::new(Arc::new(|| false));
    let detail = "the decision had grown too old";
    each_unsent(&adapter(&emulator.url()), lapsed, ErrorClass::Withdrawn, detail, false).await;
    assert_eq!(emulator.calls(), []);
}
