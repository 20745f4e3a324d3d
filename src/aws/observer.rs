//! Telling the layer above about calls, so that it can count them.

use std::time::Duration;

use plan::model::Region;

/// A call that has ended. A call of a read may have been several wire requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The operation's name in the AWS API.
    pub operation: &'static str,
    /// The region that was asked.
    pub region: &'a Region,
    /// `ok`, or the name of the [`ErrorClass`](plan::error::ErrorClass).
    pub outcome: &'static str,
    /// From the call to its end, retries included.
    pub elapsed: Duration,
    /// How many of its requests AWS throttled, those that a retry made good included.
    pub throttles: u32,
}

/// Is told of every call.
pub trait CallObserver: Send + Sync + 'static {
    /// A call has ended.
    fn called(&self, call: Call<'_>);
}

/// An observer for those who do not care.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl CallObserver for Unobserved {
    fn called(&self, _: Call<'_>) {}
}
