//! The whole stack on a real control plane: kube-apiserver, etcd, kube-controller-manager and
//! kubectl, the operator as a process, and the emulator over HTTP.
#![allow(clippy::disallowed_methods, reason = "tests run in real time")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on is to fail"
)]
#![allow(unreachable_pub, reason = "modules of a test binary share helpers")]

mod accounts;
mod annotation;
mod api_server;
mod at_rest;
mod attributes;
mod breaker;
mod claims;
mod copies;
mod deletion;
mod deploy;
mod events;
mod examples;
mod failures;
mod finalizer;
mod fresh_look;
mod last_backup;
mod lifecycle;
mod namespaces;
mod ownership;
mod setbacks;
mod shutdown;
mod solo;
mod startup;
mod support;
mod suspend;
mod tags;
mod undelete;
mod unknown_outcome;
mod validation;
