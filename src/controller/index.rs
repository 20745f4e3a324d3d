//! What is known of all resources together: their claims, fed by raw watch events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use plan::{
    claims::{Claim, Claims, Standing},
    desired::ObjectName,
    inventory::{Names, Topic},
    model::{BackupKey, Region},
};
use tokio::sync::{Notify, mpsc};

use super::{lock, report::Reporter};
use crate::api::CloudHsmBackup;

/// The claims of every resource that is watched.
pub struct Index {
    claims: Mutex<Claims>,
    concerned: mpsc::UnboundedSender<ObjectName>,
    reporter: Arc<dyn Reporter>,
    /// The reason of each resource's `Ready`, as it was last reported.
    reasons: Mutex<BTreeMap<ObjectName, String>>,
    /// How many watches have not listed everything yet.
    incomplete: AtomicUsize,
    /// The backups that are named may have changed.
    renamed: Notify,
}

impl Index {
    /// An index that `watches` watches feed.
    ///
    /// Whoever's standing may have changed arrives at the receiver, also through our own writes: the
    /// watch event that follows one finds the claim as it is already.
    pub fn new(watches: usize, reporter: Arc<dyn Reporter>) -> (Self, mpsc::UnboundedReceiver<ObjectName>) {
        let (concerned, receiver) = mpsc::unbounded_channel();
        let index = Self {
            claims: Mutex::default(),
            concerned,
            reporter,
            reasons: Mutex::default(),
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

    /// Takes in a resource.
    pub fn set(&self, object: &CloudHsmBackup) {
        let name = object.object_name();
        let Ok(desired) = object.desired() else { return self.remove(&name) };
        let ledger = object.ledger();
        self.report(&name, ledger.ready_reason.as_deref());
        let touched = lock(&self.claims).set(name, Claim::of(&desired, &ledger));
        self.tell(touched);
    }

    /// Forgets a resource.
    pub fn remove(&self, name: &ObjectName) {
        self.report(name, None);
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

    fn report(&self, name: &ObjectName, reason: Option<&str>) {
        let mut reasons = lock(&self.reasons);
        let before = match reason {
            Some(reason) => reasons.insert(name.clone(), reason.to_owned()),
            None => reasons.remove(name),
        };
        if before.as_deref() != reason {
            self.reporter.resource(before.as_deref(), reason);
        }
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

    /// How `name` stands among those that name the same backup.
    pub fn standing(&self, name: &ObjectName) -> Standing {
        lock(&self.claims).standing(name)
    }

    /// The resources that any of `topics` in `region` concerns; all of them when `region` is `None`.
    pub fn concerned(&self, region: Option<&Region>, topics: &BTreeSet<Topic>) -> BTreeSet<ObjectName> {
        let claims = lock(&self.claims);
        let Some(region) = region else { return claims.all().map(|(name, _)| name.clone()).collect() };
        let key = |topic: &Topic| match topic {
            Topic::Backup(id) => BackupKey { region: region.clone(), id: id.clone() },
            Topic::CopiesOf(source) => source.clone(),
        };
        topics.iter().flat_map(|topic| claims.concerned(&key(topic)).cloned().collect::<Vec<_>>()).collect()
    }

    /// The backups that some resource deleted or means to delete.
    pub fn marked_for_deletion(&self) -> BTreeSet<BackupKey> {
        lock(&self.claims).marked_for_deletion()
    }

    /// What resources want to know, once something about that may have changed.
    pub async fn renamed(&self) -> BTreeMap<Region, Names> {
        self.renamed.notified().await;
        lock(&self.claims).named()
    }
}
