//! The emulator from outside: the state machine as a library, and the server over raw HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, and its helpers too"
)]

mod admin;
mod binary;
mod calls;
mod clock;
mod copying;
mod faults;
mod knobs;
mod legality;
mod lifecycle;
mod listing;
mod support;
mod tags;
mod validation;
mod wire;
