//! How a history ends: when everything rests, what must hold then, and, now and then, there and back again.

use std::time::Duration;

use emulator::Cloud;
use plan::desired::ObjectName;

use crate::{
    oracle, people,
    schedule::Report,
    workload::{Act, CALM, Edit, Workload},
    world::{Shared, World},
};

/// How often the operator lists everything.
pub const POLL: Duration = Duration::from_mins(10);
/// When the end is looked at at the latest, long after everything is left alone.
const LAST: Duration = CALM.saturating_add(Duration::from_hours(8));
/// The last part of it, in which nothing may happen any more.
const REST: Duration = Duration::from_hours(1);
/// How often it is looked whether that has come already.
pub const GLANCE: Duration = Duration::from_mins(15);
/// How long a change may take to come to rest.
const CHANGE: Duration = Duration::from_hours(3);
/// Of so many histories one lasts to the very end, though all has long been at rest.
const WATCHED_TO_THE_END: u64 = 50;
/// Of so many histories one goes there and back again.
const THERE_AND_BACK: u64 = 8;

/// The end of one history.
#[derive(Debug)]
pub struct Ending<'a> {
    workload: &'a Workload,
    /// Since when nobody has done anything.
    since: Duration,
    journey: Journey,
}

/// L3: what was deleted and wanted again is as it was.
#[derive(Debug, Default)]
enum Journey {
    /// None, or it is over.
    #[default]
    Over,
    /// It begins once everything rests.
    Ahead,
    /// Everything that may be is deleted; this is what there was before, and what each resource said.
    There(String, Vec<(ObjectName, Option<bool>)>),
    /// Everything says again what it said when this is what there was.
    Back(String),
}

impl<'a> Ending<'a> {
    /// Of a history of `workload`.
    pub fn of(workload: &'a Workload) -> Self {
        // A copy that failed is tried again, days later, too; it might come between.
        let travels = workload.seed % THERE_AND_BACK == 1 && !copies_fail(workload);
        Self { workload, since: CALM, journey: if travels { Journey::Ahead } else { Journey::Over } }
    }

    /// Whether it has come; looked at every [`GLANCE`] once nothing goes wrong any more.
    pub fn has_come(&mut self, shared: &Shared) -> bool {
        let now = shared.lock().elapsed();
        if now >= LAST {
            return true;
        }
        if !self.is_at_rest(shared) {
            return false;
        }
        match std::mem::take(&mut self.journey) {
            Journey::Over => !self.workload.seed.is_multiple_of(WATCHED_TO_THE_END),
            Journey::Ahead => {
                let (before, wished) = {
                    let world = shared.lock();
                    (states(&world.cloud), may_be_deleted(&world))
                };
                // In time for the way back, and all within one hour's deletions.
                if now + 2 * CHANGE > LAST || wished.len() > self.workload.max_deletions as usize {
                    return true;
                }
                for (name, _) in &wished {
                    people::perform(shared, now, &Act::Edit(name.clone(), Edit::Deleted(Some(true))));
                }
                self.since = now;
                self.journey = Journey::There(before, wished);
                false
            }
            Journey::There(before, wished) => {
                for (name, wish) in wished {
                    people::perform(shared, now, &Act::Edit(name, Edit::Deleted(wish)));
                }
                self.since = now;
                self.journey = Journey::Back(before);
                false
            }
            Journey::Back(before) => {
                let mut world = shared.lock();
                let after = states(&world.cloud);
                if after != before {
                    let what = format!("L3: deleted and wanted again\n{before}has become\n{after}");
                    world.history.violation(now, &what);
                }
                true
            }
        }
    }

    /// Whether nothing has happened for some time, and nothing is left to happen.
    fn is_at_rest(&self, shared: &Shared) -> bool {
        let mut world = shared.lock();
        world.catch_up();
        let last = world.history.last_write.max(world.history.last_change).max(self.since);
        world.elapsed() > last + REST + GLANCE && self.unsettled(&world).is_empty()
    }

    /// L1: which resources are not what they should come to.
    fn unsettled(&self, world: &World) -> Vec<String> {
        let copies_failed = copies_fail(self.workload);
        let objects = world.store.objects();
        objects.filter_map(|(_, object)| oracle::unsettled(object, &world.cloud, copies_failed)).collect()
    }

    /// What came of the history.
    pub fn report(&self, shared: &Shared) -> Report {
        let mut world = shared.lock();
        world.catch_up();
        let end = world.elapsed();
        for what in self.unsettled(&world) {
            world.history.violation(end, &format!("L1: {what}"));
        }
        let rest = end.saturating_sub(REST);
        // What is not as it should be may be looked at more closely.
        let settled = world.store.objects().all(|(_, object)| oracle::is_ready(object));
        for (at, what) in world.history.unrest(rest, self.workload.processes, settled) {
            world.history.violation(at, &format!("L2: at rest {what}"));
        }
        let look = look(&world.cloud);
        let history = &mut world.history;
        Report {
            end: look,
            violations: std::mem::take(&mut history.violations),
            trace: history.trace.take().unwrap_or_default(),
            coverage: std::mem::take(&mut history.coverage),
            effects: world.effects,
            calls: std::mem::take(&mut world.calls),
        }
    }
}

/// Whether some copies come to nothing.
fn copies_fail(workload: &Workload) -> bool {
    workload.acts.iter().any(|(_, act)| matches!(act, Act::CopiesFail(true)))
}

/// Resources that could say `deleted: true`, and what they say.
fn may_be_deleted(world: &World) -> Vec<(ObjectName, Option<bool>)> {
    let may = world.store.objects().filter(|(_, object)| {
        object.metadata.deletion_timestamp.is_none()
            && object.spec.deleted != Some(true)
            && object.spec.never_expires != Some(true)
    });
    may.map(|(name, object)| (name.clone(), object.spec.deleted)).collect()
}

/// How AWS looks: one line for each backup, without ids and times that chance decides.
fn look(cloud: &Cloud) -> String {
    told(cloud, |backup| {
        let emulator::Backup { never_expires, tags, .. } = backup;
        format!("{} {never_expires:?} {tags:?}", state(backup))
    })
}

/// The same, but for what a spec may give to a copy that takes the place of another one.
fn states(cloud: &Cloud) -> String {
    told(cloud, state)
}

fn state(backup: &emulator::Backup) -> String {
    let copy = |source: &emulator::Source| format!("copy of {}", source.backup_id);
    let what = backup.source.as_ref().map_or(backup.id.clone(), copy);
    format!("{} {what} {}", backup.region, backup.state)
}

fn told(cloud: &Cloud, tell: impl Fn(&emulator::Backup) -> String) -> String {
    let mut lines: Vec<String> = cloud.backups().map(|backup| tell(backup) + "\n").collect();
    lines.sort();
    lines.concat()
}
