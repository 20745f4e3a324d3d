//! One contract, held by two services: the emulator's state machine as a library, and the emulator
//! over HTTP as the real AWS SDK sees it. Each topic is one body that runs over both; what they answer
//! and what becomes of the backups has to be the same, so neither can drift from the other.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on is to fail, and may read its environment"
)]

mod answer;
mod clusters;
mod copying;
mod library;
mod lifecycle;
mod listing;
mod operations;
mod policies;
mod random;
mod read;
mod refusals;
mod stage;
mod tags;
mod wire;
