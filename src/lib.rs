//! A Kubernetes operator that keeps the wanted state of AWS CloudHSM backups.
//!
//! Layers, lowest first; each may use those before it (a test holds the arrows):
//! `plan` decides; [`api`], [`aws`], [`kubernetes`] and [`inventory`] are the edges to the
//! resource, to AWS and to the API server; [`controller`] runs one reconcile over them;
//! [`operator`] and [`cli`] make a process of it.

pub mod api;
pub mod aws;
pub mod cli;
pub mod controller;
pub mod inventory;
pub mod kubernetes;
pub mod operator;
