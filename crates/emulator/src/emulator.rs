//! A running emulator: a server in a thread of its own, and a handle to look into it and act on it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::calls::{By, Call};
use crate::clock::{self, Clock};
use crate::cloud::{
    ApiError, Backup, Caller, Cloud, Cluster, CopyBackupToRegion, DEFAULT_ACCOUNT, DeleteBackup, Knobs,
    Listing, ModifyBackupAttributes, Operation, Reply, RestoreBackup, Seed, Tag, TagResource, UntagResource,
};
use crate::fault::Fault;
use crate::http::{self, Shared};
use crate::service::{Accounts, Service};

/// How an emulator is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The account of access keys that are not in `accounts`.
    pub default_account: String,
    /// Accounts by access key.
    pub accounts: BTreeMap<String, String>,
    /// What backup ids are drawn from.
    pub id_seed: u64,
    /// Where the virtual clock starts; absent: now.
    pub start_time: Option<Timestamp>,
    /// Whether the virtual clock moves by advancing only.
    pub frozen_clock: bool,
    /// How open questions are answered.
    pub knobs: Knobs,
}

impl Default for Config {
    /// A free port of the loopback interface, a running clock.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            default_account: DEFAULT_ACCOUNT.to_owned(),
            accounts: BTreeMap::new(),
            id_seed: 0,
            start_time: None,
            frozen_clock: false,
            knobs: Knobs::default(),
        }
    }
}

/// A running emulator; it stops when dropped.
///
/// What can go wrong with a call or a listing is a [`Fault`], and what AWS may do either way one of
/// the [`Knobs`], for all calls or with [`FaultKind::Knobs`] for some. What a person does by the API
/// is a method named after the operation. `hide`, `show`, `finish`, `purge` and `remove` go past the
/// API and are not logged. The admin interface can do all this too.
///
/// [`FaultKind::Knobs`]: crate::FaultKind::Knobs
///
/// The methods block, for a moment only, and may be called from any thread. Where one names no
/// account, the default one is meant.
pub struct Emulator {
    address: SocketAddr,
    service: Shared,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Emulator {
    /// Starts an emulator in a thread of its own; returns when it listens.
    pub fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let service = Arc::new(Mutex::new(service(config)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&service);
        let thread = std::thread::Builder::new().name("cloudhsm-emulator".to_owned()).spawn(move || {
            runtime.block_on(async {
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    tokio::select! {
                        _ = stopped => {}
                        never = http::serve(listener, shared) => match never {},
                    }
                }
            });
        })?;
        Ok(Self { address, service, stop: Some(stop), thread: Some(thread) })
    }

