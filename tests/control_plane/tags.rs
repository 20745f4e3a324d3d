//! `tags`: owned are the keys that the spec lists, and no others.

use std::collections::BTreeMap;

use emulator::{Fault, FaultKind, Seed};
use serde_json::{Value, json};

use crate::support::{Bench, CLUSTER, REGION, assert_stance, message};

const BEFORE: [(&str, &str); 3] = [("team", "old"), ("keep", "me"), ("same", "same")];
const WANTED: &str = "tags: {team: payments, env: prod, same: same}";

/// A backup with tags of its own, under a resource that wants some.
fn tagged() -> (Bench, String, Value) {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).tags(BEFORE));
    bench.declare("main", &id, WANTED);
    let object = bench.until_ready("main", true, "InSync");
    (bench, id, object)
}

fn tags(bench: &Bench, id: &str) -> BTreeMap<String, String> {
    bench.aws.backup(REGION, id).unwrap().tags
}

fn map<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn missing_and_different_tags_are_set_and_unlisted_ones_left_alone() {
    let (bench, id, object) = tagged();
    let all = [("team", "payments"), ("env", "prod"), ("same", "same"), ("keep", "me")];
    assert_eq!(tags(&bench, &id), map(all));
    assert_eq!(object["status"]["tags"], json!(map(all)));
    assert_eq!(
        object["status"]["managedTagKeys"],
        json!(["env", "same", "team"]),
        "also the key that had its value"
    );
    // What a person changes of a listed key is changed back, what of another is not.
    bench.aws.untag(REGION, &id, "env").unwrap();
    bench.aws.tag(REGION, &id, "keep", "mine").unwrap();
    bench.until_backup(&id, "its tag back", |backup| backup.tags.contains_key("env"));
    bench.until("main", "InSync with the person's tag", |object| object["status"]["tags"]["keep"] == "mine");
    bench.meanwhile(2);
    assert_eq!(bench.mutations(), ["TagResource", "TagResource"]);
}

#[test]
fn keys_that_the_spec_lost_are_removed_also_those_that_had_their_value_before() {
    let (bench, id, _) = tagged();
    bench.declare("main", &id, "tags: {team: payments}");
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(tags(&bench, &id), map([("team", "payments"), ("keep", "me")]));
    assert_eq!(object["status"]["managedTagKeys"], json!(["team"]));
    assert_eq!(bench.mutations(), ["TagResource", "UntagResource"], "all in one call");
}

#[test]
fn an_empty_map_removes_the_managed_tags_and_no_others() {
    let (bench, id, _) = tagged();
    bench.declare("main", &id, "tags: {}");
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(tags(&bench, &id), map([("keep", "me")]));
    assert!(object["status"]["managedTagKeys"].is_null());
}

#[test]
fn unset_tags_are_released_and_never_removed_later() {
    let (bench, id, _) = tagged();
    bench.declare("main", &id, "");
    let object = bench.until_ready("main", true, "InSync");
    assert!(object["status"]["managedTagKeys"].is_null());
    bench.declare("main", &id, "tags: {}");
    bench.until_ready("main", true, "InSync");
    bench.meanwhile(3);
    assert_eq!(tags(&bench, &id).len(), 4);
    assert_eq!(bench.mutations(), ["TagResource"]);
}

#[test]
fn more_than_fifty_tags_are_not_tried_and_keep_nothing_else_from_being_done() {
    let bench = Bench::new();
    let inherited: Vec<_> = (0..49).map(|number| (format!("inherited-{number}"), "x".to_owned())).collect();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).tags(inherited));
    bench.declare("main", &id, "neverExpires: true\ntags: {team: payments, env: prod}");
    bench.until_backup(&id, "its flag", |backup| backup.never_expires == Some(true));
    let object = bench.until_ready("main", false, "TagLimit");
    assert_stance(&object, "Stalled");
    assert!(message(&object, "Ready").contains("50"), "{object:#}");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
    bench.aws.untag(REGION, &id, "inherited-0").unwrap();
    bench.until_ready("main", true, "InSync");
    assert_eq!(tags(&bench, &id).len(), 50);
}

#[test]
fn a_listing_that_leaves_the_tags_out_changes_nothing_and_forgets_no_managed_key() {
    let (bench, id, _) = tagged();
    let field = "TagList".to_owned();
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::MissingField { backup_ids: None, field }));
    bench.declare("main", &id, "tags: {team: payments}");
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), ["TagResource"], "the first one only");
    bench.aws.clear_faults();
    bench.until_ready("main", true, "InSync");
    assert_eq!(tags(&bench, &id), map([("team", "payments"), ("keep", "me")]));
}
