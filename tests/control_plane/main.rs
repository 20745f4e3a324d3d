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
mod canaries;
mod claims;
mod copies;
mod copies_by_hand;
mod copies_claims;
mod copies_crash;
mod copies_deleted;
mod copies_failing;
mod copies_frozen;
mod copies_handover;
mod copies_listings;
mod copies_lost_answers;
mod copies_odd;
mod copies_regions;
mod copies_released;
mod copies_remembered;
mod copies_removal;
mod copies_setbacks;
mod copies_sixteen;
mod copies_source;
mod copies_support;
mod copies_suspended;
mod copies_tags;
mod copies_two_operators;
mod copying;
mod deletion;
mod events;
mod examples;
mod failures;
mod finalizer;
mod fresh_look;
mod gated;
mod last_backup;
mod leadership;
mod lifecycle;
mod logs;
mod metrics;
mod namespaces;
mod odd_answers;
mod ownership;
mod rights;
mod setbacks;
mod settings;
mod shipped;
mod shutdown;
mod startup;
mod support;
mod suspend;
mod tags;
#[cfg(feature = "otel")]
mod traces;
mod undelete;
mod unknown_outcome;
mod validation;
