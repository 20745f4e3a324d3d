//! An API server that goes away and comes back, and one that holds what it should have refused.

use std::time::Duration;

use cloudhsm_backup_operator::api;
use emulator::Seed;
use serde_json::{Value, json};
use testbed::{Solo, within};

use crate::support::{CLUSTER, ELSEWHERE, REGION, program};

fn crd() -> Value {
    serde_json::to_value(api::crd()).unwrap()
}

fn spec(id: &str, more: &str) -> String {
    format!("backupId: {id}\nregion: {REGION}\n{more}")
}

fn keeps(solo: &Solo, id: &str, never_expires: bool) -> bool {
    let kept = || solo.aws.backup(REGION, id).unwrap().never_expires == Some(never_expires);
    within(Duration::from_secs(45), kept)
}

fn changes(solo: &Solo) -> usize {
    solo.aws.calls().iter().filter(|call| call.operation == "ModifyBackupAttributes").count()
}

/// Waits for some more looks at AWS.
fn polls(solo: &Solo, times: usize) {
    let before = solo.aws.calls().len();
    assert!(within(Duration::from_secs(30), || solo.aws.calls().len() >= before + times), "{}", solo.log());
}

#[test]
fn work_goes_on_after_the_api_server_was_away() {
    let mut solo = Solo::new(program());
    solo.install(&crd());
    let id = solo.aws.seed(Seed::ready(REGION, CLUSTER));
    solo.run();
    solo.declare("main", &spec(&id, "neverExpires: true"));
    solo.until_ready("main", true, "InSync");
    assert_eq!(changes(&solo), 1);
    // Drift while it is away is seen, and left alone until the status can be written.
    solo.plane.stop_api_server();
    solo.aws.set_never_expires(REGION, &id, false).unwrap();
    polls(&solo, 4);
    assert_eq!(changes(&solo), 1, "{}", solo.log());
    assert_eq!(solo.operator().get("/livez").unwrap().0, 200);
    solo.plane.start_api_server().unwrap();
    assert!(keeps(&solo, &id, true), "{}", solo.log());
    solo.until_ready("main", true, "InSync");
    solo.declare("main", &spec(&id, "neverExpires: false"));
    assert!(keeps(&solo, &id, false), "the watch is back\n{}", solo.log());
    solo.until_ready("main", true, "InSync");
    assert_eq!(changes(&solo), 3);
    // Connections that stay open and answer nothing.
    solo.plane.freeze().unwrap();
    solo.aws.set_never_expires(REGION, &id, true).unwrap();
    polls(&solo, 3);
    solo.plane.thaw().unwrap();
    assert!(keeps(&solo, &id, false), "{}", solo.log());
    solo.until_ready("main", true, "InSync");
}

/// A CRD that takes anything as `spec.backupId` and tags, and any list of copies, as another version of it might have.
fn lax_crd() -> Value {
    let mut crd = crd();
    let version = crd.pointer_mut("/spec/versions/0").unwrap();
    version.as_object_mut().unwrap().remove("selectableFields");
    let spec = version.pointer_mut("/schema/openAPIV3Schema/properties/spec").unwrap();
    spec.as_object_mut().unwrap().remove("x-kubernetes-validations");
    for field in ["backupId", "tags"] {
        spec["properties"][field] = json!({ "x-kubernetes-preserve-unknown-fields": true });
    }
    // The operator asks for the fields of an entry, not for the rules between entries.
    let copies = spec["properties"]["copies"].as_object_mut().unwrap();
    copies.retain(|key, _| !key.starts_with("x-kubernetes-"));
    crd
}

#[test]
fn resources_that_cannot_be_decoded_are_named_in_the_log_and_stop_no_other() {
    let mut solo = Solo::new(program());
    solo.install(&lax_crd());
    let ids = [0, 1].map(|_| solo.aws.seed(Seed::ready(REGION, CLUSTER)));
    solo.declare("a-number", &spec("5", "neverExpires: true"));
    solo.declare("b-malformed", &spec("no-backup-id", "neverExpires: true"));
    solo.declare("c-good", &spec(&ids[0], "neverExpires: true"));
    solo.run();
    solo.until_ready("c-good", true, "InSync");
    for broken in ["a-number", "b-malformed"] {
        solo.until_logged(&format!("default/{broken}"));
    }
    // One more while it runs.
    solo.declare("d-object", &spec("{a: b}", "neverExpires: true"));
    solo.until_logged("default/d-object");
    solo.declare("e-good", &spec(&ids[1], "neverExpires: true"));
    solo.until_ready("e-good", true, "InSync");
    assert_eq!(changes(&solo), 2);
    // Of a value that is none the log has no copy.
    solo.declare("f-tags", &spec(&ids[0], "tags: hunter2"));
    solo.until_logged("default/f-tags");
    assert!(
        !solo.log().contains("hunter2") && solo.log().to_lowercase().contains("expected a map"),
        "{}",
        solo.log()
    );
    // What contradicts itself is not obeyed, not even in part.
    let twice = format!("[{{region: {ELSEWHERE}}}, {{region: {ELSEWHERE}, deleted: true}}]");
    solo.declare("g-twice", &spec(&ids[0], &format!("copies: {twice}")));
    solo.declare("h-home", &spec(&ids[0], &format!("copies: [{{region: {REGION}}}]")));
    solo.until_logged("lists the copy in eu-central-1 twice");
    solo.until_logged("lists a copy in eu-west-1, where the backup itself is");
    polls(&solo, 3);
    assert!(solo.aws.calls().iter().all(|call| call.operation != "CopyBackupToRegion"));
    // They can be deleted, or mended.
    solo.plane.kubectl_ok(&["delete", "hsmb", "b-malformed", "d-object", "--timeout=20s"]).unwrap();
    solo.plane.kubectl_ok(&["delete", "hsmb", "e-good", "--timeout=20s"]).unwrap();
    solo.declare("a-number", &spec(&ids[1], "neverExpires: true"));
    solo.until_ready("a-number", true, "InSync");
    let lines = solo.log().lines().filter(|line| line.contains("default/d-object")).count();
    assert!(lines <= 3, "{}", solo.log());
}
