//! What `/metrics` says is what is: it follows every change, goes with its object, and is right after a crash.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use emulator::{Backup, Fault, FaultKind, Seed};
use jiff::SignedDuration;
use testbed::{Operator, within};

use crate::{
    copies_support::{COPIES, DELETED, FURTHER, seed_copy},
    leadership::{QUICK, elected},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup},
};

const PATIENCE: Duration = Duration::from_secs(45);

/// Every sample of the bench's operator.
fn samples(bench: &mut Bench) -> BTreeMap<String, String> {
    samples_of(bench.operator())
}

/// Every sample by its name and labels, without the prefix that all have.
fn samples_of(operator: &Operator) -> BTreeMap<String, String> {
    let (status, exposition) = operator.get("/metrics").unwrap();
    assert_eq!(status, 200, "{exposition}");
    let lines = exposition.lines().filter_map(|line| line.strip_prefix("cloudhsm_backup_operator_"));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(name, value)| (name.into(), value.into())).collect()
}

/// Those of some families.
fn of(samples: &BTreeMap<String, String>, families: &[&str]) -> BTreeMap<String, String> {
    let family = |name: &str| name.split('{').next().unwrap_or_default().to_owned();
    let chosen = samples.iter().filter(|(name, _)| families.contains(&family(name).as_str()));
    chosen.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Waits until these families have these samples and no others.
fn until(bench: &mut Bench, families: &[&str], expected: &[(&str, &str)]) {
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut found = BTreeMap::new();
    let holds = within(PATIENCE, || {
        found = of(&samples(bench), families);
        found == expected
    });
    assert!(holds, "expected {expected:#?}, found {found:#?}\n{}", bench.log());
}

fn stated(condition: &str, status: &str, reason: &str) -> String {
    format!(r#"resources{{condition="{condition}",status="{status}",reason="{reason}"}}"#)
}

/// Waits until resources are counted so, by condition, status and reason.
fn until_resources(bench: &mut Bench, expected: &[(&str, &str, &str, &str)]) {
    let named: Vec<_> =
        expected.iter().map(|(one, two, three, count)| (stated(one, two, three), *count)).collect();
    let named: Vec<_> = named.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    until(bench, &["resources"], &named);
}

fn in_region(family: &str, region: &str) -> String {
    format!(r#"{family}{{region="{region}"}}"#)
}

/// Waits until copies are wanted and ready like this, by region.
fn until_copies(bench: &mut Bench, expected: &[(&str, &str, &str)]) {
    let families = ["copies_wanted", "copies_ready"];
    let named: Vec<_> = expected
        .iter()
        .flat_map(|(region, wanted, ready)| {
            [(in_region("copies_wanted", region), *wanted), (in_region("copies_ready", region), *ready)]
        })
        .collect();
    let named: Vec<_> = named.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    until(bench, &families, &named);
}

/// A time as metrics show it.
fn seconds(at: Option<jiff::Timestamp>) -> String {
    format!("{:?}", at.unwrap().as_duration().as_secs_f64())
}

/// A backup that was deleted two hours ago, which no limit counts any more.
fn seed_pending(bench: &Bench, region: &str) -> Backup {
    let purge = bench.aws.now() + SignedDuration::from_hours(7 * 24 - 2);
    let id = bench
        .aws
        .seed(Seed { delete_timestamp: Some(purge), ..Seed::ready(region, CLUSTER).pending_deletion() });
    bench.aws.backup(region, &id).unwrap()
}

#[test]
fn resources_by_condition_follow_what_is_made_edited_and_deleted() {
    let mut bench = Bench::new();
    until_resources(&mut bench, &[]);
    let ids = [0, 1].map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    bench.declare("first", &ids[0], "");
    bench.declare("second", &ids[1], "");
    until_resources(&mut bench, &[("Ready", "True", "InSync", "2")]);
    bench.declare("second", &ids[1], "neverExpires: true\nsuspend: true");
    let suspended = [
        ("Ready", "False", "Suspended", "1"),
        ("Ready", "True", "InSync", "1"),
        ("Stalled", "True", "Suspended", "1"),
    ];
    until_resources(&mut bench, &suspended);
    bench.delete("first");
    until_resources(&mut bench, &[suspended[0], suspended[2]]);
    bench.delete("second");
    until_resources(&mut bench, &[]);
}

#[test]
fn copies_are_counted_where_they_are_wanted_until_nobody_wants_them() {
    let mut bench = Bench::new();
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_hours(1));
    let ids = [0, 1].map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    seed_copy(&bench, &ids[1], ELSEWHERE);
    bench.declare("copied", &ids[0], COPIES);
    until_copies(&mut bench, &[(ELSEWHERE, "1", "0")]);
    bench.declare("adopted", &ids[1], &format!("copies: [{{region: {ELSEWHERE}}}, {{region: {FURTHER}}}]"));
    until_copies(&mut bench, &[(ELSEWHERE, "2", "1"), (FURTHER, "1", "0")]);
    let shown = bench.until("copied", "its copy on its way", |object| {
        object["status"]["copies"][0]["backupState"] == "CREATE_IN_PROGRESS"
    });
    let copy = shown["status"]["copies"][0]["backupId"].as_str().unwrap();
    assert!(bench.aws.finish(ELSEWHERE, copy));
    until_copies(&mut bench, &[(ELSEWHERE, "2", "2"), (FURTHER, "1", "0")]);
    bench.declare("adopted", &ids[1], DELETED);
    until_copies(&mut bench, &[(ELSEWHERE, "1", "1")]);
    bench.delete("copied");
    until_copies(&mut bench, &[]);
}

#[test]
fn what_can_still_be_restored_is_counted_with_the_nearest_purge() {
    let families = ["pending_deletions", "next_purge_timestamp_seconds"];
    let mut bench = Bench::new();
    until(&mut bench, &families, &[]);
    let pending = seed_pending(&bench, REGION);
    bench.declare("old", &pending.id, "deleted: true");
    let here = in_region("pending_deletions", REGION);
    let old = seconds(pending.delete_timestamp);
    let next = "next_purge_timestamp_seconds{}";
    until(&mut bench, &families, &[(&here, "1"), (next, &old)]);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    bench.declare("main", &id, COPIES);
    bench.until_ready("main", true, "InSync");
    bench.declare("main", &id, DELETED);
    let there = in_region("pending_deletions", ELSEWHERE);
    until(&mut bench, &families, &[(&here, "1"), (&there, "1"), (next, &old)]);
    bench.delete("old");
    let later = seconds(bench.aws.backup(ELSEWHERE, &copy).unwrap().delete_timestamp);
    assert_ne!(old, later);
    until(&mut bench, &families, &[(&there, "1"), (next, &later)]);
    bench.declare("main", &id, COPIES);
    until(&mut bench, &families, &[]);
}

#[test]
fn backups_are_counted_by_state_as_aws_lists_them_until_the_region_is_forgotten() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let strange = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    seed_pending(&bench, REGION);
    let (backup_ids, state) = (Some(vec![strange]), "FROZEN".to_owned());
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::UnknownState { backup_ids, state }));
    bench.declare("main", &id, "");
    let shown = |state: &str| format!(r#"backups{{region="{REGION}",state="{state}"}}"#);
    let states = ["CREATE_IN_PROGRESS", "READY", "PENDING_DELETION", "DELETED", "other"].map(shown);
    let counted = |counts: [&'static str; 5]| -> Vec<(&str, &str)> {
        states.iter().map(String::as_str).zip(counts).collect()
    };
    until(&mut bench, &["backups"], &counted(["0", "1", "1", "0", "1"]));
    bench.aws.clear_faults();
    bench.aws.seed(Seed::ready(REGION, CLUSTER));
    until(&mut bench, &["backups"], &counted(["0", "3", "1", "0", "0"]));
    let names: BTreeSet<_> =
        of(&samples(&mut bench), &["last_scan_timestamp_seconds", "scan_failures"]).into_keys().collect();
    let expected = ["last_scan_timestamp_seconds", "scan_failures"].map(|family| in_region(family, REGION));
    assert_eq!(names, expected.into());
    bench.delete("main");
    until(&mut bench, &["backups", "last_scan_timestamp_seconds", "scan_failures"], &[]);
}

