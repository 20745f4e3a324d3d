//! The most deletions in an hour.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    model::{Backup, BackupKey, BackupState, Region, UNDELETE_WINDOW},
    settings::Settings,
    time::{Moment, Now, earlier},
};

/// Whether one more deletion may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Yes.
    Free,
    /// Not before then.
    FullUntil(Moment),
    /// `--max-deletions 0`: never.
    Never,
    /// Not every region has been counted since the start.
    Uncounted,
}

/// Counts the deletions of the last hour, whoever asked for them before this process began.
///
/// What AWS shows is the only record that survives a restart and cannot be lost with a
/// status, so at start the count is taken from there and not from the marks. A restore
/// gives nothing back: the hour limits what an error can do, undone or not.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    deletions: VecDeque<(Moment, BackupKey)>,
    counted: BTreeSet<Region>,
    /// Deletions asked for and not undone, and when: these backups are nobody's last resort.
    intended: BTreeMap<BackupKey, Moment>,
}

impl Breaker {
    /// Counts what was deleted in `region` within the last hour, once for each region: at its first scan.
    pub fn count_region<'a>(&mut self, region: &Region, backups: impl Iterator<Item = &'a Backup>, now: Now) {
        if !self.counted.insert(region.clone()) {
            return;
        }
        for backup in backups.filter(|backup| backup.state == BackupState::PendingDeletion) {
            let Some(purge) = backup.delete_timestamp else { continue };
            let deleted = earlier(purge, UNDELETE_WINDOW);
            if now.age(deleted) < Settings::BREAKER_WINDOW {
                let key = BackupKey { region: region.clone(), id: backup.id.clone() };
                if !self.deletions.iter().any(|(_, known)| *known == key) {
                    self.deletions.push_back((now.moment_of(deleted).min(now.tick), key));
                }
            }
        }
        self.deletions.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    /// Whether one more may be asked for.
    pub fn room(&self, settings: &Settings, now: Moment) -> Room {
        if settings.max_deletions == 0 {
            return Room::Never;
        }
        let recent: Vec<_> = self.deletions.iter().filter(|(at, _)| counts(*at, now)).collect();
        let most = usize::try_from(settings.max_deletions).unwrap_or(usize::MAX);
        match recent.len().checked_sub(most).and_then(|over| recent.get(over)) {
            Some((leaves, _)) => Room::FullUntil(leaves.after(Settings::BREAKER_WINDOW)),
            None => Room::Free,
        }
    }

    /// How many were asked for within the hour.
    pub fn used(&self, now: Moment) -> usize {
        self.deletions.iter().filter(|(at, _)| counts(*at, now)).count()
    }

    /// When it is one fewer; [`Moment::MAX`] when there is none.
    pub fn falls(&self, now: Moment) -> Moment {
        let oldest = self.deletions.iter().find(|(at, _)| counts(*at, now));
        oldest.map_or(Moment::MAX, |(at, _)| at.after(Settings::BREAKER_WINDOW))
    }

    /// A deletion is about to be sent.
    pub fn begin(&mut self, key: BackupKey, now: Moment) {
        self.deletions.retain(|(at, _)| counts(*at, now));
        self.intended.insert(key.clone(), now);
        self.deletions.push_back((now, key));
    }

    /// It turned out that nothing was deleted.
    pub fn give_back(&mut self, key: &BackupKey) {
        self.intended.remove(key);
        if let Some(at) = self.deletions.iter().rposition(|(_, known)| known == key) {
            self.deletions.remove(at);
        }
    }

    /// A deletion was undone: the backup counts again as a last resort. The count stays.
    pub fn undone(&mut self, key: &BackupKey) {
        self.intended.remove(key);
    }

    /// What this process asked to delete and has not undone, and when.
    pub fn intended(&self) -> impl Iterator<Item = (&BackupKey, Moment)> {
        self.intended.iter().map(|(key, at)| (key, *at))
    }
}

