//! A copy is on its way and AWS does not show it yet. Whatever people do to the resource meanwhile, none
//! is asked for a second time, and the copy is adopted when it shows.

use std::time::Duration;

use emulator::{Fault, FaultKind, Seed};
use serde_json::json;

use crate::{
    copying::{copies, expect_one_copy_each, request, requests, until_asked, until_in_sync},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, condition, plane},
};

/// Short, so that a process that has forgotten its request asks again within the test; longer than a call takes.
const FLAGS: [&str; 1] = ["--settle-window=6s"];

/// A bench whose copies AWS accepts and does not list.
fn hidden() -> (Bench, String) {
    let bench = Bench::with(Setup { flags: FLAGS.to_vec(), ..Setup::default() });
    bench.aws.knobs(|knobs| {
        knobs.hide_copies = true;
        knobs.copy_ready_after = Duration::from_secs(1);
    });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    (bench, id)
}

/// The same, and resource `main` has asked for its copy.
fn on_its_way() -> (Bench, String) {
    let (bench, id) = hidden();
    with_copy(&bench, "main", &id);
    until_accepted(&bench, "main");
    (bench, id)
}

/// The same, but the answer to the request takes a while.
fn under_way() -> (Bench, String) {
    let (bench, id) = hidden();
    let hang = FaultKind::Hang { seconds: 2.0, after_effect: true };
    bench.aws.fault(Fault::on("CopyBackupToRegion", hang).times(1));
    with_copy(&bench, "main", &id);
    until_asked(&bench, &id);
    (bench, id)
}

fn with_copy(bench: &Bench, name: &str, id: &str) {
    bench.declare(name, id, &copies(&[ELSEWHERE]));
}

fn until_accepted(bench: &Bench, name: &str) {
    bench.until(name, "its request accepted", |object| request(object)["acceptedAt"].is_string());
}

/// Longer than the settle window and the polls that it would take to ask again.
fn wait_long(bench: &Bench) {
    bench.meanwhile(2 * 10);
}

/// Shows the copy, which the resource then has. There is no other.
fn expect_adopted(bench: &Bench, name: &str, id: &str) {
    wait_long(bench);
    expect_one_copy_each(bench, [&id.to_owned()], &[ELSEWHERE]);
    let [copy] = &bench.aws.copies_made(REGION, id, ELSEWHERE)[..] else { unreachable!("just counted") };
    assert!(bench.aws.show(ELSEWHERE, copy));
    let object = bench.until_ready(name, true, "InSync");
    assert_eq!(object["status"]["copies"][0]["backupId"], copy.as_str());
    assert!(request(&object).is_null(), "{object:#}");
    bench.meanwhile(4);
    expect_one_copy_each(bench, [&id.to_owned()], &[ELSEWHERE]);
    assert_eq!(requests(bench, id).len(), 1);
}

