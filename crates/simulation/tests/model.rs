//! The model of the API server against the real one: the same operations give the same answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on is to fail")]
#![allow(clippy::disallowed_methods, reason = "the real one runs in real time")]

use cloudhsm_backup_operator::{
    api::{self, CloudHsmBackup, CloudHsmBackupStatus},
    kubernetes::{Claim, KubeApi, KubeLease, Kubernetes, Leases, Refusal, StoredLease},
};
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use plan::desired::ObjectName;
use serde_json::json;
use simulation::cluster::Store;
use testbed::{ControlPlane, Options};

/// One operation, on the object of one name; `seen` picks the version that a conditional write names.
#[derive(Clone, Copy, Debug)]
enum Step {
    Create,
    EditSpec(bool),
    Annotate(u8),
    Delete,
    Wipe,
    Status { seen: usize, state: u8 },
    Finalizer { seen: usize, present: bool },
}

fn step(rng: &mut fastrand::Rng) -> Step {
    // Mostly the newest version, now and then an old one.
    let seen = if rng.u8(..3) == 0 { rng.usize(1..4) } else { 0 };
    match rng.u8(..16) {
        0..=1 => Step::Create,
        2..=3 => Step::EditSpec(rng.bool()),
        4 => Step::Annotate(rng.u8(..2)),
        5 => Step::Delete,
        6 => Step::Wipe,
        7..=11 => Step::Status { seen, state: rng.u8(..3) },
        _ => Step::Finalizer { seen, present: rng.bool() },
    }
}

fn status(state: u8) -> CloudHsmBackupStatus {
    CloudHsmBackupStatus {
        backup_state: Some(["READY", "PENDING_DELETION", "DELETED"][usize::from(state)].to_owned()),
        managed_tag_keys: vec!["team".to_owned()],
        ..CloudHsmBackupStatus::default()
    }
}

fn object(name: &str) -> CloudHsmBackup {
    serde_json::from_value(json!({
        "apiVersion": "cloudhsm-backup.dev/v1alpha1",
        "kind": "CloudHsmBackup",
        "metadata": { "name": name, "namespace": "default" },
        "spec": { "backupId": "backup-ro5c4er4aac", "region": "eu-west-1", "deletionPolicy": "Retain", "suspend": false },
    }))
    .unwrap()
}

/// What an object looks like, but for what no two servers have alike.
fn look(object: Option<&CloudHsmBackup>) -> String {
    let Some(object) = object else { return "none".to_owned() };
    let state = object.status.as_ref().and_then(|status| status.backup_state.clone());
    let keys = object.status.as_ref().map(|status| status.managed_tag_keys.clone()).unwrap_or_default();
    format!(
        "generation {:?} terminating {} finalizers {:?} state {state:?} {keys:?} annotations {:?} keeps {:?}",
        object.metadata.generation,
        object.metadata.deletion_timestamp.is_some(),
        object.finalizers(),
        object.annotations().keys().collect::<Vec<_>>(),
        object.spec.never_expires,
    )
}

fn told<T>(result: &Result<T, Refusal>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(Refusal::Conflict) => "conflict",
        Err(Refusal::Gone) => "gone",
        Err(_) => "refused",
    }
}

/// One of the two servers, with the versions that were seen of each object, newest first.
struct Side {
    seen: Vec<CloudHsmBackup>,
}

impl Side {
    fn saw(&mut self, object: Option<CloudHsmBackup>) {
        if let Some(object) = object
            && self.seen.first().and_then(ResourceExt::resource_version) != object.resource_version()
        {
            self.seen.insert(0, object);
        }
    }

    fn version(&self, back: usize) -> Option<CloudHsmBackup> {
        self.seen.get(back).cloned()
    }
}

async fn real(
    api: &Api<CloudHsmBackup>,
    port: &KubeApi,
    side: &Side,
    name: &str,
    step: Step,
) -> &'static str {
    let merge = |patch: serde_json::Value| async move {
        api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.is_ok()
    };
    let done = |done: bool| if done { "done" } else { "gone" };
    match step {
        Step::Create => {
            if api.create(&PostParams::default(), &object(name)).await.is_ok() {
                "done"
            } else {
                "refused"
            }
        }
        Step::EditSpec(value) => done(merge(json!({ "spec": { "neverExpires": value } })).await),
        Step::Annotate(value) => {
            done(merge(json!({ "metadata": { "annotations": { format!("a{value}"): "x" } } })).await)
        }
        Step::Delete => done(api.delete(name, &DeleteParams::default()).await.is_ok()),
        Step::Wipe => {
            let patch = json!({ "status": null });
            done(api.patch_status(name, &PatchParams::default(), &Patch::Merge(&patch)).await.is_ok())
        }
        Step::Status { seen, state } => match side.version(seen) {
            Some(version) => told(&port.apply_status(&version, &status(state)).await),
            None => "nothing seen",
        },
        Step::Finalizer { seen, present } => match side.version(seen) {
            Some(version) => told(&port.set_finalizer(&version, present).await),
            None => "nothing seen",
        },
    }
}