#[test]
fn throttled_answers_are_counted_though_the_sdk_makes_them_good() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    let throttles = in_region("aws_throttles_total", REGION);
    until(&mut bench, &["aws_throttles_total"], &[(&throttles, "0")]);
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::Throttle).times(2));
    until(&mut bench, &["aws_throttles_total"], &[(&throttles, "2")]);
    let calls = of(&samples(&mut bench), &["aws_calls_total"]);
    assert!(calls.keys().all(|name| name.contains(r#"outcome="ok""#)), "{calls:?}");
    until(&mut bench, &["scan_failures"], &[(&in_region("scan_failures", REGION), "0")]);
    // One that is not made good counts as well, and as a failure.
    bench.aws.fault(Fault::on("ModifyBackupAttributes", FaultKind::Throttle).times(1));
    bench.declare("main", &id, "neverExpires: true");
    until(&mut bench, &["aws_throttles_total"], &[(&throttles, "3")]);
}

#[test]
fn listings_that_fail_or_are_incomplete_are_counted_and_do_not_pass_for_a_listing() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    let failures = in_region("scan_failures", REGION);
    until(&mut bench, &["scan_failures"], &[(&failures, "0")]);
    let denied = FaultKind::error("CloudHsmAccessDeniedException");
    let incomplete =
        FaultKind::MissingField { backup_ids: Some(vec![id.clone()]), field: "BackupId".to_owned() };
    for fault in [denied, incomplete] {
        bench.aws.fault(Fault::on("DescribeBackups", fault));
        let failed = |bench: &mut Bench| samples(bench)[&failures].parse::<u32>().unwrap();
        assert!(within(PATIENCE, || failed(&mut bench) >= 1), "{}", bench.log());
        let listed = |bench: &mut Bench| of(&samples(bench), &["last_scan_timestamp_seconds"]);
        let before = listed(&mut bench);
        assert!(within(PATIENCE, || failed(&mut bench) >= 3), "{}", bench.log());
        assert_eq!(listed(&mut bench), before);
        bench.aws.clear_faults();
        until(&mut bench, &["scan_failures"], &[(&failures, "0")]);
        assert_ne!(listed(&mut bench), before);
    }
}

#[test]
fn deletions_held_and_left_are_told_until_nothing_is_held() {
    let families = ["deletions_held", "deletions_in_hour", "deletions_left_in_hour"];
    let mut bench = Bench::with(Setup { flags: vec!["--max-deletions=1"], ..Setup::default() });
    let reasons = ["DeletionHeld", "LastBackup", "NeverExpires"];
    let held = reasons.map(|reason| format!(r#"deletions_held{{reason="{reason}"}}"#));
    let told = |counts: [&'static str; 3], used: &'static str, left: &'static str| -> Vec<(&str, &str)> {
        let hour = [("deletions_in_hour{}", used), ("deletions_left_in_hour{}", left)];
        held.iter().map(String::as_str).zip(counts).chain(hour).collect()
    };
    until(&mut bench, &families, &told(["0", "0", "0"], "0", "1"));
    let ids = [bench.seed_pair(CLUSTER), bench.seed_pair("cluster-qqqqqqqqqqq")];
    bench.declare("done", &ids[0], "deleted: true");
    bench.until_ready("done", true, "DeletionScheduled");
    until(&mut bench, &families, &told(["0", "0", "0"], "1", "0"));
    bench.declare("held", &ids[1], "deleted: true");
    let last = bench.aws.seed(Seed::ready(REGION, "cluster-aaaaaaaaaaa"));
    bench.declare("last", &last, "deleted: true");
    let kept = bench.seed_pair("cluster-bbbbbbbbbbb");
    bench.aws.set_never_expires(REGION, &kept, true).unwrap();
    bench.declare("kept", &kept, "deleted: true");
    until(&mut bench, &families, &told(["1", "1", "1"], "1", "0"));
    bench.kubectl(&["delete", "hsmb", "--all", "--wait=false"]);
    until(&mut bench, &families, &told(["0", "0", "0"], "1", "0"));
}

#[test]
fn after_a_crash_and_a_start_everything_is_as_it_was() {
    let families = [
        "resources",
        "backups",
        "copies_wanted",
        "copies_ready",
        "pending_deletions",
        "next_purge_timestamp_seconds",
        "deletions_held",
        "deletions_in_hour",
        "deletions_left_in_hour",
        "scan_failures",
    ];
    let mut bench = Bench::with(Setup { flags: vec!["--max-deletions=1"], ..Setup::default() });
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::ZERO);
    let id = bench.seed_pair(CLUSTER);
    bench.declare("copied", &id, COPIES);
    bench.until_ready("copied", true, "InSync");
    let deleted = bench.seed_pair("cluster-qqqqqqqqqqq");
    bench.declare("deleted", &deleted, "deleted: true");
    bench.until_ready("deleted", true, "DeletionScheduled");
    bench.declare("held", &bench.seed_pair("cluster-bbbbbbbbbbb"), "deleted: true");
    bench.until_ready("held", false, "DeletionHeld");
    let purge = seconds(bench.aws.backup(REGION, &deleted).unwrap().delete_timestamp);
    let settled = |samples: &BTreeMap<String, String>| {
        samples.get("next_purge_timestamp_seconds{}") == Some(&purge)
            && samples.get(&in_region("copies_ready", ELSEWHERE)).map(String::as_str) == Some("1")
            && samples.get(r#"deletions_held{reason="DeletionHeld"}"#).map(String::as_str) == Some("1")
            && samples.get("deletions_left_in_hour{}").map(String::as_str) == Some("0")
    };
    assert!(within(PATIENCE, || settled(&samples(&mut bench))), "{:#?}", samples(&mut bench));
    bench.meanwhile(2);
    let before = of(&samples(&mut bench), &families);
    assert_eq!(before.keys().filter(|name| name.starts_with("backups{")).count(), 10, "{before:#?}");
    bench.run();
    let mut after = BTreeMap::new();
    let same = within(PATIENCE, || {
        after = of(&samples(&mut bench), &families);
        after == before
    });
    assert!(same, "before {before:#?}, after {after:#?}\n{}", bench.log());
    // Nor does anything change from there.
    bench.meanwhile(3);
    assert_eq!(of(&samples(&mut bench), &families), before);
}

#[test]
fn a_standby_tells_of_resources_what_the_leader_tells_and_nothing_that_it_does_not_know() {
    let of_resources = ["resources", "copies_wanted", "copies_ready", "pending_deletions", "deletions_held"];
    let of_aws = ["backups", "last_scan_timestamp_seconds", "scan_failures", "deletions_left_in_hour"];
    let mut bench = elected(&QUICK);
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::ZERO);
    bench.run();
    assert!(within(PATIENCE, || samples(&mut bench)["leader{}"] == "1"), "{}", bench.log());
    let other = bench.another(|_| {});
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, &format!("{COPIES}\ndeleted: true"));
    bench.until_ready("main", true, "DeletionScheduled");
    let known = "deletions_left_in_hour{}".to_owned();
    assert!(within(PATIENCE, || samples(&mut bench).contains_key(&known)), "{}", bench.log());
    let expected = of(&samples(&mut bench), &of_resources);
    assert!(expected.len() >= 8, "{expected:#?}");
    assert!(within(PATIENCE, || of(&samples_of(&other), &of_resources) == expected), "{}", other.log());
    assert_eq!(samples_of(&other)["leader{}"], "0");
    // Longer than it takes a leader to count deletions.
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(of(&samples_of(&other), &of_aws), BTreeMap::new());
    assert_eq!(of(&samples(&mut bench), &of_aws).len(), 5 + 5 + 2 + 2 + 1);
}
