//! The whole stack on a real control plane: kube-apiserver, etcd, kube-controller-manager and
//! kubectl, the operator as a process, and the emulator over HTTP.
#![allow(clippy::disallowed_methods, reason = "tests run in real time")]
#![allow(unreachable_pub, reason = "modules of a test binary share helpers")]

mod attributes;
mod claims;
mod copies;
mod lifecycle;
mod support;
mod suspend;
mod tags;
mod undelete;
mod validation;
