//! Which of several processes acts: the flags of the election.

use std::time::Duration;

use clap::{ArgAction, Args};
use plan::leadership::Times;

use super::duration::{Period, between};

/// The Lease, unless told otherwise; the shipped Role allows this name and no other.
pub const DEFAULT_LEASE: &str = "cloudhsm-backup-operator";

/// A Lease counts in whole seconds.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
/// So long may nobody act after a leader was killed.
const LONGEST_LEASE: Duration = Duration::from_mins(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The flags of the election.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct ElectionFlags {
    /// Whether to act only while holding a Lease, so that several can run and one acts
    ///
    /// The others stand by: they watch the resources, and neither call CloudHSM nor write a status. Without it,
    /// never run two against the same AWS account.
    #[arg(
        long,
        value_name = "BOOL",
        env = "CLOUDHSM_BACKUP_OPERATOR_LEADER_ELECT",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value_t = true
    )]
    leader_elect: bool,

    /// The namespace of the Lease [default: the pod's, or that of the kubeconfig's context]
    #[arg(
        long,
        value_name = "NAMESPACE",
        env = "CLOUDHSM_BACKUP_OPERATOR_LEASE_NAMESPACE",
        value_parser = super::namespace
    )]
    lease_namespace: Option<String>,

    /// The name of the Lease
    ///
    /// Operators that are to act side by side, in namespaces or AWS accounts of their own, each need one of their own.
    #[arg(
        long,
        value_name = "NAME",
        env = "CLOUDHSM_BACKUP_OPERATOR_LEASE_NAME",
        value_parser = name,
        default_value = DEFAULT_LEASE
    )]
    lease_name: String,

    /// How long a Lease that is not renewed keeps others from acting; from 1s to 10m
    #[arg(
        long,
        value_name = "DURATION",
        env = "CLOUDHSM_BACKUP_OPERATOR_LEASE_DURATION",
        value_parser = between(SHORTEST_LEASE, LONGEST_LEASE),
        default_value_t = Period(Times::default().lease_duration)
    )]
    lease_duration: Period,

    /// How long a leader that cannot renew its Lease goes on; shorter than the Lease
    #[arg(
        long,
        value_name = "DURATION",
        env = "CLOUDHSM_BACKUP_OPERATOR_RENEW_DEADLINE",
        value_parser = between(SHORTEST_PAUSE, LONGEST_LEASE),
        default_value_t = Period(Times::default().renew_deadline)
    )]
    renew_deadline: Period,

    /// How often a leader renews its Lease, and others look at it, up to a fifth more
    #[arg(
        long,
        value_name = "DURATION",
        env = "CLOUDHSM_BACKUP_OPERATOR_RETRY_PERIOD",
        value_parser = between(SHORTEST_PAUSE, LONGEST_LEASE),
        default_value_t = Period(Times::default().retry_period)
    )]
    retry_period: Period,
}

/// The Lease that is to be held, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Election {
    /// Its namespace; `None` for that of the client's configuration.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The times.
    pub times: Times,
}

impl ElectionFlags {
    /// The Lease to hold; `None` to act without one.
    pub fn election(&self) -> Option<Election> {
        self.leader_elect.then(|| Election {
            namespace: self.lease_namespace.clone().filter(|namespace| !namespace.is_empty()),
            name: self.lease_name.clone(),
            times: self.times(),
        })
    }

    /// What is wrong with these flags taken together, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        self.leader_elect.then(|| self.times().problem()).flatten()
    }

    fn times(&self) -> Times {
        Times {
            lease_duration: self.lease_duration.0,
            renew_deadline: self.renew_deadline.0,
            retry_period: self.retry_period.0,
        }
    }
}

/// A name of a Kubernetes object.
fn name(text: &str) -> Result<String, &'static str> {
    let of_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let well_formed = bytes.len() <= 253
        && bytes.iter().all(|byte| of_name(*byte))
        && ends(bytes.first())
        && ends(bytes.last());
    if well_formed {
        Ok(text.to_owned())
    } else {
        Err("a Lease has a name of at most 253 lower-case letters, digits, inner hyphens and dots")
    }
}
