//! What people want and do, and what goes wrong.

mod draw;

use std::{collections::BTreeMap, time::Duration};

use cloudhsm_backup_operator::api::spec::{CloudHsmBackupSpec, DeletionPolicy};
use plan::desired::ObjectName;

pub use self::draw::draw;
use crate::{
    weather::Weather,
    world::{Crash, Moment},
};

/// The regions; the first is where originals lie.
pub const REGIONS: [&str; 4] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2"];
/// An account that has no backups.
pub const ANOTHER_ACCOUNT: &str = "999988887777";
/// The clusters that backups are of.
pub const CLUSTERS: [&str; 2] = ["cluster-dygnwhmscg5", "cluster-aaaaaaaaaaa"];

/// What an entry of `copies` says: `deleted` and `tags`.
pub type Entry = (Option<bool>, Option<BTreeMap<String, String>>);

/// A change of a spec.
#[derive(Clone, Debug)]
pub enum Edit {
    /// `deleted`.
    Deleted(Option<bool>),
    /// `neverExpires`.
    NeverExpires(Option<bool>),
    /// `tags`.
    Tags(Option<BTreeMap<String, String>>),
    /// `deletionPolicy`.
    Policy(DeletionPolicy),
    /// `suspend`.
    Suspend(Option<bool>),
    /// One entry of `copies`; `None` removes it.
    Copy(String, Option<Entry>),
}

/// What somebody does.
#[derive(Clone, Debug)]
pub enum Act {
    /// A resource is made.
    Create(ObjectName, Box<CloudHsmBackupSpec>),
    /// A resource is made for the copy of a seeded backup in a region, if there is one.
    CreateFor(ObjectName, usize, String, Box<CloudHsmBackupSpec>),
    /// A resource is changed.
    Edit(ObjectName, Edit),
    /// A resource is deleted.
    Delete(ObjectName),
    /// A resource is annotated: a fresh look, or the last backup may go.
    Annotate(ObjectName, String, String),
    /// Somebody wipes a status.
    Wipe(ObjectName),
    /// Somebody restores the cluster's store to an older status.
    RestoreStatus(ObjectName),
    /// A cluster makes a backup by itself.
    AutomaticBackup(usize, &'static str),
    /// A person uses up the tags that a backup may have.
    PersonFillsTags(usize),
    /// DeleteBackup by a person: of a seeded backup, or of a copy of it in a region.
    PersonDeletes(usize, Option<String>),
    /// RestoreBackup by a person.
    PersonRestores(usize, Option<String>),
    /// CopyBackupToRegion by a person.
    PersonCopies(usize, String),
    /// TagResource by a person.
    PersonTags(usize, String, String),
    /// ModifyBackupAttributes by a person.
    PersonSets(usize, bool),
    /// What is pending deletion is purged.
    Purge(usize, Option<String>),
    /// The next process that acts is killed, so many effects from now.
    Kill(u64, Moment),
    /// The process that has run longest is told to stop, and started again.
    Restart,
    /// The same, with the credentials of another account.
    RestartElsewhere,
    /// The process that is next to change something in AWS stands still before the request leaves.
    Freeze(Duration),
    /// In another region there is a backup with the id of this one, and a copy of that in a third one.
    Namesake(usize),
    /// The machines' clocks jump.
    Jump(i64),
    /// Copies fail from now on, or do not any more.
    CopiesFail(bool),
}

/// One history to be.
#[derive(Clone, Debug)]
pub struct Workload {
    /// All chance comes from it.
    pub seed: u64,
    /// How many backups there are, each of a cluster; the clusters have two more each.
    pub backups: Vec<&'static str>,
    /// What happens when.
    pub acts: Vec<(Duration, Act)>,
    /// What goes wrong.
    pub weather: Weather,
    /// How many processes run, and whether they hold an election.
    pub processes: usize,
    /// Whether they hold an election.
    pub elected: bool,
    /// How long accepted copies are not listed.
    pub copies_hidden: Duration,
    /// How many items a page has.
    pub page: usize,
    /// `--max-deletions`.
    pub max_deletions: u32,
    /// When a process is killed, beside the acts.
    pub crash: Option<Crash>,
    /// How long a page of a listing may take: scans overlap with lookups then.
    pub slow_reads: Duration,
}

/// When people and the weather come to rest.
pub const CALM: Duration = Duration::from_mins(90);

/// The id of the n-th seeded backup.
pub fn id(number: usize) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    let letter = |place: usize| char::from(letters[place % letters.len()]);
    format!("backup-{}{}seeded234", letter(number), letter(number / letters.len()))
}
