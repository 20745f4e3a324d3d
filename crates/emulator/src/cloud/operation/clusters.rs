//! `DescribeClusters`: what is known of the clusters that backups are taken from. There is no
//! operation to make one here; they are seeded.

use serde::Deserialize;

use super::super::{ApiError, Caller, Cloud, Cluster, Key, Knobs, constraint, page};
use super::filter::{self, Filters};
use super::or_default;

/// Request of `DescribeClusters`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeClusters {
    /// From the page before.
    #[serde(default)]
    pub next_token: Option<String>,
    /// 1 to 25.
    #[serde(default)]
    pub max_results: Option<i32>,
    /// By `clusterIds`, `vpcIds` and `states`.
    #[serde(default, deserialize_with = "or_default")]
    pub filters: Filters,
}

/// Answer of `DescribeClusters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterPage {
    /// In the order of their ids.
    pub clusters: Vec<Cluster>,
    /// Present when there is more.
    pub next_token: Option<String>,
}

/// The filters that there are.
const FILTERS: [&str; 3] = ["clusterIds", "states", "vpcIds"];

/// The states of the API.
const STATES: [&str; 11] = [
    "CREATE_IN_PROGRESS",
    "UNINITIALIZED",
    "INITIALIZE_IN_PROGRESS",
    "INITIALIZED",
    "ACTIVE",
    "UPDATE_IN_PROGRESS",
    "MODIFY_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "DELETED",
    "DEGRADED",
];

impl DescribeClusters {
    /// With one more filter.
    #[must_use]
    pub fn filter<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.filters.insert(key.to_owned(), values.into_iter().map(Into::into).collect());
        self
    }

    fn check(&self, knobs: &Knobs) -> Result<(), ApiError> {
        constraint::within("maxResults", self.max_results.unwrap_or(25), 1, 25)?;
        if let Some(token) = &self.next_token {
            constraint::text_length("nextToken", token, 0, 256)?;
        }
        filter::check(&self.filters, &FILTERS, "DescribeClusters", knobs)?;
        let states = self.filters.get("states").into_iter().flatten();
        match states.into_iter().find(|state| !STATES.contains(&state.as_str())) {
            Some(state) => Err(filter::no_value("states", state)),
            None => Ok(()),
        }
    }

    fn selects(&self, cluster: &Cluster) -> bool {
        self.filters.iter().all(|(key, values)| {
            let any = |actual: &str| values.iter().any(|value| value == actual);
            match key.as_str() {
                "clusterIds" => any(&cluster.cluster_id),
                "states" => any(cluster.state()),
                "vpcIds" => cluster.vpc_id.as_deref().is_some_and(any),
                // Ignored, where the knob lets it through.
                _ => true,
            }
        })
    }
}

impl Cloud {
    /// One page of the caller's clusters. An unknown id is left out: the operation has no error for it.
    pub fn describe_clusters(
        &self,
        caller: &Caller,
        request: &DescribeClusters,
    ) -> Result<ClusterPage, ApiError> {
        request.check(&self.knobs)?;
        let query = page::fingerprint(("clusters", caller, &request.filters));
        let start = request.next_token.as_deref().map(|token| page::redeem(token, query)).transpose()?;
        let mine = self.clusters.range(Key::of(caller, "")..).take_while(|(key, _)| key.is_of(caller));
        let mine = mine.filter(|(key, _)| start.as_ref().is_none_or(|last| key.id > *last));
        let size = self.page_size(request.max_results, 25);
        let mut found: Vec<&Cluster> = mine.map(|(_, cluster)| cluster).collect();
        found.retain(|cluster| request.selects(cluster));
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().filter(|_| more);
        let next_token = last.map(|last| page::issue(query, &last.cluster_id));
        Ok(ClusterPage { clusters: found.into_iter().cloned().collect(), next_token })
    }
}
