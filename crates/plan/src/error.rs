//! What can go wrong with a call to AWS, classed once.
//!
//! The AWS adapter hands over the error code and the HTTP status; the table here turns
//! them into an [`ErrorClass`]. Nothing above matches on text, and AWS's free text goes
//! no further than the adapter: it may quote what must not reach a log or a status.

use std::fmt;

use crate::reason::Reason;

/// What kind of failure a call met, and so what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// There is no such backup in this region and account.
    NotFound,
    /// Credentials, permissions, tag conditions or a region that is not enabled.
    AccessDenied,
    /// Too many calls.
    Throttled,
    /// AWS refused the request as it stands; also a wrong state, for which AWS has no code of its own.
    Invalid,
    /// A quota of AWS, such as 50 tags.
    LimitExceeded,
    /// The region does not exist or cannot be reached.
    Unreachable,
    /// AWS failed; the same call may succeed later.
    Transient,
    /// It is not known whether AWS did what was asked.
    Ambiguous,
    /// An answer that cannot be right: a page token that repeats, an entry without an id.
    Implausible,
    /// Our own doing: the decision had grown too old, or what it rested on had changed.
    Withdrawn,
}

impl ErrorClass {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::NotFound,
        Self::AccessDenied,
        Self::Throttled,
        Self::Invalid,
        Self::LimitExceeded,
        Self::Unreachable,
        Self::Transient,
        Self::Ambiguous,
        Self::Implausible,
        Self::Withdrawn,
    ];

    /// The class as a label of logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::AccessDenied => "AccessDenied",
            Self::Throttled => "Throttled",
            Self::Invalid => "Invalid",
            Self::LimitExceeded => "LimitExceeded",
            Self::Unreachable => "Unreachable",
            Self::Transient => "Transient",
            Self::Ambiguous => "Ambiguous",
            Self::Implausible => "Implausible",
            Self::Withdrawn => "Withdrawn",
        }
    }

    /// The condition reason under which it is reported.
    pub const fn reason(self) -> Reason {
        match self {
            Self::AccessDenied => Reason::AccessDenied,
            Self::Throttled => Reason::Throttled,
            Self::Unreachable => Reason::RegionUnreachable,
            Self::Invalid | Self::NotFound | Self::LimitExceeded => Reason::Rejected,
            Self::Transient | Self::Ambiguous => Reason::AwsError,
            Self::Implausible => Reason::ListingIncomplete,
            Self::Withdrawn => Reason::Applying,
        }
    }
}

/// Which error codes of AWS mean what. Codes, not SDK variants: the common ones
/// (`AccessDeniedException`, `ThrottlingException`) are not modelled for this service.
pub const CODES: &[(&str, ErrorClass)] = &[
    ("CloudHsmResourceNotFoundException", ErrorClass::NotFound),
    ("CloudHsmAccessDeniedException", ErrorClass::AccessDenied),
    ("CloudHsmTagException", ErrorClass::AccessDenied),
    ("AccessDenied", ErrorClass::AccessDenied),
    ("AccessDeniedException", ErrorClass::AccessDenied),
    ("AuthFailure", ErrorClass::AccessDenied),
    ("ExpiredToken", ErrorClass::AccessDenied),
    ("ExpiredTokenException", ErrorClass::AccessDenied),
    ("IncompleteSignature", ErrorClass::AccessDenied),
    ("IncompleteSignatureException", ErrorClass::AccessDenied),
    ("InvalidClientTokenId", ErrorClass::AccessDenied),
    ("InvalidSignatureException", ErrorClass::AccessDenied),
    ("MissingAuthenticationToken", ErrorClass::AccessDenied),
    ("MissingAuthenticationTokenException", ErrorClass::AccessDenied),
    ("NotAuthorized", ErrorClass::AccessDenied),
    ("OptInRequired", ErrorClass::AccessDenied),
    ("SignatureDoesNotMatch", ErrorClass::AccessDenied),
    ("UnrecognizedClientException", ErrorClass::AccessDenied),
    ("LimitExceededException", ErrorClass::Throttled),
    ("RequestLimitExceeded", ErrorClass::Throttled),
    ("RequestThrottled", ErrorClass::Throttled),
    ("RequestThrottledException", ErrorClass::Throttled),
    ("SlowDown", ErrorClass::Throttled),
    ("Throttling", ErrorClass::Throttled),
    ("ThrottlingException", ErrorClass::Throttled),
    ("ThrottledException", ErrorClass::Throttled),
    ("TooManyRequestsException", ErrorClass::Throttled),
    ("CloudHsmInvalidRequestException", ErrorClass::Invalid),
    ("InvalidAction", ErrorClass::Invalid),
    ("InvalidParameterCombination", ErrorClass::Invalid),
    ("InvalidParameterValue", ErrorClass::Invalid),
    ("MalformedQueryString", ErrorClass::Invalid),
    ("SerializationException", ErrorClass::Invalid),
    ("UnknownOperationException", ErrorClass::Invalid),
    ("ValidationError", ErrorClass::Invalid),
    ("ValidationException", ErrorClass::Invalid),
    ("CloudHsmResourceLimitExceededException", ErrorClass::LimitExceeded),
    ("CloudHsmInternalFailureException", ErrorClass::Transient),
    ("InternalFailure", ErrorClass::Transient),
    ("RequestTimeout", ErrorClass::Transient),
    ("RequestTimeoutException", ErrorClass::Transient),
    ("ServiceUnavailable", ErrorClass::Transient),
    // A 400 that says only "an error occurred": nothing tells whether it happened before or after the effect.
    ("CloudHsmServiceException", ErrorClass::Ambiguous),
];

