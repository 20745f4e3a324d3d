//! What must hold, checked against a history that is kept outside the operator.
//!
//! After every step: S1 nothing is deleted that no resource asked to delete, or past a guard; S2 nothing is touched
//! that no resource names, or asks to have changed so; S3 no second copy; S4 nothing is sent by who does not lead; S5
//! the finalizer goes only when the outside is settled. In the end: L1 every resource is as it asks, or says why
//! not and waits for a person; L2 at rest nothing is written and nothing changed.

mod marks;
mod say;
mod wishes;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use cloudhsm_backup_operator::api::{CloudHsmBackup, spec::DeletionPolicy};
use emulator::{BackupState, Cloud};
use plan::{
    effect::{Change, Mutation},
    inventory::Query,
    model::{BackupKey, Region},
};

pub use self::wishes::{is_ready, unsettled};
use self::{
    say::Rivals,
    wishes::{asks, names, primary},
};
use crate::{
    cluster::{Store, name_of},
    coverage::Coverage,
};

/// A decision lives for 60 s, and its request travels for a while; what was asked for within this time counts.
const STALE: Duration = Duration::from_secs(150);

/// So often a region is listed in an hour at most, with [`POLL`](crate::ending::POLL) and a little less between two.
const LISTINGS: usize = 7;

/// How long a copy is looked for before it is asked for again.
const SETTLED: Duration = Duration::from_mins(13);

/// Within this time a listing and the lookup that it leads to are answered.
const PROOF: Duration = Duration::from_mins(15);

/// How long a request may be on its way.
const TRAVEL: Duration = Duration::from_secs(40);

/// A copy that an operator asked for, and AWS accepted.
#[derive(Clone, Debug)]
struct Asked {
    at: Duration,
    source: BackupKey,
    to: Region,
}

/// A deletion that an operator asked for, and AWS carried out.
#[derive(Clone, Debug)]
struct Deleted {
    at: Duration,
    process: usize,
    key: BackupKey,
    /// Of what it was a copy.
    source: Option<BackupKey>,
}

/// The history.
#[derive(Default)]
pub struct History {
    /// What happened when, if it is to be told.
    pub trace: Option<Vec<String>>,
    /// What must not have happened.
    pub violations: Vec<String>,
    asked: Vec<Asked>,
    deleted: Vec<Deleted>,
    /// When an operator restored what.
    restored: Vec<(Duration, BackupKey)>,
    /// When the status of a resource for this backup was lost.
    lost: Vec<(Duration, BackupKey)>,
    /// Backups of which a second copy is not promised not to be made: a status was lost while a request was open.
    excused: BTreeSet<BackupKey>,
    /// When a person did something to a backup.
    touched: BTreeMap<(String, String), Duration>,
    /// The most deletions an hour.
    max_deletions: usize,
    /// What was met.
    pub coverage: Coverage,
    /// When a status was written last, and something changed in AWS.
    pub last_write: Duration,
    /// When something was changed in AWS last.
    pub last_change: Duration,
    /// Complete answers that left out what is there, and where.
    lies: Vec<(Duration, Region)>,
    /// When each region was listed.
    scans: BTreeMap<Region, Vec<Duration>>,
    /// When single backups were looked up, or copies searched for, last.
    last_lookup: Duration,
}

impl History {
    /// Nothing has happened. With `trace` everything that does is put into words.
    pub fn new(trace: bool, max_deletions: usize) -> Self {
        Self { trace: trace.then(Vec::new), max_deletions, ..Self::default() }
    }

    /// Something happened.
    pub fn note(&mut self, at: Duration, what: String) {
        self.note_with(at, || what);
    }

