//! What people want and do, and what goes wrong: drawn from a seed.

use std::{collections::BTreeMap, time::Duration};

use cloudhsm_backup_operator::api::spec::{CloudHsmBackupSpec, Copy, DeletionPolicy};
use plan::desired::ObjectName;

use crate::{
    weather::{ChangeFault, ClusterFault, Fault, ReadFault, Spell, Weather},
    world::{Crash, Moment},
};

/// The regions; the first is where originals lie.
pub const REGIONS: [&str; 4] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2"];
const CLUSTERS: [&str; 2] = ["cluster-dygnwhmscg5", "cluster-aaaaaaaaaaa"];

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
    /// A resource is changed.
    Edit(ObjectName, Edit),
    /// A resource is deleted.
    Delete(ObjectName),
    /// A resource is annotated: a fresh look, or the last backup may go.
    Annotate(ObjectName, String, String),
    /// Somebody wipes a status.
    Wipe(ObjectName),
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
}

/// When people and the weather come to rest.
pub const CALM: Duration = Duration::from_mins(90);

fn minutes(rng: &mut fastrand::Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range.start * 60_000..range.end * 60_000))
}

fn tags(rng: &mut fastrand::Rng) -> BTreeMap<String, String> {
    let one = |key: &str, rng: &mut fastrand::Rng| (key.to_owned(), rng.u8(..3).to_string());
    let mut tags = BTreeMap::new();
    if rng.u8(..4) > 0 {
        tags.extend([one("team", rng)]);
    }
    if rng.bool() {
        tags.extend([one("env", rng)]);
    }
    tags
}

fn some<T>(rng: &mut fastrand::Rng, odds: f64, value: impl FnOnce(&mut fastrand::Rng) -> T) -> Option<T> {
    (rng.f64() < odds).then(|| value(rng))
}

fn entry(rng: &mut fastrand::Rng, region: &str) -> Copy {
    Copy {
        region: region.to_owned(),
        tags: some(rng, 0.3, tags).filter(|tags| !tags.is_empty()),
        deleted: some(rng, 0.2, |rng| rng.u8(..3) == 0),
    }
}

fn spec(rng: &mut fastrand::Rng, id: &str) -> CloudHsmBackupSpec {
    let deleted = some(rng, 0.2, fastrand::Rng::bool);
    let bound = rng.u8(..4) == 0;
    let goes = deleted == Some(true) || bound;
    let never_expires = some(rng, 0.5, fastrand::Rng::bool).map(|value| value && !goes);
    let mut copies: Vec<Copy> = Vec::new();
    for region in &REGIONS[1..] {
        if rng.u8(..3) == 0 {
            copies.push(entry(rng, region));
        }
    }
    CloudHsmBackupSpec {
        backup_id: id.to_owned(),
        region: REGIONS[0].to_owned(),
        account_id: None,
        never_expires,
        tags: some(rng, 0.4, tags),
        copies: (!copies.is_empty()).then_some(copies),
        deleted,
        deletion_policy: Some(if bound { DeletionPolicy::Delete } else { DeletionPolicy::Retain }),
        suspend: some(rng, 0.05, |_| true),
    }
}

/// The id of the n-th seeded backup.
pub fn id(number: usize) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    let letter = |place: usize| char::from(letters[place % letters.len()]);
    format!("backup-{}{}seeded234", letter(number), letter(number / letters.len()))
}

fn name(number: usize) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: format!("resource-{number}") }
}

/// Draws a history.
pub fn draw(seed: u64) -> Workload {
    let rng = &mut fastrand::Rng::with_seed(seed);
    let count = match rng.u8(..10) {
        0 => rng.usize(8..20),
        1..=3 => rng.usize(4..8),
        _ => rng.usize(1..4),
    };
    let backups: Vec<&'static str> = (0..count).map(|_| CLUSTERS[rng.usize(..CLUSTERS.len())]).collect();
    let mut acts: Vec<(Duration, Act)> = Vec::new();
    for number in 0..count {
        let at = minutes(rng, 0..10);
        let spec = spec(rng, &id(number));
        acts.push((at, Act::Create(name(number), Box::new(spec))));
    }
    // Now and then two resources name the same backup.
    if rng.u8(..5) == 0 {
        let number = rng.usize(..count);
        let spec = spec(rng, &id(number));
        acts.push((minutes(rng, 0..40), Act::Create(name(count), Box::new(spec))));
    }
    let busy = rng.usize(..6 + 3 * count);
    for _ in 0..busy {
        let at = minutes(rng, 1..70);
        acts.extend(act(rng, count).into_iter().map(|act| (at, act)));
    }
    for _ in 0..rng.usize(..4) {
        let when = if rng.bool() { Moment::Before } else { Moment::After };
        acts.push((minutes(rng, 0..70), Act::Kill(rng.u64(1..8), when)));
    }
    let (processes, elected) = match rng.u8(..8) {
        0 => (2, true),
        1 => (2, false),
        _ => (1, false),
    };
    if rng.u8(..3) == 0 {
        acts.push((minutes(rng, 5..70), Act::Restart));
    }
    if rng.u8(..12) == 0 {
        acts.push((minutes(rng, 5..70), Act::Jump(rng.i64(-120_000..120_000))));
    }
    if rng.u8(..10) == 0 {
        acts.push((Duration::ZERO, Act::CopiesFail(true)));
        acts.push((minutes(rng, 5..60), Act::CopiesFail(false)));
    }
    acts.sort_by_key(|(at, _)| *at);
    Workload {
        seed,
        backups,
        acts,
        weather: weather(rng),
        processes,
        elected,
        copies_hidden: if rng.u8(..3) == 0 { minutes(rng, 0..6) } else { Duration::ZERO },
        page: if rng.bool() { 50 } else { rng.usize(1..5) },
        max_deletions: if rng.u8(..6) == 0 { rng.u32(0..3) } else { 10 },
        crash: None,
    }
}

