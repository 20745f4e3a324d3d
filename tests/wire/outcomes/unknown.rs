//! It was sent, and nothing tells whether it took effect.

use std::time::Instant;

use cloudhsm_backup_operator::aws::{Aws, Timeouts};
use emulator::{Fault, FaultKind};
use futures::future::join_all;
use plan::inventory::Query;

use super::{Expected, each_at, each_under, emulator_for, everything, unknown};
use crate::socket::Then;
use crate::support::*;

/// No answer came back.
fn lost(detail: &str, took_effect: bool) -> Expected {
    Expected { outcome: unknown(detail), answered: false, took_effect }
}

/// An answer came back that leaves it open.
fn told(code: &str, took_effect: bool) -> Expected {
    Expected { outcome: unknown(code), answered: true, took_effect }
}

#[tokio::test]
async fn a_connection_lost_is_unknown_whether_or_not_the_request_took_effect() {
    for (fault, took_effect) in [(FaultKind::Drop, false), (FaultKind::AcceptThenDrop, true)] {
        let lost = lost("the connection was lost", took_effect);
        each_under(fault, Timeouts::default(), lost).await;
    }
}

#[tokio::test]
async fn a_connection_reset_is_unknown_whether_or_not_the_request_was_read() {
    for then in [Then::HangUp, Then::Reset, Then::Close(String::new())] {
        each_at(then, Timeouts::default(), unknown("the connection was lost"), None).await;
    }
}

#[tokio::test]
async fn a_connection_reused_and_lost_is_unknown_and_the_request_is_not_sent_again() {
    join_all(every_change().map(async |change| {
        let case = format!("{change:?}");
        let (emulator, id) = emulator_for(&change);
        let aws = adapter(&emulator.url());
        aws.describe(&region(REGION), &Query::All, None).await.unwrap();
        emulator.clear_calls();
        let before = everything(&emulator);
        emulator.fault(Fault::on("*", FaultKind::AcceptThenDrop));
        let receipt = aws.mutate(&mutation(&id, change), &permit()).await;
        assert_eq!(receipt.outcome, unknown("the connection was lost"), "{case}");
        assert_eq!(emulator.calls().len(), 1, "{case}");
        assert_ne!(everything(&emulator), before, "{case}");
    }))
    .await;
}

#[tokio::test]
async fn an_answer_cut_off_within_its_head_is_unknown() {
    let then = Then::Close("HTTP/1.1 200 OK\r\nContent-Le".to_owned());
    each_at(then, Timeouts::default(), unknown("the connection was lost"), None).await;
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown_when_the_one_attempt_ends() {
    let begun = Instant::now();
    for took_effect in [false, true] {
        let hang = FaultKind::Hang { seconds: 60.0, after_effect: took_effect };
        each_under(hang, hasty(), lost("no answer in time", took_effect)).await;
    }
    assert!(begun.elapsed() < hasty().operation, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_failure_of_aws_is_unknown_whether_or_not_it_took_effect() {
    let code = "CloudHsmInternalFailureException";
    for status in [500, 503] {
        let plain = FaultKind::Error { code: code.to_owned(), status, message: None };
        each_under(plain, Timeouts::default(), told(code, false)).await;
        let accepted = FaultKind::AcceptThenError { code: code.to_owned(), status };
        each_under(accepted, Timeouts::default(), told(code, true)).await;
    }
}

#[tokio::test]
async fn an_error_code_that_names_no_cause_is_unknown_though_its_status_is_400() {
    for code in [
        "CloudHsmServiceException",
        "CloudHsmInternalFailureException",
        "ServiceUnavailable",
        "RequestTimeoutException",
    ] {
        each_under(FaultKind::error(code), Timeouts::default(), told(code, false)).await;
    }
    let accepted = FaultKind::AcceptThenError { code: "CloudHsmServiceException".to_owned(), status: 400 };
    each_under(accepted, Timeouts::default(), told("CloudHsmServiceException", true)).await;
}

#[tokio::test]
async fn such_a_code_is_known_with_its_namespace_too() {
    let body = r#"{"__type":"com.amazonaws.cloudhsmv2#CloudHsmServiceException"}"#;
    let then = Then::answer("400 Bad Request", "application/x-amz-json-1.1", body);
    each_at(then, Timeouts::default(), unknown("CloudHsmServiceException"), Some("request-1")).await;
}

#[tokio::test]
async fn a_failing_proxy_is_unknown_whatever_its_body_says() {
    let json = "application/x-amz-json-1.1";
    for (status, content_type, body, detail) in [
        ("500 Internal Server Error", json, "", "HTTP 500"),
        ("502 Bad Gateway", "text/html", "<html>", "HTTP 502"),
        ("503 Unavailable", json, r#"{"__type":"ThrottlingException"}"#, "ThrottlingException"),
        ("408 Request Timeout", "text/html", "<html>", "HTTP 408"),
        ("301 Moved", json, "{}", "HTTP 301"),
    ] {
        let then = Then::answer(status, content_type, body);
        each_at(then, Timeouts::default(), unknown(detail), Some("request-1")).await;
    }
}

#[tokio::test]
async fn a_refusal_whose_code_was_cut_off_is_unknown() {
    let cut = "HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"__type\":\"CloudHsmSer".to_owned();
    for then in [Then::Close(cut.clone()), Then::Stall(cut)] {
        each_at(then, hasty(), unknown("HTTP 400, cut short"), None).await;
    }
}
