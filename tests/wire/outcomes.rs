//! The four outcomes of a mutation, each for every way that leads to it.

use std::net::TcpListener;
use std::sync::Arc;

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_sdk_cloudhsmv2::config::ProvideCredentials;
use cloudhsm_backup_operator::aws::{Aws, Receipt, SdkAws, Timeouts, Unobserved};
use emulator::{BackupState, Emulator, Fault, FaultKind};
use plan::effect::{Change, Outcome};
use plan::error::ErrorClass;

use crate::socket::{Socket, Then};
use crate::support::*;

/// Deletes a backup that an endpoint without an emulator does not have.
async fn delete_at(endpoint: &str, timeouts: Timeouts) -> Receipt {
    adapter_within(endpoint, timeouts).mutate(&mutation(STRANGER, Change::Delete), &permit()).await
}

/// Deletes a backup of an emulator under a fault. Proves that it was one wire request.
async fn delete_under(kind: FaultKind, timeouts: Timeouts) -> (Receipt, Emulator, BackupState) {
    let (emulator, id) = emulator_with_backup();
    emulator.fault(Fault::on("DeleteBackup", kind));
    let aws = adapter_within(&emulator.url(), timeouts);
    let receipt = aws.mutate(&mutation(&id, Change::Delete), &permit()).await;
    let calls = emulator.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].sdk_request.as_deref(), Some("attempt=1; max=1"));
    let state = emulator.backup(REGION, &id).unwrap().state;
    (receipt, emulator, state)
}

fn unknown(detail: &str) -> Outcome {
    Outcome::Unknown(failure(ErrorClass::Ambiguous, detail))
}

fn unreachable() -> Outcome {
    Outcome::NotSent(failure(ErrorClass::Unreachable, "the endpoint of the region cannot be reached"))
}

// Not sent.

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let receipt = delete_at(&endpoint, Timeouts::default()).await;
    assert_eq!(receipt, Receipt { outcome: unreachable(), request_id: None });
}

#[tokio::test]
async fn a_name_that_does_not_exist_sent_nothing() {
    assert_eq!(delete_at("http://nonexistent.invalid", Timeouts::default()).await.outcome, unreachable());
}

#[tokio::test]
async fn a_server_without_tls_sent_nothing() {
    let socket = Socket::start(Then::Close("this is no TLS\r\n\r\n".to_owned()));
    let endpoint = socket.url().replace("http:", "https:");
    // The handshake is never answered by a server that waits for an HTTP request: the connect deadline ends it.
    assert_eq!(delete_at(&endpoint, hasty()).await.outcome, unreachable());
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
    assert_eq!(delete_at(&endpoint, Timeouts::default()).await.outcome, unreachable());
}

async fn delete_with(credentials: impl ProvideCredentials + 'static) -> Outcome {
    let (emulator, id) = emulator_with_backup();
    let config = configuration(&emulator.url(), credentials);
    let aws = SdkAws::from_config(&config, hasty(), Arc::new(Unobserved));
    let permit = permit();
    let receipt = aws.mutate(&mutation(&id, Change::Delete), &permit).await;
    assert!(!permit.was_sent());
    assert_eq!(emulator.calls(), []);
    receipt.outcome
}

#[tokio::test]
async fn without_credentials_nothing_was_sent() {
    let none = ProfileFileCredentialsProvider::builder().profile_name("no-such-profile-here").build();
    let denied = failure(ErrorClass::AccessDenied, "no credentials");
    assert_eq!(delete_with(none).await, Outcome::NotSent(denied));
}

#[tokio::test]
async fn a_deadline_that_ends_while_credentials_are_fetched_sent_nothing() {
    let slow = CredentialProcessProvider::new("sleep 6".to_owned());
    let late = failure(ErrorClass::AccessDenied, "no credentials in time");
    assert_eq!(delete_with(slow).await, Outcome::NotSent(late));
}

// Rejected.

