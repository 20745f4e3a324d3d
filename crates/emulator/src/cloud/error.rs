//! What the service answers when it refuses: a code, a message, an HTTP status.

use thiserror::Error;

/// A refusal of the service, by the code that the wire carries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The exception's name, such as `CloudHsmResourceNotFoundException`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// The HTTP status: 400 for every error that is the client's, not-found included.
    pub status: u16,
}

impl ApiError {
    /// An error of any code.
    pub fn new(code: impl Into<String>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status }
    }

    /// A request that breaks a constraint, or an operation that the backup's state forbids:
    /// the service has one code for both.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("CloudHsmInvalidRequestException", 400, message)
    }

    /// A resource that does not exist in this account and region.
    pub fn not_found(id: &str) -> Self {
        Self::new("CloudHsmResourceNotFoundException", 400, format!("The resource {id} was not found."))
    }

    /// A resource of another account, shared for reading only.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new("CloudHsmAccessDeniedException", 400, message)
    }

    /// More than a resource may hold (tags).
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new("CloudHsmResourceLimitExceededException", 400, message)
    }

    /// A failure of the service itself.
    pub fn internal() -> Self {
        Self::new("CloudHsmInternalFailureException", 500, "The service failed.")
    }

    /// A body that is no JSON object, or has a member of the wrong type.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", 400, message)
    }

    /// An operation that does not exist, or not here.
    pub fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new("UnknownOperationException", 400, message)
    }

    /// Too many calls.
    pub fn throttled() -> Self {
        Self::new("ThrottlingException", 400, "Rate exceeded")
    }
}
