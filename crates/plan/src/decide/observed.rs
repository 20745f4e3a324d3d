//! What one reconcile sees of AWS.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    deletion::{Breaker, Room, Survivor, Survivors},
    desired::Desired,
    error::Failure,
    inventory::{Core, Search, Sight, Topic, World},
    ledger::Ledger,
    model::{AccountId, Backup, BackupKey, BackupState, ClusterId, Region},
    requests::{Open, Requests},
    settings::Settings,
    time::Moment,
};

/// Everything outside Kubernetes that a decision about one resource depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The account of the credentials, once known.
    pub account: Option<AccountId>,
    /// The backup.
    pub primary: Sight,
    /// Why its region cannot be seen as a whole, if so: then nothing is changed there.
    pub trouble: Option<Failure>,
    /// Other regions that know the same id, and its state there.
    pub elsewhere: Vec<(Region, BackupState)>,
    /// What is seen in every region that is listed, or of which something is on record.
    pub copies: BTreeMap<Region, CopyObserved>,
    /// Other READY backups of the cluster; looked for only when a deletion is wished for.
    pub survivors: Survivors,
    /// Whether the hourly number of deletions leaves room.
    pub room: Room,
}

/// What is seen of the copies of the backup in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyObserved {
    /// Whether the region was looked at at all.
    pub looked: bool,
    /// The copy on record, whenever it was last seen.
    pub recorded: Option<Sight>,
    /// Every backup there that is a copy of this one, or may be.
    pub found: Vec<(Arc<Backup>, Moment)>,
    /// The last search for copies there.
    pub search: Search,
    /// Why the region cannot be seen as a whole, if so: then nothing is changed there.
    pub trouble: Option<Failure>,
    /// Nothing is changed on the strength of a look at the copy on record that began before this …
    pub since: Moment,
    /// … nor on that of a search that began before this.
    pub search_since: Moment,
    /// The open request for a copy there, whichever resource made it.
    pub open: Option<Open>,
}

impl Observed {
    /// What is seen of `target`, the backup itself or a recorded copy of it.
    pub fn sight(&self, desired: &Desired, target: &BackupKey) -> Option<&Sight> {
        if *target == desired.backup {
            return Some(&self.primary);
        }
        self.copies.get(&target.region)?.recorded.as_ref()
    }

    /// Every backup that is seen and might be a copy of this one.
    pub fn copies_found(&self) -> BTreeSet<BackupKey> {
        let key =
            |region: &Region, backup: &Backup| BackupKey { region: region.clone(), id: backup.id.clone() };
        let found = |(region, copy): (&Region, &CopyObserved)| {
            copy.found.iter().map(|(backup, _)| key(region, backup)).collect::<Vec<_>>()
        };
        let recorded = |(region, copy): (&Region, &CopyObserved)| match &copy.recorded {
            Some(Sight::Present { backup, .. }) => Some(key(region, backup)),
            _ => None,
        };
        self.copies.iter().flat_map(found).chain(self.copies.iter().filter_map(recorded)).collect()
    }
}

/// How recent looks must be for anything to be changed on their strength.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    all: Moment,
    each: BTreeMap<(Region, Topic), Moment>,
}

impl Demand {
    /// All looks must begin at `since` or later.
    pub fn all(since: Moment) -> Self {
        Self { all: since, each: BTreeMap::new() }
    }

    /// Looks at `topic` must begin at `since` or later.
    pub fn raise(&mut self, region: &Region, topic: Topic, since: Moment) {
        self.each.insert((region.clone(), topic), since);
    }

    /// When looks at `topic` must have begun at the earliest.
    pub fn of(&self, region: &Region, topic: Topic) -> Moment {
        self.each.get(&(region.clone(), topic)).map_or(self.all, |each| self.all.max(*each))
    }
}

/// Where [`gather`] looks.
#[derive(Clone, Copy, Debug)]
pub struct Lookout<'a> {
    /// The inventory.
    pub world: &'a World,
    /// The open requests for copies.
    pub requests: &'a Requests,
    /// The count of deletions.
    pub breaker: &'a Breaker,
    /// Backups that some resource deleted or means to delete.
    pub marked: &'a BTreeSet<BackupKey>,
}