fn model(store: &mut Store, side: &Side, name: &ObjectName, step: Step) -> &'static str {
    let now = simulation::clock::BEGINNING;
    let done = |done: bool| if done { "done" } else { "gone" };
    match step {
        Step::Create => {
            if store.create(name, object(&name.name).spec, now) {
                "done"
            } else {
                "refused"
            }
        }
        Step::EditSpec(value) => done(store.change(name, |object| object.spec.never_expires = Some(value))),
        Step::Annotate(value) => done(store.change(name, |object| {
            object.metadata.annotations.get_or_insert_default().insert(format!("a{value}"), "x".to_owned());
        })),
        Step::Delete => done(store.delete(name, now)),
        Step::Wipe => done(store.change(name, |object| object.status = None)),
        Step::Status { seen, state } => match side.version(seen) {
            Some(version) => told(&store.apply_status(&version, &status(state))),
            None => "nothing seen",
        },
        Step::Finalizer { seen, present } => match side.version(seen) {
            Some(version) => told(&store.set_finalizer(&version, present)),
            None => "nothing seen",
        },
    }
}

async fn client(plane: &ControlPlane) -> Client {
    let kubeconfig = Kubeconfig::read_from(plane.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

fn plane() -> ControlPlane {
    let plane = ControlPlane::start(Options::default()).unwrap();
    plane.kubectl_stdin(&["apply", "-f", "-"], &api::crd_yaml()).unwrap();
    let crd = "crd/cloudhsmbackups.cloudhsm-backup.dev";
    plane.kubectl_ok(&["wait", "--for=condition=Established", crd, "--timeout=30s"]).unwrap();
    plane
}

#[tokio::test]
async fn the_model_answers_as_the_real_api_server_does() {
    let plane = plane();
    let client = client(&plane).await;
    let (api, port): (Api<CloudHsmBackup>, _) =
        (Api::namespaced(client.clone(), "default"), KubeApi::new(client, "test".to_owned()));
    let seed = fastrand::u64(..);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut store = Store::default();
    for round in 0..6 {
        let name = format!("main-{round}");
        let key = ObjectName { namespace: "default".to_owned(), name: name.clone() };
        let (mut of_real, mut of_model) = (Side { seen: Vec::new() }, Side { seen: Vec::new() });
        let mut history = Vec::new();
        for _ in 0..60 {
            let step = step(&mut rng);
            let answers =
                (real(&api, &port, &of_real, &name, step).await, model(&mut store, &of_model, &key, step));
            let (in_real, in_model) = (api.get_opt(&name).await.unwrap(), store.get(&key).cloned());
            history.push(format!(
                "{step:?}: {answers:?}\n  {}\n  {}",
                look(in_real.as_ref()),
                look(in_model.as_ref())
            ));
            let same = answers.0 == answers.1 && look(in_real.as_ref()) == look(in_model.as_ref());
            assert!(same, "seed {seed}:\n{}", history.join("\n"));
            of_real.saw(in_real);
            of_model.saw(in_model);
            assert_eq!(
                of_real.seen.len(),
                of_model.seen.len(),
                "a new version in one only, seed {seed}:\n{}",
                history.join("\n")
            );
        }
    }
}

#[tokio::test]
async fn of_two_who_write_the_same_version_of_a_lease_one_gets_a_conflict() {
    let plane = plane();
    let leases = KubeLease::new(client(&plane).await, "default", "lease");
    // A write that changes nothing would leave the version, so each is a second later than the one before.
    let mut at = simulation::clock::BEGINNING;
    let mut claim = |holder| {
        at += jiff::SignedDuration::from_secs(1);
        Claim { holder, duration: std::time::Duration::from_secs(15), at }
    };
    assert!(leases.read().await.unwrap().is_none());
    let made = leases.create(claim(Some("one"))).await.unwrap();
    assert_eq!(told(&leases.create(claim(Some("two"))).await), "conflict");
    let renewed = leases.update(&made, claim(Some("one"))).await.unwrap();
    assert_eq!(told(&leases.update(&made, claim(Some("two"))).await), "conflict");
    let released = leases.update(&renewed, claim(None)).await.unwrap();
    assert_eq!(released.says().holder, None);
    let holder = |lease: &StoredLease| lease.says().holder;
    assert_eq!(holder(&leases.update(&released, claim(Some("two"))).await.unwrap()).as_deref(), Some("two"));
}
