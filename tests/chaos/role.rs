//! What the resources of the workload want, step by step, and what is to become of them.

use emulator::{BackupState, Seed};
use serde_json::{Value, json};

/// Where the backups lie; a resource's number tells which.
pub const SOURCES: [&str; 2] = ["eu-west-1", "us-east-1"];
/// Where their copies go.
pub const DESTINATIONS: [&str; 2] = ["eu-central-1", "us-west-2"];

/// What a resource is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Keeps its backup, its tags and a copy, whatever people do to them in AWS.
    Kept,
    /// Wants a copy, then two.
    Copied,
    /// Wants a copy, then deletes the backup.
    Deleted,
    /// Deletes the backup and takes that back, twice.
    Undeleted,
    /// Deletes its copy.
    CopyDeleted,
    /// Deletes its copy and takes that back.
    CopyUndeleted,
    /// Says `deletionPolicy: Delete` and is deleted.
    Removed,
    /// Is deleted, and lets go of a backup that stays.
    LetGo,
    /// Wants a backup deleted that never expires: held.
    NeverExpires,
    /// Wants the last backup of its cluster deleted: held.
    LastBackup,
    /// Its copy fails in AWS: held back until later.
    CopyFails,
    /// Wants nothing.
    View,
}

impl Role {
    const ALL: [Self; 12] = [
        Self::Kept,
        Self::Copied,
        Self::Deleted,
        Self::Undeleted,
        Self::CopyDeleted,
        Self::CopyUndeleted,
        Self::Removed,
        Self::LetGo,
        Self::NeverExpires,
        Self::LastBackup,
        Self::CopyFails,
        Self::View,
    ];

    /// That of the resource with this number.
    pub fn of(number: usize) -> Self {
        Self::ALL[number % Self::ALL.len()]
    }

    /// What the resource is to end as: the status and reason of Ready. `None`: it ends.
    pub fn end(self) -> Option<(bool, &'static str)> {
        match self {
            Self::Removed | Self::LetGo => None,
            Self::Deleted => Some((true, "DeletionScheduled")),
            Self::NeverExpires => Some((false, "NeverExpires")),
            Self::LastBackup => Some((false, "LastBackup")),
            Self::CopyFails => Some((false, "CopyFailed")),
            _ => Some((true, "InSync")),
        }
    }

    /// In which state the backup is to end.
    pub fn backup_ends(self) -> BackupState {
        match self {
            Self::Deleted | Self::Removed => BackupState::PendingDeletion,
            _ => BackupState::Ready,
        }
    }

    /// In which state each copy is to end.
    pub fn copies_end(self) -> BackupState {
        match self {
            Self::CopyDeleted | Self::Removed => BackupState::PendingDeletion,
            Self::CopyFails => BackupState::Deleted,
            _ => BackupState::Ready,
        }
    }

    /// Whether it asks, at any time, to delete its backup and nothing is to hold that.
    pub fn deletes_backup(self) -> bool {
        matches!(self, Self::Deleted | Self::Undeleted | Self::Removed)
    }

    /// Whether it asks, at any time, to delete its copies.
    pub fn deletes_copies(self) -> bool {
        matches!(self, Self::CopyDeleted | Self::CopyUndeleted | Self::Removed)
    }

    /// Whether its last step is its end.
    pub fn ends(self) -> bool {
        self.end().is_none()
    }
}

/// A resource of the workload, named after its role and number.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// Its backup.
    pub id: String,
    /// Where that lies.
    pub region: &'static str,
    /// How many steps of its way it has made; 0: it is not applied yet.
    pub made: usize,
    /// Whether a person has deleted its backup in AWS.
    pub deleted_by_hand: bool,
    number: usize,
}

impl Resource {
    /// A resource whose backup has this id.
    pub fn new(number: usize, id: String) -> Self {
        let role = Role::of(number);
        let name = format!("{role:?}-{number}").to_lowercase();
        Self { name, role, id, region: region(number), made: 0, deleted_by_hand: false, number }
    }

    /// The backup that the resource with this number is about.
    pub fn seed(number: usize) -> Seed {
        let seed = Seed::ready(region(number), cluster(number));
        match Role::of(number) {
            Role::NeverExpires => seed.never_expires(true),
            // Some are still being made.
            _ if number % 5 == 2 => {
                Seed { ready_after: Some(std::time::Duration::from_secs(8)), ..seed.in_progress() }
            }
            _ => seed,
        }
    }

    /// Another backup of the same cluster, which nobody names; `None` where there is to be no other.
    pub fn bystander(number: usize) -> Option<Seed> {
        (Role::of(number) != Role::LastBackup).then(|| Seed::ready(region(number), cluster(number)))
    }

