//! The last READY backup of a cluster is not deleted by accident.

use emulator::{BackupState, Seed, Source};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, condition, is_ready, manifest};

const ALLOW: &str = "cloudhsm-backup.dev/allow-last-backup";

fn message(object: &Value) -> &str {
    condition(object, "Stalled")["message"].as_str().unwrap_or_default()
}

#[test]
fn the_last_backup_of_a_cluster_goes_only_with_an_annotation_that_names_the_cluster() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let _other_cluster = bench.aws.seed(Seed::ready(REGION, "cluster-ggggggggggg"));
    bench.declare("main", &id, "deleted: true");
    let held = bench.until_ready("main", false, "LastBackup");
    assert!(message(&held).contains(&format!("{ALLOW}: {CLUSTER}")), "{held:#}");
    for wrong in ["true", "cluster-ggggggggggg", id.as_str()] {
        bench.annotate("main", &format!("{ALLOW}={wrong}"));
        bench.meanwhile(3);
        bench.expect_untouched();
    }
    bench.until_ready("main", false, "LastBackup");
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.mutations(), ["DeleteBackup"]);
}

#[test]
fn of_all_backups_of_a_cluster_deleted_at_once_one_stays() {
    let bench = Bench::new();
    let manifests: Vec<_> = (0..4)
        .map(|number| {
            let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
            manifest(&format!("last-{number}"), &format!("backupId: {id}\nregion: {REGION}\ndeleted: true"))
        })
        .collect();
    bench.try_apply(&manifests.join("---\n")).unwrap();
    let count = |reason: &str, ready: bool| {
        bench.objects().iter().filter(|object| is_ready(object, ready, reason)).count()
    };
    bench.until("last-0", "decided on, like its peers", |_| {
        (count("DeletionScheduled", true), count("LastBackup", false)) == (3, 1)
    });
    bench.meanwhile(4);
    assert_eq!((count("DeletionScheduled", true), count("LastBackup", false)), (3, 1));
    assert_eq!(bench.calls("DeleteBackup").len(), 3);
    let ready = bench.aws.backups(REGION).iter().filter(|backup| backup.state == BackupState::Ready).count();
    assert_eq!(ready, 1);
}

#[test]
fn a_survivor_in_another_region_counts_once_that_region_is_seen() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let source =
        Source { region: REGION.to_owned(), backup_id: id.clone(), cluster_id: Some(CLUSTER.to_owned()) };
    let copy = bench.aws.seed(Seed::copy(ELSEWHERE, source));
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "LastBackup");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.apply("copy", &format!("backupId: {copy}\nregion: {ELSEWHERE}"));
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), [id]);
}

#[test]
fn what_is_unfinished_or_about_to_go_is_no_survivor() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.seed(Seed::ready(REGION, CLUSTER).pending_deletion());
    bench.aws.seed(Seed::ready(REGION, CLUSTER).in_progress());
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "LastBackup");
    bench.meanwhile(3);
    bench.expect_untouched();
    // Becomes READY.
    bench.aws.advance(std::time::Duration::from_mins(10));
    bench.until_ready("main", true, "DeletionScheduled");
}

#[test]
fn a_backup_that_some_resource_deleted_is_no_survivor_even_if_it_was_rescued() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let rescued = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("rescued", &rescued, "deleted: true");
    bench.until_ready("rescued", true, "DeletionScheduled");
    bench.aws.restore_backup(REGION, &rescued).unwrap();
    bench.until_ready("rescued", false, "ExternallyRestored");
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "LastBackup");
    // The mark says it, not the memory of a process.
    bench.run();
    bench.meanwhile(4);
    bench.until_ready("main", false, "LastBackup");
    bench.declare("rescued", &rescued, "");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), [rescued, id]);
}

#[test]
fn a_rescued_backup_counts_again_when_nothing_wants_it_deleted_any_more() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let rescued = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("rescued", &rescued, "deleted: true");
    bench.until_ready("rescued", true, "DeletionScheduled");
    bench.aws.restore_backup(REGION, &rescued).unwrap();
    bench.until_ready("rescued", false, "ExternallyRestored");
    bench.declare("rescued", &rescued, "");
    bench.until_ready("rescued", true, "InSync");
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
}

#[test]
fn a_backup_of_an_unknown_cluster_counts_as_the_last_and_is_allowed_by_its_own_id() {
    let bench = Bench::new();
    let unknown = || Seed { cluster_id: None, ..Seed::ready(REGION, CLUSTER) };
    let id = bench.aws.seed(unknown());
    let _another = bench.aws.seed(unknown());
    bench.declare("main", &id, "deleted: true");
    let held = bench.until_ready("main", false, "LastBackup");
    assert!(message(&held).contains(&format!("{ALLOW}: {id}")), "{held:#}");
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.annotate("main", &format!("{ALLOW}={id}"));
    bench.until_ready("main", true, "DeletionScheduled");
}
