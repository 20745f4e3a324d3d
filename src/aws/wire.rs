//! What became of one call on the wire, as the interceptor sees it.
//!
//! The SDK's error alone does not tell whether a request left: a deadline that ends while
//! credentials are fetched looks like one that ends while AWS is at work, and a 200 whose
//! body never comes looks like no answer at all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a call got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing was handed to the connection.
    #[default]
    Preparing,
    /// The permit had lapsed; nothing was handed to the connection.
    Refused,
    /// The request, of the last attempt, was handed to the connection.
    Sent,
    /// The head of an answer came back.
    Answered(Answer),
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// AWS's id of the request.
    pub(super) request_id: Option<String>,
}

/// The progress of one call, shared between the interceptor and whoever reads the result.
#[derive(Debug, Default)]
pub(super) struct Wire {
    progress: Mutex<Progress>,
    throttles: AtomicU32,
}

impl Wire {
    /// Records how far the call got.
    pub(super) fn reached(&self, progress: Progress) {
        *self.lock() = progress;
    }

    /// How far the call got.
    pub(super) fn progress(&self) -> Progress {
        self.lock().clone()
    }

    /// AWS throttled an attempt.
    pub(super) fn throttled(&self) {
        self.throttles.fetch_add(1, Ordering::Relaxed);
    }

    /// How many attempts AWS throttled.
    pub(super) fn throttles(&self) -> u32 {
        self.throttles.load(Ordering::Relaxed)
    }

    /// AWS's id of the request, once answered.
    pub(super) fn request_id(&self) -> Option<String> {
        match self.progress() {
            Progress::Answered(answer) => answer.request_id,
            Progress::Preparing | Progress::Refused | Progress::Sent => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
