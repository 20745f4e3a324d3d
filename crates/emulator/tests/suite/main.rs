//! The emulator from outside: the state machine as a library, and the server over raw HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, and its helpers too"
)]

mod admin;
mod behind_the_scenes;
mod binary;
mod calls;
mod clock;
mod clusters;
mod copying;
mod copying_faults;
mod copying_over_http;
mod faults;
mod knobs;
mod knobs_of_copies;
mod knobs_of_deletions;
mod legality;
mod lifecycle;
mod listing;
mod listing_faults;
mod policies;
mod questions;
mod support;
mod tags;
mod validation;
mod wire;
