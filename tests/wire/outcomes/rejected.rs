//! AWS said no: nothing happened.

use cloudhsm_backup_operator::aws::Timeouts;
use emulator::FaultKind;
use plan::effect::Outcome;
use plan::error::ErrorClass;

use super::{each_at, each_under, rejected};
use crate::socket::Then;
use crate::support::*;

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
        ("UnrecognizedClientException", ErrorClass::AccessDenied),
        ("ThrottlingException", ErrorClass::Throttled),
        ("SomethingNewException", ErrorClass::Invalid),
    ] {
        each_under(FaultKind::error(code), Timeouts::default(), rejected(class, code)).await;
    }
}

#[tokio::test]
async fn a_throttled_request_is_not_sent_again() {
    let throttled = rejected(ErrorClass::Throttled, "ThrottlingException");
    each_under(FaultKind::Throttle, Timeouts::default(), throttled).await;
}

#[tokio::test]
async fn the_words_of_aws_go_no_further_than_the_adapter() {
    let code = "CloudHsmInvalidRequestException";
    let message = Some("token hunter2 is not valid".to_owned());
    let fault = FaultKind::Error { code: code.to_owned(), status: 400, message };
    // The whole receipt is compared: there is no place left for them.
    each_under(fault, Timeouts::default(), rejected(ErrorClass::Invalid, code)).await;
}

#[tokio::test]
async fn a_refusal_without_a_code_is_classed_by_its_status() {
    for (status, body, class, detail) in [
        ("403 Forbidden", "<html>no</html>", ErrorClass::AccessDenied, "HTTP 403"),
        ("429 Too Many Requests", "", ErrorClass::Throttled, "HTTP 429"),
        ("400 Bad Request", "{}", ErrorClass::Invalid, "HTTP 400"),
    ] {
        let then = Then::answer(status, "text/html", body);
        let refused = Outcome::Rejected(failure(class, detail));
        each_at(then, Timeouts::default(), refused, Some("request-1")).await;
    }
}
