//! A bench for one test: a namespace, an emulator and an operator of its own, on the one
//! control plane of this test binary.

use std::{
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use crate::shipped;
use cloudhsm_backup_operator::api;
use emulator::{Backup, Call, Config, Emulator, Seed};
use serde_json::Value;
use testbed::{ControlPlane, Folder, Operator, Options, Start};
pub use testbed::{condition, is_ready, manifest, message};

/// The region that most tests use.
pub const REGION: &str = "eu-west-1";
/// Another one.
pub const ELSEWHERE: &str = "eu-central-1";
/// A cluster.
pub const CLUSTER: &str = "cluster-dygnwhmscg5";
/// The access key of another account than the emulator's own.
pub const STRANGER: &str = "AKIASTRANGER";
/// That account.
pub const STRANGERS_ACCOUNT: &str = "999988887777";

/// How long to wait for what is to happen.
pub const PATIENCE: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(50);

/// The control plane, with our CRD.
pub fn plane() -> &'static ControlPlane {
    static PLANE: OnceLock<ControlPlane> = OnceLock::new();
    PLANE.get_or_init(|| {
        let plane = ControlPlane::start(Options { audit: true, controller_manager: true }).unwrap();
        plane.kubectl_stdin(&["apply", "-f", "-"], &api::crd_yaml()).unwrap();
        let crd = "crd/cloudhsmbackups.cloudhsm-backup.dev";
        plane.kubectl_ok(&["wait", "--for=condition=Established", crd, "--timeout=30s"]).unwrap();
        plane
    })
}

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_cloudhsm-backup-operator"))
}

/// What a bench is made with.
pub struct Setup {
    /// Flags of the operator, beside namespace and short intervals.
    pub flags: Vec<&'static str>,
    /// Whether the operator runs from the start.
    pub running: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { flags: Vec::new(), running: true }
    }
}

/// One test's own corner of the world.
pub struct Bench {
    /// The namespace.
    pub namespace: String,
    /// AWS.
    pub aws: Emulator,
    start: Start,
    operator: Option<Operator>,
    folder: Folder,
    starts: u32,
}

impl Bench {
    /// A bench with an operator that polls every second.
    pub fn new() -> Self {
        Self::with(Setup::default())
    }

    /// A bench of another kind.
    #[expect(clippy::needless_pass_by_value, reason = "written out where it is used, once")]
    pub fn with(setup: Setup) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("test-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        plane().kubectl_ok(&["create", "namespace", &namespace]).unwrap();
        let accounts = [(STRANGER.to_owned(), STRANGERS_ACCOUNT.to_owned())].into();
        let aws = Emulator::start(Config { accounts, ..Config::default() }).unwrap();
        let folder = Folder::new("bench-").unwrap();
        let mut flags = vec!["--watch-namespace".to_owned(), namespace.clone(), "--aws-rate=1000".to_owned()];
        // Benches share an API server, and operators that do not know of each other are worth a test of their own.
        for (flag, value) in
            [("--poll-interval", "1s"), ("--confirm-after", "1s"), ("--leader-elect", "false")]
        {
            if !setup.flags.iter().any(|given| given.starts_with(flag)) {
                flags.push(format!("{flag}={value}"));
            }
        }
        flags.extend(setup.flags.iter().map(|flag| (*flag).to_owned()));
        let start = Start {
            program: program(),
            kubeconfig: shipped::kubeconfig(),
            aws: aws.url(),
            access_key: Some("AKIATEST".to_owned()),
            flags,
            log: PathBuf::new(),
        };
        let mut bench = Self { namespace, aws, start, operator: None, folder, starts: 0 };
        if setup.running {
            bench.run();
        }
        bench
    }

    /// Starts the operator, afresh if it runs.
    pub fn run(&mut self) {
        self.stop();
        self.starts += 1;
        self.start.log = self.folder.path().join(format!("operator-{}.log", self.starts));
        self.operator = Some(Operator::start(&self.start).unwrap());
    }

    /// Starts one more operator beside the bench's own, like it but for this change.
    pub fn another(&mut self, change: impl FnOnce(&mut Start)) -> Operator {
        self.starts += 1;
        let log = self.folder.path().join(format!("operator-{}.log", self.starts));
        let mut start = Start { log, ..self.start.clone() };
        change(&mut start);
        Operator::start(&start).unwrap()
    }

    /// Ends the operator at once, as a crash would.
    pub fn stop(&mut self) {
        self.operator = None;
    }

    /// Changes how the operator is started the next time.
    pub fn start_with(&mut self, change: impl FnOnce(&mut Start)) {
        change(&mut self.start);
    }

    /// Starts the operator afresh, in another way.
    pub fn restart_with(&mut self, change: impl FnOnce(&mut Start)) {
        self.start_with(change);
        self.run();
    }

    /// The running operator.
    pub fn operator(&mut self) -> &mut Operator {
        self.operator.as_mut().expect("the operator runs")
    }