fn act(rng: &mut fastrand::Rng, count: usize) -> Option<Act> {
    let number = rng.usize(..count);
    let region = REGIONS[rng.usize(1..REGIONS.len())].to_owned();
    let place = if rng.bool() { None } else { Some(region.clone()) };
    Some(match rng.u8(..34) {
        0..=3 => Act::Edit(name(number), Edit::Deleted(some(rng, 0.7, fastrand::Rng::bool))),
        4..=5 => Act::Edit(name(number), Edit::NeverExpires(some(rng, 0.7, fastrand::Rng::bool))),
        6..=7 => Act::Edit(name(number), Edit::Tags(some(rng, 0.7, tags))),
        8 => Act::Edit(
            name(number),
            Edit::Policy(if rng.bool() { DeletionPolicy::Delete } else { DeletionPolicy::Retain }),
        ),
        9 => Act::Edit(name(number), Edit::Suspend(some(rng, 0.4, |_| true))),
        10..=16 => {
            let entry = some(rng, 0.8, |rng| {
                (some(rng, 0.4, fastrand::Rng::bool), some(rng, 0.3, tags).filter(|tags| !tags.is_empty()))
            });
            Act::Edit(name(number), Edit::Copy(region, entry))
        }
        17..=18 => Act::Delete(name(number)),
        19..=20 => Act::Create(name(number), Box::new(spec(rng, &id(number)))),
        21 => Act::Annotate(
            name(number),
            cloudhsm_backup_operator::api::RECONCILE_REQUEST.to_owned(),
            rng.u8(..5).to_string(),
        ),
        22 => Act::Annotate(
            name(number),
            plan::deletion::ALLOW_LAST_BACKUP.to_owned(),
            CLUSTERS[rng.usize(..2)].to_owned(),
        ),
        23 => Act::Wipe(name(number)),
        24..=25 => Act::PersonDeletes(number, place),
        26..=27 => Act::PersonRestores(number, place),
        28 => Act::PersonCopies(number, region),
        29 => Act::PersonTags(number, "team".to_owned(), rng.u8(..3).to_string()),
        30 => Act::PersonSets(number, rng.bool()),
        31 => Act::Purge(number, place),
        _ => return None,
    })
}

fn weather(rng: &mut fastrand::Rng) -> Weather {
    let mut spells = Vec::new();
    // What hides backups must not last as long as it takes to believe it, or come back that soon.
    let mut hidden_until = Duration::ZERO;
    for _ in 0..rng.usize(..7) {
        let from = minutes(rng, 0..70);
        let fault = match rng.u8(..3) {
            0 => Fault::Read(ReadFault::ALL[rng.usize(..ReadFault::ALL.len())]),
            1 => Fault::Change(ChangeFault::ALL[rng.usize(..ChangeFault::ALL.len())]),
            _ => Fault::Cluster(ClusterFault::ALL[rng.usize(..ClusterFault::ALL.len())]),
        };
        let hides =
            matches!(fault, Fault::Read(ReadFault::Missing | ReadFault::Nothing | ReadFault::MissingMember));
        let lasts = if hides { minutes(rng, 0..4) } else { minutes(rng, 0..20) };
        if hides && from < hidden_until + Duration::from_mins(40) && hidden_until > Duration::ZERO {
            continue;
        }
        if hides {
            hidden_until = from + lasts;
        }
        let region = some(rng, 0.4, |rng| REGIONS[rng.usize(..REGIONS.len())].to_owned());
        let region = region.filter(|_| !matches!(fault, Fault::Cluster(_)));
        let odds = [0.05, 0.3, 1.0][rng.usize(..3)];
        // The API server never refuses everything for ever, or nothing would be left to see.
        let odds = if matches!(fault, Fault::Cluster(_)) { f64::min(odds, 0.5) } else { odds };
        spells.push(Spell { from, until: from + lasts, region, odds, fault });
    }
    Weather { spells, single: None }
}
