use std::sync::Mutex;

use plan::{
    error::ErrorClass,
    inventory::{Listing, Names, Page},
    model::{Backup, BackupState},
    settings::Settings,
    time::Now,
};

use super::*;
use crate::inventory::{Pacer, World, lock};

/// AWS never answers here, and time stands still.
#[derive(Clone, Copy)]
struct Still;

impl Describe for Still {
    async fn describe(&self, _: &Region, _: &Query, _: Option<&str>) -> Result<Page, Failure> {
        std::future::pending().await
    }

    async fn account(&self, _: &Region) -> Result<AccountId, Failure> {
        std::future::pending().await
    }
}

impl Clock for Still {
    fn now(&self) -> Now {
        Now { wall: jiff::Timestamp::UNIX_EPOCH, tick: Moment::START }
    }
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Witness for Told {
    fn scanned(&self, _: &Region, doubted: bool) {
        lock(&self.0).push(format!("scanned, doubted: {doubted}"));
    }

    fn scan_failed(&self, _: &Region, failure: &Failure, in_a_row: u32) {
        lock(&self.0).push(format!("{} failed: {}", in_a_row, failure.class.name()));
    }

    fn counted(&self, _: &Region, states: &BTreeMap<&'static str, usize>) {
        lock(&self.0).push(format!("counted {states:?}"));
    }

    fn forgotten(&self, _: &Region) {
        lock(&self.0).push("forgotten".to_owned());
    }
}

struct Scene {
    shared: Arc<Shared<Still, Still>>,
    told: Arc<Told>,
    region: Region,
    calls: Calls,
    sender: Option<mpsc::UnboundedSender<Input>>,
    inputs: mpsc::UnboundedReceiver<Input>,
}

impl Scene {
    /// A region whose first scan has begun.
    fn new() -> Self {
        let told = Arc::new(Told::default());
        let shared = Arc::new(Shared {
            describe: Still,
            clock: Still,
            world: Mutex::new(World::new(Settings::default())),
            reads: Pacer::new(Still, 1.0),
            witness: told.clone(),
            changes: mpsc::unbounded_channel().0,
            version: tokio::sync::watch::Sender::new(0),
        });
        let (sender, inputs) = mpsc::unbounded_channel();
        let region = "eu-west-1".parse().unwrap();
        let scene = Self { shared, told, region, calls: Calls::new(), sender: Some(sender), inputs };
        let backups = ["backup-aaaaaaaaaaa".parse().unwrap()].into();
        scene.feed(Input::Named(Names { backups, ..Names::default() })).ok().unwrap();
        scene
    }

    fn feed(&self, input: Input) -> Result<Option<Moment>, Forgotten> {
        feed(&self.shared, &self.region, input, &self.calls, &self.inputs)
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.told.0))
    }
}

fn listing(complete: bool) -> Input {
    let backup = |letter: &str, state: &str| {
        let id = format!("backup-{}", letter.repeat(11)).parse().unwrap();
        Backup::new(id, BackupState::from_name(state))
    };
    let backups = vec![backup("a", "READY"), backup("b", "FROZEN"), backup("c", "READY")];
    Input::Scanned(Ok(Listing { backups, complete }))
}

#[tokio::test]
async fn a_listing_is_told_with_what_it_showed() {
    let scene = Scene::new();
    assert_eq!(scene.told(), [""; 0]);
    assert!(scene.feed(listing(true)).is_ok());
    assert_eq!(scene.told(), ["scanned, doubted: false", r#"counted {"READY": 2, "other": 1}"#]);
}

#[tokio::test]
async fn a_listing_that_fails_or_is_incomplete_is_told_as_failed_and_a_region_never_listed_is_not_empty() {
    for (input, class) in [
        (listing(false), "Implausible"),
        (Input::Scanned(Err(Failure::new(ErrorClass::AccessDenied, "Denied"))), "AccessDenied"),
    ] {
        let scene = Scene::new();
        assert!(scene.feed(input).is_ok());
        assert_eq!(scene.told(), [format!("1 failed: {class}")]);
    }
}

#[tokio::test]
async fn an_answer_that_comes_after_its_region_was_forgotten_is_told_to_nobody() {
    let mut scene = Scene::new();
    scene.sender = None;
    scene.shared.forget(&scene.region);
    assert!(scene.feed(listing(true)).is_err());
    assert_eq!(scene.told(), ["forgotten"]);
    assert!(scene.shared.world().region(&scene.region).is_none(), "nor does it come back");
}
