//! What will happen by itself, kept in order: with thousands of backups nobody wants to look at each
//! of them whenever the clock moves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::backup::{BackupState, Entry};
use super::{Cluster, Key, time};

/// An index of the backups by what becomes of them next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Agenda {
    /// Backups being made, by when that ends, the older backup first.
    ends: BTreeSet<(Timestamp, Timestamp, Key)>,
    /// Backups pending deletion, by `DeleteTimestamp`, the older backup first.
    purges: BTreeSet<(Timestamp, Timestamp, Key)>,
    /// The READY backups that count for retention, by cluster.
    ready: BTreeMap<Key, Ready>,
    /// Where each backup stands in the two above.
    places: BTreeMap<Key, Place>,
}

/// The READY backups of a cluster, copies aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ready {
    count: usize,
    /// Those that may expire, oldest first.
    mortal: BTreeSet<(Timestamp, Key)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Ends { due: Timestamp, created: Timestamp },
    Purged { due: Timestamp, created: Timestamp },
    Ready { cluster: Key, created: Timestamp },
}

impl Agenda {
    /// Takes note of what a backup has become (`None`: it has vanished).
    pub(super) fn note(&mut self, key: &Key, entry: Option<&Entry>) {
        self.forget(key);
        let Some((entry, place)) = entry.and_then(|entry| Some((entry, place_of(entry)?))) else { return };
        match &place {
            Place::Ends { due, created } => {
                self.ends.insert((*due, *created, key.clone()));
            }
            Place::Purged { due, created } => {
                self.purges.insert((*due, *created, key.clone()));
            }
            Place::Ready { cluster, created } => {
                let ready = self.ready.entry(cluster.clone()).or_default();
                ready.count += 1;
                if entry.backup.never_expires != Some(true) {
                    ready.mortal.insert((*created, key.clone()));
                }
            }
        }
        self.places.insert(key.clone(), place);
    }

    /// The next end of a creation or a copy, or the next purge, so long after the days to restore a backup.
    pub(super) fn next_end(&self, purge_late_by: Duration) -> Option<(Timestamp, &Key)> {
        let end = self.ends.first().map(|(due, created, key)| (*due, *created, key));
        let late = |due| time::after(due, purge_late_by);
        let purge = self.purges.first().map(|(due, created, key)| (late(*due), *created, key));
        end.into_iter().chain(purge).min().map(|(due, _, key)| (due, key))
    }

    /// Whether no other READY backup counts for the retention of this one's cluster.
    pub(super) fn is_last(&self, key: &Key) -> bool {
        match self.places.get(key) {
            Some(Place::Ready { cluster, .. }) => {
                self.ready.get(cluster).is_some_and(|ready| ready.count == 1)
            }
            _ => false,
        }
    }

    /// The next backup that its cluster's policy takes, never the last READY one of the cluster.
    pub(super) fn next_expiry<'a>(
        &'a self,
        policies: impl Iterator<Item = (&'a Key, &'a Cluster)>,
    ) -> Option<(Timestamp, &'a Key)> {
        policies
            .filter_map(|(key, cluster)| {
                let days = cluster.retention_days?;
                let ready = self.ready.get(key).filter(|ready| ready.count > 1)?;
                let (created, oldest) = ready.mortal.first()?;
                Some((time::after(*created, Duration::from_hours(u64::from(days) * 24)), oldest))
            })
            .min()
    }

    fn forget(&mut self, key: &Key) {
        match self.places.remove(key) {
            Some(Place::Ends { due, created }) => {
                self.ends.remove(&(due, created, key.clone()));
            }
            Some(Place::Purged { due, created }) => {
                self.purges.remove(&(due, created, key.clone()));
            }
            Some(Place::Ready { cluster, created }) => {
                if let Some(ready) = self.ready.get_mut(&cluster) {
                    ready.count -= 1;
                    ready.mortal.remove(&(created, key.clone()));
                    if ready.count == 0 {
                        self.ready.remove(&cluster);
                    }
                }
            }
            None => {}
        }
    }
}

fn place_of(entry: &Entry) -> Option<Place> {
    let backup = &entry.backup;
    let created = backup.create_timestamp;
    match backup.state {
        BackupState::CreateInProgress => Some(Place::Ends { due: entry.completion?.at, created }),
        BackupState::PendingDeletion => Some(Place::Purged { due: backup.delete_timestamp?, created }),
        BackupState::Ready if backup.source.is_some() => None,
        BackupState::Ready => {
            let cluster = Key::new(&backup.account, &backup.region, backup.cluster_id.as_deref()?);
            Some(Place::Ready { cluster, created })
        }
        BackupState::Deleted => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::Agenda;
    use crate::cloud::{
        BackupState, Caller, Cloud, Cluster, CopyBackupToRegion, DeleteBackup, ModifyBackupAttributes,
        RestoreBackup, Seed,
    };

    /// The agenda that a look at every single backup would give.
    fn rebuilt(cloud: &Cloud) -> Agenda {
        let mut agenda = Agenda::default();
        for (key, entry) in &cloud.backups {
            agenda.note(key, Some(entry));
        }
        agenda
    }

    /// Does one thing out of twelve, to one backup out of all.
    fn step(cloud: &mut Cloud, dice: u64) {
        let caller = Caller::new(cloud.account(), "eu-west-1");
        let which = usize::try_from(dice / 12).unwrap() % cloud.backups().count().max(1);
        let id = cloud.backups().nth(which).map(|backup| backup.id.clone()).unwrap_or_default();
        let seed = Seed::ready("eu-west-1", "cluster-aaaaaaaaaaa").never_expires(dice.is_multiple_of(3));
        let age = u32::try_from(dice % 60).unwrap();
        // Refusals are part of the game.
        match dice % 12 {
            0 => drop(cloud.seed(seed.in_progress())),
            1 => drop(cloud.seed(seed.state(BackupState::PendingDeletion))),
            2 | 3 => drop(cloud.seed(seed.age_days(age))),
            4 => drop(cloud.delete_backup(&caller, &DeleteBackup::new(id))),
            5 => drop(cloud.restore_backup(&caller, &RestoreBackup::new(id))),
            6 => {
                let request = ModifyBackupAttributes::new(id, dice.is_multiple_of(4));
                drop(cloud.modify_backup_attributes(&caller, &request));
            }
            7 => drop(cloud.copy_backup_to_region(&caller, &CopyBackupToRegion::new(id, "eu-central-1"))),
            8 => drop(cloud.remove("eu-west-1", &id)),
            9 => drop(cloud.purge("eu-west-1", &id)),
            10 => drop(cloud.finish("eu-west-1", &id)),
            _ => cloud.advance(Duration::from_hours(dice % 100)),
        }
    }

    #[test]
    fn the_agenda_knows_what_a_look_at_every_backup_would_tell() {
        for seed in 0..20 {
            let mut cloud = Cloud::new(Timestamp::UNIX_EPOCH).with_id_seed(seed);
            cloud.seed_cluster(Cluster::new("eu-west-1", "cluster-aaaaaaaaaaa").retention_days(30)).unwrap();
            let mut dice = seed;
            for turn in 0..200 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                step(&mut cloud, dice >> 33);
                assert_eq!(cloud.agenda, rebuilt(&cloud), "seed {seed}, turn {turn}");
            }
            let states: std::collections::BTreeSet<_> = cloud.backups().map(|backup| backup.state).collect();
            assert!(states.len() > 2, "the game was dull: {states:?}");
        }
    }
}