fn wipe(bench: &Bench, name: &str) {
    let args = ["patch", "hsmb", name, "--subresource=status", "--type=merge", "-p", r#"{"status":null}"#];
    bench.kubectl(&args);
}

/// Replaces the status by one that says next to nothing, as a restored manifest would.
fn replace(bench: &Bench, name: &str) {
    let mut object = bench.object(name);
    object["status"] = json!({ "backupState": "READY" });
    object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    let args = ["-n", &bench.namespace, "replace", "--subresource=status", "-f", "-"];
    let output = plane().kubectl_stdin(&args, &object.to_string()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_entry_that_is_removed_and_added_again_does_not_ask_again() {
    let (bench, id) = on_its_way();
    bench.declare("main", &id, "");
    bench.until("main", "observed", |object| object["status"]["observedGeneration"] == 2);
    wait_long(&bench);
    let object = bench.object("main");
    assert!(request(&object)["acceptedAt"].is_string(), "the mark outlives the entry: {object:#}");
    with_copy(&bench, "main", &id);
    expect_adopted(&bench, "main", &id);
}

#[test]
fn an_entry_that_is_removed_and_added_again_while_the_outcome_is_unknown_does_not_ask_again() {
    let bench = Bench::with(Setup { flags: vec!["--settle-window=10s"], ..Setup::default() });
    // It shows before the settle window is over.
    bench.aws.knobs(|knobs| {
        knobs.copy_visible_after = Duration::from_secs(5);
        knobs.copy_ready_after = Duration::from_secs(6);
    });
    bench.aws.fault(Fault::on("CopyBackupToRegion", FaultKind::AcceptThenDrop));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    with_copy(&bench, "main", &id);
    until_asked(&bench, &id);
    bench.declare("main", &id, "");
    bench.until("main", "observed", |object| object["status"]["observedGeneration"] == 2);
    with_copy(&bench, "main", &id);
    until_in_sync(&bench, Duration::from_secs(45));
    bench.meanwhile(2 * 11);
    expect_one_copy_each(&bench, [&id], &[ELSEWHERE]);
    assert_eq!(requests(&bench, &id).len(), 1);
}

#[test]
fn a_resource_that_is_deleted_and_made_again_at_once_does_not_ask_again() {
    let (bench, id) = on_its_way();
    bench.delete("main");
    bench.until_gone("main");
    with_copy(&bench, "main", &id);
    until_accepted(&bench, "main");
    expect_adopted(&bench, "main", &id);
}

#[test]
fn a_resource_that_is_made_again_much_later_and_under_another_name_does_not_ask_again() {
    let (bench, id) = on_its_way();
    // Somebody has to keep the operator looking at both regions.
    for region in [REGION, ELSEWHERE] {
        let other = bench.aws.seed(Seed::ready(region, CLUSTER));
        bench.apply(&format!("other-{region}"), &format!("backupId: {other}\nregion: {region}"));
    }
    bench.delete("main");
    bench.until_gone("main");
    wait_long(&bench);
    with_copy(&bench, "again", &id);
    until_accepted(&bench, "again");
    expect_adopted(&bench, "again", &id);
}

#[test]
fn a_resource_that_is_deleted_and_made_again_during_the_call_does_not_ask_again() {
    let (bench, id) = under_way();
    bench.delete("main");
    bench.until_gone("main");
    with_copy(&bench, "main", &id);
    bench.until("main", "the request", |object| request(object)["requestedAt"].is_string());
    expect_adopted(&bench, "main", &id);
}

#[test]
fn what_a_resource_made_again_has_on_record_survives_a_crash() {
    let (mut bench, id) = on_its_way();
    bench.delete("main");
    bench.until_gone("main");
    with_copy(&bench, "main", &id);
    until_accepted(&bench, "main");
    bench.run();
    expect_adopted(&bench, "main", &id);
}

#[test]
fn a_status_that_somebody_wipes_is_written_anew_with_its_request() {
    let (bench, id) = on_its_way();
    for wipe in [wipe, replace] {
        wipe(&bench, "main");
        until_accepted(&bench, "main");
        wait_long(&bench);
    }
    expect_adopted(&bench, "main", &id);
}

#[test]
fn a_status_that_is_wiped_during_the_call_does_not_lead_to_a_second_one() {
    for wipe in [wipe, replace] {
        let (bench, id) = under_way();
        wipe(&bench, "main");
        until_accepted(&bench, "main");
        expect_adopted(&bench, "main", &id);
    }
}

/// Two resources that name the same backup and the same copy; the older one has asked for it.
fn older_and_younger() -> (Bench, String) {
    let (bench, id) = on_its_way();
    // Creation times are whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    with_copy(&bench, "younger", &id);
    let younger = bench.until_ready("younger", false, "DuplicateClaim");
    assert_eq!(condition(&younger, "Stalled")["status"], "True");
    (bench, id)
}

#[test]
fn the_younger_of_two_resources_takes_over_the_request_of_the_older_one() {
    let (bench, id) = older_and_younger();
    bench.delete("main");
    until_accepted(&bench, "younger");
    expect_adopted(&bench, "younger", &id);
}

#[test]
fn a_request_that_was_taken_over_survives_a_crash() {
    let (mut bench, id) = older_and_younger();
    bench.delete("main");
    until_accepted(&bench, "younger");
    bench.run();
    expect_adopted(&bench, "younger", &id);
}

#[test]
fn the_younger_of_two_resources_takes_over_the_acceptance_that_the_older_one_got() {
    let (bench, id) = under_way();
    with_copy(&bench, "younger", &id);
    bench.delete("main");
    bench.until("younger", "the request", |object| request(object)["requestedAt"].is_string());
    expect_adopted(&bench, "younger", &id);
}
