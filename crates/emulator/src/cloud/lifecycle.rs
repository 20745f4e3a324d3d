//! What happens by itself as time passes: creations and copies end, retention policies expire
//! backups, deleted backups are purged.

use std::time::Duration;

use jiff::Timestamp;

use super::backup::BackupState;
use super::{Cloud, Key, time};

impl Cloud {
    /// Lets time pass; everything that falls due happens at its own moment, in order.
    pub fn advance(&mut self, by: Duration) {
        self.advance_to(time::after(self.now, by));
    }

    /// Lets time pass until `at`; an earlier moment than now changes nothing but what is overdue.
    pub fn advance_to(&mut self, at: Timestamp) {
        let at = time::to_milliseconds(at).max(self.now);
        while let Some((due, key)) = self.next_due().filter(|(due, _)| *due <= at) {
            self.now = self.now.max(due);
            self.undergo(&key);
        }
        self.now = at;
    }

    /// Carries out what is due right now.
    pub(super) fn settle(&mut self) {
        self.advance_to(self.now);
    }

    /// Whose turn it is next, and when.
    fn next_due(&self) -> Option<(Timestamp, Key)> {
        let policies = self
            .clusters
            .iter()
            .filter(|(_, cluster)| !cluster.deleted || self.knobs.deleted_clusters_expire);
        let ends = self.agenda.next_end(self.knobs.purge_late_by);
        let expires = self.agenda.next_expiry(policies);
        ends.into_iter().chain(expires).min().map(|(due, key)| (due, key.clone()))
    }

    fn undergo(&mut self, key: &Key) {
        let now = self.now;
        let knobs = self.knobs.clone();
        let fails = self.backups.get(key).and_then(|entry| entry.completion).is_some_and(|end| end.fails);
        self.change(key, |backup| match backup.state {
            BackupState::CreateInProgress if !fails => backup.state = BackupState::Ready,
            // Its cluster's retention policy takes it.
            BackupState::Ready => backup.schedule_deletion(now, &knobs),
            BackupState::CreateInProgress | BackupState::PendingDeletion | BackupState::Deleted => {
                backup.purge();
            }
        });
    }
}
