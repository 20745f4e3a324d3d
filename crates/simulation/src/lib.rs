//! The operator's real reconcile, inventory, claims and election in a world of its own.
//!
//! Nothing here is a copy of the operator: it is linked, and runs over its own ports. What
//! it runs in is made: the emulator's state machine for AWS, a model of the API server, two
//! clocks under virtual time, and a schedule that one number, the seed, decides. A history is
//! kept outside the operator, and what it promises is checked against that after every step.
//!
//! | module | what |
//! |---|---|
//! | [`workload`] | what people want and do, and what goes wrong: drawn from a seed, or written out |
//! | [`world`] | everything outside the operator, and its history |
//! | [`cloud`], [`cluster`] | the ports to AWS and to the API server, with faults |
//! | [`process`] | the operator as a process that can be killed at any step |
//! | [`oracle`] | what must hold after every step, and in the end |
//! | [`coverage`] | what was met of all that there is to meet |
//! | [`schedule`], [`ending`] | one run from a seed to a verdict |
//! | [`fixed`], [`exhaustive`] | workloads that are written out, and every crash point and single fault of them |
//! | [`shrink`] | a history that breaks a promise, made as small as it gets |
//! | [`turns`] | several histories at once |
//! | [`defects`] | deliberate defects, and the hunt for them |
#![allow(clippy::disallowed_methods, reason = "time is virtual here, and this is what makes it")]
#![allow(clippy::expect_used, reason = "what cannot fail here is a defect of the simulation when it does")]
#![allow(clippy::missing_panics_doc, reason = "a panic here is a defect of the simulation")]

pub mod clock;
pub mod cloud;
pub mod cluster;
pub mod coverage;
pub mod defects;
pub mod ending;
pub mod exhaustive;
pub mod fixed;
pub mod oracle;
pub mod people;
pub mod process;
pub mod queue;
pub mod schedule;
pub mod shrink;
pub mod turns;
pub mod weather;
pub mod workload;
pub mod world;
