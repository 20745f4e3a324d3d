//! Several operators, of which one acts: who it is, what the others do, and how it changes hands.

use std::{collections::BTreeSet, time::Duration};

use emulator::{Call, Seed};
use jiff::Timestamp;
use serde_json::{Value, json};
use testbed::{Operator, within};

use crate::{
    gated::Gated,
    shipped,
    support::{Bench, CLUSTER, ELSEWHERE, PATIENCE, REGION, Setup},
};

const LEASE: &str = "cloudhsm-backup-operator";
/// The access keys of two operators in one account.
const ONE: &str = "AKIAONE";
const OTHER: &str = "AKIAOTHER";

/// Times of an election that is over soon.
pub const QUICK: [&str; 4] =
    ["--leader-elect=true", "--lease-duration=3s", "--renew-deadline=2s", "--retry-period=300ms"];

/// A bench whose operators hold a Lease in its namespace, with the shipped rights on it.
pub fn elected(flags: &[&'static str]) -> Bench {
    let mut bench = Bench::with(Setup { flags: flags.to_vec(), running: false });
    let namespace = bench.namespace.clone();
    shipped::rights_on_the_lease(&namespace).iter().for_each(shipped::apply);
    bench.start_with(|start| {
        start.flags.extend(["--lease-namespace".to_owned(), namespace]);
        start.access_key = Some(ONE.to_owned());
    });
    bench
}

/// The same with an operator that leads, and another one that stands by.
fn pair(flags: &[&'static str]) -> (Bench, Operator) {
    let mut bench = elected(flags);
    bench.run();
    until_it_leads(bench.operator());
    let other = bench.another(|start| start.access_key = Some(OTHER.to_owned()));
    assert!(within(PATIENCE, || other.log().contains("standing by")), "{}", other.log());
    (bench, other)
}

fn leads(operator: &Operator) -> bool {
    operator
        .get("/metrics")
        .unwrap()
        .1
        .lines()
        .any(|line| line.starts_with("cloudhsm_backup_operator_leader") && line.ends_with(" 1"))
}

fn until_it_leads(operator: &Operator) {
    assert!(within(PATIENCE, || leads(operator)), "{}", operator.log());
}

fn calls_of(bench: &Bench, key: &str) -> Vec<Call> {
    bench.aws.calls().into_iter().filter(|call| call.access_key == key).collect()
}

fn changes_of(bench: &Bench, key: &str) -> Vec<Call> {
    let reads = ["DescribeBackups", "GetCallerIdentity"];
    calls_of(bench, key).into_iter().filter(|call| !reads.contains(&call.operation.as_str())).collect()
}

fn lease(bench: &Bench) -> Value {
    serde_json::from_str(&bench.kubectl(&["get", "lease", LEASE, "-o", "json"])).unwrap()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Somebody else changes what a resource keeps; returns once it is as it was again, by whichever operator.
fn until_mended(bench: &Bench, id: &str) {
    bench.aws.set_never_expires(REGION, id, false).unwrap();
    bench.until_backup(id, "kept again", |backup| backup.never_expires == Some(true));
}

#[test]
fn one_of_two_acts_and_the_other_stands_by_without_calling_aws() {
    let (mut bench, other) = pair(&QUICK);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    until_mended(&bench, &id);
    bench.meanwhile(3);
    assert!(calls_of(&bench, OTHER).is_empty(), "{}", other.log());
    assert!(leads(bench.operator()) && !leads(&other));
    // It is ready to take over: it knows the resources, and takes part in rolling updates.
    assert_eq!(other.get("/readyz").unwrap().0, 200);
    let known = "cloudhsm_backup_operator_resources{";
    assert!(other.get("/metrics").unwrap().1.contains(known), "{}", other.get("/metrics").unwrap().1);
    assert_eq!(lease(&bench)["spec"]["leaseTransitions"], 1);
    let told = |log: &str| log.lines().filter(|line| line.contains("standing by")).count();
    assert_eq!(told(&other.log()), 1, "once, not at every look\n{}", other.log());
}

#[test]
fn a_leader_that_is_told_to_stop_hands_over_without_the_other_waiting_for_the_lease() {
    // Far longer than anyone waits here.
    let flags = ["--leader-elect", "--lease-duration=10m", "--renew-deadline=9m", "--retry-period=500ms"];
    let (mut bench, other) = pair(&flags);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    let told = Timestamp::now();
    bench.operator().process().signal("TERM").unwrap();
    until_it_leads(&other);
    let took = Timestamp::now().duration_since(told);
    let ended = bench.operator().process().wait(PATIENCE).unwrap();
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{}", bench.log());
    until_mended(&bench, &id);
    assert_eq!(changes_of(&bench, OTHER).len(), 1, "{}", other.log());
    report(&format!("handed over {} ms after SIGTERM", took.as_millis()));
}

#[test]
fn a_leader_that_was_killed_is_followed_once_its_lease_has_run_out_and_not_before() {
    let (mut bench, other) = pair(&QUICK);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    bench.stop();
    let left = lease(&bench);
    until_it_leads(&other);
    until_mended(&bench, &id);
    let (renewed, first) = (time(&left["spec"]["renewTime"]), calls_of(&bench, OTHER)[0].real_at);
    let waited = first.duration_since(renewed);
    assert!(waited.as_millis() >= 3000, "its lease was good for 3 s, and {waited:?} passed");
    assert_eq!(lease(&bench)["spec"]["leaseTransitions"], 2);
    report(&format!("took over {} ms after the last renewal of a lease of 3 s", waited.as_millis()));
}

#[test]
fn a_leader_that_was_frozen_past_its_lease_sends_nothing_when_it_wakes() {
    // Long enough to come to the mark while no answer of the API server comes through.
    let election = ["--leader-elect", "--lease-duration=16s", "--renew-deadline=14s", "--retry-period=1s"];
    let mut gated = Gated::new([&["--settle-window=4s"], &election[..]].concat());
    let namespace = gated.bench.namespace.clone();
    shipped::rights_on_the_lease(&namespace).iter().for_each(shipped::apply);
    gated.bench.restart_with(|start| {
        start.flags.extend(["--lease-namespace".to_owned(), namespace]);
        start.access_key = Some(ONE.to_owned());
    });
    gated.bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_secs(1));
    let id = gated.bench.aws.seed(Seed::ready(REGION, CLUSTER));
    // The intent is on record, and the request is not sent yet.
    gated.hold_at_mark(&id);
    gated.bench.operator().process().signal("STOP").unwrap();
    let other = gated.bench.another(|start| {
        start.kubeconfig = shipped::kubeconfig();
        start.access_key = Some(OTHER.to_owned());
    });
    until_it_leads(&other);
    gated.bench.until_ready(&id, true, "InSync");
    gated.api.release();
    gated.bench.operator().process().signal("CONT").unwrap();
    let woken = |log: &str| log.contains("the Lease is lost");
    assert!(within(PATIENCE, || woken(&gated.bench.log())), "{}", gated.bench.log());
    gated.bench.meanwhile(4);
    assert!(changes_of(&gated.bench, ONE).is_empty(), "{}", gated.bench.log());
    let copies = gated.bench.calls("CopyBackupToRegion");
    assert_eq!(copies.len(), 1, "the other has made the copy in {ELSEWHERE}, once\n{}", other.log());
    // It lives on, and takes over when it is its turn.
    drop(other);
    until_it_leads(gated.bench.operator());
}

#[test]
fn whoever_cannot_renew_the_lease_stops_acting_and_goes_on_when_it_can() {
    let mut bench = elected(&QUICK);
    bench.run();
    until_it_leads(bench.operator());
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    // The API server refuses the Lease, and nothing else.
    let rights = shipped::rights_on_the_lease(&bench.namespace);
    let role = rights.iter().find(|object| object["kind"] == "Role").unwrap();
    bench.kubectl(&["delete", "role", role["metadata"]["name"].as_str().unwrap()]);
    assert!(within(PATIENCE, || !leads(bench.operator())), "{}", bench.log());
    let before = changes_of(&bench, ONE).len();
    bench.aws.set_never_expires(REGION, &id, false).unwrap();
    bench.declare("late", &id, "");
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(changes_of(&bench, ONE).len(), before, "{}", bench.log());
    assert!(bench.object("late")["status"].is_null(), "no status is written either\n{}", bench.log());
    assert_eq!(bench.operator().get("/livez").unwrap().0, 200);
    rights.iter().for_each(shipped::apply);
    bench.until_backup(&id, "kept again", |backup| backup.never_expires == Some(true));
    bench.until_ready("late", true, "InSync");
    // Metrics are those of the process: nothing is counted twice by the second term.
    let (_, metrics) = bench.operator().get("/metrics").unwrap();
    let in_sync = metrics.lines().find(|line| line.contains("resources{") && line.contains("InSync"));
    assert!(in_sync.is_some_and(|line| line.ends_with(" 2")), "{metrics}");
}

#[test]
fn a_lease_is_waited_for_by_our_own_clock_whatever_time_it_tells() {
    for renewed in ["2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z"] {
        let mut bench = elected(&QUICK);
        let stranger = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": LEASE, "namespace": bench.namespace, "labels": { "kept": "yes" } },
            "spec": { "holderIdentity": "stranger", "renewTime": renewed, "leaseDurationSeconds": 4 },
        });
        shipped::apply(&stranger);
        let began = Timestamp::now();
        bench.run();
        until_it_leads(bench.operator());
        let taken = lease(&bench);
        let waited = time(&taken["spec"]["acquireTime"]).duration_since(began);
        assert!(waited.as_millis() >= 4000, "{renewed}: {waited:?}");
        assert_eq!(taken["metadata"]["labels"]["kept"], "yes", "what others wrote stays");
    }
}

