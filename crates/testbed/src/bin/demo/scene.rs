//! The parts on stage: control plane, emulator, operator.

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use emulator::{Backup, Cluster, Config, Emulator, Fault, FaultKind, Seed, Source};
use serde_json::Value;
use testbed::{ControlPlane, Folder, Operator, Options, Start};

use crate::show::{self, Show};

/// Where the clusters are, and where their copies go.
pub const HOME: &str = "eu-west-1";
/// The other region.
pub const AWAY: &str = "eu-central-1";
/// The namespace of the resources.
pub const NAMESPACE: &str = "hsm";

const PAYMENTS: &str = "cluster-payments234";
const LEDGER: &str = "cluster-ledger23456";
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);
/// How long a copy is not to be seen.
const UNSEEN: Duration = Duration::from_secs(2);
/// How long AWS goes on making today's backup, and a copy.
const BEING_MADE: Duration = Duration::from_secs(6);

/// Everything that runs. Gone when dropped, and when this process ends in any other way.
pub struct Scene {
    operator: Operator,
    pub aws: Emulator,
    plane: ControlPlane,
    folder: Folder,
}

impl Scene {
    /// Starts everything, with the CRD installed and an empty namespace.
    pub fn set(operator: &str) -> Result<Self, Box<dyn Error>> {
        let plane = ControlPlane::start(Options { audit: false, controller_manager: true })?;
        plane.kubectl_ok(&[
            "apply",
            "-f",
            path_of("crds/cloudhsmbackups.yaml").to_str().unwrap_or_default(),
        ])?;
        plane.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"])?;
        plane.kubectl_ok(&["create", "namespace", NAMESPACE])?;
        let aws = Emulator::start(Config::default())?;
        seed(&aws)?;
        aws.knobs(|knobs| (knobs.copy_visible_after, knobs.copy_ready_after) = (UNSEEN, BEING_MADE));
        let folder = Folder::new("demo-")?;
        let operator = Operator::start(&Start {
            program: PathBuf::from(operator),
            kubeconfig: plane.kubeconfig().to_owned(),
            aws: aws.url(),
            access_key: Some("AKIADEMO".to_owned()),
            flags: ["--poll-interval=2s", "--confirm-after=2s"].map(str::to_owned).into(),
            log: folder.path().join("operator.log"),
        })?;
        Ok(Self { operator, aws, plane, folder })
    }

    /// Runs kubectl in the namespace, shown as a person would type it.
    pub fn kubectl(&self, args: &[&str]) -> Result<(), Box<dyn Error>> {
        show::command(&format!("kubectl -n {NAMESPACE} {}", args.join(" ")));
        show::output(&self.plane.kubectl_ok(&[&["-n", NAMESPACE], args].concat())?);
        Ok(())
    }

    /// Applies a manifest of `examples/`.
    pub fn apply_example(&self, name: &str) -> Result<(), Box<dyn Error>> {
        show::command(&format!("kubectl -n {NAMESPACE} apply -f examples/{name}"));
        self.apply(&example(name)?)
    }

    /// Applies a manifest.
    pub fn apply(&self, manifest: &str) -> Result<(), Box<dyn Error>> {
        let output = self.plane.kubectl_stdin(&["-n", NAMESPACE, "apply", "-f", "-"], manifest)?;
        show::output(&String::from_utf8_lossy(&output.stdout));
        show::output(&String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Waits until condition Ready of a resource has this reason; false if it never does.
    pub fn until(&self, name: &str, reason: &str) -> Result<bool, Box<dyn Error>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let object = self.plane.kubectl_ok(&["-n", NAMESPACE, "get", "hsmb", name, "-o", "json"])?;
            let object: Value = serde_json::from_str(&object)?;
            if is_ready_for(&object, reason) {
                return Ok(true);
            }
            if Instant::now() > deadline {
                println!("{name} never became {reason}; the operator's log:\n{}", self.operator.log());
                return Ok(false);
            }
            std::thread::sleep(POLL);
        }
    }

