//! What is known of all resources together: their claims, fed by raw watch events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use plan::{
    claims::{Claim, Claims, Standing},
    desired::ObjectName,
    effect::{Mutation, Outcome},
    inventory::{Names, Topic},
    ledger::Ledger,
    model::{BackupId, BackupKey, Region},
    requests::Requests,
    time::Moment,
};
use tokio::sync::{Notify, mpsc};

use super::{
    lock,
    report::{Reporter, Sum},
    tally::{Share, Tally},
};
use crate::api::CloudHsmBackup;

/// The claims of every resource that is watched.
pub struct Index {
    claims: Mutex<Claims>,
    /// Those that cannot be read, and so claim nothing. Somebody has to be told of them all the same.
    unreadable: Mutex<BTreeSet<ObjectName>>,
    /// Open requests for copies, also of resources that are no more.
    requests: Mutex<Requests>,
    concerned: mpsc::UnboundedSender<ObjectName>,
    reporter: Arc<dyn Reporter>,
    tally: Mutex<Tally>,
    /// How many watches have not listed everything yet.
    incomplete: AtomicUsize,
    /// The backups that are named may have changed.
    renamed: Notify,
}

impl Index {
    /// An index that `watches` watches feed, for a process that does not lead yet.
    ///
    /// Whoever's standing may have changed arrives at the receiver, also through our own writes: the
    /// watch event that follows one finds the claim as it is already.
    pub fn new(watches: usize, reporter: Arc<dyn Reporter>) -> (Self, mpsc::UnboundedReceiver<ObjectName>) {
        let (concerned, receiver) = mpsc::unbounded_channel();
        let index = Self {
            claims: Mutex::default(),
            unreadable: Mutex::default(),
            requests: Mutex::new(Requests::following()),
            concerned,
            reporter,
            tally: Mutex::default(),
            incomplete: AtomicUsize::new(watches),
            renamed: Notify::new(),
        };
        (index, receiver)
    }

    /// Whether every watch has listed what there is. Before that nobody's standing is known.
    pub fn is_complete(&self) -> bool {
        self.incomplete.load(Ordering::SeqCst) == 0
    }

    /// One more watch has listed what there is.
    pub fn listed_one(&self) {
        let one_less = |left: usize| left.checked_sub(1);
        // None left: a watch that lists again counts once.
        let _ = self.incomplete.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        self.renamed.notify_one();
    }

    /// Takes in a resource, as it is seen at `now`.
    pub fn set(&self, object: &CloudHsmBackup, now: Moment) {
        let name = object.object_name();
        let Ok(desired) = object.desired() else {
            self.remove(&name);
            lock(&self.unreadable).insert(name);
            return;
        };
        lock(&self.unreadable).remove(&name);
        let ledger = object.ledger();
        self.see_requests(&desired.backup, &ledger, now);
        let share = Share::of(object, &desired, &ledger);
        self.report(|tally| tally.set(&name, share));
        let touched = lock(&self.claims).set(name, Claim::of(&desired, &ledger));
        self.tell(touched);
    }

    /// Forgets a resource.
    pub fn remove(&self, name: &ObjectName) {
        lock(&self.unreadable).remove(name);
        self.report(|tally| tally.remove(name));
        let touched = lock(&self.claims).remove(name);
        self.tell(touched);
    }

    fn tell(&self, touched: BTreeSet<ObjectName>) {
        for name in touched {
            // Nobody listens any more when the process stops.
            let _ = self.concerned.send(name);
        }
        self.renamed.notify_one();
    }

    /// Tells the sums that a change has made. Within the lock, so that the last one told is the last one made.
    fn report(&self, change: impl FnOnce(&mut Tally) -> Vec<Sum>) {
        let mut tally = lock(&self.tally);
        for sum in change(&mut tally) {
            self.reporter.summed(&sum);
        }
    }

    /// This process begins to lead at `now`: what others asked for counts from now on, and whatever is named is looked at.
    pub fn take_over(&self, now: Moment) {
        let claims = lock(&self.claims);
        let matters: BTreeSet<(&BackupKey, &Region)> = (claims.all())
            .flat_map(|(_, claim)| claim.regions.iter().map(|region| (&claim.backup, region)))
            .collect();
        self.with_requests(|requests| {
            requests.take_over(|source, region| matters.contains(&(source, region)), now);
        });
        self.renamed.notify_one();
    }