    /// How many steps there are, the first being to be applied and, of some, the last to be deleted.
    pub fn steps(&self) -> usize {
        self.specs().len() + usize::from(self.role.ends())
    }

    /// Whether the next step is to be deleted.
    pub fn is_about_to_end(&self) -> bool {
        self.role.ends() && self.made + 1 == self.steps()
    }

    /// Whether it has made its way.
    pub fn is_done(&self) -> bool {
        self.made == self.steps()
    }

    /// What its spec is after the last step that it made.
    pub fn spec(&self) -> Value {
        let specs = self.specs();
        specs[self.made.clamp(1, specs.len()) - 1].clone()
    }

    /// Whether it wants anything deleted for good by `deleted: true`.
    pub fn wants_deletion(&self) -> bool {
        let spec = self.spec();
        Self::without_deletion(&spec) != spec
    }

    /// A spec with all wishes to delete taken back.
    pub fn without_deletion(spec: &Value) -> Value {
        let mut spec = spec.clone();
        let copies = spec.get_mut("copies").and_then(Value::as_array_mut);
        copies.into_iter().flatten().for_each(take_back);
        take_back(&mut spec);
        spec
    }

    /// The regions where it has a copy in the end.
    pub fn destinations(&self) -> Vec<&'static str> {
        let both = || DESTINATIONS.to_vec();
        match self.role {
            Role::NeverExpires | Role::LastBackup | Role::View => Vec::new(),
            Role::Copied | Role::LetGo => both(),
            _ => vec![self.destination()],
        }
    }

    fn destination(&self) -> &'static str {
        DESTINATIONS[self.number / 2 % 2]
    }

    fn specs(&self) -> Vec<Value> {
        let (one, copy) = (self.destination(), json!([{ "region": self.destination() }]));
        let other = if one == DESTINATIONS[0] { DESTINATIONS[1] } else { DESTINATIONS[0] };
        let wishes = match self.role {
            Role::Kept => vec![
                json!({ "neverExpires": true, "tags": { "team": "a" }, "copies": copy }),
                json!({ "neverExpires": true, "tags": { "team": "b", "tier": "1" }, "copies": copy }),
                json!({ "neverExpires": true, "tags": { "team": "c" }, "copies": copy, "deleted": false }),
            ],
            Role::Copied => vec![
                json!({ "copies": copy }),
                json!({ "copies": [{ "region": one, "tags": { "team": "a" } }, { "region": other }] }),
            ],
            Role::Deleted => vec![json!({ "copies": copy }), json!({ "copies": copy, "deleted": true })],
            Role::Undeleted => {
                // Both ways to take it back.
                let kept = [json!({ "copies": copy, "deleted": false }), json!({ "copies": copy })];
                let deleted = json!({ "copies": copy, "deleted": true });
                let parity = self.number / 12 % 2;
                let [first, last] = [kept[parity].clone(), kept[1 - parity].clone()];
                vec![json!({ "copies": copy }), deleted.clone(), first, deleted, last]
            }
            Role::CopyDeleted => {
                vec![json!({ "copies": copy }), json!({ "copies": [{ "region": one, "deleted": true }] })]
            }
            Role::CopyUndeleted => vec![
                json!({ "copies": copy }),
                json!({ "copies": [{ "region": one, "deleted": true }] }),
                json!({ "copies": [{ "region": one, "deleted": false }] }),
            ],
            Role::Removed => vec![json!({ "copies": copy, "deletionPolicy": "Delete" })],
            Role::LetGo => vec![json!({ "copies": [{ "region": one }, { "region": other }] })],
            Role::NeverExpires | Role::LastBackup => vec![json!({ "deleted": true })],
            Role::CopyFails => vec![json!({ "copies": copy })],
            Role::View => vec![json!({})],
        };
        wishes.into_iter().map(|wish| self.named(wish)).collect()
    }

    fn named(&self, mut wish: Value) -> Value {
        wish["backupId"] = json!(self.id);
        wish["region"] = json!(self.region);
        wish
    }
}

fn take_back(wish: &mut Value) {
    if wish["deleted"] == true {
        wish["deleted"] = json!(false);
    }
}

fn region(number: usize) -> &'static str {
    SOURCES[number / 4 % 2]
}

/// Each has a cluster of its own, so that none is the last resort of another.
fn cluster(number: usize) -> String {
    let letter = |digit: usize| char::from(b'a' + u8::try_from(digit % 26).unwrap_or_default());
    format!("cluster-chaos{}{}abcd", letter(number / 26), letter(number))
}
