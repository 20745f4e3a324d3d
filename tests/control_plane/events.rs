//! Every change is visible: one Event each, a log line, a metric (P7).

use std::collections::BTreeMap;

use emulator::{Call, Fault, FaultKind, Seed};

use crate::support::{Bench, CLUSTER, REGION};

/// Asserts that each call that changed something has one Event, one log line and its share of the
/// metric, and that there is nothing more.
fn assert_told(bench: &mut Bench, changes: &[Call]) {
    let events = bench.events();
    let log = bench.log();
    let (_, metrics) = bench.operator().get("/metrics").unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for call in changes {
        let of_call = events.iter().filter(|(_, note)| note.contains(&call.request_id)).collect::<Vec<_>>();
        let [(_, note)] = of_call.as_slice() else { panic!("{call:?} in {events:?}") };
        let [id] = call.backup_ids.as_slice() else { panic!("{call:?}") };
        for words in [call.operation.as_str(), id, &call.region] {
            assert!(note.contains(words), "{words} in {note}");
        }
        assert_eq!(log.lines().filter(|line| line.contains(&call.request_id)).count(), 1, "{call:?}\n{log}");
        *counts.entry(&call.operation).or_default() += 1;
    }
    assert_eq!(events.len(), changes.len(), "{events:?}");
    for (operation, count) in counts {
        let labels = format!("operation=\"{operation}\",region=\"{REGION}\",outcome=\"accepted\"");
        let sample = format!("cloudhsm_backup_operator_changes_total{{{labels}}} {count}\n");
        assert!(metrics.contains(&sample), "{sample} in {metrics}");
    }
}

fn changes(bench: &Bench) -> Vec<Call> {
    bench.aws.calls().into_iter().filter(|call| call.operation != "DescribeBackups").collect()
}

#[test]
fn each_change_has_one_event_with_backup_region_and_request_id() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let _other = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    for (more, reason) in [
        ("neverExpires: true\ntags: {team: payments}", "InSync"),
        ("neverExpires: false\ntags: {}", "InSync"),
        ("neverExpires: false\ndeleted: true", "DeletionScheduled"),
        ("neverExpires: false", "InSync"),
        ("neverExpires: true", "InSync"),
    ] {
        bench.declare("main", &id, more);
        bench.until_ready("main", true, reason);
    }
    let made = changes(&bench);
    let operations: Vec<_> = made.iter().map(|call| call.operation.as_str()).collect();
    let [set, tag, untag] = ["ModifyBackupAttributes", "TagResource", "UntagResource"];
    assert_eq!(operations, [set, tag, set, untag, "DeleteBackup", "RestoreBackup", set]);
    assert_told(&mut bench, &made);
    let mut reasons: Vec<_> = bench.events().into_iter().map(|(reason, _)| reason).collect();
    reasons.sort();
    let set = "NeverExpiresSet";
    assert_eq!(reasons, ["Deleted", set, set, set, "Restored", "Tagged", "Untagged"]);
    // At rest nothing is told again, nor after a restart.
    bench.meanwhile(3);
    bench.run();
    bench.meanwhile(3);
    assert_eq!((changes(&bench).len(), bench.events().len()), (made.len(), made.len()));
}

#[test]
fn what_a_person_must_act_on_is_an_event_once() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "");
    bench.until_ready("main", true, "InSync");
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.until_ready("main", false, "PendingDeletion");
    let noticed = |bench: &Bench| {
        bench.events().into_iter().filter(|(reason, _)| reason == "PendingDeletion").collect::<Vec<_>>()
    };
    bench.meanwhile(3);
    let events = noticed(&bench);
    assert!(events.len() == 1 && events[0].1.contains("set deleted: false"), "{events:?}");
    bench.run();
    bench.meanwhile(3);
    assert_eq!(noticed(&bench).len(), 1);
}

#[test]
fn a_change_whose_answer_was_lost_is_told_and_not_made_again() {
    for fault in [FaultKind::AcceptThenDrop, FaultKind::accept_then_error()] {
        let bench = Bench::new();
        let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
        bench.aws.fault(Fault::on("ModifyBackupAttributes", fault.clone()).times(1));
        bench.declare("main", &id, "neverExpires: true");
        bench.until_ready("main", true, "InSync");
        bench.meanwhile(3);
        assert_eq!(bench.mutations(), ["ModifyBackupAttributes"], "{fault:?}");
        let events = bench.events();
        let [(reason, note)] = events.as_slice() else { panic!("{fault:?}: {events:?}") };
        assert_eq!(reason, "OutcomeUnknown");
        for words in [id.as_str(), REGION, "ModifyBackupAttributes"] {
            assert!(note.contains(words), "{words} in {note}");
        }
    }
}

#[test]
fn an_answer_that_arrives_damaged_is_a_change_like_any_other() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.fault(Fault::on("ModifyBackupAttributes", FaultKind::GarbageBody).times(1));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    let made = changes(&bench);
    assert_eq!(made.len(), 1);
    assert_told(&mut bench, &made);
}