    /// Forgets the resources of `namespace` (all, if `None`) that are not in `listed`.
    pub fn keep_only(&self, namespace: Option<&str>, listed: &BTreeSet<ObjectName>) {
        let gone: Vec<ObjectName> = (lock(&self.claims).all())
            .map(|(name, _)| name)
            .filter(|name| {
                namespace.is_none_or(|namespace| name.namespace == namespace) && !listed.contains(*name)
            })
            .cloned()
            .collect();
        for name in gone {
            self.remove(&name);
        }
    }

    /// Whether there is a resource of this name that can be read.
    pub fn knows(&self, name: &ObjectName) -> bool {
        lock(&self.claims).knows(name)
    }

    /// How `name` stands among those that name the same backups, with an eye on the copies `found`.
    pub fn standing(&self, name: &ObjectName, found: &BTreeSet<BackupKey>) -> Standing {
        lock(&self.claims).standing(name, found)
    }

    /// Takes in the open requests for copies of `source` that a status records, as it is seen at `now`.
    pub fn see_requests(&self, source: &BackupKey, ledger: &Ledger, now: Moment) {
        self.with_requests(|requests| {
            for (region, record) in &ledger.copies {
                requests.see(source, region, record, now);
            }
        });
    }

    /// A change is about to be sent under the marks of `ledger`; if it is a request for a copy, it is known from now on. AWS
    /// calls the copies `failed` DELETED by then.
    pub fn begin_request(
        &self,
        mutation: &Mutation,
        ledger: &Ledger,
        failed: BTreeSet<BackupId>,
        now: Moment,
    ) {
        if let Some(to) = mutation.destination()
            && let Some(record) = ledger.copies.get(to)
        {
            self.with_requests(|requests| requests.begin(&mutation.target, to, record, failed, now));
        }
    }

    /// Whether the mark made at `mark` was written is not known, and the change is not sent.
    pub fn drop_request(&self, mutation: &Mutation, mark: Option<Timestamp>, now: Moment) {
        if let (Some(to), Some(mark)) = (mutation.destination(), mark) {
            self.with_requests(|requests| requests.gave_up(&mutation.target, to, mark, now));
        }
    }

    /// A change under the mark made at `mark` has ended in `outcome`; if it is a request for a copy, that is known from now
    /// on, whatever becomes of the resource.
    pub fn end_request(&self, mutation: &Mutation, mark: Option<Timestamp>, outcome: &Outcome, now: Moment) {
        if let (Some(to), Some(mark)) = (mutation.destination(), mark) {
            self.with_requests(|requests| {
                requests.answered(&mutation.target, to, mark, outcome.clone(), now);
            });
        }
    }

    /// Reads or changes what is known of open requests for copies.
    pub fn with_requests<T>(&self, act: impl FnOnce(&mut Requests) -> T) -> T {
        act(&mut lock(&self.requests))
    }

    /// The resources that any of `topics` in `region` concerns; all of them when `region` is `None`.
    pub fn concerned(&self, region: Option<&Region>, topics: &BTreeSet<Topic>) -> BTreeSet<ObjectName> {
        let claims = lock(&self.claims);
        let Some(region) = region else { return claims.all().map(|(name, _)| name.clone()).collect() };
        topics.iter().flat_map(|topic| claims.concerned_by(region, topic)).collect()
    }

    /// Every resource that is watched, those that cannot be read among them.
    pub fn everyone(&self) -> BTreeSet<ObjectName> {
        let mut everyone = self.concerned(None, &BTreeSet::new());
        everyone.extend(lock(&self.unreadable).iter().cloned());
        everyone
    }

    /// The backups that some resource deleted or means to delete.
    pub fn marked_for_deletion(&self) -> BTreeSet<BackupKey> {
        lock(&self.claims).marked_for_deletion()
    }

    /// What resources want to know, once something about that may have changed.
    pub async fn renamed(&self) -> BTreeMap<Region, Names> {
        self.renamed.notified().await;
        let claims = lock(&self.claims);
        let mut named = claims.named();
        let requests = lock(&self.requests);
        // Where a copy may appear matters as well, though no status says so any more.
        for (_, claim) in claims.all() {
            for region in requests.destinations(&claim.backup) {
                named.entry(region.clone()).or_default().sources.insert(claim.backup.clone());
            }
        }
        named
    }
}
