//! What is shipped around the program: manifests, chart, policies, alerts, examples, image. On a real control
//! plane and with the real tools.
#![allow(clippy::disallowed_methods, reason = "tests run in real time")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on is to fail"
)]
#![allow(unreachable_pub, reason = "modules of a test binary share helpers")]

mod admission;
mod alerts;
mod dashboard;
mod gitops;
mod helm;
mod iam;
mod image;
mod kustomize;
mod lint;
mod support;
mod uninstall;
mod workflows;
