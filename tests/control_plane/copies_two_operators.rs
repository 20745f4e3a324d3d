//! Two operators, neither of which knows of the other, and people who edit: one copy for each backup
//! and region all the same. The API server's conditional writes are all that keeps them apart.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use emulator::{Fault, FaultKind, Seed};
use serde_json::{Value, json};
use testbed::Operator;

use crate::{
    copying::{expect_one_copy_each, is_long, until_in_sync},
    support::{Bench, CLUSTER, REGION, Setup, manifest},
};

const DESTINATIONS: [&str; 2] = ["eu-central-1", "us-east-1"];
const PATIENCE: Duration = Duration::from_mins(3);

/// What one entry of a spec says.
#[derive(Clone, Default)]
struct Entry {
    deleted: Option<bool>,
    tags: Option<&'static str>,
}

/// A resource, as its spec is to be.
struct Resource {
    id: String,
    entries: BTreeMap<&'static str, Entry>,
}

impl Resource {
    fn new(bench: &Bench) -> Self {
        let mut new = Self { id: bench.aws.seed(Seed::ready(REGION, CLUSTER)), entries: BTreeMap::new() };
        new.plain();
        new
    }

    /// Every entry is listed and says nothing.
    fn plain(&mut self) {
        self.entries = DESTINATIONS.map(|region| (region, Entry::default())).into();
    }

    /// One edit, such as people make. No copy is purged, and no entry removed that says `deleted`, so there
    /// is never a reason for a second copy.
    fn edit(&mut self) {
        let region = fastrand::choice(DESTINATIONS).unwrap();
        let Some(entry) = self.entries.get_mut(region) else {
            self.entries.insert(region, Entry::default());
            return;
        };
        match fastrand::u8(..6) {
            0 if entry.deleted != Some(true) => drop(self.entries.remove(region)),
            1 => entry.tags = Some(fastrand::choice(["a", "b"]).unwrap()),
            2 => entry.tags = None,
            3 => entry.deleted = Some(true),
            4 => entry.deleted = Some(false),
            _ => entry.deleted = None,
        }
    }

    /// The resource is named after its backup.
    fn manifest(&self) -> String {
        let entry = |(region, Entry { deleted, tags }): (&&str, &Entry)| json!({ "region": region, "deleted": deleted, "tags": tags.map(|value| json!({ "team": value })) });
        let copies: Vec<Value> = self.entries.iter().map(entry).collect();
        let spec = json!({ "backupId": self.id, "region": REGION, "copies": copies });
        manifest(&self.id, &spec.to_string())
    }
}

fn apply<'a>(bench: &Bench, resources: impl Iterator<Item = &'a Resource>) {
    let manifests: Vec<_> = resources.map(Resource::manifest).collect();
    bench.try_apply(&manifests.join("---\n")).unwrap();
}

/// Calls of CopyBackupToRegion that go wrong, all over the time.
fn go_wrong(bench: &Bench) {
    for round in 0..20 {
        for (offset, kind) in [FaultKind::AcceptThenDrop, FaultKind::Throttle].into_iter().enumerate() {
            let skip = 4 * round + u32::try_from(offset).unwrap();
            bench.aws.fault(Fault::on("CopyBackupToRegion", kind).skip(skip).times(1));
        }
    }
    for operation in ["DeleteBackup", "RestoreBackup", "TagResource"] {
        bench.aws.fault(Fault::on(operation, FaultKind::Throttle).skip(2).times(1));
    }
}

/// How often the API server answered an operator's write of a status like this.
fn writes(operator: &Operator, outcome: &str) -> u64 {
    let metrics = operator.get("/metrics").unwrap().1;
    let sample = format!("cloudhsm_backup_operator_status_writes_total{{outcome=\"{outcome}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&sample)).map_or(0, |count| count.parse().unwrap())
}

#[test]
fn two_operators_that_do_not_know_of_each_other_never_make_a_second_copy() {
    let (time, most): (_, u32) =
        if is_long() { (Duration::from_mins(2), 40) } else { (Duration::from_secs(15), 6) };
    let flags = vec!["--settle-window=10s", "--max-deletions=1000"];
    let mut bench = Bench::with(Setup { flags, ..Setup::default() });
    let other = bench.another(|_| ());
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_secs(1));
    go_wrong(&bench);
    let (begun, mut resources, mut edits) = (Instant::now(), Vec::new(), 0);
    while begun.elapsed() < time {
        // New ones come all the time, so that copies are made all the time.
        let due = time * u32::try_from(resources.len()).unwrap() / most;
        if begun.elapsed() >= due {
            resources.push(Resource::new(&bench));
        }
        // Some at once: kubectl takes longer to start than the API server to answer.
        let mut edited = fastrand::choose_multiple(&mut resources, 5);
        for resource in &mut edited {
            resource.edit();
        }
        edits += edited.len();
        apply(&bench, edited.iter().map(|resource| &**resource));
        if fastrand::u8(..4) == 0 {
            let request = format!("cloudhsm-backup.dev/reconcile-requested-at={edits}");
            bench.annotate(&edited[0].id, &request);
        }
    }
    bench.aws.clear_faults();
    resources.iter_mut().for_each(Resource::plain);
    apply(&bench, resources.iter());
    until_in_sync(&bench, PATIENCE);
    // As long as it would take to ask again.
    bench.meanwhile(2 * 3 * 12);
    expect_one_copy_each(&bench, resources.iter().map(|resource| &resource.id), &DESTINATIONS);
    let operators = [bench.operator(), &other].map(|operator| {
        let [written, conflicts] = ["written", "conflict"].map(|outcome| writes(operator, outcome));
        assert!(written > 0, "both have worked\n{}", operator.log());
        format!("{written} status writes and {conflicts} conflicts")
    });
    report(&format!(
        "{} resources, {edits} edits, {} requests for copies, {} copies; {}",
        resources.len(),
        bench.calls("CopyBackupToRegion").len(),
        bench.applied("CopyBackupToRegion").len(),
        operators.join(" and ")
    ));
}

#[expect(clippy::print_stdout, reason = "figures for whoever reads the test's output")]
fn report(figures: &str) {
    println!("{figures}");
}
