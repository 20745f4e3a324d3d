//! The record of who asked for what, and what became of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::cloud::{Listing, Tags};

/// Who made a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum By {
    /// Somebody over the AWS wire: the program under test.
    Client,
    /// A person acting out of band, through the admin interface.
    Admin,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Counts all calls since the start, from 1.
    pub seq: u64,
    /// Virtual time of its arrival.
    pub at: Timestamp,
    /// Real time of its arrival.
    pub real_at: Timestamp,
    /// Who made it.
    pub by: By,
    /// The operation's name as it was asked for; `CBOR` for a request of that protocol.
    pub operation: String,
    /// From the credential scope; empty when there was none.
    pub region: String,
    /// Of the access key; empty when there was none.
    pub account: String,
    /// The access key itself, to tell clients of one account apart; empty when there was none.
    pub access_key: String,
    /// The resources named as the object of the call or in a filter of ids.
    pub backup_ids: Vec<String>,
    /// The filters of `DescribeBackups`.
    pub filters: BTreeMap<String, Vec<String>>,
    /// How `DescribeBackups` chose.
    pub listing: Option<Listing>,
    /// Whether it continued a listing.
    pub page_token: bool,
    /// Where `CopyBackupToRegion` was to put the copy; the source lies in `region`.
    pub destination: Option<String>,
    /// The tags that `CopyBackupToRegion` named; absent: it named none, and the copy gets the source's.
    pub tags: Option<Tags>,
    /// Header `amz-sdk-invocation-id`: one for all attempts of one call of the SDK.
    pub invocation_id: Option<String>,
    /// Header `amz-sdk-request`, such as `attempt=1; max=3`.
    pub sdk_request: Option<String>,
    /// What the client was told: `ok`, an error's code, or `dropped`, `truncated`, `garbage`, `hanging`.
    pub outcome: String,
    /// The kind of the fault that struck it.
    pub fault: Option<String>,
    /// Whether the service carried it out, whatever the client was told.
    pub applied: bool,
    /// Header `x-amzn-RequestId` of the answer.
    pub request_id: String,
}

impl Call {
    /// Which of the SDK's attempts it was, from 1, by its header.
    pub fn attempt(&self) -> Option<u32> {
        self.sdk_request.as_deref()?.strip_prefix("attempt=")?.split(';').next()?.trim().parse().ok()
    }
}

/// All calls since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    last: u64,
    calls: Vec<Call>,
}

impl CallLog {
    /// Records an arrival; the call's number is given here.
    pub(crate) fn open(&mut self, mut call: Call) -> u64 {
        self.last += 1;
        call.seq = self.last;
        self.calls.push(call);
        self.last
    }

    /// The number of the latest call.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Records what became of it, unless the log has been cleared since.
    pub(crate) fn close(&mut self, seq: u64, outcome: &str, applied: bool) {
        if let Some(call) = self.calls.iter_mut().rev().find(|call| call.seq == seq) {
            outcome.clone_into(&mut call.outcome);
            call.applied = applied;
        }
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
    }
}
