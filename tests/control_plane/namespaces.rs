//! A namespace that is deleted takes resources along, and backups only where they say so.

use emulator::BackupState;

use crate::support::{Bench, CLUSTER, REGION, plane};

const CLUSTERS: [&str; 3] = [CLUSTER, "cluster-ggggggggggg", "cluster-hhhhhhhhhhh"];

/// Three seen resources of three clusters with these lines, and their backups, each with a survivor.
fn seen(bench: &Bench, more: &str) -> Vec<String> {
    let ids: Vec<_> = CLUSTERS.iter().map(|cluster| bench.seed_pair(cluster)).collect();
    for (number, id) in ids.iter().enumerate() {
        bench.declare(&format!("backup-{number}"), id, more);
    }
    for number in 0..ids.len() {
        let name = format!("backup-{number}");
        bench.until_ready(&name, true, "InSync");
        let deletes = more == "deletionPolicy: Delete";
        bench.until(&name, "its finalizer, if any", |object| {
            object["metadata"]["finalizers"].is_array() == deletes
        });
    }
    ids
}

fn delete_namespace(bench: &Bench) {
    plane().kubectl_ok(&["delete", "namespace", &bench.namespace, "--wait=false"]).unwrap();
}

fn until_namespace_gone(bench: &Bench) {
    let namespace = format!("namespace/{}", bench.namespace);
    let wait = plane().kubectl_ok(&["wait", "--for=delete", &namespace, "--timeout=60s"]);
    wait.unwrap_or_else(|err| panic!("{err}\n{:#?}\n{}", bench.objects(), bench.log()));
}

#[test]
fn a_namespace_of_retained_resources_goes_without_the_operator_and_nothing_happens_in_aws() {
    let mut bench = Bench::new();
    let ids = seen(&bench, "tags: {}\nneverExpires: false");
    bench.stop();
    delete_namespace(&bench);
    until_namespace_gone(&bench);
    bench.expect_untouched();
    assert!(ids.iter().all(|id| bench.aws.backup(REGION, id).unwrap().state == BackupState::Ready));
}

#[test]
fn a_namespace_of_resources_with_policy_delete_goes_once_the_operator_is_back_though_it_takes_no_events() {
    let mut bench = Bench::new();
    let mut ids = seen(&bench, "deletionPolicy: Delete");
    bench.stop();
    delete_namespace(&bench);
    bench.until("backup-0", "terminating", |object| object["metadata"]["deletionTimestamp"].is_string());
    bench.run();
    until_namespace_gone(&bench);
    let mut deleted = bench.applied("DeleteBackup");
    ids.sort();
    deleted.sort();
    assert_eq!(deleted, ids);
    assert_eq!(bench.mutations().len(), ids.len());
    let log = bench.log();
    assert_eq!(log.matches("no Event: its namespace is being deleted").count(), ids.len(), "{log}");
    let (_, metrics) = bench.operator().get("/metrics").unwrap();
    let refused = "cloudhsm_backup_operator_events_refused_total{} 3\n";
    assert!(metrics.contains(refused), "{metrics}");
}

#[test]
fn a_terminating_namespace_that_is_stuck_says_why_and_retain_releases_it() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(emulator::Seed::ready(REGION, CLUSTER));
    bench.declare("last", &id, "deletionPolicy: Delete");
    bench.until("last", "its finalizer", |object| object["metadata"]["finalizers"].is_array());
    delete_namespace(&bench);
    bench.until_ready("last", false, "LastBackup");
    // The status comes first.
    bench.until("last", "told in the log", |_| {
        bench.log().contains("no Event: its namespace is being deleted")
    });
    let (_, metrics) = bench.operator().get("/metrics").unwrap();
    let labels = r#"condition="Ready",status="False",reason="LastBackup""#;
    let sample = format!("cloudhsm_backup_operator_resources{{{labels}}} 1\n");
    assert!(metrics.contains(&sample), "{metrics}");
    bench.patch("last", r#"{"spec":{"deletionPolicy":"Retain"}}"#);
    until_namespace_gone(&bench);
    bench.expect_untouched();
}
