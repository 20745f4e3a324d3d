//! What the backup service knows of a cluster: its retention policy and its tags.

use serde::{Deserialize, Serialize};

use super::backup::{Mode, Tags};
use super::constraint;
use super::error::ApiError;

/// A cluster, as far as backups care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Where it runs.
    pub region: String,
    /// Its owner; the default account when absent.
    #[serde(default)]
    pub account: Option<String>,
    /// `cluster-…`.
    pub cluster_id: String,
    /// `BackupRetentionPolicy` in days, 7 to 379. Absent: its backups never expire.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// Whether the cluster is gone while its backups live on.
    #[serde(default)]
    pub deleted: bool,
    /// Absent: `hsm1.medium`.
    #[serde(default)]
    pub hsm_type: Option<String>,
    /// Absent: FIPS.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// `vpc-…`. Absent: the service reports none.
    #[serde(default)]
    pub vpc_id: Option<String>,
    /// Its tags, which backups seeded without tags inherit.
    #[serde(default)]
    pub tags: Tags,
}

impl Cluster {
    /// A cluster whose backups never expire.
    pub fn new(region: impl Into<String>, cluster_id: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            account: None,
            cluster_id: cluster_id.into(),
            retention_days: None,
            deleted: false,
            hsm_type: None,
            mode: None,
            vpc_id: None,
            tags: Tags::new(),
        }
    }

    /// Its backups expire after so many days.
    #[must_use]
    pub fn retention_days(mut self, days: u32) -> Self {
        self.retention_days = Some(days);
        self
    }

    /// The cluster is gone.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.deleted = true;
        self
    }

    /// `State`: it was never anything in between.
    pub(crate) fn state(&self) -> &'static str {
        if self.deleted { "DELETED" } else { "ACTIVE" }
    }

    pub(crate) fn check(&self) -> Result<(), ApiError> {
        constraint::region("region", &self.region)?;
        constraint::cluster_id("clusterId", &self.cluster_id)?;
        match self.retention_days {
            Some(days) if !(7..=379).contains(&days) => {
                Err(ApiError::invalid(format!("retentionDays is {days}; AWS takes 7 to 379")))
            }
            _ => Ok(()),
        }
    }
}
