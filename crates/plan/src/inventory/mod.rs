//! Seeing AWS: when to look, and what the answers prove.
//!
//! The only reader of AWS is driven by [`World`]: inputs go in ([`Input`]), calls to make
//! and resources to wake come out ([`Action`]). Timers and calls belong to the driver.
//!
//! Three things are kept apart throughout: a backup that was seen, one that is known to be
//! absent, and one of which nothing is known ([`Sight`]). A listing that failed, stopped
//! half-way or cannot be right never turns the third into the second. It is the same with
//! the copies of a backup: that there are no others is known only when a search is done ([`Search`]).

mod copies;
mod core;
mod lookup;
mod names;
mod pages;
mod query;
mod scan;
mod sight;
mod snapshot;
mod topic;
mod world;

pub use core::{Action, Core, Input};
pub use names::Names;
pub use pages::{Listing, Page, Pages, Turn};
pub use query::Query;
pub use sight::{Search, Sight};
pub use snapshot::Snapshot;
pub use topic::Topic;
pub use world::World;
