//! What is done to a backup from behind the scenes: no operation of the API, and logged nowhere.

use jiff::Timestamp;

use super::{BackupState, Cloud, Key};

impl Cloud {
    /// Makes a backup vanish without a trace, which AWS itself never does. Whether there was one.
    pub fn remove(&mut self, region: &str, id: &str) -> bool {
        let Some(key) = self.key_of(region, id) else { return false };
        self.agenda.note(&key, None);
        self.backups.remove(&key).is_some()
    }

    /// Keeps a backup from being listed or found until it is shown; time goes on for it. Whether there
    /// is one.
    pub fn hide(&mut self, region: &str, id: &str) -> bool {
        self.set_visible_from(region, id, Timestamp::MAX)
    }

    /// Ends the hiding of a backup, whatever hid it. Whether there is one.
    pub fn show(&mut self, region: &str, id: &str) -> bool {
        self.set_visible_from(region, id, self.now)
    }

    /// Makes a `CREATE_IN_PROGRESS` backup READY now. Whether there was one.
    pub fn finish(&mut self, region: &str, id: &str) -> bool {
        let key =
            self.key_of(region, id).filter(|key| self.state(key) == Some(BackupState::CreateInProgress));
        let Some(key) = key else { return false };
        self.change(&key, |backup| backup.state = BackupState::Ready);
        self.settle();
        true
    }

    /// Makes a backup DELETED now: the end of the days to restore it, or the failure of a copy. Whether
    /// there was one that was not.
    pub fn purge(&mut self, region: &str, id: &str) -> bool {
        let key = self.key_of(region, id).filter(|key| self.state(key) != Some(BackupState::Deleted));
        let Some(key) = key else { return false };
        self.change(&key, super::Backup::purge);
        true
    }

    fn set_visible_from(&mut self, region: &str, id: &str, from: Timestamp) -> bool {
        let entry = self.key_of(region, id).and_then(|key| self.backups.get_mut(&key));
        entry.map(|entry| entry.visible_from = from).is_some()
    }

    fn key_of(&self, region: &str, id: &str) -> Option<Key> {
        self.backup(region, id).map(|backup| Key::new(&backup.account, region, id))
    }

    fn state(&self, key: &Key) -> Option<BackupState> {
        self.backups.get(key).map(|entry| entry.backup.state)
    }
}
