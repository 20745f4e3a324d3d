//! The world that breaks: a control plane, an emulator, the operators, the workload, and the tale of what happened.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cloudhsm_backup_operator::api;
use emulator::Call;
use fastrand::Rng;
use serde_json::{Value, json};
use testbed::{Options, Solo, manifest, within};

use crate::{
    role::{DESTINATIONS, Resource, SOURCES},
    scale::{ALONE, Scale},
    weather,
};

/// How long to wait for what has to happen soon.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Everything.
pub struct World {
    /// The real parts.
    pub solo: Solo,
    /// What all is drawn from.
    pub rng: Rng,
    /// The workload.
    pub resources: Vec<Resource>,
    /// Backups that no resource names, with their regions.
    pub bystanders: Vec<(&'static str, String)>,
    /// How often what was done.
    pub deeds: BTreeMap<&'static str, u32>,
    seed: u64,
    begun: Instant,
}

impl World {
    /// All but the operator runs, and the first part of the workload is declared.
    pub fn new(scale: &Scale) -> Self {
        let begun = Instant::now();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_cloudhsm-backup-operator"));
        let mut solo = Solo::with(program, Options { audit: true, ..Options::default() });
        solo.install(&serde_json::to_value(api::crd()).unwrap());
        solo.start_with(|start| {
            start.flags = scale.flags();
            start.flags.extend(ALONE.map(str::to_owned));
        });
        let (mut resources, mut bystanders) = (Vec::new(), Vec::new());
        for number in 0..scale.resources {
            let resource = Resource::new(number, solo.aws.seed(Resource::seed(number)));
            bystanders.extend(Resource::bystander(number).map(|seed| (resource.region, solo.aws.seed(seed))));
            resources.push(resource);
        }
        let rng = Rng::with_seed(scale.seed);
        let mut world =
            Self { solo, rng, resources, bystanders, deeds: BTreeMap::new(), seed: scale.seed, begun };
        world.say(&format!("seed {}, flags {}", scale.seed, scale.flags().join(" ")));
        weather::clear(&world);
        world
    }

    /// Tells what happens, with the time since the beginning.
    pub fn say(&mut self, what: &str) {
        println!("[{:6.1} s] {what}", self.begun.elapsed().as_secs_f64());
    }

    /// Tells it and counts it.
    pub fn deed(&mut self, deed: &'static str, detail: &str) {
        *self.deeds.entry(deed).or_default() += 1;
        self.say(&format!("{deed} {detail}"));
    }

    /// How often something was done.
    pub fn done(&self, deed: &str) -> u32 {
        self.deeds.get(deed).copied().unwrap_or_default()
    }

    /// Time passes.
    pub fn pause(&mut self, milliseconds: std::ops::Range<u64>) {
        let pause = self.rng.u64(milliseconds);
        std::thread::sleep(Duration::from_millis(pause));
    }

    /// Starts the operator.
    pub fn run(&mut self) {
        self.solo.run();
        *self.deeds.entry("operator started").or_default() += 1;
    }

    /// Kills the operator, which has to be alive.
    pub fn kill(&mut self) {
        self.solo.kill();
        self.deed("operator killed", "");
    }

    /// Runs kubectl until it succeeds, and returns what it says: the API server may just have come back.
    pub fn kubectl(&self, args: &[&str], input: &str) -> String {
        let args = [args, &["--request-timeout=10s"]].concat();
        let mut words = String::new();
        let succeeded = within(PATIENCE, || {
            let output = self.solo.plane.kubectl_stdin(&args, input).unwrap();
            let said = if output.status.success() { &output.stdout } else { &output.stderr };
            words = String::from_utf8_lossy(said).into_owned();
            output.status.success()
        });
        assert!(succeeded, "kubectl {args:?}: {words}");
        words
    }

    /// Applies what these resources want now.
    pub fn apply(&self, numbers: &[usize]) {
        let specs: Vec<_> = numbers.iter().map(|&number| self.resources[number].spec()).collect();
        let names = numbers.iter().map(|&number| self.resources[number].name.as_str());
        self.apply_specs(names.zip(&specs));
    }

    /// Applies these specs, by the names of resources.
    pub fn apply_specs<'a>(&self, specs: impl IntoIterator<Item = (&'a str, &'a Value)>) {
        let manifests: Vec<_> =
            specs.into_iter().map(|(name, spec)| manifest(name, &spec.to_string())).collect();
        if !manifests.is_empty() {
            let args = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
            self.kubectl(&args, &manifests.join("---\n"));
        }
    }

    /// All resources that there are, by name.
    pub fn objects(&self) -> BTreeMap<String, Value> {
        let list: Value = serde_json::from_str(&self.kubectl(&["get", "hsmb", "-o", "json"], "")).unwrap();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().map(|item| (item["metadata"]["name"].as_str().unwrap().to_owned(), item)).collect()
    }

    /// Asks for a fresh look at these resources.
    pub fn annotate(&mut self, names: &[&str]) {
        if !names.is_empty() {
            let value = json!(self.begun.elapsed().as_millis().to_string());
            let annotation = format!("{}={value}", plan::desired::RECONCILE_REQUEST);
            self.kubectl(&[&["annotate", "--overwrite", "hsmb"], names, &[&annotation]].concat(), "");
        }
    }

    /// The calls that changed something in AWS, or tried to, oldest first.
    pub fn changes(&self) -> Vec<Call> {
        let reads = ["DescribeBackups", "GetCallerIdentity"];
        let mut calls = self.solo.aws.calls();
        calls.retain(|call| !reads.contains(&call.operation.as_str()));
        calls
    }

    /// The HTTP statuses of all writes to resources' statuses so far.
    pub fn status_writes(&self) -> BTreeMap<i64, u32> {
        let mut writes = BTreeMap::new();
        for event in self.solo.plane.audit_events().unwrap() {
            let of = &event["objectRef"];
            if of["resource"] == "cloudhsmbackups"
                && of["subresource"] == "status"
                && event["verb"] == "patch"
            {
                *writes.entry(event["responseStatus"]["code"].as_i64().unwrap_or_default()).or_default() += 1;
            }
        }
        writes
    }

    /// Every region.
    pub fn regions() -> impl Iterator<Item = &'static str> {
        SOURCES.into_iter().chain(DESTINATIONS)
    }

    /// Copies what tells most about a run, and says where to.
    fn keep(&self) -> io::Result<()> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{}", self.seed));
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(self.solo.folder())? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "log") {
                fs::copy(entry.path(), folder.join(entry.file_name()))?;
            }
        }
        let calls: Vec<_> = self.solo.aws.calls().iter().map(|call| json!(call).to_string()).collect();
        fs::write(folder.join("calls.jsonl"), calls.join("\n"))?;
        let audit: Vec<_> = self.solo.plane.audit_events().unwrap_or_default();
        let audit: Vec<_> = audit.iter().map(Value::to_string).collect();
        fs::write(folder.join("audit.jsonl"), audit.join("\n"))?;
        let objects = self.solo.plane.kubectl(&["get", "hsmb", "-o", "yaml", "--request-timeout=10s"]);
        fs::write(folder.join("resources.yaml"), objects.map(|output| output.stdout).unwrap_or_default())?;
        println!("logs, calls and resources are in {}", folder.display());
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() || env::var_os("KEEP").is_some() {
            // It has failed already; a frozen API server may be why.
            let _ = self.solo.plane.thaw();
            if let Err(error) = self.keep() {
                println!("what tells about this run is lost: {error}");
            }
        }
    }
}
