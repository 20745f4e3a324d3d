//! The kinds of faults.

use serde::{Deserialize, Serialize};

use crate::cloud::{KnobChanges, Knobs};

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// Refuses the call.
    Error {
        /// The exception's name.
        code: String,
        /// The HTTP status.
        #[serde(default = "client_error")]
        status: u16,
        /// Text for a person.
        #[serde(default)]
        message: Option<String>,
    },
    /// Refuses the call with `ThrottlingException`.
    Throttle,
    /// Closes the connection; nothing was done.
    Drop,
    /// Carries the call out and closes the connection without an answer.
    AcceptThenDrop,
    /// Carries the call out and answers an error.
    AcceptThenError {
        /// The exception's name.
        #[serde(default = "internal_failure")]
        code: String,
        /// The HTTP status.
        #[serde(default = "server_error")]
        status: u16,
    },
    /// Answers late. A client that gives up while waiting has changed nothing, unless `after_effect`.
    Hang {
        /// For so long, of real time.
        seconds: f64,
        /// Carries the call out first.
        #[serde(default)]
        after_effect: bool,
    },
    /// Carries the call out and closes the connection in the middle of the answer.
    TruncatedBody,
    /// Carries the call out and answers 200 with something that is no JSON.
    GarbageBody,
    /// Leaves these backups out of listings.
    MissingItem {
        /// The backups.
        backup_ids: Vec<String>,
    },
    /// Lists nothing.
    EverythingMissing,
    /// Answers a page without backups but with a token that starts the listing anew.
    EmptyPage,
    /// Shows backups in a state that the API does not have.
    UnknownState {
        /// Which; absent: all.
        #[serde(default)]
        backup_ids: Option<Vec<String>>,
        /// The state's name.
        state: String,
    },
    /// Leaves a member out of the listed backups.
    MissingField {
        /// Which; absent: all.
        #[serde(default)]
        backup_ids: Option<Vec<String>>,
        /// Such as `NeverExpires`.
        field: String,
    },
    /// Answers each page with the token it was asked with.
    RepeatedToken,
    /// Answers the first page with a token, and that token with an error 500.
    PartialListing,
    /// Adds a backup that does not match the filter.
    ExtraItem,
    /// Shows every backup as it was before its last change.
    StaleReads,
    /// Lists fewer backups than there are and says that these are all.
    ShrunkenListing {
        /// So many, of the first page.
        keep: usize,
    },
    /// Carries the call out with other knobs. This is no failure by itself, so it goes together with
    /// one fault of another kind, and with others of its own: the newest has the last word on a knob.
    /// A call that another fault refuses does not count.
    Knobs {
        /// The knobs that differ.
        set: KnobChanges,
    },
}

impl FaultKind {
    /// An error with HTTP 400.
    pub fn error(code: impl Into<String>) -> Self {
        Self::Error { code: code.into(), status: client_error(), message: None }
    }

    /// A success that is told as a failure of the service.
    pub fn accept_then_error() -> Self {
        Self::AcceptThenError { code: internal_failure(), status: server_error() }
    }

    /// Other knobs for some calls: those that `change` takes off their defaults.
    pub fn knobs(change: impl FnOnce(&mut Knobs)) -> Self {
        Self::Knobs { set: KnobChanges::new(change) }
    }

    /// Whether the call is not carried out.
    pub(crate) fn refuses(&self) -> bool {
        matches!(self, Self::Error { .. } | Self::Throttle | Self::Drop)
    }

    /// Whether it is done to single backups, so that `copies_of` makes sense.
    pub(crate) fn picks_items(&self) -> bool {
        matches!(self, Self::EverythingMissing | Self::UnknownState { .. } | Self::MissingField { .. })
    }

    /// Whether it changes what `DescribeBackups` answers, and so strikes nothing else.
    pub fn is_about_listings(&self) -> bool {
        match self {
            Self::MissingItem { .. }
            | Self::EverythingMissing
            | Self::EmptyPage
            | Self::UnknownState { .. }
            | Self::MissingField { .. }
            | Self::RepeatedToken
            | Self::PartialListing
            | Self::ExtraItem
            | Self::StaleReads
            | Self::ShrunkenListing { .. } => true,
            Self::Error { .. }
            | Self::Throttle
            | Self::Drop
            | Self::AcceptThenDrop
            | Self::AcceptThenError { .. }
            | Self::Hang { .. }
            | Self::TruncatedBody
            | Self::GarbageBody
            | Self::Knobs { .. } => false,
        }
    }

    /// The value of `kind` in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Error { .. } => "error",
            Self::Throttle => "throttle",
            Self::Drop => "drop",
            Self::AcceptThenDrop => "acceptThenDrop",
            Self::AcceptThenError { .. } => "acceptThenError",
            Self::Hang { .. } => "hang",
            Self::TruncatedBody => "truncatedBody",
            Self::GarbageBody => "garbageBody",
            Self::MissingItem { .. } => "missingItem",
            Self::EverythingMissing => "everythingMissing",
            Self::EmptyPage => "emptyPage",
            Self::UnknownState { .. } => "unknownState",
            Self::MissingField { .. } => "missingField",
            Self::RepeatedToken => "repeatedToken",
            Self::PartialListing => "partialListing",
            Self::ExtraItem => "extraItem",
            Self::StaleReads => "staleReads",
            Self::ShrunkenListing { .. } => "shrunkenListing",
            Self::Knobs { .. } => "knobs",
        }
    }
}

fn client_error() -> u16 {
    400
}

fn server_error() -> u16 {
    500
}

fn internal_failure() -> String {
    "CloudHsmInternalFailureException".to_owned()
}
