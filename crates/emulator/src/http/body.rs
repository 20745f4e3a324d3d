//! A response body that may break off in the middle.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The bytes of an answer, whole or cut short.
#[derive(Debug)]
pub(super) struct AnswerBody {
    bytes: Option<Bytes>,
    /// Promised in `Content-Length` beyond the bytes there are.
    withheld: u64,
    flushed: bool,
}

impl AnswerBody {
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self { bytes: Some(bytes.into()), withheld: 0, flushed: true }
    }

    /// Sends half and promises a little more than all.
    pub(super) fn truncated(mut bytes: Vec<u8>) -> Self {
        let half = bytes.len() / 2;
        let withheld = u64::try_from(bytes.len() - half).unwrap_or_default().saturating_add(64);
        bytes.truncate(half);
        Self { bytes: Some(bytes.into()), withheld, flushed: false }
    }

    /// What the head of the response claims.
    pub(super) fn promised_length(&self) -> u64 {
        let there = self.bytes.as_ref().map_or(0, Bytes::len);
        u64::try_from(there).unwrap_or_default().saturating_add(self.withheld)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if self.withheld == 0 {
            return Poll::Ready(None);
        }
        if !self.flushed {
            // One idle turn lets hyper flush the head and the first half before the error closes it all.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("the emulator cuts this answer short"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised_length())
    }
}
