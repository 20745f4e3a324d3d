//! The tables of `docs/reference` that are generated from the code: what is committed is what the code says.

mod metrics;
