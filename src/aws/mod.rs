//! The port to AWS: what the operator needs of it, and the adapter over the AWS SDK.
//!
//! Only this module names the SDK's crates. It speaks the words of [`plan`]: an answer
//! becomes a [`Page`](plan::inventory::Page) or an [`AccountId`](plan::model::AccountId), an error a [`Failure`](plan::error::Failure), and the end of a
//! mutation an [`Outcome`]. AWS's free text stops here: it may quote what must reach
//! neither a log nor a status.
//!
//! It decides nothing, waits for no rate and remembers nothing but its clients.

mod clients;
mod convert;
mod describe;
mod failure;
mod identity;
mod interceptor;
mod mutate;
mod observer;
mod permit;
mod sdk;
mod settings;
mod trace;
mod wire;

use std::future::Future;

use plan::effect::{Mutation, Outcome};

pub use observer::{Call, CallObserver, Unobserved};
pub use permit::Permit;
pub use sdk::{SdkAws, Timeouts};

/// What changes AWS. What reads it is [`SdkAws`] itself, behind the inventory.
pub trait Aws: Send + Sync + 'static {
    /// Changes a backup with exactly one wire request, or with none when `permit` says no at the last moment.
    ///
    /// # Caveats
    /// A future that is dropped before it ends leaves the outcome unknown; [`Permit::was_sent`]
    /// then tells whether there is anything to be unsure about.
    fn mutate(&self, mutation: &Mutation, permit: &Permit) -> impl Future<Output = Receipt> + Send;
}

/// What is known of a mutation after it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it turned out.
    pub outcome: Outcome,
    /// AWS's id of the request, for the Event and for AWS's support; none without an answer.
    pub request_id: Option<String>,
}
