//! Right before DeleteBackup the operator looks again: what it knew may be an hour old.

use emulator::{Fault, FaultKind, Seed};

use crate::support::{Bench, CLUSTER, REGION, Setup, is_ready};

const ALLOW: &str = "cloudhsm-backup.dev/allow-last-backup";

/// A bench whose operator lists each region once, and then looks only where it has a reason to.
fn bench() -> Bench {
    Bench::with(Setup { flags: vec!["--poll-interval=1h"], ..Setup::default() })
}

#[test]
fn a_backup_that_a_person_deleted_since_the_last_look_is_not_deleted_again() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "LastBackup");
    bench.aws.delete_backup(REGION, &id).unwrap();
    // An annotation is no reason to look, so the decision rests on what was known.
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    bench.until_ready("main", true, "DeletionScheduled");
    bench.expect_untouched();
    // The wish is used up, and it was not this resource's deletion: nothing to take back.
    bench.declare("main", &id, "");
    bench.until_ready("main", false, "PendingDeletion");
    bench.expect_untouched();
}

#[test]
fn a_backup_that_vanished_since_the_last_look_is_not_deleted() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "LastBackup");
    assert!(bench.aws.remove(REGION, &id));
    let looks = bench.calls("DescribeBackups").len();
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    bench.until("main", "looked for", |_| bench.calls("DescribeBackups").len() > looks);
    std::thread::sleep(std::time::Duration::from_secs(2));
    bench.expect_untouched();
}

#[test]
fn a_backup_deleted_while_the_fresh_look_is_under_way_is_not_deleted_again() {
    let bench = bench();
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    // The first look is for the changed wish; the second, right before the call, takes its time.
    let slow = FaultKind::Hang { seconds: 3.0, after_effect: false };
    bench.aws.fault(Fault::on("DescribeBackups", slow).backup(&id).skip(1).times(1));
    bench.declare("main", &id, "deleted: true");
    let hanging = || bench.calls("DescribeBackups").iter().any(|call| call.outcome == "hanging");
    let marked = bench.until("main", "looked at once more", |_| hanging());
    assert!(marked["status"]["deletion"]["requestedAt"].is_string(), "the mark comes first: {marked:#}");
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.until_ready("main", true, "DeletionScheduled");
    bench.expect_untouched();
}

#[test]
fn a_survivor_that_a_person_deleted_since_the_last_look_is_none() {
    let bench = bench();
    let survivor = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &survivor).unwrap();
    bench.declare("main", &id, "deleted: true");
    let held = bench.until_ready("main", false, "LastBackup");
    assert!(held["status"]["deletion"].is_null(), "{held:#}");
    bench.expect_untouched();
}

#[test]
fn one_survivor_of_many_is_enough() {
    let bench = bench();
    let [id, gone, stays] = [(); 3].map(|()| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &gone).unwrap();
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.applied("DeleteBackup"), [id]);
    assert_eq!(bench.aws.backup(REGION, &stays).unwrap().delete_timestamp, None);
}

#[test]
fn a_finalizer_looks_again_too() {
    let bench = bench();
    let survivor = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "deletionPolicy: Delete");
    bench.until("main", "its finalizer", |object| object["metadata"]["finalizers"].is_array());
    bench.aws.delete_backup(REGION, &survivor).unwrap();
    bench.delete("main");
    bench.until_ready("main", false, "LastBackup");
    bench.expect_untouched();
}

#[test]
fn a_backup_pinned_since_the_last_look_is_held() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", false, "LastBackup");
    bench.aws.set_never_expires(REGION, &id, true).unwrap();
    bench.annotate("main", &format!("{ALLOW}={CLUSTER}"));
    let held = bench.until("main", "decided on", |object| !is_ready(object, false, "LastBackup"));
    bench.expect_untouched();
    assert!(held["status"]["deletion"]["doneAt"].is_null(), "{held:#}");
    bench.until_ready("main", false, "NeverExpires");
    bench.expect_untouched();
}
