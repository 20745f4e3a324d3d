//! `suspend: true`: observe, change nothing, tell the truth.

use emulator::Seed;

use crate::support::{Bench, CLUSTER, REGION, assert_stance, condition};

#[test]
fn a_suspended_resource_observes_changes_nothing_and_goes_on_when_lifted() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).tags([("team", "payments")]));
    bench.declare("main", &id, "suspend: true\nneverExpires: false\ntags: {team: payments}");
    let object = bench.until_ready("main", true, "InSync");
    assert!(condition(&object, "Stalled").is_null());
    // A person changes things: seen, told, and left alone.
    bench.aws.set_never_expires(REGION, &id, true).unwrap();
    bench.aws.tag(REGION, &id, "team", "other").unwrap();
    let object = bench.until_ready("main", false, "Suspended");
    assert_stance(&object, "Stalled");
    bench.until("main", "the person's tag", |object| object["status"]["tags"]["team"] == "other");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), [""; 0]);
    bench.patch("main", r#"{"spec": {"suspend": null}}"#);
    let object = bench.until_ready("main", true, "InSync");
    assert!(condition(&object, "Stalled").is_null());
    let backup = bench.aws.backup(REGION, &id).unwrap();
    assert_eq!((backup.never_expires, backup.tags["team"].as_str()), (Some(false), "payments"));
}

#[test]
fn a_suspended_resource_deletes_and_restores_nothing() {
    let bench = Bench::new();
    let ids: Vec<_> = (0..3).map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER))).collect();
    bench.declare("delete", &ids[0], "suspend: true\ndeleted: true");
    bench.declare("restore", &ids[1], "suspend: true\ndeleted: false");
    bench.aws.delete_backup(REGION, &ids[1]).unwrap();
    bench.until_ready("delete", false, "Suspended");
    bench.until_ready("restore", false, "Suspended");
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), [""; 0]);
    for name in ["delete", "restore"] {
        bench.patch(name, r#"{"spec": {"suspend": false}}"#);
    }
    bench.until_ready("delete", true, "DeletionScheduled");
    bench.until_ready("restore", true, "InSync");
}

#[test]
fn suspending_keeps_what_the_operator_has_on_record() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "tags: {team: payments, env: prod}");
    bench.until_ready("main", true, "InSync");
    // The key is lost while suspended: still removed afterwards, as it is on record.
    bench.declare("main", &id, "suspend: true\ntags: {team: payments}");
    let object = bench.until_ready("main", false, "Suspended");
    assert_eq!(object["status"]["managedTagKeys"], serde_json::json!(["env", "team"]));
    bench.declare("main", &id, "tags: {team: payments}");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().tags.keys().collect::<Vec<_>>(), ["team"]);
}
