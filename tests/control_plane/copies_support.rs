//! What the tests of copies share.

use std::time::Duration;

use emulator::{BackupState, Seed, Source};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup};

/// A copy in [`ELSEWHERE`] is wanted.
pub const COPIES: &str = "copies: [{region: eu-central-1}]";
/// That copy is to be deleted.
pub const DELETED: &str = "copies: [{region: eu-central-1, deleted: true}]";
/// A region further away, for a second copy.
pub const FURTHER: &str = "eu-north-1";

/// A bench on which copies are READY as soon as they are asked for.
pub fn bench() -> Bench {
    with(Setup::default())
}

/// Such a bench of another kind.
pub fn with(setup: Setup) -> Bench {
    let bench = Bench::with(setup);
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::ZERO);
    bench
}

/// A backup, and a copy of it in [`ELSEWHERE`] that `main` has on record and did not make.
pub fn copied(more: &str) -> (Bench, String, String) {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    bench.declare("main", &id, more);
    bench.until_ready("main", true, "InSync");
    (bench, id, copy)
}

/// A READY copy that has been there for long.
pub fn seed_copy(bench: &Bench, id: &str, region: &str) -> String {
    bench.aws.seed(copy_of(id, region))
}

/// The seed of a READY copy in `region` of the backup `id` in [`REGION`].
pub fn copy_of(id: &str, region: &str) -> Seed {
    let source =
        Source { region: REGION.to_owned(), backup_id: id.to_owned(), cluster_id: Some(CLUSTER.to_owned()) };
    Seed::copy(region, source)
}

/// What the status says of the copy in `region`, or null.
pub fn entry<'a>(object: &'a Value, region: &str) -> &'a Value {
    let copies = object["status"]["copies"].as_array();
    copies.and_then(|all| all.iter().find(|one| one["region"] == region)).unwrap_or(&Value::Null)
}

/// Waits until the status says that the copy in [`ELSEWHERE`] is in `state`.
pub fn until_shown(bench: &Bench, state: &str) -> Value {
    bench.until("main", &format!("its copy {state}"), |object| {
        entry(object, ELSEWHERE)["backupState"] == state
    })
}

/// Waits until the copy in `region` is in `state`, in AWS.
pub fn until_copy(bench: &Bench, region: &str, copy: &str, state: BackupState) {
    bench.until_backup_in(region, copy, state.as_str(), |backup| backup.state == state);
}

/// The state of the copy in [`ELSEWHERE`], in AWS.
pub fn state(bench: &Bench, copy: &str) -> BackupState {
    bench.aws.backup(ELSEWHERE, copy).unwrap().state
}

/// Asks for a look at `main` at once, which ends the wait after whatever failed, and waits until that is handled.
pub fn request(bench: &Bench, value: &str) -> Value {
    bench.annotate("main", &format!("cloudhsm-backup.dev/reconcile-requested-at={value}"));
    bench.until("main", "the request handled", |object| object["status"]["lastHandledReconcileAt"] == value)
}

/// The notes of the Events of one reason.
pub fn told(bench: &Bench, reason: &str) -> Vec<String> {
    let events = bench.events().into_iter().filter(|(event, _)| event == reason);
    events.map(|(_, note)| note).collect()
}
