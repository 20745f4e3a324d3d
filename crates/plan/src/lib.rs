//! Everything the operator decides, and nothing that it does.
//!
//! No I/O, no clock, no environment, no randomness: time comes in as [`time::Now`],
//! AWS as snapshots, Kubernetes as [`desired::Desired`] and [`ledger::Ledger`]. What is
//! to happen goes out as values ([`decide::Plan`], [`inventory::Action`]). So every rule
//! can be tested as a table, and the whole be driven under simulated time.
//!
//! | module | decides |
//! |---|---|
//! | [`model`] | what a backup is and which texts are well-formed |
//! | [`inventory`] | when to look at AWS, and what the answers prove |
//! | [`claims`] | which resource may act on a backup |
//! | [`decide`] | one reconcile: the new status and at most one effect |
//! | [`deletion`] | the guards that every deletion passes |
//! | [`leadership`] | which of several processes acts |
//! | [`recent`] | when an effect that failed, or has not shown yet, may be tried again |

pub mod backoff;
pub mod claims;
pub mod decide;
pub mod deletion;
pub mod desired;
pub mod effect;
pub mod error;
pub mod inventory;
pub mod leadership;
pub mod ledger;
pub mod model;
#[cfg(test)]
mod random;
pub mod rate;
pub mod reason;
pub mod recent;
pub mod requests;
pub mod settings;
pub mod time;