    /// kubectl in the namespace; stdout.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let args = [&["-n", self.namespace.as_str()], args].concat();
        plane().kubectl_ok(&args).unwrap()
    }

    /// Applies a manifest and returns what kubectl says if it is refused.
    pub fn try_apply(&self, manifest: &str) -> Result<(), String> {
        let args = ["-n", &self.namespace, "apply", "-f", "-"];
        let output = plane().kubectl_stdin(&args, manifest).unwrap();
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Applies a resource with these lines as its spec.
    pub fn apply(&self, name: &str, spec: &str) {
        self.try_apply(&manifest(name, spec)).unwrap();
    }

    /// Applies a resource for `backup` in [`REGION`] with these further lines.
    pub fn declare(&self, name: &str, backup: &str, more: &str) {
        self.apply(name, &format!("backupId: {backup}\nregion: {REGION}\n{more}"));
    }

    /// Merge-patches a resource.
    pub fn patch(&self, name: &str, patch: &str) {
        self.kubectl(&["patch", "hsmb", name, "--type=merge", "-p", patch]);
    }

    /// The resource, or null.
    pub fn object(&self, name: &str) -> Value {
        let args = ["-n", &self.namespace, "get", "hsmb", name, "-o", "json", "--ignore-not-found"];
        let output = plane().kubectl(&args).unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Waits until the resource is as `expected` says, and returns it.
    pub fn until(&self, name: &str, what: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let object = self.object(name);
            if expected(&object) {
                return object;
            }
            assert!(Instant::now() < deadline, "{name} never got {what}:\n{object:#}\n{}", self.log());
            std::thread::sleep(POLL);
        }
    }

    /// Waits until condition Ready is `status` for `reason`, for the current generation.
    pub fn until_ready(&self, name: &str, status: bool, reason: &str) -> Value {
        self.until(name, &format!("Ready={status} {reason}"), |object| is_ready(object, status, reason))
    }

    /// Waits until the resource is gone.
    pub fn until_gone(&self, name: &str) {
        self.until(name, "deleted", Value::is_null);
    }

    /// Waits until a backup in [`REGION`] is as `expected` says.
    pub fn until_backup(&self, id: &str, what: &str, expected: impl Fn(&Backup) -> bool) -> Backup {
        self.until_backup_in(REGION, id, what, expected)
    }

    /// Waits until a backup in `region` is as `expected` says.
    pub fn until_backup_in(
        &self,
        region: &str,
        id: &str,
        what: &str,
        expected: impl Fn(&Backup) -> bool,
    ) -> Backup {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let backup = self.aws.backup(region, id).unwrap();
            if expected(&backup) {
                return backup;
            }
            assert!(Instant::now() < deadline, "{id} never got {what}: {backup:?}\n{}", self.log());
            std::thread::sleep(POLL);
        }
    }

    /// Lets the operator go on for a while in which something must not happen.
    pub fn meanwhile(&self, polls: u32) {
        let scans = || self.aws.calls().iter().filter(|call| call.operation == "DescribeBackups").count();
        let (before, deadline) = (scans(), Instant::now() + PATIENCE);
        while scans() < before + polls as usize {
            assert!(Instant::now() < deadline, "the operator does not poll\n{}", self.log());
            std::thread::sleep(POLL);
        }
    }

    /// The names of the operations that changed something, or tried to.
    pub fn mutations(&self) -> Vec<String> {
        let reads = ["DescribeBackups", "GetCallerIdentity"];
        let calls = self.aws.calls().into_iter().map(|call| call.operation);
        calls.filter(|operation| !reads.contains(&operation.as_str())).collect()
    }

    /// The calls of one operation, oldest first.
    pub fn calls(&self, operation: &str) -> Vec<Call> {
        self.aws.calls().into_iter().filter(|call| call.operation == operation).collect()
    }

    /// Seeds a READY backup of `cluster` in [`REGION`], and another one that survives its deletion.
    pub fn seed_pair(&self, cluster: &str) -> String {
        self.aws.seed(Seed::ready(REGION, cluster));
        self.aws.seed(Seed::ready(REGION, cluster))
    }

    /// Deletes a resource without waiting for its end.
    pub fn delete(&self, name: &str) {
        self.kubectl(&["delete", "hsmb", name, "--wait=false"]);
    }

    /// Annotates a resource.
    pub fn annotate(&self, name: &str, annotation: &str) {
        self.kubectl(&["annotate", "--overwrite", "hsmb", name, annotation]);
    }

    /// All resources of the namespace.
    pub fn objects(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.kubectl(&["get", "hsmb", "-o", "json"])).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// The backups for which AWS carried this operation out, once for each call of the operator.
    pub fn applied(&self, operation: &str) -> Vec<String> {
        let applied = self.calls(operation).into_iter().filter(|call| call.applied);
        applied.flat_map(|call| call.backup_ids).collect()
    }

    /// Nothing was changed in AWS, and nobody tried.
    pub fn expect_untouched(&self) {
        assert!(self.mutations().is_empty(), "{:?}\n{}", self.mutations(), self.log());
    }

    /// The reasons and notes of the Events in the namespace.
    pub fn events(&self) -> Vec<(String, String)> {
        let events = self.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        let events: Value = serde_json::from_str(&events).unwrap();
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let items = events["items"].as_array().unwrap().iter();
        items.map(|event| (text(event, "reason"), text(event, "note"))).collect()
    }

    /// What the operator logged, for the message of a test that fails.
    pub fn log(&self) -> String {
        self.operator.as_ref().map(Operator::log).unwrap_or_default()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asserts that exactly one of Stalled and Reconciling is there, with the reason of Ready.
pub fn assert_stance(object: &Value, stance: &str) {
    let other = if stance == "Stalled" { "Reconciling" } else { "Stalled" };
    assert_eq!(condition(object, stance)["status"], "True", "{object:#}");
    assert_eq!(condition(object, stance)["reason"], condition(object, "Ready")["reason"]);
    assert!(condition(object, other).is_null(), "{object:#}");
}
