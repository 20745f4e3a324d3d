//! `neverExpires`, and that what is not set is not managed.

use std::time::Duration;

use emulator::{BackupState, Fault, FaultKind, Seed, Source};

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, message};

#[test]
fn never_expires_is_set_taken_back_and_set_again_after_drift() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    assert_eq!(bench.until_ready("main", true, "InSync")["status"]["neverExpires"], true);
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().never_expires, Some(true));
    bench.aws.set_never_expires(REGION, &id, false).unwrap();
    bench.until_backup(&id, "its flag back", |backup| backup.never_expires == Some(true));
    bench.declare("main", &id, "neverExpires: false");
    assert_eq!(bench.until_ready("main", true, "InSync")["status"]["neverExpires"], false);
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().never_expires, Some(false));
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"; 3]);
}

#[test]
fn a_flag_that_the_spec_lost_stays_as_it_was_and_is_the_persons_again() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.meanwhile(3);
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().never_expires, Some(true));
    bench.aws.set_never_expires(REGION, &id, false).unwrap();
    bench.until("main", "the person's flag", |object| object["status"]["neverExpires"] == false);
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
}

#[test]
fn a_view_changes_nothing_whatever_the_backup_is_like() {
    let bench = Bench::new();
    let source =
        Source { region: ELSEWHERE.to_owned(), backup_id: "backup-aaaaaaaaaaa".to_owned(), cluster_id: None };
    bench.aws.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(24));
    let seeds = [
        ("ready", Seed::ready(REGION, CLUSTER).tags([("team", "payments")]), true, "InSync"),
        ("kept", Seed::ready(REGION, CLUSTER).never_expires(true), true, "InSync"),
        ("copy", Seed::copy(REGION, source), true, "InSync"),
        ("making", Seed::ready(REGION, CLUSTER).in_progress(), false, "CreateInProgress"),
        ("pending", Seed::ready(REGION, CLUSTER).pending_deletion(), false, "PendingDeletion"),
        ("gone", Seed::ready(REGION, CLUSTER).state(BackupState::Deleted), false, "Gone"),
        ("strange", Seed::ready(REGION, CLUSTER).id("backup-strange2222"), false, "UnknownState"),
    ];
    let strange = FaultKind::UnknownState {
        backup_ids: Some(vec!["backup-strange2222".to_owned()]),
        state: "FROZEN".to_owned(),
    };
    bench.aws.fault(Fault::on("DescribeBackups", strange));
    let mut seen = Vec::new();
    for (name, seed, ready, reason) in seeds {
        let id = bench.aws.seed(seed);
        bench.declare(name, &id, "");
        seen.push((name, ready, reason));
    }
    bench.declare("nowhere", "backup-nnnnnnnnnnn", "");
    seen.push(("nowhere", false, "NotFound"));
    for (name, ready, reason) in &seen {
        bench.until_ready(name, *ready, reason);
    }
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), [""; 0]);
    let finalizers = seen.iter().map(|(name, ..)| bench.object(name)["metadata"]["finalizers"].clone());
    assert!(finalizers.into_iter().all(|finalizers| finalizers.is_null()));
}

#[test]
fn a_backup_in_the_making_is_changed_as_soon_as_it_is_ready() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).in_progress());
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    let waiting = bench.until_ready("main", false, "CreateInProgress");
    assert_stance(&waiting, "Reconciling");
    assert_eq!(waiting["status"]["backupState"], "CREATE_IN_PROGRESS");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), [""; 0]);
    bench.aws.advance(Duration::from_mins(6));
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes", "TagResource"]);
}

#[test]
fn a_flag_that_aws_does_not_report_is_not_changed() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let field = "NeverExpires".to_owned();
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::MissingField { backup_ids: None, field }));
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    // The tags do not depend on the flag.
    bench.until_backup(&id, "its tag", |backup| backup.tags.contains_key("team"));
    let unknown = bench.until_ready("main", false, "UnknownState");
    assert_stance(&unknown, "Reconciling");
    assert!(message(&unknown, "Ready").contains("NeverExpires"), "{unknown:#}");
    assert!(unknown["status"]["neverExpires"].is_null());
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["TagResource"]);
    bench.aws.clear_faults();
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().never_expires, Some(true));
}
