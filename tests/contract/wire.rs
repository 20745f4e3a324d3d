//! The emulator over HTTP, through the AWS SDK. Every call is one wire request: the SDK's retries are off.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudhsmv2::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig},
    types,
};
use emulator::{ApiError, Caller, Cluster, Emulator, Knobs, Operation, Seed, Tag};
use futures::{FutureExt, future::LocalBoxFuture};

use crate::{
    answer::Result,
    read::{self, refusal},
    stage::{ACCOUNTS, Intervention, REGIONS, Service, State, sorted, start},
};

/// An emulator with a frozen clock, and a client for each account and region.
pub(crate) struct Wire {
    emulator: Emulator,
    clients: BTreeMap<(String, String), Client>,
}

impl Wire {
    pub(crate) fn new(id_seed: u64) -> Self {
        let accounts = ACCOUNTS.iter().map(|account| (access_key(account), (*account).to_owned()));
        let emulator = Emulator::start(emulator::Config {
            accounts: accounts.collect(),
            id_seed,
            start_time: Some(start()),
            frozen_clock: true,
            ..emulator::Config::default()
        });
        Self { emulator: emulator.unwrap(), clients: BTreeMap::new() }
    }

    fn client(&mut self, caller: &Caller) -> Client {
        let url = self.emulator.url();
        let make = || {
            let credentials = Credentials::new(access_key(&caller.account), "secret", None, None, "test");
            let config = Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .endpoint_url(url)
                .region(Region::new(caller.region.clone()))
                .credentials_provider(credentials)
                .retry_config(RetryConfig::disabled());
            Client::from_conf(config.build())
        };
        self.clients.entry((caller.account.clone(), caller.region.clone())).or_insert_with(make).clone()
    }
}

fn access_key(account: &str) -> String {
    format!("AKIA{account}")
}

impl Service for Wire {
    fn name(&self) -> &'static str {
        "wire"
    }

    fn perform<'a>(&'a mut self, caller: &'a Caller, operation: &'a Operation) -> LocalBoxFuture<'a, Result> {
        let client = self.client(caller);
        async move { send(&client, operation).await }.boxed_local()
    }

    fn seed(&mut self, seed: Seed) -> std::result::Result<String, ApiError> {
        self.emulator.try_seed(seed)
    }

    fn seed_cluster(&mut self, cluster: Cluster) {
        self.emulator.seed_cluster(cluster).unwrap();
    }

    fn advance(&mut self, by: Duration) {
        self.emulator.advance(by);
    }

    fn set_knobs(&mut self, knobs: &Knobs) {
        self.emulator.knobs(|those| those.clone_from(knobs));
    }

    fn intervene(&mut self, how: Intervention, region: &str, id: &str) -> bool {
        match how {
            Intervention::Remove => self.emulator.remove(region, id),
            Intervention::Hide => self.emulator.hide(region, id),
            Intervention::Show => self.emulator.show(region, id),
            Intervention::Finish => self.emulator.finish(region, id),
            Intervention::Purge => self.emulator.purge(region, id),
        }
    }

    fn state(&self) -> State {
        let backups = REGIONS.iter().flat_map(|region| self.emulator.backups(region));
        State { now: self.emulator.now(), backups: sorted(backups.collect()) }
    }
}

/// Asks the SDK for what the operation asks for.
async fn send(client: &Client, operation: &Operation) -> Result {
    match operation.clone() {
        Operation::DescribeBackups(request) => {
            let call = client
                .describe_backups()
                .set_next_token(request.next_token)
                .set_max_results(request.max_results)
                .set_filters(Some(request.filters.into_iter().collect()))
                .shared(request.shared)
                .sort_ascending(request.sort_ascending);
            call.send().await.map(read::backups).map_err(refusal)
        }
        Operation::DeleteBackup(request) => {
            let call = client.delete_backup().backup_id(request.backup_id);
            call.send().await.map(|output| read::backup(output.backup)).map_err(refusal)
        }
        Operation::RestoreBackup(request) => {
            let call = client.restore_backup().backup_id(request.backup_id);
            call.send().await.map(|output| read::backup(output.backup)).map_err(refusal)
        }
        Operation::ModifyBackupAttributes(request) => {
            let call = client.modify_backup_attributes().backup_id(request.backup_id);
            let call = call.set_never_expires(request.never_expires);
            call.send().await.map(|output| read::backup(output.backup)).map_err(refusal)
        }
        Operation::CopyBackupToRegion(request) => {
            let call = client
                .copy_backup_to_region()
                .backup_id(request.backup_id)
                .destination_region(request.destination_region)
                .set_tag_list(tags(request.tag_list));
            call.send().await.map(read::destination).map_err(refusal)
        }
        Operation::TagResource(request) => {
            let call = client.tag_resource().resource_id(request.resource_id);
            let call = call.set_tag_list(tags(request.tag_list));
            call.send().await.map(|_| read::nothing()).map_err(refusal)
        }
        Operation::UntagResource(request) => {
            let call = client.untag_resource().resource_id(request.resource_id);
            let call = call.set_tag_key_list(request.tag_key_list);
            call.send().await.map(|_| read::nothing()).map_err(refusal)
        }
        Operation::ListTags(request) => {
            let call = client
                .list_tags()
                .resource_id(request.resource_id)
                .set_next_token(request.next_token)
                .set_max_results(request.max_results);
            call.send().await.map(read::tag_page).map_err(refusal)
        }
        other => send_rarer(client, other).await,
    }
}

/// The operations that the operator has no use for.
async fn send_rarer(client: &Client, operation: Operation) -> Result {
    match operation {
        Operation::GetResourcePolicy(request) => {
            let call = client.get_resource_policy().resource_arn(request.resource_arn);
            call.send().await.map(|output| read::policy(None, output.policy)).map_err(refusal)
        }
        Operation::PutResourcePolicy(request) => {
            let call = client.put_resource_policy().resource_arn(request.resource_arn);
            let sent = call.set_policy(request.policy).send().await;
            sent.map(|output| read::policy(output.resource_arn, output.policy)).map_err(refusal)
        }
        Operation::DeleteResourcePolicy(request) => {
            let call = client.delete_resource_policy().resource_arn(request.resource_arn);
            let sent = call.send().await;
            sent.map(|output| read::policy(output.resource_arn, output.policy)).map_err(refusal)
        }
        Operation::DescribeClusters(request) => {
            let call = client
                .describe_clusters()
                .set_next_token(request.next_token)
                .set_max_results(request.max_results)
                .set_filters(Some(request.filters.into_iter().collect()));
            call.send().await.map(read::clusters).map_err(refusal)
        }
        other => panic!("{} is not known here", other.name()),
    }
}

/// Tags as the SDK has them. It cannot express one without key or value.
fn tags(tags: Option<Vec<Tag>>) -> Option<Vec<types::Tag>> {
    let of = |tag: Tag| types::Tag::builder().set_key(tag.key).set_value(tag.value).build().unwrap();
    tags.map(|tags| tags.into_iter().map(of).collect())
}