#[tokio::test]
async fn an_error_answer_that_says_no_is_a_rejection() {
    for (code, class) in [
        ("CloudHsmAccessDeniedException", ErrorClass::AccessDenied),
        ("CloudHsmInvalidRequestException", ErrorClass::Invalid),
        ("CloudHsmResourceNotFoundException", ErrorClass::NotFound),
        ("CloudHsmTagException", ErrorClass::AccessDenied),
        ("CloudHsmResourceLimitExceededException", ErrorClass::LimitExceeded),
        ("AccessDeniedException", ErrorClass::AccessDenied),
        ("ExpiredTokenException", ErrorClass::AccessDenied),
        ("ThrottlingException", ErrorClass::Throttled),
        ("SomethingNewException", ErrorClass::Invalid),
    ] {
        let (receipt, emulator, state) = delete_under(FaultKind::error(code), Timeouts::default()).await;
        assert_eq!(receipt.outcome, Outcome::Rejected(failure(class, code)));
        assert_eq!(receipt.request_id, Some(emulator.calls()[0].request_id.clone()));
        assert_eq!(state, BackupState::Ready);
    }
}

#[tokio::test]
async fn tagging_is_rejected_by_the_same_table() {
    let (emulator, id) = emulator_with_backup();
    let code = "CloudHsmResourceLimitExceededException";
    emulator.fault(Fault::on("TagResource", FaultKind::error(code)));
    let tags = [("team".to_owned(), "payments".to_owned())].into();
    let receipt = adapter(&emulator.url()).mutate(&mutation(&id, Change::Tag(tags)), &permit()).await;
    assert_eq!(receipt.outcome, Outcome::Rejected(failure(ErrorClass::LimitExceeded, code)));
    assert_eq!(emulator.calls().len(), 1);
}

#[tokio::test]
async fn a_throttled_request_is_not_sent_again() {
    let (receipt, _, state) = delete_under(FaultKind::Throttle, Timeouts::default()).await;
    let throttled = failure(ErrorClass::Throttled, "ThrottlingException");
    assert_eq!(receipt.outcome, Outcome::Rejected(throttled));
    assert_eq!(state, BackupState::Ready);
}