    /// The same, put into words only if somebody listens.
    pub fn note_with(&mut self, at: Duration, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>10.3} s  {}", at.as_secs_f64(), what()));
        }
    }

    /// Something must not have happened.
    pub fn violation(&mut self, at: Duration, what: &str) {
        self.note_with(at, || format!("VIOLATION {what}"));
        self.violations.push(format!("{:.3} s: {what}", at.as_secs_f64()));
    }

    /// AWS is asked for a page.
    pub fn listed(&mut self, at: Duration, region: &Region, query: &Query, token: Option<&str>) {
        match query {
            Query::All if token.is_none() => self.scans.entry(region.clone()).or_default().push(at),
            Query::All => {}
            Query::Ids(_) | Query::CopiesOf(_) => self.last_lookup = at,
        }
    }

    /// AWS leaves out what is there, in an answer that looks complete.
    pub fn lied(&mut self, at: Duration, region: &Region) {
        self.lies.push((at, region.clone()));
    }

    /// Whether AWS left out what is there twice within the time in which a listing and a lookup follow each other:
    /// that is all the proof there is that a backup is gone.
    fn believed(&self, at: Duration, region: &Region) -> bool {
        let recent =
            |(then, there): &&(Duration, Region)| there == region && at.saturating_sub(*then) < PROOF;
        self.lies.iter().filter(recent).count() >= 2
    }

    /// L2: what was done in the hour since `rest` that is not done at rest (P6), by so many `processes`. `settled`: AWS
    /// matches every spec.
    pub fn unrest(&self, rest: Duration, processes: usize, settled: bool) -> Vec<(Duration, String)> {
        let lookup = if settled { self.last_lookup } else { Duration::ZERO };
        let last = [
            (self.last_write, "a status is written"),
            (self.last_change, "something is changed in AWS"),
            (lookup, "a backup is looked up"),
        ];
        let mut unrest: Vec<_> =
            last.into_iter().filter(|(at, _)| *at > rest).map(|(at, what)| (at, what.to_owned())).collect();
        for (region, scans) in &self.scans {
            let most = processes * LISTINGS;
            if let Some(at) = scans.iter().rev().nth(most).filter(|at| **at > rest) {
                unrest.push((*at, format!("{region} is listed more than {most} times")));
            }
        }
        unrest
    }

    /// A person did something to a backup.
    pub fn touched(&mut self, at: Duration, region: &str, id: &str) {
        self.touched.insert((region.to_owned(), id.to_owned()), at);
    }

    /// The status of this resource is lost, or the resource; whether a request for a copy of its backup is open is not
    /// known any more.
    pub fn status_lost(&mut self, at: Duration, object: &CloudHsmBackup) {
        self.lost.extend(primary(object).map(|key| (at, key)));
        let open = object.status.iter().flat_map(|status| &status.copies).any(|copy| copy.request.is_some());
        if let (true, Some(key)) = (open, primary(object)) {
            self.excused.insert(key);
        }
    }

    /// A status was written.
    pub fn status_written(&mut self, at: Duration, object: &CloudHsmBackup) {
        self.last_write = at;
        self.coverage.status(object);
    }

    /// A request leaves (S4).
    pub fn sent(&mut self, at: Duration, candidate: Option<&str>, leader: Option<&str>, mutation: &Mutation) {
        if let Some(candidate) = candidate
            && leader != Some(candidate)
        {
            self.violation(at, &format!("S4: {candidate} sends {mutation:?} while {leader:?} leads"));
        }
    }

    /// AWS has carried out a change.
    pub fn changed(
        &mut self,
        at: Duration,
        process: usize,
        mutation: &Mutation,
        before: &Cloud,
        store: &Store,
    ) {
        let backup = before.backup(mutation.target.region.as_str(), mutation.target.id.as_str());
        self.coverage.change(mutation, backup.is_some_and(|backup| backup.source.is_some()));
        self.last_change = at;
        let versions: Vec<&CloudHsmBackup> = store.versions_since(at.saturating_sub(STALE)).collect();
        let rule = match mutation.change {
            Change::Delete => "S1",
            Change::Copy { .. } => "S3",
            _ => "S2",
        };
        let askers: Vec<&CloudHsmBackup> =
            versions.iter().copied().filter(|object| asks(object, mutation)).collect();
        let source = backup.and_then(source_of);
        let rivals = Rivals::of(store, at.saturating_sub(STALE));
        if askers.is_empty() {
            self.violation(at, &format!("{rule}: nobody asks for {mutation:?}"));
        } else if askers.iter().all(|asker| rivals.overrule(asker, &mutation.target)) {
            self.violation(at, &format!("{rule}: another resource has the say over {mutation:?}"));
        } else if !askers.iter().any(|asker| {
            let own = primary(asker);
            own.as_ref() == Some(&mutation.target) || own == source
        }) {
            self.violation(at, &format!("{rule}: no resource names {mutation:?}, or what it is a copy of"));
        }
        if !versions.iter().any(|object| marks::is_marked(object, mutation)) {
            self.violation(at, &format!("{rule}: no mark stands for {mutation:?}"));
        }
        match &mutation.change {
            Change::Delete => {
                self.check_deletion(at, process, mutation, before, &versions);
                self.check_wish(at, &mutation.target, source.as_ref(), store);
                self.deleted.push(Deleted { at, process, key: mutation.target.clone(), source });
            }
            Change::Restore => {
                self.check_restore(at, &mutation.target, &askers, store);
                self.restored.push((at, mutation.target.clone()));
            }
            Change::Copy { to, .. } => self.check_copy(at, &mutation.target, to, before, store),
            _ => {}
        }
    }

    /// S1: the guards.
    fn check_deletion(
        &mut self,
        at: Duration,
        process: usize,
        mutation: &Mutation,
        before: &Cloud,
        versions: &[&CloudHsmBackup],
    ) {
        let key = &mutation.target;
        let Some(backup) = before.backup(key.region.as_str(), key.id.as_str()) else { return };
        let touched = self.touched.get(&(key.region.to_string(), key.id.to_string()));
        let just_touched = touched.is_some_and(|touched| at.saturating_sub(*touched) < STALE);
        if backup.source.is_none() && backup.never_expires != Some(false) && !just_touched {
            self.violation(at, &format!("S1: {key:?} never expires, and is deleted"));
        }
        let cluster = |backup: &emulator::Backup| {
            let source = backup.source.as_ref().and_then(|source| source.cluster_id.clone());
            source.or_else(|| backup.cluster_id.clone())
        };
        let others = before.backups().filter(|other| {
            other.state == BackupState::Ready
                && cluster(other) == cluster(backup)
                && (other.region.as_str(), other.id.as_str()) != (key.region.as_str(), key.id.as_str())
        });
        let waived = versions.iter().any(|object| {
            let annotations = object.metadata.annotations.iter().flatten();
            annotations.into_iter().any(|(name, _)| name == plan::deletion::ALLOW_LAST_BACKUP)
        });
        let recently = self.touched.values().any(|touched| at.saturating_sub(*touched) < STALE);
        if others.count() == 0 && !waived && !recently {
            self.violation(
                at,
                &format!("S1: {key:?} is the last READY backup of its cluster, and is deleted"),
            );
        }
        // Counted when they are sent; here when they arrive.
        let hour = at.saturating_sub(Duration::from_hours(1).saturating_sub(TRAVEL));
        let of_process = self.deleted.iter().filter(|one| one.process == process && one.at > hour);
        if of_process.count() >= self.max_deletions {
            self.violation(at, &format!("S1: {key:?} is one deletion too many in the hour"));
        }
    }

    /// S3.
    fn check_copy(&mut self, at: Duration, source: &BackupKey, to: &Region, before: &Cloud, store: &Store) {
        let is_copy = |backup: &&emulator::Backup| {
            backup.region == to.as_str()
                && backup.state != BackupState::Deleted
                && backup.source.as_ref().is_some_and(|of| {
                    of.region == source.region.as_str() && of.backup_id == source.id.as_str()
                })
        };
        let ours = self.asked.iter().any(|asked| asked.source == *source && asked.to == *to);
        let live: Vec<_> = before.backups().filter(is_copy).map(|backup| backup.id.clone()).collect();
        let by_others = live.iter().any(|id| {
            let touched = self.touched.get(&(to.to_string(), id.clone()));
            // A person's copy may be made right after the search that shows none, and be listed late.
            touched.is_some_and(|touched| {
                at.saturating_sub(*touched) < Duration::from_mins(15) + before.knobs().copy_visible_after
            })
        });
        // A copy that shows only after the settle window is promised for a request alone that AWS is known to have accepted.
        let late = before.knobs().copy_visible_after >= SETTLED;
        let unknown = late
            && self.asked.iter().any(|asked| {
                asked.source == *source
                    && asked.to == *to
                    && !marks::knows_accepted(store, source, to, asked.at)
            });
        if !live.is_empty() && !self.excused.contains(source) && !by_others && !unknown {
            self.violation(
                at,
                &format!("S3: a second copy of {source:?} in {to}, beside {live:?} (asked before: {ours})"),
            );
        }
        self.asked.push(Asked { at, source: source.clone(), to: to.clone() });
    }

    /// S5.
    pub fn finalizer_removed(&mut self, at: Duration, object: &CloudHsmBackup, cloud: &Cloud, store: &Store) {
        let terminating = object.metadata.deletion_timestamp.is_some();
        let bound = object.spec.deletion_policy == Some(DeletionPolicy::Delete);
        let Some(key) = primary(object).filter(|_| terminating && bound) else { return };
        let spent = |mark: Option<&cloudhsm_backup_operator::api::status::Mark>| {
            mark.is_some_and(|mark| mark.done_at.is_some())
        };
        let status = object.status.clone().unwrap_or_default();
        let mut targets = vec![(key, spent(status.deletion.as_ref()))];
        for copy in &status.copies {
            let listed = object.spec.copies.iter().flatten().any(|entry| entry.region == copy.region);
            if let (true, Some(id)) = (listed, &copy.backup_id)
                && let (Ok(region), Ok(id)) = (copy.region.parse(), id.parse())
            {
                targets.push((BackupKey { region, id }, spent(copy.deletion.as_ref())));
            }
        }
        for (key, spent) in targets {
            let live = cloud.backup(key.region.as_str(), key.id.as_str()).is_some_and(|backup| {
                matches!(backup.state, BackupState::Ready | BackupState::CreateInProgress)
            });
            // Whoever names the same backup and lists the region, finds the copy there.
            let lists = |other: &CloudHsmBackup| {
                let mut listed = other.spec.copies.iter().flatten();
                let stays = other.metadata.deletion_timestamp.is_none();
                stays
                    && primary(other) == primary(object)
                    && listed.any(|entry| entry.region == key.region.as_str())
            };
            let claimed = store.versions_since(at.saturating_sub(STALE)).any(|other| {
                name_of(other) != name_of(object) && (names(other).contains(&key) || lists(other))
            });
            let touched = self.touched.get(&(key.region.to_string(), key.id.to_string()));
            let just = touched.is_some_and(|touched| at.saturating_sub(*touched) < STALE);
            if live && !spent && !claimed && !just && !self.believed(at, &key.region) {
                self.violation(
                    at,
                    &format!("S5: the finalizer of {} goes while {key:?} is live", name_of(object)),
                );
            }
        }
    }
}

/// Of what a backup is a copy.
fn source_of(backup: &emulator::Backup) -> Option<BackupKey> {
    let source = backup.source.as_ref()?;
    Some(BackupKey { region: source.region.parse().ok()?, id: source.backup_id.parse().ok()? })
}
