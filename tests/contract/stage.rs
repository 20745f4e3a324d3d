//! Where a body is played: one service at a time, and everything written down.

use std::time::Duration;

use emulator::{ApiError, Backup, Caller, Cluster, DEFAULT_ACCOUNT, DescribeBackups, Knobs, Operation, Seed};
use futures::future::LocalBoxFuture;
use jiff::Timestamp;

use crate::{
    answer::{Answer, Exchange, Item, Result},
    library::Library,
    wire::Wire,
};

/// The region of most bodies.
pub(crate) const HERE: &str = "eu-west-1";
/// Another one.
pub(crate) const THERE: &str = "eu-central-1";
/// All that are used.
pub(crate) const REGIONS: [&str; 3] = [HERE, THERE, "us-east-1"];
/// Another account than the default one.
pub(crate) const OTHER: &str = "444455556666";
/// All that are used.
pub(crate) const ACCOUNTS: [&str; 2] = [DEFAULT_ACCOUNT, OTHER];
/// A cluster.
pub(crate) const CLUSTER: &str = "cluster-aaaaaaaaaaa";
/// A day.
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Where virtual time begins.
pub(crate) fn start() -> Timestamp {
    "2026-11-25T10:00:00.125Z".parse().unwrap()
}

/// What goes past the API.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Intervention {
    Remove,
    Hide,
    Show,
    Finish,
    Purge,
}

/// All that is in a service, listed or not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) backups: Vec<Backup>,
}

/// Backups in an order that does not depend on where they come from.
pub(crate) fn sorted(mut backups: Vec<Backup>) -> Vec<Backup> {
    let place = |backup: &Backup| (backup.region.clone(), backup.account.clone(), backup.id.clone());
    backups.sort_by_key(place);
    backups
}

/// What keeps the contract.
pub(crate) trait Service {
    fn name(&self) -> &'static str;
    fn perform<'a>(&'a mut self, caller: &'a Caller, operation: &'a Operation) -> LocalBoxFuture<'a, Result>;
    fn seed(&mut self, seed: Seed) -> std::result::Result<String, ApiError>;
    fn seed_cluster(&mut self, cluster: Cluster);
    fn advance(&mut self, by: Duration);
    fn set_knobs(&mut self, knobs: &Knobs);
    fn intervene(&mut self, how: Intervention, region: &str, id: &str) -> bool;
    fn state(&self) -> State;
}

/// One service, and what it was asked and answered.
pub(crate) struct Stage {
    service: Box<dyn Service>,
    knobs: Knobs,
    exchanges: Vec<Exchange>,
}

/// Plays a body over the library and over the wire, and compares.
pub(crate) async fn over_both(body: impl AsyncFn(&mut Stage)) {
    let mut ends = Vec::new();
    let services: [Box<dyn Service>; 2] = [Box::new(Library::new(7)), Box::new(Wire::new(7))];
    for service in services {
        println!("over the {}", service.name());
        let mut stage = Stage { service, knobs: Knobs::default(), exchanges: Vec::new() };
        body(&mut stage).await;
        assert!(!stage.exchanges.is_empty(), "the body asks for nothing");
        ends.push((stage.exchanges, stage.service.state()));
    }
    let [(library, inside), (wire, behind)] = ends.try_into().unwrap_or_else(|_| unreachable!());
    for (one, other) in library.iter().zip(&wire) {
        assert_eq!(one, other, "library and wire differ");
    }
    assert_eq!((library.len(), inside), (wire.len(), behind));
}

impl Stage {
    /// What a call ends in.
    pub(crate) async fn call_as(&mut self, caller: &Caller, operation: Operation) -> Result {
        let result = self.service.perform(caller, &operation).await;
        self.exchanges.push(Exchange { caller: caller.clone(), operation, result: result.clone() });
        result
    }

    /// The same, of the default account.
    pub(crate) async fn call(&mut self, region: &str, operation: Operation) -> Result {
        self.call_as(&Caller::new(DEFAULT_ACCOUNT, region), operation).await
    }

    /// The answer of a call that succeeds.
    pub(crate) async fn ask(&mut self, region: &str, operation: Operation) -> Answer {
        let name = operation.name();
        self.call(region, operation).await.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"))
    }

    /// The backup that a call changes.
    pub(crate) async fn change(&mut self, region: &str, operation: Operation) -> Item {
        match self.ask(region, operation).await {
            Answer::Backup(item) => *item,
            other => panic!("no backup: {other:?}"),
        }
    }

    /// The code of a call that is refused.
    pub(crate) async fn refused(&mut self, region: &str, operation: Operation) -> String {
        match self.call(region, operation).await {
            Err(refusal) => refusal.code,
            Ok(answer) => panic!("not refused: {answer:?}"),
        }
    }

    /// All backups that a listing has, page by page.
    pub(crate) async fn list(&mut self, region: &str, request: DescribeBackups) -> Vec<Item> {
        let (mut request, mut all) = (request, Vec::new());
        loop {
            match self.ask(region, Operation::DescribeBackups(request.clone())).await {
                Answer::Backups(page, token) => {
                    all.extend(page);
                    request.next_token = token;
                }
                other => panic!("no listing: {other:?}"),
            }
            if request.next_token.is_none() {
                return all;
            }
        }
    }

    /// The only backup of a region.
    pub(crate) async fn only(&mut self, region: &str) -> Item {
        let [one] = self.list(region, DescribeBackups::default()).await.try_into().expect("one backup");
        one
    }

    /// Puts a backup into the service; its id.
    pub(crate) fn seed(&mut self, seed: Seed) -> String {
        self.service.seed(seed).unwrap()
    }

    /// A READY backup of [`CLUSTER`] in [`HERE`]; its id.
    pub(crate) fn ready(&mut self) -> String {
        self.seed(Seed::ready(HERE, CLUSTER))
    }

    pub(crate) fn seed_cluster(&mut self, cluster: Cluster) {
        self.service.seed_cluster(cluster);
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.service.advance(by);
    }

    /// Turns knobs.
    pub(crate) fn knobs(&mut self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.knobs);
        self.service.set_knobs(&self.knobs);
    }
}
