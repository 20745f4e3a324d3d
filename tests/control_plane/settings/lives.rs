//! Many lives side by side. All of them ask the API server through one kubectl at a time: one for each would keep
//! two cores busy by itself.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use emulator::{Cluster, Seed, Source};
use serde_json::Value;

use super::table::{Setting, settings};
use crate::{
    shipped,
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, manifest, plane},
};

/// The second region of copies.
pub(super) const FURTHER: &str = "eu-north-1";

/// The cluster whose policy deletes backups after seven days.
const SHORT_LIVED: &str = "cluster-shortaaaaaa";

/// Generous: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// One setting, and the backups that its life is about.
pub(super) struct Life {
    pub(super) setting: Setting,
    pub(super) bench: Bench,
    /// What is kept, copied, deleted and undeleted. It is still being made when the story begins.
    pub(super) main: String,
    /// The other backup of its cluster, which nobody names.
    pub(super) survivor: String,
    /// A backup that is deleted and stays so.
    pub(super) doomed: String,
    /// A backup that its cluster would take, and its sibling that it takes.
    pub(super) keeper: String,
    pub(super) sibling: String,
    /// A copy that is named as if it were an original.
    pub(super) replica: String,
}

impl Life {
    fn begin(setting: Setting) -> Self {
        let mut flags = vec!["--settle-window=5s"];
        flags.extend(&setting.flags);
        let bench = Bench::with(Setup { flags, running: false });
        let aws = &bench.aws;
        aws.knobs(|knobs| setting.turn(knobs));
        let short = Cluster::new(REGION, SHORT_LIVED).retention_days(7);
        let outlives = setting.name.starts_with("deletedClustersExpire");
        aws.seed_cluster(if outlives { short.deleted() } else { short }).unwrap();
        let main = aws.seed(Seed::ready(REGION, CLUSTER).tags([("by", "hand")]).in_progress());
        let survivor = aws.seed(Seed::ready(REGION, CLUSTER));
        let doomed = aws.seed(Seed::ready(REGION, CLUSTER));
        let (keeper, sibling) =
            (aws.seed(Seed::ready(REGION, SHORT_LIVED)), aws.seed(Seed::ready(REGION, SHORT_LIVED)));
        let source = Source {
            region: "us-east-1".to_owned(),
            backup_id: "backup-elsewhere22".to_owned(),
            cluster_id: Some("cluster-elsewhere22".to_owned()),
        };
        let replica = Seed::copy(REGION, source);
        let replica = aws.seed(if setting.replica.1 == "UnknownState" {
            replica
        } else {
            replica.never_expires(false)
        });
        Self { setting, bench, main, survivor, doomed, keeper, sibling, replica }
    }

    /// The copy of `main` that was made in [`ELSEWHERE`]; the only one.
    pub(super) fn copy(&self) -> String {
        let made = self.bench.aws.copies_made(REGION, &self.main, ELSEWHERE);
        assert!(made.len() < 2, "{}: {made:?}\n{}", self.setting.name, self.bench.log());
        // While there is none, an id that nothing has.
        made.into_iter().next().unwrap_or_default()
    }
}

/// The resources of one life, by name; null when there is none.
pub(super) struct Objects(BTreeMap<String, Value>);

impl std::ops::Index<&str> for Objects {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }
}

/// All lives.
pub(super) struct Lives(Vec<Life>);

impl Lives {
    /// Starts an emulator for every setting, with backups.
    pub(super) fn begin() -> Self {
        shipped::kubeconfig();
        let begin = |setting| thread::spawn(move || Life::begin(setting));
        let threads: Vec<_> = settings().into_iter().map(begin).collect();
        Self(threads.into_iter().map(|life| life.join().unwrap()).collect())
    }

    /// Starts the operators: the first listing of each finds all resources there.
    pub(super) fn run(&mut self) {
        thread::scope(|scope| {
            for life in &mut self.0 {
                scope.spawn(|| life.bench.run());
            }
        });
    }

    pub(super) fn all(&self) -> &[Life] {
        &self.0
    }

    /// Applies resources in every life: names and specs.
    pub(super) fn declare(&self, wanted: impl Fn(&Life) -> Vec<(&'static str, String)>) {
        let manifests = self.0.iter().flat_map(|life| {
            let place = |name: &str| {
                let namespace = &life.bench.namespace;
                format!("metadata: {{namespace: {namespace}, labels: {{story: settings, part: {name}}}, ")
            };
            let of = |(name, spec): (&'static str, String)| {
                manifest(name, &spec).replacen("metadata: {", &place(name), 1)
            };
            wanted(life).into_iter().map(of).collect::<Vec<_>>()
        });
        let manifests = manifests.collect::<Vec<_>>().join("---\n");
        let output = plane().kubectl_stdin(&["apply", "-f", "-"], &manifests).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Deletes `main` in every life; returns which copy in [`FURTHER`] each had.
    pub(super) fn delete_main(&self) -> Vec<String> {
        let objects = Self::objects();
        let copy = |life: &Life| {
            let main = &objects[&life.bench.namespace]["main"];
            let entry = crate::copies_support::entry(main, FURTHER);
            entry["backupId"].as_str().unwrap_or_else(|| panic!("{main:#}")).to_owned()
        };
        let copies = self.0.iter().map(copy).collect();
        let args = ["delete", "hsmb", "-A", "-l", "story=settings,part=main", "--wait=false"];
        plane().kubectl_ok(&args).unwrap();
        copies
    }

    /// Waits until every life has come so far.
    pub(super) fn until(&self, what: &str, so_far: impl Fn(&Life, &Objects) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let objects = Self::objects();
            let nothing = Objects(BTreeMap::new());
            let of = |life: &Life| objects.get(&life.bench.namespace).unwrap_or(&nothing);
            let late: Vec<&Life> = self.0.iter().filter(|life| !so_far(life, of(life))).collect();
            if late.is_empty() {
                return;
            }
            if Instant::now() > deadline {
                let names: Vec<_> = late.iter().map(|life| &life.setting.name).collect();
                let first = late[0];
                let log = first.bench.log();
                panic!("never {what}: {names:#?}; the first:\n{:#?}\n{log}", of(first).0);
            }
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// All resources, by namespace.
    fn objects() -> BTreeMap<String, Objects> {
        let list = plane().kubectl_ok(&["get", "hsmb", "-A", "-l", "story=settings", "-o", "json"]).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let mut all: BTreeMap<String, Objects> = BTreeMap::new();
        for object in list["items"].as_array().unwrap() {
            let text = |name: &str| object["metadata"][name].as_str().unwrap().to_owned();
            let there = all.entry(text("namespace")).or_insert_with(|| Objects(BTreeMap::new()));
            there.0.insert(text("name"), object.clone());
        }
        all
    }
}
