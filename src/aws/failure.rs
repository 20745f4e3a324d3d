//! Errors of the SDK, classed once.
//!
//! | what happened | of a read | of a mutation |
//! |---|---|---|
//! | permit refused, no credentials, no connection | the failure | not sent |
//! | an error answer, 4xx, whose code, or status if it has none, says no | the failure | rejected |
//! | a 200, whatever came after its status line | `Transient` | accepted |
//! | anything else | `Transient` | unknown, `Ambiguous` |

use std::error::Error;

use aws_sdk_cloudhsmv2::error::{ProvideErrorMetadata, SdkError};
use plan::effect::Outcome;
use plan::error::{ErrorClass, Failure, classify};

use super::wire::{Progress, Wire};

/// No code of AWS comes near.
const LONGEST_CODE: usize = 100;

/// Where a call that failed has left its request.
enum Fate {
    /// AWS cannot have seen it.
    NotSent(Failure),
    /// An answer came back whole. One from a proxy has no code.
    Answered { status: u16, code: Option<Box<str>> },
    /// An answer came back cut short.
    CutShort { status: u16 },
    /// Nothing came back; the phrase says how that showed.
    Lost(&'static str),
}

/// Why a read failed.
pub(super) fn of_read<E: ProvideErrorMetadata>(error: &SdkError<E>, wire: &Wire) -> Failure {
    match fate(error, wire) {
        Fate::NotSent(failure) => failure,
        Fate::Answered { status, code } if !is_success(status) => answered(status, code),
        Fate::Answered { .. } | Fate::CutShort { .. } => {
            Failure::new(ErrorClass::Transient, "the answer could not be read")
        }
        Fate::Lost(how) => Failure::new(ErrorClass::Transient, how),
    }
}

/// How a mutation that was one wire request at most turned out.
pub(super) fn of_mutation<T, E: ProvideErrorMetadata>(
    result: &Result<T, SdkError<E>>,
    wire: &Wire,
) -> Outcome {
    let Err(error) = result else { return Outcome::Accepted };
    match fate(error, wire) {
        Fate::NotSent(failure) => Outcome::NotSent(failure),
        Fate::Answered { status, .. } | Fate::CutShort { status } if is_success(status) => Outcome::Accepted,
        Fate::Answered { status, code } => {
            let failure = answered(status, code);
            if says_no(status, failure.class) { Outcome::Rejected(failure) } else { unknown(failure.detail) }
        }
        // A 4xx without its code: it may have been CloudHsmServiceException, which says nothing.
        Fate::CutShort { status } => unknown(format!("HTTP {status}, cut short")),
        Fate::Lost(how) => unknown(how),
    }
}

fn fate<E: ProvideErrorMetadata>(error: &SdkError<E>, wire: &Wire) -> Fate {
    let progress = wire.progress();
    match progress {
        Progress::Refused => {
            return not_sent(ErrorClass::Withdrawn, "the decision had grown too old");
        }
        Progress::Preparing => return unprepared(error),
        Progress::Sent | Progress::Answered(_) => {}
    }
    match (error, progress) {
        (SdkError::ServiceError(error), _) => {
            let code = error.err().code().filter(|code| is_code(code)).map(Into::into);
            Fate::Answered { status: error.raw().status().as_u16(), code }
        }
        (SdkError::ResponseError(error), _) => {
            let status = error.raw().status().as_u16();
            // The SDK puts the body back in one piece once it has read all of it.
            match error.raw().body().bytes() {
                Some(_) => Fate::Answered { status, code: None },
                None => Fate::CutShort { status },
            }
        }
        // The deadline ended between the head of the answer and its end.
        (_, Progress::Answered(answer)) => Fate::CutShort { status: answer.status },
        (SdkError::DispatchFailure(failure), _) => match failure.as_connector_error() {
            Some(error) if never_connected(error) => {
                not_sent(ErrorClass::Unreachable, "the endpoint of the region cannot be reached")
            }
            Some(error) if error.is_timeout() => Fate::Lost("no answer in time"),
            _ => Fate::Lost("the connection was lost"),
        },
        (SdkError::TimeoutError(_), _) => Fate::Lost("no answer in time"),
        // A kind of error that a later SDK may bring: nothing is known of it.
        _ => Fate::Lost("no answer"),
    }
}

/// Before the hook right before transmission the SDK builds the request, finds credentials
/// and an endpoint, and signs. Building fails on our own mistakes, the rest on credentials.
fn unprepared<E>(error: &SdkError<E>) -> Fate {
    match error {
        SdkError::ConstructionFailure(_) => not_sent(ErrorClass::Invalid, "the request could not be built"),
        SdkError::TimeoutError(_) => not_sent(ErrorClass::AccessDenied, "no credentials in time"),
        _ => not_sent(ErrorClass::AccessDenied, "no credentials"),
    }
}

/// Whether the connection never came about: no name, no route, refused, timed out or no TLS.
///
/// The SDK's own error knows only I/O and timeouts, which may strike at any time; the HTTP
/// client beneath it tells establishing apart. Were that type no longer found, the answer
/// would be no, and the outcome "unknown": slower, never wrong.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let beneath = error.downcast_ref::<hyper_util::client::legacy::Error>();
        if beneath.is_some_and(hyper_util::client::legacy::Error::is_connect) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Whether this is an error code by its form. What is not may be text, which stays here.
fn is_code(text: &str) -> bool {
    let of_code = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(of_code)
}

fn answered(status: u16, code: Option<Box<str>>) -> Failure {
    let class = classify(code.as_deref(), status);
    Failure::new(class, code.unwrap_or_else(|| format!("HTTP {status}").into()))
}

/// Whether an error answer is a refusal, after which nothing has happened.
fn says_no(status: u16, class: ErrorClass) -> bool {
    (400..=499).contains(&status) && !matches!(class, ErrorClass::Ambiguous | ErrorClass::Transient)
}

const fn is_success(status: u16) -> bool {
    200 <= status && status <= 299
}

fn not_sent(class: ErrorClass, detail: &'static str) -> Fate {
    Fate::NotSent(Failure::new(class, detail))
}

fn unknown(detail: impl Into<Box<str>>) -> Outcome {
    Outcome::Unknown(Failure::new(ErrorClass::Ambiguous, detail))
}