/// The class of an answer that is an error.
///
/// Unknown codes are classed by HTTP status: 5xx is AWS's fault, 429 is throttling, 408 tells
/// only that somebody on the way has given up, and any other 4xx is a refusal.
pub fn classify(code: Option<&str>, http_status: u16) -> ErrorClass {
    if let Some((_, class)) = code.and_then(|code| CODES.iter().find(|(name, _)| *name == code)) {
        return *class;
    }
    match http_status {
        429 => ErrorClass::Throttled,
        401 | 403 => ErrorClass::AccessDenied,
        408 => ErrorClass::Transient,
        400..=499 => ErrorClass::Invalid,
        _ => ErrorClass::Transient,
    }
}

/// A call that failed: its class and AWS's code, and no free text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub class: ErrorClass,
    /// AWS's error code, or a short phrase of our own ("no answer within 30 s").
    pub detail: Box<str>,
}

impl Failure {
    /// A failure of `class`; `detail` is AWS's code or our own phrase.
    pub fn new(class: ErrorClass, detail: impl Into<Box<str>>) -> Self {
        Self { class, detail: detail.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_outweighs_the_http_status() {
        // AWS answers denials and missing backups with 400.
        assert_eq!(classify(Some("CloudHsmAccessDeniedException"), 400), ErrorClass::AccessDenied);
        assert_eq!(classify(Some("CloudHsmResourceNotFoundException"), 400), ErrorClass::NotFound);
        assert_eq!(classify(Some("ThrottlingException"), 400), ErrorClass::Throttled);
    }

    #[test]
    fn an_unknown_code_is_classed_by_status() {
        assert_eq!(classify(Some("SomethingNew"), 400), ErrorClass::Invalid);
        assert_eq!(classify(None, 403), ErrorClass::AccessDenied);
        assert_eq!(classify(None, 429), ErrorClass::Throttled);
        assert_eq!(classify(None, 503), ErrorClass::Transient);
        assert_eq!(classify(None, 408), ErrorClass::Transient);
    }

    #[test]
    fn every_code_stands_once() {
        for (at, (code, _)) in CODES.iter().enumerate() {
            assert!(CODES.iter().skip(at + 1).all(|(other, _)| other != code), "{code} stands twice");
        }
    }

    #[test]
    fn a_class_is_told_by_its_name_and_a_failure_by_its_detail() {
        for class in ErrorClass::ALL {
            assert_eq!(class.name(), format!("{class:?}"));
        }
        assert_eq!(Failure::new(ErrorClass::Invalid, "TagException").to_string(), "TagException");
    }
}
