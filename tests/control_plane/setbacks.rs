//! Changes and looks that are refused, late or unanswered: each has a reason and its own time, and holds up no other.

use std::time::{Duration, Instant};

use emulator::{Config, Emulator, Fault, FaultKind, Seed};
use testbed::free_ports;

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, assert_stance, condition, message};

#[test]
fn a_change_that_does_not_show_is_repeated_after_the_waiting_time_and_no_sooner() {
    let bench = Bench::with(Setup { flags: vec!["--confirm-after=3s"], ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    // As before its last change: until it is changed once more.
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::StaleReads));
    bench.declare("main", &id, "neverExpires: true");
    let object = bench.until_ready("main", false, "Applying");
    assert_stance(&object, "Reconciling");
    bench.until_ready("main", true, "InSync");
    let calls = bench.calls("ModifyBackupAttributes");
    let [first, second] = calls.as_slice() else { panic!("{calls:?}") };
    let waited = second.real_at.duration_since(first.real_at);
    assert!(waited >= jiff::SignedDuration::from_secs(3), "{waited:?}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations().len(), 2);
}

#[test]
fn a_change_that_shows_late_is_made_once() {
    let bench = Bench::with(Setup { flags: vec!["--confirm-after=10s"], ..Setup::default() });
    bench.aws.knobs(|knobs| knobs.stale_reads_for = Duration::from_secs(3));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes", "TagResource"]);
}

#[test]
fn an_effect_that_is_denied_blocks_no_other_and_the_annotation_ends_its_backoff() {
    let bench = Bench::new();
    let ids = [0, 1].map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    let denied = || FaultKind::error("CloudHsmAccessDeniedException");
    bench.aws.fault(Fault::on("TagResource", denied()).backup(ids[0].clone()));
    bench.aws.fault(Fault::on("ModifyBackupAttributes", denied()).backup(ids[1].clone()));
    for (name, id) in [("tag-denied", &ids[0]), ("flag-denied", &ids[1])] {
        bench.declare(name, id, "neverExpires: true\ntags: {team: payments}");
    }
    bench.until_backup(&ids[0], "its flag", |backup| backup.never_expires == Some(true));
    bench.until_backup(&ids[1], "its tag", |backup| backup.tags.contains_key("team"));
    for (name, operation) in [("tag-denied", "TagResource"), ("flag-denied", "ModifyBackupAttributes")] {
        let object = bench.until_ready(name, false, "AccessDenied");
        assert_stance(&object, "Reconciling");
        assert!(message(&object, "Ready").contains(operation), "{object:#}");
    }
    bench.aws.clear_faults();
    bench.meanwhile(3);
    assert_eq!(bench.mutations().len(), 4, "a refusal is not repeated for half a minute");
    for name in ["tag-denied", "flag-denied"] {
        let request = "cloudhsm-backup.dev/reconcile-requested-at=now";
        bench.kubectl(&["annotate", "hsmb", name, request]);
        let object = bench.until_ready(name, true, "InSync");
        assert_eq!(object["status"]["lastHandledReconcileAt"], "now");
    }
    assert_eq!(bench.mutations().len(), 6);
}

#[test]
fn one_annotation_ends_the_backoff_of_all_that_was_denied() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.fault(Fault::on("TagResource", FaultKind::error("CloudHsmAccessDeniedException")));
    bench.aws.fault(Fault::on("ModifyBackupAttributes", FaultKind::error("CloudHsmAccessDeniedException")));
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments}");
    bench.until("main", "denied both", |object| {
        ["TagResource", "ModifyBackupAttributes"]
            .iter()
            .all(|denied| message(object, "Ready").contains(&format!("refuses {denied}")))
    });
    bench.aws.clear_faults();
    let asked = Instant::now();
    bench.kubectl(&["annotate", "hsmb", "main", "cloudhsm-backup.dev/reconcile-requested-at=1"]);
    bench.until_ready("main", true, "InSync");
    assert!(asked.elapsed() < Duration::from_secs(15), "not by waiting: {:?}", asked.elapsed());
    // A value that was handled already is no request.
    bench.aws.fault(Fault::on("TagResource", FaultKind::error("CloudHsmAccessDeniedException")));
    bench.aws.untag(REGION, &id, "team").unwrap();
    bench.until_ready("main", false, "AccessDenied");
    let tries = bench.mutations().len();
    bench.kubectl(&["annotate", "hsmb", "main", "note=unrelated"]);
    bench.meanwhile(3);
    assert_eq!(bench.mutations().len(), tries);
}

#[test]
fn a_throttled_change_waits_and_is_made_later() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.fault(Fault::on("ModifyBackupAttributes", FaultKind::Throttle).times(1));
    bench.declare("main", &id, "neverExpires: true");
    let object = bench.until_ready("main", false, "Throttled");
    assert_stance(&object, "Reconciling");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"; 2]);
}

#[test]
fn a_region_that_does_not_answer_holds_up_no_other_and_says_so_in_the_end() {
    let bench = Bench::with(Setup { running: false, ..Setup::default() });
    let hang = FaultKind::Hang { seconds: 60.0, after_effect: false };
    bench.aws.fault(Fault::on("DescribeBackups", hang).region(ELSEWHERE));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let lost = bench.aws.seed(Seed::ready(ELSEWHERE, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.apply("lost", &format!("backupId: {lost}\nregion: {ELSEWHERE}\nneverExpires: true"));
    let mut bench = bench;
    bench.run();
    bench.until_ready("main", true, "InSync");
    let object = bench.until_ready("lost", false, "AwsError");
    assert_stance(&object, "Reconciling");
    assert!(message(&object, "Ready").contains("no answer in time"), "{object:#}");
    bench.aws.clear_faults();
    bench.until_ready("lost", true, "InSync");
}

#[test]
fn a_look_at_one_backup_that_hangs_holds_up_no_other_backup_of_its_region() {
    let bench = Bench::new();
    let [id, hanging] = [0, 1].map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    let hang = FaultKind::Hang { seconds: 60.0, after_effect: false };
    bench.aws.fault(Fault::on("DescribeBackups", hang).backup(hanging.clone()));
    bench.declare("hanging", &hanging, "neverExpires: true");
    let asked = |id: &str| bench.calls("DescribeBackups").iter().any(|call| call.backup_ids == [id]);
    assert!(testbed::within(Duration::from_secs(20), || asked(&hanging)), "{}", bench.log());
    // The listings still come in, and say all that is needed.
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    bench.until_ready("hanging", true, "InSync");
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_said_and_found_when_it_is_back() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let [port] = free_ports().unwrap();
    bench.declare("main", "backup-aaaaaaaaaaa", "neverExpires: true");
    bench.restart_with(|start| start.aws = format!("http://127.0.0.1:{port}"));
    let object = bench.until_ready("main", false, "RegionUnreachable");
    assert_stance(&object, "Reconciling");
    assert!(message(&object, "Ready").contains(REGION), "{object:#}");
    assert!(condition(&object, "Stalled").is_null());
    let listen = ([127, 0, 0, 1], port).into();
    bench.aws = Emulator::start(Config { listen, ..Config::default() }).unwrap();
    bench.aws.seed(Seed::ready(REGION, CLUSTER).id("backup-aaaaaaaaaaa"));
    bench.until_ready("main", true, "InSync");
}
