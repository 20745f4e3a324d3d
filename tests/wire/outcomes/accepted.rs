//! AWS answered 200, whatever became of the rest of the answer.

use cloudhsm_backup_operator::aws::Timeouts;
use emulator::FaultKind;
use plan::effect::Outcome;

use super::{Expected, each_at, each_under};
use crate::socket::Then;
use crate::support::*;

#[tokio::test]
async fn a_200_counts_whatever_follows_its_status() {
    for fault in [FaultKind::TruncatedBody, FaultKind::GarbageBody] {
        let accepted = Expected { outcome: Outcome::Accepted, answered: true, took_effect: true };
        each_under(fault, Timeouts::default(), accepted).await;
    }
}

#[tokio::test]
async fn a_200_whose_body_never_ends_is_accepted_when_the_deadline_comes() {
    let head = "HTTP/1.1 200 OK\r\nx-amzn-RequestId: request-1\r\nContent-Length: 100\r\n\r\n{";
    each_at(Then::Stall(head.to_owned()), hasty(), Outcome::Accepted, Some("request-1")).await;
}

#[tokio::test]
async fn a_200_is_accepted_with_any_body_and_with_none() {
    for body in ["", "{}", "null", "<html>", r#"{"__type":"CloudHsmInvalidRequestException"}"#] {
        let then = Then::answer("200 OK", "application/x-amz-json-1.1", body);
        each_at(then, Timeouts::default(), Outcome::Accepted, Some("request-1")).await;
    }
}