    /// AWS carries out the next CopyBackupToRegion, and the answer never arrives.
    pub fn lose_the_answer_to_the_next_copy(&self) {
        self.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::AcceptThenDrop).times(1));
    }

    /// Waits until a backup is as `expected` says; false if it never is.
    pub fn until_backup(
        &self,
        region: &str,
        id: &str,
        expected: impl Fn(&Backup) -> bool,
    ) -> Result<bool, Box<dyn Error>> {
        let deadline = Instant::now() + PATIENCE;
        while !expected(&self.backup(region, id)?) {
            if Instant::now() > deadline {
                return Ok(false);
            }
            std::thread::sleep(POLL);
        }
        Ok(true)
    }

    /// The backup as the emulator has it.
    pub fn backup(&self, region: &str, id: &str) -> Result<Backup, Box<dyn Error>> {
        self.aws.backup(region, id).ok_or_else(|| format!("the emulator has no {id} in {region}").into())
    }

    /// Says how to look around.
    pub fn invite(&self, show: &mut Show) {
        show.act("Look around", "Everything stays up until Ctrl-C. In a second terminal:");
        show::output(&format!(
            "export KUBECONFIG={}\n\
             kubectl -n {NAMESPACE} get hsmb -o wide -w\n\
             kubectl -n {NAMESPACE} describe hsmb ledger-last\n\
             kubectl -n {NAMESPACE} get events --sort-by=.metadata.creationTimestamp\n\
             kubectl explain hsmb.spec\n\
             tail -f {}\n\
             curl -s {aws}/_admin/backups              # what the emulated AWS holds\n\
             curl -s {aws}/_admin/calls                # every call it got\n\
             curl -s -d '{{\"duration\":\"7d\"}}' {aws}/_admin/advance   # a week later: purged",
            self.plane.kubeconfig().display(),
            self.folder.path().join("operator.log").display(),
            aws = self.aws.url(),
        ));
    }
}

fn is_ready_for(object: &Value, reason: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let ready = conditions.and_then(|all| all.iter().find(|condition| condition["type"] == "Ready"));
    ready.is_some_and(|ready| {
        ready["reason"] == reason && ready["observedGeneration"] == object["metadata"]["generation"]
    })
}

/// The text of a manifest of `examples/`.
pub fn example(name: &str) -> Result<String, Box<dyn Error>> {
    Ok(std::fs::read_to_string(path_of("examples").join(name))?)
}

fn path_of(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

/// Two clusters and a dozen backups in two regions, in every state.
fn seed(aws: &Emulator) -> Result<(), emulator::ApiError> {
    for cluster in [PAYMENTS, LEDGER] {
        aws.seed_cluster(Cluster::new(HOME, cluster).retention_days(90))?;
    }
    let payments = |id: &str, days: u32| Seed::ready(HOME, PAYMENTS).id(id).age_days(days);
    let of = |cluster: &str, backup: &str| Source {
        region: HOME.to_owned(),
        backup_id: backup.to_owned(),
        cluster_id: Some(cluster.to_owned()),
    };
    for seed in [
        payments("backup-monday23456", 5),
        payments("backup-tuesday2345", 4).never_expires(true),
        payments("backup-wednesday23", 3).tags([("team", "payments")]),
        payments("backup-thursday234", 2),
        payments("backup-friday23456", 1),
        payments("backup-retired2345", 80),
        payments("backup-scratch2345", 30),
        Seed { ready_after: Some(BEING_MADE), ..payments("backup-today2345aa", 0).in_progress() },
        payments("backup-ledgergone2", 60).pending_deletion(),
        Seed::copy(AWAY, of(PAYMENTS, "backup-monday23456")).id("backup-mondaycopy2").age_days(5),
        Seed::copy(AWAY, of(LEDGER, "backup-ledgerlost2")).id("backup-ledgerlast2").age_days(40),
        Seed::copy(AWAY, of(LEDGER, "backup-ledgerlost3"))
            .id("backup-ledgerold23")
            .age_days(70)
            .pending_deletion(),
    ] {
        aws.try_seed(seed)?;
    }
    Ok(())
}
