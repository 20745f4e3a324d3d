//! `copies[].tags`: given with the copy, kept afterwards; unset, AWS's own.

use std::{collections::BTreeMap, time::Duration};

use emulator::{Seed, Tags};
use serde_json::json;

use crate::{
    copies_support::{COPIES, bench, entry, with},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, is_ready},
};

const TAGGED: &str = "copies: [{region: eu-central-1, tags: {team: payments, env: dr}}]";
const FEWER: &str = "copies: [{region: eu-central-1, tags: {team: security}}]";

/// A backup with a tag of its own, in the hands of a resource that wants a copy.
fn copied(bench: &Bench, more: &str) -> (String, String) {
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).tags([("origin", "source")]));
    bench.declare("main", &id, more);
    bench.until_ready("main", true, "InSync");
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    (id, copy.clone())
}

fn tags(bench: &Bench, copy: &str) -> Tags {
    bench.aws.backup(ELSEWHERE, copy).unwrap().tags
}

fn map<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn tags_are_given_with_the_copy_and_a_later_change_is_made_to_the_copy_alone() {
    let bench = bench();
    let (id, copy) = copied(&bench, TAGGED);
    let [call] = &bench.calls("CopyBackupToRegion")[..] else { panic!("one call") };
    assert_eq!(call.tags, Some(map([("team", "payments"), ("env", "dr")])));
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
    let object = bench.object("main");
    assert_eq!(entry(&object, ELSEWHERE)["managedTagKeys"], json!(["env", "team"]));
    bench.aws.tag(ELSEWHERE, &copy, "by", "a-person").unwrap();
    // One value changes, one key is lost.
    bench.declare("main", &id, FEWER);
    bench.until("main", "the tags", |_| {
        tags(&bench, &copy) == map([("team", "security"), ("by", "a-person")])
    });
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(entry(&object, ELSEWHERE)["managedTagKeys"], json!(["team"]));
    for operation in ["TagResource", "UntagResource"] {
        let [call] = &bench.calls(operation)[..] else { panic!("one {operation}") };
        assert_eq!((call.region.as_str(), &call.backup_ids[..]), (ELSEWHERE, &[copy.clone()][..]));
    }
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().tags, map([("origin", "source")]));
    // Unset, they are let go.
    bench.declare("main", &id, COPIES);
    bench.until("main", "no managed keys", |object| entry(object, ELSEWHERE)["managedTagKeys"].is_null());
    bench.meanwhile(3);
    assert_eq!(tags(&bench, &copy), map([("team", "security"), ("by", "a-person")]));
    assert_eq!(bench.mutations(), ["CopyBackupToRegion", "TagResource", "UntagResource"]);
}

#[test]
fn without_tags_the_copy_has_those_of_its_source_and_nobody_manages_them() {
    let bench = bench();
    let (id, copy) = copied(&bench, COPIES);
    let [call] = &bench.calls("CopyBackupToRegion")[..] else { panic!("one call") };
    assert_eq!(call.tags, None);
    assert_eq!(tags(&bench, &copy), map([("origin", "source")]));
    bench.declare("main", &id, &format!("{COPIES}\ntags: {{team: payments}}"));
    bench.until_backup(&id, "its tag", |backup| backup.tags.contains_key("team"));
    bench.aws.untag(ELSEWHERE, &copy, "origin").unwrap();
    let object = bench.until("main", "the copy's tag gone", |object| {
        is_ready(object, true, "InSync") && entry(object, ELSEWHERE)["tags"].is_null()
    });
    assert!(entry(&object, ELSEWHERE)["managedTagKeys"].is_null(), "{object:#}");
    bench.meanwhile(3);
    assert!(tags(&bench, &copy).is_empty());
    assert_eq!(bench.mutations(), ["CopyBackupToRegion", "TagResource"]);
}

#[test]
fn tags_that_show_only_on_a_finished_copy_are_not_set_twice() {
    let bench = Bench::new();
    bench.aws.knobs(|knobs| {
        knobs.hide_tags_until_copied = true;
        knobs.copy_ready_after = Duration::from_secs(4);
    });
    let (_, copy) = copied(&bench, TAGGED);
    bench.meanwhile(3);
    assert_eq!(tags(&bench, &copy), map([("team", "payments"), ("env", "dr")]));
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_key_that_is_no_longer_wanted_when_the_tags_show_late_is_removed_all_the_same() {
    let bench = with(Setup { flags: vec!["--confirm-after=10s"], ..Setup::default() });
    bench.aws.knobs(|knobs| knobs.copy_tags_visible_after = Duration::from_secs(6));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, TAGGED);
    bench.until("main", "its copy", |object| entry(object, ELSEWHERE)["backupState"] == "READY");
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else { panic!("one was made") };
    bench.declare("main", &id, FEWER);
    bench.until("main", "the tags", |_| tags(&bench, copy) == map([("team", "security")]));
    bench.until_ready("main", true, "InSync");
    let calls = bench.mutations();
    assert!(calls.len() <= 4, "{calls:?}");
}
