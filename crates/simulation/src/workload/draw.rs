//! Draws a workload from a seed.

use std::{collections::BTreeMap, time::Duration};

use cloudhsm_backup_operator::api::spec::{CloudHsmBackupSpec, Copy, DeletionPolicy};
use emulator::DEFAULT_ACCOUNT;
use plan::desired::ObjectName;

use super::{ANOTHER_ACCOUNT, Act, CLUSTERS, Edit, REGIONS, Workload, id};
use crate::{
    weather::{ChangeFault, ClusterFault, Fault, ReadFault, Spell, Weather},
    world::Moment,
};

/// The number of the first backup that a cluster makes by itself.
const AUTOMATIC: usize = 200;

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
        account_id: some(rng, 0.06, |rng| {
            if rng.bool() { DEFAULT_ACCOUNT } else { ANOTHER_ACCOUNT }.to_owned()
        }),
        never_expires,
        tags: some(rng, 0.4, tags),
        copies: (!copies.is_empty()).then_some(copies),
        deleted,
        deletion_policy: Some(if bound { DeletionPolicy::Delete } else { DeletionPolicy::Retain }),
        suspend: some(rng, 0.05, |_| true),
    }
}

fn name(number: usize) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: format!("resource-{number}") }
}

/// The resource that names the copy of a backup as its own.
fn name_for_copy(number: usize, region: &str) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: format!("copy-{number}-{region}") }
}

/// A resource, mostly one that names an original.
fn any_name(rng: &mut fastrand::Rng, number: usize) -> ObjectName {
    if rng.u8(..8) == 0 { name_for_copy(number, REGIONS[rng.usize(1..REGIONS.len())]) } else { name(number) }
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
        acts.push((at, act(rng, count)));
    }
    // Backups of today, by their clusters; some have a resource at once.
    for number in 0..rng.usize(..3) {
        let (number, at) = (AUTOMATIC + number, minutes(rng, 0..60));
        acts.push((at, Act::AutomaticBackup(number, CLUSTERS[rng.usize(..CLUSTERS.len())])));
        if rng.bool() {
            let spec = spec(rng, &id(number));
            acts.push((at + minutes(rng, 0..5), Act::Create(name(number), Box::new(spec))));
        }
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
    if rng.u8(..12) == 0 {
        acts.push((Duration::ZERO, Act::Namesake(rng.usize(..count))));
    }
    for _ in 0..rng.usize(..3) {
        // Mostly about as long as a decision lives and a Lease lasts.
        let wait = if rng.bool() { rng.u64(45..75) } else { rng.u64(75..400) };
        acts.push((minutes(rng, 0..70), Act::Freeze(Duration::from_secs(wait))));
    }
    if processes == 1 && rng.u8(..10) == 0 {
        let at = minutes(rng, 5..50);
        acts.push((at, Act::RestartElsewhere));
        acts.push((at + minutes(rng, 1..20), Act::Restart));
    }
    let mut weather = weather(rng);
    let copies_hidden = match rng.u8(..12) {
        0..=3 => minutes(rng, 0..6),
        // Later than the settle window, as only copies may be that AWS is known to have accepted.
        4 => {
            acts.retain(|(_, act)| !leaves_outcomes_unknown(act));
            weather
                .spells
                .retain(|spell| !matches!(spell.fault, Fault::Change(fault) if fault.takes_effect()));
            for _ in 0..4 {
                let (at, name) = (minutes(rng, 5..70), name(rng.usize(..count)));
                acts.push((at, look_again(rng, name)));
            }
            minutes(rng, 16..60)
        }
        _ => Duration::ZERO,
    };
    acts.sort_by_key(|(at, _)| *at);
    Workload {
        seed,
        backups,
        acts,
        weather,
        processes,
        elected,
        copies_hidden,
        page: if rng.bool() { 50 } else { rng.usize(1..5) },
        max_deletions: if rng.u8(..4) == 0 { rng.u32(0..4) } else { 10 },
        crash: None,
        slow_reads: if rng.u8(..10) == 0 { Duration::from_secs(rng.u64(1..20)) } else { Duration::ZERO },
    }
}

fn act(rng: &mut fastrand::Rng, count: usize) -> Act {
    let number = rng.usize(..count);
    let region = REGIONS[rng.usize(1..REGIONS.len())].to_owned();
    let place = if rng.bool() { None } else { Some(region.clone()) };
    match rng.u8(..38) {
        0..=18 => {
            let name = any_name(rng, number);
            Act::Edit(name, edit(rng, region))
        }
        19..=20 => Act::Delete(any_name(rng, number)),
        21..=22 => Act::Create(name(number), Box::new(spec(rng, &id(number)))),
        23..=24 => {
            let spec = spec(rng, &id(number));
            Act::CreateFor(name_for_copy(number, &region), number, region, Box::new(spec))
        }
        25 => {
            let name = any_name(rng, number);
            look_again(rng, name)
        }
        26 => {
            let name = any_name(rng, number);
            let cluster = CLUSTERS[rng.usize(..CLUSTERS.len())].to_owned();
            Act::Annotate(name, plan::deletion::ALLOW_LAST_BACKUP.to_owned(), cluster)
        }
        27 => {
            let name = any_name(rng, number);
            if rng.bool() { Act::Wipe(name) } else { Act::RestoreStatus(name) }
        }
        28..=29 => Act::PersonDeletes(number, place),
        30..=31 => Act::PersonRestores(number, place),
        32 => Act::PersonCopies(number, region),
        33 => Act::PersonTags(number, "team".to_owned(), rng.u8(..3).to_string()),
        34 if rng.u8(..4) == 0 => Act::PersonFillsTags(number),
        34 => Act::PersonSets(number, rng.bool()),
        35..=36 => Act::Purge(number, place),
        _ => Act::AutomaticBackup(AUTOMATIC + rng.usize(..3), CLUSTERS[rng.usize(..CLUSTERS.len())]),
    }
}

fn look_again(rng: &mut fastrand::Rng, name: ObjectName) -> Act {
    Act::Annotate(name, cloudhsm_backup_operator::api::RECONCILE_REQUEST.to_owned(), rng.u8(..50).to_string())
}

/// Whether what came of a request may never be known after it.
fn leaves_outcomes_unknown(act: &Act) -> bool {
    matches!(
        act,
        Act::Kill(..)
            | Act::Restart
            | Act::RestartElsewhere
            | Act::Freeze(_)
            | Act::Wipe(_)
            | Act::RestoreStatus(_)
    )
}

fn edit(rng: &mut fastrand::Rng, region: String) -> Edit {
    match rng.u8(..17) {
        0..=3 => Edit::Deleted(some(rng, 0.7, fastrand::Rng::bool)),
        4..=5 => Edit::NeverExpires(some(rng, 0.7, fastrand::Rng::bool)),
        6..=7 => Edit::Tags(some(rng, 0.7, tags)),
        8 => Edit::Policy(if rng.bool() { DeletionPolicy::Delete } else { DeletionPolicy::Retain }),
        9 => Edit::Suspend(some(rng, 0.4, |_| true)),
        _ => {
            let entry = some(rng, 0.8, |rng| {
                (some(rng, 0.4, fastrand::Rng::bool), some(rng, 0.3, tags).filter(|tags| !tags.is_empty()))
            });
            Edit::Copy(region, entry)
        }
    }
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
        let lasts = match fault {
            _ if hides => minutes(rng, 0..4),
            // There are few changes to strike.
            Fault::Change(_) => minutes(rng, 5..60),
            _ => minutes(rng, 0..20),
        };
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
