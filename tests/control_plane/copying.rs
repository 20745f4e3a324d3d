//! What tests about copies have in common: what is declared, and what is counted.

use std::time::{Duration, Instant};

use emulator::{Call, Seed};
use serde_json::Value;
use testbed::within;

use crate::support::{Bench, CLUSTER, REGION, is_ready, manifest, plane};

/// Where the copies of most of these tests go.
pub const DESTINATIONS: [&str; 3] = ["eu-central-1", "eu-north-1", "us-east-1"];

/// A line of a spec that lists copies.
pub fn copies(destinations: &[&str]) -> String {
    let entries: Vec<_> = destinations.iter().map(|region| format!("{{region: {region}}}")).collect();
    format!("copies: [{}]", entries.join(", "))
}

/// Seeds so many backups and declares each with copies in `destinations`; their ids.
pub fn declare_many(bench: &Bench, count: usize, destinations: &[&str]) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER))).collect();
    let spec = |id: &String| format!("backupId: {id}\nregion: {REGION}\n{}", copies(destinations));
    // A resource is named after its backup.
    let manifests: Vec<_> = ids.iter().map(|id| manifest(id, &spec(id))).collect();
    bench.try_apply(&manifests.join("---\n")).unwrap();
    ids
}

/// Declares a backup with copies in `destinations`. The resource is named after it.
pub fn declare(bench: &Bench, id: &str, destinations: &[&str]) {
    bench.declare(id, id, &copies(destinations));
}

/// The open request in the status of a resource with one copy, or null.
pub fn request(object: &Value) -> &Value {
    &object["status"]["copies"][0]["request"]
}

/// Waits until every resource is in sync.
pub fn until_in_sync(bench: &Bench, patience: Duration) {
    let deadline = Instant::now() + patience;
    loop {
        let Some(late) = late(bench) else { return };
        assert!(Instant::now() < deadline, "not in sync: {late}\n{}", bench.log());
        // Seldom: to list many resources costs a loaded machine more than to wait.
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// A resource that is not in sync, or why they cannot be listed.
fn late(bench: &Bench) -> Option<String> {
    let output = plane().kubectl(&["-n", &bench.namespace, "get", "hsmb", "-o", "json"]).unwrap();
    if !output.status.success() {
        return Some(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut objects = list["items"].as_array().unwrap().iter();
    objects.find(|object| !is_ready(object, true, "InSync")).map(|object| format!("{object:#}"))
}

/// Of each of these backups exactly one copy was ever made in each destination.
pub fn expect_one_copy_each<'a>(
    bench: &Bench,
    ids: impl IntoIterator<Item = &'a String>,
    destinations: &[&str],
) {
    for id in ids {
        for destination in destinations {
            let made = bench.aws.copies_made(REGION, id, destination);
            let asked: Vec<_> = requests(bench, id).into_iter().map(brief).collect();
            assert_eq!(made.len(), 1, "{id} to {destination}: {made:?} {asked:#?}\n{}", bench.log());
        }
    }
}

/// The requests to copy a backup, oldest first.
pub fn requests(bench: &Bench, id: &str) -> Vec<Call> {
    let calls = bench.calls("CopyBackupToRegion").into_iter();
    calls.filter(|call| call.backup_ids == [id]).collect()
}

/// Waits until a copy of the backup is asked for.
pub fn until_asked(bench: &Bench, id: &str) {
    let asked = within(Duration::from_secs(30), || !requests(bench, id).is_empty());
    assert!(asked, "no copy of {id} was asked for\n{}", bench.log());
}

/// What matters of a call, for the message of a test that fails.
fn brief(call: Call) -> String {
    let Call { real_at, destination, outcome, fault, applied, .. } = call;
    format!("{real_at} to {destination:?}: {outcome}, fault {fault:?}, applied {applied}")
}

/// Whether the long form of a test is wanted (`make test-long`).
pub fn is_long() -> bool {
    std::env::var_os("LONG").is_some_and(|long| long == "1")
}
