//! Seeing AWS: when to look, and what the answers prove.
//!
//! The only reader of AWS is driven by [`World`]: inputs go in ([`Input`]), calls to make
//! and resources to wake come out ([`Action`]). Timers and calls belong to the driver.
//!
//! Three things are kept apart throughout: a backup that was seen, one that is known to be
//! absent, and one of which nothing is known ([`Sight`]). A listing that failed, stopped
//! half-way or cannot be right never turns the third into the second.

mod core;
mod lookup;
mod pages;
mod query;
mod scan;
mod snapshot;
mod world;

pub use core::{Action, Core, Input};
pub use pages::{Listing, Page, Pages, Turn};
pub use query::Query;
pub use snapshot::{Sight, Snapshot};
pub use world::World;