#[tokio::test]
async fn a_refusal_without_a_code_is_classed_by_its_status() {
    for (status, body, class, detail) in [
        ("403 Forbidden", "<html>no</html>", ErrorClass::AccessDenied, "HTTP 403"),
        ("429 Too Many Requests", "", ErrorClass::Throttled, "HTTP 429"),
        ("400 Bad Request", "{}", ErrorClass::Invalid, "HTTP 400"),
    ] {
        let socket = Socket::answering(status, "text/html", body);
        let receipt = delete_at(&socket.url(), Timeouts::default()).await;
        assert_eq!(receipt.outcome, Outcome::Rejected(failure(class, detail)));
        assert_eq!(receipt.request_id.as_deref(), Some("request-1"));
        assert_eq!(socket.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_words_of_aws_go_no_further_than_the_adapter() {
    let kind = FaultKind::Error {
        code: "CloudHsmInvalidRequestException".to_owned(),
        status: 400,
        message: Some("token hunter2 is not valid".to_owned()),
    };
    let (receipt, _, _) = delete_under(kind, Timeouts::default()).await;
    assert!(matches!(receipt.outcome, Outcome::Rejected(_)), "{receipt:?}");
    assert!(!format!("{receipt:?}").contains("hunter2"), "{receipt:?}");
}

// Accepted.

#[tokio::test]
async fn a_200_counts_whatever_follows_its_status() {
    for kind in [FaultKind::TruncatedBody, FaultKind::GarbageBody] {
        let (receipt, emulator, state) = delete_under(kind.clone(), Timeouts::default()).await;
        assert_eq!(receipt.outcome, Outcome::Accepted, "{kind:?}");
        assert_eq!(receipt.request_id, Some(emulator.calls()[0].request_id.clone()), "{kind:?}");
        assert_eq!(state, BackupState::PendingDeletion, "{kind:?}");
    }
}

#[tokio::test]
async fn a_200_whose_body_never_ends_is_accepted_when_the_deadline_comes() {
    let head = "HTTP/1.1 200 OK\r\nx-amzn-RequestId: request-1\r\nContent-Length: 100\r\n\r\n{";
    let socket = Socket::start(Then::Stall(head.to_owned()));
    let receipt = delete_at(&socket.url(), hasty()).await;
    let request_id = Some("request-1".to_owned());
    assert_eq!(receipt, Receipt { outcome: Outcome::Accepted, request_id });
    assert_eq!(socket.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_without_a_body_is_accepted() {
    let socket = Socket::answering("200 OK", "application/x-amz-json-1.1", "");
    let change = Change::Untag(["team".to_owned()].into());
    let receipt = adapter(&socket.url()).mutate(&mutation(STRANGER, change), &permit()).await;
    assert_eq!(receipt.outcome, Outcome::Accepted);
}

// Unknown.

#[tokio::test]
async fn a_connection_lost_before_the_effect_is_unknown() {
    let (receipt, _, state) = delete_under(FaultKind::Drop, Timeouts::default()).await;
    assert_eq!(receipt, Receipt { outcome: unknown("the connection was lost"), request_id: None });
    assert_eq!(state, BackupState::Ready);
}

#[tokio::test]
async fn a_connection_lost_after_the_effect_is_unknown() {
    let (receipt, _, state) = delete_under(FaultKind::AcceptThenDrop, Timeouts::default()).await;
    assert_eq!(receipt, Receipt { outcome: unknown("the connection was lost"), request_id: None });
    assert_eq!(state, BackupState::PendingDeletion);
}

#[tokio::test]
async fn a_connection_reused_and_lost_is_unknown_and_the_request_is_not_sent_again() {
    let (emulator, id) = emulator_with_backup();
    let aws = adapter(&emulator.url());
    let restored = aws.mutate(&mutation(&id, Change::NeverExpires(false)), &permit()).await;
    assert_eq!(restored.outcome, Outcome::Accepted);
    emulator.clear_calls();
    emulator.fault(Fault::on("DeleteBackup", FaultKind::AcceptThenDrop));
    let receipt = aws.mutate(&mutation(&id, Change::Delete), &permit()).await;
    assert_eq!(receipt.outcome, unknown("the connection was lost"));
    assert_eq!(emulator.calls().len(), 1);
}

#[tokio::test]
async fn an_answer_cut_off_within_its_head_is_unknown() {
    let socket = Socket::start(Then::Close("HTTP/1.1 200 OK\r\nContent-Le".to_owned()));
    assert_eq!(
        delete_at(&socket.url(), Timeouts::default()).await.outcome,
        unknown("the connection was lost")
    );
    assert_eq!(socket.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown() {
    for (after_effect, left) in [(false, BackupState::Ready), (true, BackupState::PendingDeletion)] {
        let kind = FaultKind::Hang { seconds: 60.0, after_effect };
        let (receipt, _, state) = delete_under(kind, hasty()).await;
        assert_eq!(receipt, Receipt { outcome: unknown("no answer in time"), request_id: None });
        assert_eq!(state, left);
    }
}

#[tokio::test]
async fn a_failure_of_aws_is_unknown_whether_or_not_it_took_effect() {
    let code = "CloudHsmInternalFailureException";
    let plain = FaultKind::Error { code: code.to_owned(), status: 500, message: None };
    for (kind, left) in
        [(plain, BackupState::Ready), (FaultKind::accept_then_error(), BackupState::PendingDeletion)]
    {
        let (receipt, emulator, state) = delete_under(kind, Timeouts::default()).await;
        assert_eq!(receipt.outcome, unknown(code));
        assert_eq!(receipt.request_id, Some(emulator.calls()[0].request_id.clone()));
        assert_eq!(state, left);
    }
}

#[tokio::test]
async fn an_error_code_that_names_no_cause_is_unknown_though_its_status_is_400() {
    for code in ["CloudHsmServiceException", "CloudHsmInternalFailureException", "ServiceUnavailable"] {
        let (receipt, _, _) = delete_under(FaultKind::error(code), Timeouts::default()).await;
        assert_eq!(receipt.outcome, unknown(code));
    }
}

#[tokio::test]
async fn a_failing_proxy_is_unknown_whatever_its_body_says() {
    for (status, content_type, body, detail) in [
        ("502 Bad Gateway", "text/html", "<html>", "HTTP 502"),
        (
            "503 Unavailable",
            "application/x-amz-json-1.1",
            r#"{"__type":"ThrottlingException"}"#,
            "ThrottlingException",
        ),
        ("301 Moved", "application/x-amz-json-1.1", "{}", "HTTP 301"),
    ] {
        let socket = Socket::answering(status, content_type, body);
        let receipt = delete_at(&socket.url(), Timeouts::default()).await;
        assert_eq!(receipt.outcome, unknown(detail), "{status}");
        assert_eq!(socket.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_refusal_whose_code_was_cut_off_is_unknown() {
    let socket = Socket::start(Then::Close(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"__type\":\"CloudHsmSer".to_owned(),
    ));
    assert_eq!(delete_at(&socket.url(), Timeouts::default()).await.outcome, unknown("HTTP 400, cut short"));
}