/// Collects what concerns `desired`; the backup itself from looks as recent as `demand` wants.
pub fn gather(
    desired: &Desired,
    ledger: &Ledger,
    lookout: Lookout<'_>,
    demand: &Demand,
    settings: &Settings,
    now: Moment,
) -> Observed {
    let world = lookout.world;
    let own = Topic::Backup(desired.backup.id.clone());
    let primary = world.sight(&desired.backup, demand.of(&desired.backup.region, own));
    let copies: BTreeMap<_, _> = (copy_regions(desired, ledger, lookout.requests).into_iter())
        .map(|region| (region.clone(), copies_in(&region, desired, ledger, lookout, demand)))
        .collect();
    let survivors = if desired.wishes_deletion() {
        survivors(&primary, &copies, lookout, settings)
    } else {
        Survivors::new()
    };
    Observed {
        account: world.account().cloned(),
        trouble: world.trouble(&desired.backup.region).cloned(),
        elsewhere: if matches!(primary, Sight::Absent { .. }) {
            world.elsewhere(&desired.backup)
        } else {
            Vec::new()
        },
        survivors,
        room: if world.looked_everywhere_once() {
            lookout.breaker.room(settings, now)
        } else {
            Room::Uncounted
        },
        primary,
        copies,
    }
}

/// The regions in which the resource wants a copy, or has something on record.
fn copy_regions(desired: &Desired, ledger: &Ledger, requests: &Requests) -> BTreeSet<Region> {
    let listed = desired.copies.iter().map(|copy| &copy.region);
    listed.chain(ledger.copies.keys()).chain(requests.destinations(&desired.backup)).cloned().collect()
}

fn copies_in(
    region: &Region,
    desired: &Desired,
    ledger: &Ledger,
    lookout: Lookout<'_>,
    demand: &Demand,
) -> CopyObserved {
    let (world, source) = (lookout.world, &desired.backup);
    let recorded = ledger.copies.get(region).and_then(|record| record.id.clone());
    let recorded = recorded.map(|id| BackupKey { region: region.clone(), id });
    let all = Topic::CopiesOf(source.clone());
    CopyObserved {
        looked: world.region(region).is_some_and(Core::looked_once),
        since: (recorded.as_ref())
            .map_or(Moment::ZERO, |key| demand.of(region, Topic::Backup(key.id.clone()))),
        recorded: recorded.map(|key| world.sight(&key, Moment::ZERO)),
        found: world.copies(region, source),
        search: world.search(region, source, Moment::ZERO),
        search_since: demand.of(region, all),
        trouble: world.trouble(region).cloned(),
        open: lookout.requests.open(source, region).cloned(),
    }
}

/// The READY backups of the clusters that a deletion would concern, without those that somebody deletes.
///
/// The index of resources lags behind this process's own doings, so these count too, until a
/// look begun well after the call shows the backup READY: then it did not happen, or was undone.
fn survivors(
    primary: &Sight,
    copies: &BTreeMap<Region, CopyObserved>,
    lookout: Lookout<'_>,
    settings: &Settings,
) -> Survivors {
    let ready = |sight: &Sight| match sight {
        Sight::Present { backup, .. } => backup.state == BackupState::Ready,
        Sight::Pending | Sight::Unclear(_) | Sight::Absent { .. } => false,
    };
    let undone =
        |key: &BackupKey, at: Moment| ready(&lookout.world.sight(key, at.after(settings.confirm_after)));
    let intended =
        lookout.breaker.intended().filter(|(key, at)| !undone(key, *at)).map(|(key, _)| key.clone());
    let except: BTreeSet<BackupKey> = intended.chain(lookout.marked.iter().cloned()).collect();
    let cluster = |sight: &Sight| match sight {
        Sight::Present { backup, .. } => backup.cluster().cloned(),
        Sight::Pending | Sight::Unclear(_) | Sight::Absent { .. } => None,
    };
    let of_copies = copies.values().filter_map(|copy| copy.recorded.as_ref());
    let clusters: BTreeSet<ClusterId> =
        std::iter::once(primary).chain(of_copies).filter_map(cluster).collect();
    let of = |cluster: &ClusterId| {
        let survivor = |(key, seen)| Survivor { key, cluster: cluster.clone(), seen };
        lookout.world.survivors(cluster, &except).into_iter().map(survivor).collect::<Vec<_>>()
    };
    clusters.iter().flat_map(of).collect()
}
