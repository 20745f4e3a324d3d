//! Owns a whole small world: a control plane, an emulator and an operator of one test's own, for what would
//! disturb others on a common one.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on is to fail")]
#![expect(clippy::missing_panics_doc, reason = "whatever does not come to hold is a panic")]

use std::{path::Path, time::Duration};

use emulator::{Config, Emulator};
use serde_json::Value;

use crate::{ControlPlane, Folder, Operator, Options, Start, is_ready, manifest, within};

const PATIENCE: Duration = Duration::from_secs(45);

/// A control plane without our CRD, an emulator, and an operator that watches all namespaces.
pub struct Solo {
    // Dropped in this order.
    operator: Option<Operator>,
    /// AWS.
    pub aws: Emulator,
    /// Kubernetes.
    pub plane: ControlPlane,
    start: Start,
    folder: Folder,
}

impl Solo {
    /// All but the operator runs; `program` is what will.
    pub fn new(program: impl AsRef<Path>) -> Self {
        Self::with(program, Options::default())
    }

    /// The same with this control plane.
    pub fn with(program: impl AsRef<Path>, options: Options) -> Self {
        let plane = ControlPlane::start(options).unwrap();
        let aws = Emulator::start(Config::default()).unwrap();
        let folder = Folder::new("solo-").unwrap();
        let flags = ["--poll-interval=1s", "--confirm-after=1s", "--aws-rate=1000"];
        let start = Start {
            program: program.as_ref().to_owned(),
            kubeconfig: plane.kubeconfig().to_owned(),
            aws: aws.url(),
            access_key: Some("AKIATEST".to_owned()),
            flags: flags.map(str::to_owned).to_vec(),
            log: folder.path().join("operator.log"),
        };
        Self { operator: None, aws, plane, start, folder }
    }

    /// Changes how the operator is started the next time.
    pub fn start_with(&mut self, change: impl FnOnce(&mut Start)) {
        change(&mut self.start);
    }

    /// Starts one more operator, like the own one but for this change and its log.
    pub fn another(&self, change: impl FnOnce(&mut Start)) -> Operator {
        let mut start = self.start.clone();
        start.log = self.folder.path().join("another-operator.log");
        change(&mut start);
        Operator::start(&start).unwrap()
    }

    /// Starts the operator.
    pub fn run(&mut self) {
        self.operator = Some(Operator::start(&self.start).unwrap());
    }

    /// Kills the operator, which has to be running: it ends by nothing else.
    pub fn kill(&mut self) {
        let mut operator = self.operator.take().expect("the operator was started");
        assert!(operator.process().is_running(), "the operator has ended by itself:\n{}", operator.log());
        operator.process().kill();
    }

    /// The running operator.
    pub fn operator(&mut self) -> &mut Operator {
        self.operator.as_mut().expect("the operator runs")
    }

    /// What it has logged, from its first start on.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.start.log).unwrap_or_default()
    }

    /// Where the operators' logs lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Applies a manifest of any kind.
    pub fn apply(&self, manifest: &str) {
        let output = self.plane.kubectl_stdin(&["apply", "-f", "-"], manifest).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Installs a CRD and waits until it is served.
    pub fn install(&self, crd: &Value) {
        self.apply(&crd.to_string());
        let name = "crd/cloudhsmbackups.cloudhsm-backup.dev";
        self.plane.kubectl_ok(&["wait", "--for=condition=Established", name, "--timeout=30s"]).unwrap();
    }

    /// Applies a resource with these lines as its spec, as soon as the CRD is served.
    pub fn declare(&self, name: &str, spec: &str) {
        let mut words = String::new();
        let applied = within(PATIENCE, || {
            let output = self.plane.kubectl_stdin(&["apply", "-f", "-"], &manifest(name, spec)).unwrap();
            words = String::from_utf8_lossy(&output.stderr).into_owned();
            output.status.success()
        });
        assert!(applied, "{words}");
    }

    /// Waits until condition Ready is `status` for `reason`, for the current generation.
    pub fn until_ready(&self, name: &str, status: bool, reason: &str) -> Value {
        let mut object = Value::Null;
        let ready = within(PATIENCE, || {
            let output = self.plane.kubectl(&["get", "hsmb", name, "-o", "json"]).unwrap();
            object = serde_json::from_slice(&output.stdout).unwrap_or_default();
            is_ready(&object, status, reason)
        });
        assert!(ready, "{name} never got Ready={status} {reason}:\n{object:#}\n{}", self.log());
        object
    }

    /// Waits until the log has `words`.
    pub fn until_logged(&self, words: &str) {
        assert!(
            within(PATIENCE, || self.log().contains(words)),
            "{words} is not in the log:\n{}",
            self.log()
        );
    }
}
