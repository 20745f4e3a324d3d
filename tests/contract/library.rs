//! The state machine itself.

use std::time::Duration;

use emulator::{
    ApiError, Backup, BackupPage, Caller, Cloud, Cluster, ClusterPage, DestinationBackup, Knobs, Mode,
    Operation, Reply, ResourcePolicy, Seed, TagPage, Tags,
};
use futures::{FutureExt, future::LocalBoxFuture};

use crate::{
    answer::{Answer, ClusterItem, Destination, Item, Refusal, Result, TagList},
    stage::{Intervention, Service, State, sorted, start},
};

/// The library.
pub(crate) struct Library(Cloud);

impl Library {
    pub(crate) fn new(id_seed: u64) -> Self {
        Self(Cloud::new(start()).with_id_seed(id_seed))
    }
}

impl Service for Library {
    fn name(&self) -> &'static str {
        "library"
    }

    fn perform<'a>(&'a mut self, caller: &'a Caller, operation: &'a Operation) -> LocalBoxFuture<'a, Result> {
        let result = self.0.perform(caller, operation);
        std::future::ready(result.map(answer).map_err(refusal)).boxed_local()
    }

    fn seed(&mut self, seed: Seed) -> std::result::Result<String, ApiError> {
        self.0.seed(seed)
    }

    fn seed_cluster(&mut self, cluster: Cluster) {
        self.0.seed_cluster(cluster).unwrap();
    }

    fn advance(&mut self, by: Duration) {
        self.0.advance(by);
    }

    fn set_knobs(&mut self, knobs: &Knobs) {
        self.0.knobs_mut().clone_from(knobs);
    }

    fn intervene(&mut self, how: Intervention, region: &str, id: &str) -> bool {
        match how {
            Intervention::Remove => self.0.remove(region, id),
            Intervention::Hide => self.0.hide(region, id),
            Intervention::Show => self.0.show(region, id),
            Intervention::Finish => self.0.finish(region, id),
            Intervention::Purge => self.0.purge(region, id),
        }
    }

    fn state(&self) -> State {
        State { now: self.0.now(), backups: sorted(self.0.backups().cloned().collect()) }
    }
}

fn refusal(error: ApiError) -> Refusal {
    let modelled = error.code.starts_with("CloudHsm");
    let ApiError { code, message, status } = error;
    Refusal { code, message, status, modelled }
}

fn answer(reply: Reply) -> Answer {
    match reply {
        Reply::Backups(BackupPage { backups, next_token }) => {
            Answer::Backups(backups.into_iter().map(item).collect(), next_token)
        }
        Reply::Backup(backup) => Answer::Backup(Box::new(item(*backup))),
        Reply::Destination(destination) => Answer::Destination(from(destination)),
        Reply::Tags(TagPage { tags, next_token }) => Answer::Tags(tags, next_token),
        Reply::Policy(ResourcePolicy { resource_arn, policy }) => Answer::Policy(resource_arn, policy),
        Reply::Clusters(ClusterPage { clusters, next_token }) => {
            Answer::Clusters(clusters.into_iter().map(cluster).collect(), next_token)
        }
        Reply::Nothing => Answer::Nothing,
    }
}

/// Taken apart whole, so that a member which is new has to be thought of here.
fn item(backup: Backup) -> Item {
    let Backup {
        id,
        arn,
        account: _,
        region: _,
        state,
        cluster_id,
        create_timestamp,
        copy_timestamp,
        never_expires,
        source,
        delete_timestamp,
        tags,
        hsm_type,
        mode,
        shared_with: _,
        policy: _,
    } = backup;
    let (source_region, source_backup, source_cluster) = match source {
        Some(source) => (Some(source.region), Some(source.backup_id), source.cluster_id),
        None => (None, None, None),
    };
    Item {
        id,
        arn: Some(arn),
        state: Some(state.as_str().to_owned()),
        cluster_id,
        created: Some(create_timestamp.as_millisecond()),
        copied: copy_timestamp.map(jiff::Timestamp::as_millisecond),
        purged: delete_timestamp.map(jiff::Timestamp::as_millisecond),
        never_expires,
        source_region,
        source_backup,
        source_cluster,
        hsm_type: Some(hsm_type),
        mode: Some(mode_name(mode)),
        tags: Some(list(tags)),
    }
}

fn cluster(cluster: Cluster) -> ClusterItem {
    let Cluster { region: _, account: _, cluster_id, retention_days, deleted, hsm_type, mode, vpc_id, tags } =
        cluster;
    let retention = |days: u32| (Some("DAYS".to_owned()), Some(days.to_string()));
    ClusterItem {
        id: Some(cluster_id),
        state: Some(if deleted { "DELETED" } else { "ACTIVE" }.to_owned()),
        backup_policy: Some("DEFAULT".to_owned()),
        retention: retention_days.map(retention),
        hsm_type: Some(hsm_type.unwrap_or_else(|| "hsm1.medium".to_owned())),
        mode: Some(mode_name(mode.unwrap_or_default())),
        vpc_id,
        hsms: Some(0),
        tags: Some(list(tags)),
    }
}

fn from(destination: DestinationBackup) -> Destination {
    let DestinationBackup { create_timestamp, source_region, source_backup, source_cluster } = destination;
    Destination {
        created: Some(create_timestamp.as_millisecond()),
        source_region: Some(source_region),
        source_backup: Some(source_backup),
        source_cluster,
    }
}

fn mode_name(mode: Mode) -> String {
    match mode {
        Mode::Fips => "FIPS".to_owned(),
        Mode::NonFips => "NON_FIPS".to_owned(),
    }
}

fn list(tags: Tags) -> TagList {
    tags.into_iter().collect()
}
