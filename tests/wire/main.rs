//! The AWS adapter over the wire: the real SDK, over HTTP, against the emulator, and against
//! scripted sockets for what no well-behaved server does.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they stand")]
#![expect(clippy::disallowed_methods, reason = "real sockets and processes keep real time")]

mod copies;
mod environment;
mod mutations;
mod odd_answers;
mod odd_environment;
mod outcomes;
mod reads;
mod socket;
mod support;
mod throttles;