fn counts(at: Moment, now: Moment) -> bool {
    now.since(at) < Settings::BREAKER_WINDOW
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now(tick: u64) -> Now {
        Now { wall: "2026-11-21T10:00:00Z".parse().unwrap(), tick: at(tick) }
    }

    fn at(tick: u64) -> Moment {
        Moment::from_start(Duration::from_secs(tick))
    }

    fn key(letter: &str) -> BackupKey {
        BackupKey { region: region(), id: format!("backup-{}", letter.repeat(11)).parse().unwrap() }
    }

    fn region() -> Region {
        "eu-west-1".parse().unwrap()
    }

    fn limit(max_deletions: u32) -> Settings {
        Settings { max_deletions, ..Settings::default() }
    }

    #[test]
    fn the_limit_holds_for_an_hour_and_a_restore_gives_nothing_back() {
        let mut breaker = Breaker::default();
        breaker.begin(key("a"), at(0));
        breaker.begin(key("b"), at(600));
        breaker.undone(&key("a"));
        assert_eq!(breaker.room(&limit(2), at(700)), Room::FullUntil(at(3600)));
        assert_eq!(breaker.room(&limit(2), at(3599)), Room::FullUntil(at(3600)));
        assert_eq!(breaker.room(&limit(2), at(3600)), Room::Free);
        assert_eq!(breaker.room(&limit(0), at(9999)), Room::Never);
    }

    #[test]
    fn it_falls_when_the_oldest_that_counts_is_an_hour_old() {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.falls(at(0)), Moment::MAX);
        breaker.begin(key("a"), at(0));
        breaker.begin(key("b"), at(600));
        assert_eq!((breaker.falls(at(3599)), breaker.used(at(3599))), (at(3600), 2));
        assert_eq!((breaker.falls(at(3600)), breaker.used(at(3600))), (at(4200), 1));
        assert_eq!((breaker.falls(at(4200)), breaker.used(at(4200))), (Moment::MAX, 0));
    }

    #[test]
    fn what_was_refused_deleted_nothing() {
        let mut breaker = Breaker::default();
        breaker.begin(key("a"), at(0));
        breaker.give_back(&key("a"));
        assert_eq!((breaker.used(at(1)), breaker.intended().count()), (0, 0));
    }

    #[test]
    fn a_restart_counts_what_aws_shows_as_deleted_within_the_hour() {
        let pending = |letter: &str, purge: &str| {
            let mut backup = Backup::new(key(letter).id, BackupState::PendingDeletion);
            backup.delete_timestamp = Some(purge.parse().unwrap());
            backup
        };
        let backups = [
            pending("a", "2026-11-28T09:30:00Z"), // deleted half an hour ago
            pending("b", "2026-11-28T08:59:00Z"), // more than an hour ago
            pending("c", "2026-11-22T10:00:00Z"),
            Backup::new(key("d").id, BackupState::Ready),
        ];
        let mut breaker = Breaker::default();
        breaker.count_region(&region(), backups.iter(), now(5));
        assert_eq!(breaker.used(at(5)), 1);
        breaker.count_region(&region(), backups.iter(), now(6));
        assert_eq!(breaker.used(at(6)), 1, "once for each region");
    }

    #[test]
    fn what_is_an_hour_old_counts_no_more_and_what_this_process_deleted_counts_once() {
        let mut pending = Backup::new(key("a").id, BackupState::PendingDeletion);
        pending.delete_timestamp = Some("2026-11-28T09:00:00Z".parse().unwrap());
        let mut breaker = Breaker::default();
        breaker.count_region(&region(), [&pending].into_iter(), now(5));
        assert_eq!(breaker.deletions.len(), 0);
        pending.delete_timestamp = Some("2026-11-28T09:59:00Z".parse().unwrap());
        let other = Backup { id: key("b").id, ..pending.clone() };
        let mut breaker = Breaker::default();
        breaker.begin(key("a"), at(4));
        breaker.count_region(&region(), [&pending, &other].into_iter(), now(5));
        assert_eq!(breaker.used(at(5)), 2);
    }
}