    /// The endpoint for `AWS_ENDPOINT_URL_CLOUDHSM_V2` and `AWS_ENDPOINT_URL_STS`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.with(|service| service.cloud.now())
    }

    /// Lets virtual time pass; returns the time it is then.
    pub fn advance(&self, by: Duration) -> Timestamp {
        self.with(|service| service.advance(by))
    }

    /// Puts a backup into the service and returns its id.
    ///
    /// # Panics
    /// When the seed makes no sense; [`Emulator::try_seed`] says so instead.
    #[expect(clippy::panic, reason = "for tests: one that seeds nonsense has to fail right there")]
    pub fn seed(&self, seed: Seed) -> String {
        self.try_seed(seed).unwrap_or_else(|error| panic!("the seed makes no sense: {error}"))
    }

    /// Puts a backup into the service and returns its id.
    pub fn try_seed(&self, seed: Seed) -> Result<String, ApiError> {
        self.with(|service| service.cloud.seed(seed))
    }

    /// Puts a cluster's retention policy and tags into the service.
    pub fn seed_cluster(&self, cluster: Cluster) -> Result<(), ApiError> {
        self.with(|service| service.cloud.seed_cluster(cluster))
    }

    /// A backup as the service's inside sees it, listed or not, DELETED or not.
    pub fn backup(&self, region: &str, id: &str) -> Option<Backup> {
        self.with(|service| service.cloud.backup(region, id).cloned())
    }

    /// Every backup of a region, listed or not, DELETED or not; oldest first.
    pub fn backups(&self, region: &str) -> Vec<Backup> {
        let mut backups: Vec<Backup> = self.with(|service| {
            service.cloud.backups().filter(|backup| backup.region == region).cloned().collect()
        });
        backups.sort_by(|one, two| (one.create_timestamp, &one.id).cmp(&(two.create_timestamp, &two.id)));
        backups
    }

    /// Makes a backup vanish without a trace. Whether there was one.
    pub fn remove(&self, region: &str, id: &str) -> bool {
        self.with(|service| service.cloud.remove(region, id))
    }

    /// The ids of all copies that calls made of a backup in a destination, oldest first: listed or
    /// hidden, live, failed, purged or removed. Those of a person are among them, seeded ones are not.
    /// [`Emulator::clear_calls`] forgets none.
    pub fn copies_made(&self, region: &str, id: &str, destination: &str) -> Vec<String> {
        self.with(|service| {
            let account = service.cloud.account();
            let made = service.cloud.copies_made().iter().filter(|copy| {
                (copy.source_region.as_str(), copy.source_backup.as_str()) == (region, id)
                    && (copy.destination.as_str(), copy.account.as_str()) == (destination, account)
            });
            made.map(|copy| copy.backup_id.clone()).collect()
        })
    }

    /// Keeps a backup from being listed, or found by its id, until it is shown. Whether there is one.
    pub fn hide(&self, region: &str, id: &str) -> bool {
        self.with(|service| service.cloud.hide(region, id))
    }

    /// Shows a backup from now on, whatever hid it: [`Emulator::hide`], [`Knobs::hide_copies`] or
    /// [`Knobs::copy_visible_after`]. Whether there is one.
    pub fn show(&self, region: &str, id: &str) -> bool {
        self.with(|service| service.cloud.show(region, id))
    }

    /// Makes a `CREATE_IN_PROGRESS` backup READY now. Whether there was one.
    pub fn finish(&self, region: &str, id: &str) -> bool {
        self.with(|service| service.cloud.finish(region, id))
    }

    /// Makes a backup DELETED now: the end of the days to restore it, or the failure of a copy. Whether
    /// there was one that was not.
    pub fn purge(&self, region: &str, id: &str) -> bool {
        self.with(|service| service.cloud.purge(region, id))
    }

    /// Puts a fault into force, after those that are. With [`FaultKind::knobs`] it makes the knobs
    /// other ones for some calls: in one region, to one destination, of one backup, the next so many.
    ///
    /// [`FaultKind::knobs`]: crate::FaultKind::knobs
    pub fn fault(&self, fault: Fault) {
        self.with(|service| service.faults.add(fault));
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.with(|service| service.faults.clear());
    }

    /// What clients asked for, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.calls_by(By::Client)
    }

    /// How many calls of clients listed a region's backups in this way; each page is a call.
    pub fn listings(&self, region: &str, listing: Listing) -> usize {
        self.with(|service| {
            let calls = service.calls.calls().iter().filter(|call| call.by == By::Client);
            calls.filter(|call| call.region == region && call.listing == Some(listing)).count()
        })
    }

    /// What was done through this handle or the admin interface, oldest first.
    pub fn admin_calls(&self) -> Vec<Call> {
        self.calls_by(By::Admin)
    }

    /// Forgets all calls so far. Their numbers are not given again.
    pub fn clear_calls(&self) {
        self.with(|service| service.calls.clear());
    }

    /// Changes how open questions are answered from now on. What a knob says of new copies does not
    /// concern those on their way: for these there are `show`, `hide`, `finish` and `purge`.
    pub fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        self.with(|service| change(service.cloud.knobs_mut()));
    }

    /// Performs any operation as a person would, out of band: no fault strikes it.
    pub fn act(&self, region: &str, operation: &Operation) -> Result<Reply, ApiError> {
        self.with(|service| {
            let caller = Caller::new(service.cloud.account(), region);
            service.act(&caller, operation)
        })
    }

    /// `DeleteBackup`, out of band.
    pub fn delete_backup(&self, region: &str, id: &str) -> Result<(), ApiError> {
        self.act(region, &Operation::DeleteBackup(DeleteBackup::new(id))).map(drop)
    }

    /// `RestoreBackup`, out of band.
    pub fn restore_backup(&self, region: &str, id: &str) -> Result<(), ApiError> {
        self.act(region, &Operation::RestoreBackup(RestoreBackup::new(id))).map(drop)
    }

    /// `ModifyBackupAttributes`, out of band.
    pub fn set_never_expires(&self, region: &str, id: &str, never_expires: bool) -> Result<(), ApiError> {
        let request = ModifyBackupAttributes::new(id, never_expires);
        self.act(region, &Operation::ModifyBackupAttributes(request)).map(drop)
    }

    /// `TagResource` with one tag, out of band.
    pub fn tag(&self, region: &str, id: &str, key: &str, value: &str) -> Result<(), ApiError> {
        let tag_list = Some(vec![Tag::new(key, value)]);
        let request = TagResource { resource_id: id.to_owned(), tag_list };
        self.act(region, &Operation::TagResource(request)).map(drop)
    }

    /// `UntagResource` with one key, out of band.
    pub fn untag(&self, region: &str, id: &str, key: &str) -> Result<(), ApiError> {
        let tag_key_list = Some(vec![key.to_owned()]);
        let request = UntagResource { resource_id: id.to_owned(), tag_key_list };
        self.act(region, &Operation::UntagResource(request)).map(drop)
    }

    /// `CopyBackupToRegion`, out of band.
    pub fn copy(&self, region: &str, id: &str, destination: &str) -> Result<(), ApiError> {
        let request = CopyBackupToRegion::new(id, destination);
        self.act(region, &Operation::CopyBackupToRegion(request)).map(drop)
    }

    fn calls_by(&self, by: By) -> Vec<Call> {
        self.with(|service| service.calls.calls().iter().filter(|call| call.by == by).cloned().collect())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Service) -> T) -> T {
        let mut service = http::lock(&self.service);
        service.catch_up();
        look(&mut service)
    }
}

fn service(config: Config) -> Service {
    let start = config.start_time.unwrap_or_else(clock::real_now);
    let clock = if config.frozen_clock { Clock::Frozen } else { Clock::running_from(start) };
    let cloud = Cloud::new(start)
        .with_account(&config.default_account)
        .with_id_seed(config.id_seed)
        .with_knobs(config.knobs);
    Service::new(cloud, clock, Accounts { default: config.default_account, by_key: config.accounts })
}
