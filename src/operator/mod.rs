//! Makes a process of the operator: flags and environment, telemetry, metrics, health,
//! start-up checks and shutdown.

pub mod clock;
pub mod flags;
mod gates;
pub mod health;
pub mod http;
pub mod leadership;
pub mod metrics;
pub mod observers;
mod preflight;
mod process;
pub mod run;
mod shutdown;
pub mod source;
pub mod telemetry;
#[cfg_attr(not(feature = "otel"), path = "no_traces.rs")]
pub mod traces;

pub use run::run;