#[test]
fn a_lease_that_somebody_deletes_or_edits_is_held_on_to() {
    let (mut bench, other) = pair(&QUICK);
    bench.kubectl(&["delete", "lease", LEASE]);
    let back = || bench.kubectl(&["get", "lease", "--ignore-not-found", "-o", "name"]).contains(LEASE);
    assert!(within(PATIENCE, back), "{}", bench.log());
    bench.kubectl(&["label", "lease", LEASE, "edited=yes"]);
    let renewed = lease(&bench)["spec"]["renewTime"].clone();
    assert!(within(PATIENCE, || lease(&bench)["spec"]["renewTime"] != renewed), "{}", bench.log());
    assert!(leads(bench.operator()) && !leads(&other), "{}\n{}", bench.log(), other.log());
    assert!(!bench.log().contains("the Lease is lost"), "{}", bench.log());
}

#[test]
fn at_no_time_two_act_however_often_leadership_changes_hands() {
    let mut bench = elected(&QUICK);
    let ids: Vec<String> = (0..6).map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER))).collect();
    for id in &ids {
        bench.declare(id, id, "neverExpires: true");
    }
    let keys: Vec<String> = (0..5).map(|number| format!("AKIATERM{number}")).collect();
    let start = |bench: &mut Bench, key: &String| bench.another(|start| start.access_key = Some(key.clone()));
    let mut leader = start(&mut bench, &keys[0]);
    until_it_leads(&leader);
    for (number, key) in keys.iter().enumerate().skip(1) {
        let next = start(&mut bench, key);
        for id in &ids {
            bench.aws.set_never_expires(REGION, id, false).unwrap();
        }
        // By turns it is killed and told to stop, in the midst of its work.
        let changed = || !changes_of(&bench, &keys[number - 1]).is_empty();
        assert!(within(PATIENCE, changed), "{}", leader.log());
        leader.process().signal(if number % 2 == 0 { "KILL" } else { "TERM" }).unwrap();
        until_it_leads(&next);
        leader = next;
    }
    for id in &ids {
        bench.until_backup(id, "kept", |backup| backup.never_expires == Some(true));
    }
    // Ordered by when AWS saw them, the calls of one process are not mixed with those of another.
    let callers: Vec<String> = bench.aws.calls().into_iter().map(|call| call.access_key).collect();
    let mut turns = callers.clone();
    turns.retain(|key| !key.is_empty());
    turns.dedup();
    let distinct: BTreeSet<&String> = turns.iter().collect();
    assert_eq!(turns.len(), distinct.len(), "{turns:?}");
    assert_eq!(lease(&bench)["spec"]["leaseTransitions"], 5);
}

#[expect(clippy::print_stdout, reason = "figures for whoever reads the test's output")]
fn report(figures: &str) {
    println!("{figures}");
}
