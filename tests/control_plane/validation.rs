//! What the CRD accepts and refuses, asked of the real API server: each rule from both sides,
//! first as a dry run, then in earnest.

mod shown;
mod table;

use cloudhsm_backup_operator::api::CloudHsmBackup;
use serde_json::{Value, json};

use self::table::{
    REQUIRED, accepted, bad, bench, check, copies, good, hold, id, refused, region, tags, verdicts,
};
use crate::support::{Bench, manifest, plane};

const TAG_CHARACTERS: &str = "has only letters, digits, spaces and _ . : / = + - @";
const RESERVED: &str = "tag keys that begin with aws: are reserved by AWS";
const VALUE_LENGTH: &str = "Too long: may not be more than 256 bytes";
const KEY_LENGTH: &str = "a tag key has 1 to 128 characters";

#[test]
fn ids_regions_and_accounts_must_have_the_form_that_aws_gives_them() {
    let no_id = "spec.backupId in body should match '^backup-[2-7a-zA-Z]{11,16}$'";
    let no_region =
        "spec.region in body should match '^[a-z]{2}(-gov)?-(east|west|north|south|central){1,2}-[0-9]$'";
    let no_account = "spec.accountId in body should match '^[0-9]{12}$'";
    hold(&[
        accepted("only id and region", ""),
        bad("no id", "region: eu-west-1", "spec.backupId: Required value"),
        bad("no region", "backupId: backup-ro5c4er4aac", "spec.region: Required value"),
        bad("a null id", "backupId: null\nregion: eu-west-1", "spec.backupId: Required value"),
        bad("a null region", "backupId: backup-ro5c4er4aac\nregion: null", "spec.region: Required value"),
        good("an id of 11 characters", &id("backup-abcdefghijk")),
        good("an id of 16 characters", &id("backup-abcdefghijklmnop")),
        bad("an id of 10 characters", &id("backup-abcdefghij"), no_id),
        bad("an id of 17 characters", &id("backup-abcdefghijklmnopq"), no_id),
        good("an id with capitals and each digit", &id("backup-ABCXYZ234567")),
        bad("an id with a digit that base32 lacks", &id("backup-ro5c4er4aa1"), no_id),
        bad("an id without its prefix", &id("ro5c4er4aac"), no_id),
        bad("an empty id", &id("''"), no_id),
        bad("the id of a cluster", &id("cluster-dygnwhmscg5"), no_id),
        bad("an ARN", &id("arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-ro5c4er4aac"), no_id),
        bad("an id with a line break at its end", &id("\"backup-ro5c4er4aac\\n\""), no_id),
        good("a region of two directions", &region("ap-southeast-2")),
        good("a region of GovCloud", &region("us-gov-west-1")),
        good("a region in China", &region("cn-north-1")),
        good("a region that does not exist, but could", &region("xx-central-9")),
        bad("an empty region", &region("''"), no_region),
        bad("a region without a number", &region("eu-west"), no_region),
        bad("a region with two digits", &region("eu-west-10"), no_region),
        bad("an availability zone", &region("eu-west-1a"), no_region),
        bad("a region in capitals", &region("EU-WEST-1"), no_region),
        bad("a region that would lead to another host", &region("eu-west-1.evil.example/"), no_region),
        bad("a region with a line break at its end", &region("\"eu-west-1\\n\""), no_region),
        bad("a very long region", &region(&"x".repeat(33)), "may not be more than 32 bytes"),
        accepted("an account of 12 digits", "accountId: '111122223333'"),
        accepted("an account that begins with 0", "accountId: '000022223333'"),
        refused("an account that is not quoted", "accountId: 111122223333", "must be of type string"),
        refused("an account of 11 digits", "accountId: '11112222333'", no_account),
        refused("an account of 13 digits", "accountId: '1111222233334'", "may not be more than 12 bytes"),
        refused("an account with hyphens", "accountId: 1111-2222-33", no_account),
        refused("an empty account", "accountId: ''", no_account),
    ]);
}

#[test]
fn copies_go_to_other_regions_each_once_and_are_sixteen_at_most() {
    let same = "a copy must be in another region than the backup itself";
    let twice = "spec.copies[1]: Duplicate value: {\"region\":\"us-east-1\"}";
    let no_region = "spec.copies[0].region in body should match '^[a-z]{2}";
    hold(&[
        accepted("no copies", "copies: []"),
        accepted("a copy elsewhere", "copies: [{region: eu-central-1}]"),
        accepted("two copies", "copies: [{region: eu-central-1}, {region: us-east-1, deleted: true}]"),
        refused("a copy at home", "copies: [{region: eu-west-1}]", same),
        refused("a copy at home among others", "copies: [{region: us-east-1}, {region: eu-west-1}]", same),
        refused("a copy at home to be deleted", "copies: [{region: eu-west-1, deleted: true}]", same),
        refused("two to one region", "copies: [{region: us-east-1}, {region: us-east-1}]", twice),
        refused("a copy without a region", "copies: [{deleted: true}]", "[0].region: Required value"),
        refused("a copy to a malformed region", "copies: [{region: nowhere}]", no_region),
        refused("a copy to an empty region", "copies: [{region: ''}]", no_region),
        accepted("16 copies", &copies(16, "")),
        refused("17 copies", &copies(17, ""), "spec.copies: Too many: 17: must have at most 16 items"),
    ]);
}

#[test]
fn tags_have_the_number_length_and_characters_that_aws_takes() {
    hold(&[
        accepted("no tags, which unset those that were set", "tags: {}"),
        accepted("a tag", "tags: {team: payments}"),
        accepted("an empty value", "tags: {team: ''}"),
        accepted("letters of other scripts", "tags: {größe: größer, 大きさ: 大, размер: большой}"),
        accepted("every other character", "tags: {'a b_c.d:e/f=g+h-i@1': ' _.:/=+-@9'}"),
        refused("an exclamation mark in a key", "tags: {team!: payments}", "a tag key has only letters"),
        refused("an exclamation mark in a value", "tags: {team: payments!}", "a tag value has only letters"),
        refused("a line break in a value", "tags: {team: \"a\\nb\"}", TAG_CHARACTERS),
        refused("a line break at the end of a value", "tags: {team: \"a\\n\"}", TAG_CHARACTERS),
        refused("a tab in a key", "tags: {\"a\\tb\": c}", TAG_CHARACTERS),
        refused("an emoji", "tags: {team: 🔑}", TAG_CHARACTERS),
        refused("an empty key", "tags: {'': payments}", KEY_LENGTH),
        accepted("a key of 128 characters, each two bytes", &format!("tags: {}", tags(1, 128, 1))),
        refused("a key of 129 characters", &format!("tags: {}", tags(1, 129, 1)), KEY_LENGTH),
        accepted("a value of 256 characters, each two bytes", &format!("tags: {}", tags(1, 1, 256))),
        refused("a value of 257 characters", &format!("tags: {}", tags(1, 1, 257)), VALUE_LENGTH),
        refused(
            "a value that is a number",
            "tags: {size: 3}",
            "spec.tags.size in body must be of type string",
        ),
        accepted("50 tags", &format!("tags: {}", tags(50, 2, 1))),
        refused("51 tags", &format!("tags: {}", tags(51, 2, 1)), "must have at most 50 items"),
        refused("AWS's own prefix", "tags: {'aws:created': x}", RESERVED),
        refused("AWS's own prefix in capitals", "tags: {'AWS:created': x}", RESERVED),
        refused("AWS's own prefix with one capital", "tags: {'Aws:created': x}", RESERVED),
        refused("AWS's own prefix and nothing else", "tags: {'aws:': x}", RESERVED),
        accepted("keys that only look like it", "tags: {aws: x, awsome: x, 'my-aws:x': x, ' aws:x': x}"),
        accepted("a value that begins like it", "tags: {owner: 'aws:someone'}"),
    ]);
}

#[test]
fn the_tags_of_copies_follow_the_same_rules_and_are_not_empty() {
    let copy = |tags: &str| format!("copies: [{{region: us-east-1, tags: {tags}}}]");
    hold(&[
        accepted("a tag", &copy("{team: payments}")),
        accepted("letters, an empty value", &copy("{größe: ''}")),
        refused("no tags, which says nothing", &copy("{}"), "should have at least 1 properties"),
        refused("an exclamation mark in a key", &copy("{team!: payments}"), "a tag key has only letters"),
        refused("an exclamation mark in a value", &copy("{team: payments!}"), "a tag value has only letters"),
        refused("an empty key", &copy("{'': payments}"), KEY_LENGTH),
        accepted("a key of 128 characters", &copy(&tags(1, 128, 1))),
        refused("a key of 129 characters", &copy(&tags(1, 129, 1)), KEY_LENGTH),
        accepted("a value of 256 characters", &copy(&tags(1, 1, 256))),
        refused("a value of 257 characters", &copy(&tags(1, 1, 257)), VALUE_LENGTH),
        accepted("50 tags", &copy(&tags(50, 2, 1))),
        refused("51 tags", &copy(&tags(51, 2, 1)), "must have at most 50 items"),
        refused("AWS's own prefix", &copy("{'aWs:created': x}"), RESERVED),
    ]);
}

#[test]
fn wishes_that_contradict_each_other_are_refused() {
    let deleted = "neverExpires: true and deleted: true contradict each other; set one of them";
    let policy = "neverExpires: true and deletionPolicy: Delete contradict each other; set one of them";
    hold(&[
        refused("kept for ever and deleted", "neverExpires: true\ndeleted: true", deleted),
        refused("kept for ever, not by its resource", "neverExpires: true\ndeletionPolicy: Delete", policy),
        accepted("kept for ever, not deleted", "neverExpires: true\ndeleted: false\ndeletionPolicy: Retain"),
        accepted("left to expire and deleted", "neverExpires: false\ndeleted: true\ndeletionPolicy: Delete"),
        accepted("deleted, and deleted with its resource", "deleted: true\ndeletionPolicy: Delete"),
        accepted("its copy deleted", "neverExpires: true\ncopies: [{region: us-east-1, deleted: true}]"),
    ]);
}

#[test]
fn unknown_values_types_and_fields_are_refused() {
    let values = "supported values: \"Retain\", \"Delete\"";
    hold(&[
        accepted("Retain", "deletionPolicy: Retain"),
        accepted("Delete", "deletionPolicy: Delete"),
        refused("a policy in small letters", "deletionPolicy: delete", values),
        refused("a policy of another tool", "deletionPolicy: Orphan", values),
        refused("an empty policy", "deletionPolicy: ''", values),
        refused("yes for true", "deleted: 'yes'", "spec.deleted in body must be of type boolean"),
        refused("a quoted true", "neverExpires: 'true'", "spec.neverExpires in body must be of type boolean"),
        refused("a number for suspend", "suspend: 1", "spec.suspend in body must be of type boolean"),
    ]);
    // These refusals do not name the resource, so each is asked for alone.
    let bench = bench();
    for (lines, words) in [
        ("neverExpire: true", "unknown field \"spec.neverExpire\""),
        ("copies: [{region: us-east-1, delete: true}]", "unknown field \"spec.copies[0].delete\""),
    ] {
        let said = bench.try_apply(&manifest("unknown", &format!("{REQUIRED}{lines}"))).unwrap_err();
        assert!(said.contains(words), "{lines}: {said}");
    }
}

#[test]
fn an_explicit_null_means_unset() {
    let optional = ["accountId", "neverExpires", "tags", "copies", "deleted", "deletionPolicy", "suspend"];
    let all_null = optional.map(|field| format!("{field}: null")).join("\n");
    let copy_null = "copies: [{region: us-east-1, tags: null, deleted: null}]";
    let cases = [
        accepted("nothing", ""),
        accepted("all null", &all_null),
        accepted("a copy", "copies: [{region: us-east-1}]"),
        accepted("a copy with nulls", copy_null),
        accepted("kept, nulls beside it", "neverExpires: true\ndeleted: null\ndeletionPolicy: null"),
        accepted("deleted, a null beside it", "neverExpires: null\ndeleted: true\ndeletionPolicy: Delete"),
    ];
    let bench = hold(&cases);
    // The name and the time of creation are what differs.
    let wish = |place: usize| {
        let object: CloudHsmBackup =
            serde_json::from_value(bench.object(&format!("case-{place:03}"))).unwrap();
        let mut wish = object.desired().unwrap();
        (wish.name.name, wish.created) = Default::default();
        wish
    };
    assert_eq!(wish(0), wish(1), "nulls are read as something");
    assert_eq!(wish(2), wish(3), "nulls of a copy are read as something");
    assert_ne!(wish(0), wish(2));
    // Each alone too, as one of them may hide another.
    let each: Vec<_> = optional.iter().map(|field| accepted("one null", &format!("{field}: null"))).collect();
    hold(&each);
}

#[test]
fn a_tag_whose_value_is_null_is_no_tag() {
    let bench = bench();
    bench.apply("tag", &format!("{REQUIRED}tags: {{team: null, env: prod}}"));
    assert_eq!(bench.object("tag")["spec"]["tags"], json!({"env": "prod"}));
}

#[test]
fn the_largest_resource_that_the_rules_allow_is_accepted() {
    let largest = copies(16, &format!(", tags: {}", tags(50, 128, 256)));
    hold(&[accepted("16 copies with 50 tags each", &format!("tags: {}\n{largest}", tags(50, 128, 256)))]);
}

#[test]
fn what_a_resource_is_about_cannot_be_changed() {
    const ACCOUNT: &str = "accountId: '111122223333'";
    let account = "accountId is immutable once set; make a new resource for a backup of another account";
    let no_id = "backupId is immutable; make a new resource for another backup";
    let no_region = "region is immutable; make a new resource for another backup";
    let with_account = format!("{REQUIRED}{ACCOUNT}");
    let without = format!("{REQUIRED}accountId: null");
    let table = [
        (REQUIRED, bad("another backup", &id("backup-abcdefghijk"), no_id)),
        (REQUIRED, bad("another region", &region("eu-west-2"), no_region)),
        (REQUIRED, accepted("another wish", "neverExpires: true")),
        (REQUIRED, accepted("an account, set later", ACCOUNT)),
        (&without, accepted("an account, set where it was null", ACCOUNT)),
        (&with_account, accepted("the same account", ACCOUNT)),
        (&with_account, refused("another account", "accountId: '444455556666'", account)),
        (&with_account, refused("no account any more", "", account)),
        (&with_account, refused("an account set to null", "accountId: null", account)),
    ];
    let bench = bench();
    let before = verdicts(&bench.namespace, &["create"], table.iter().map(|(before, _)| *before));
    assert!(before.iter().all(Option::is_none), "{before:?}");
    let specs = |bench: &Bench| bench.kubectl(&["get", "hsmb", "-o", "jsonpath={.items[*].spec}"]);
    let stored = specs(&bench);
    let cases: Vec<_> = table.into_iter().map(|(_, case)| case).collect();
    check(&cases, &["replace", "--dry-run=server"], &bench);
    assert_eq!(specs(&bench), stored, "a dry run stored something");
    check(&cases, &["replace"], &bench);
    // Merge patches take another way through the server: null removes.
    for (patch, words) in [
        (json!({"spec": {"accountId": null}}), account),
        (json!({"spec": {"backupId": "backup-abcdefghijk"}}), no_id),
        (json!({"spec": {"region": "eu-west-2"}}), no_region),
    ] {
        for more in [&["--dry-run=server"][..], &[]] {
            let patch = patch.to_string();
            let patch = ["-n", &bench.namespace, "patch", "hsmb", "case-005", "--type=merge", "-p", &patch];
            let output = plane().kubectl(&[&patch, more].concat()).unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && said.contains(words), "{patch:?}: {said}");
        }
    }
}

/// What is stored is what was applied: the schema prunes and defaults nothing but what it says.
#[test]
fn a_full_spec_is_stored_as_it_was_written() {
    let spec = json!({
        "backupId": "backup-ro5c4er4aac", "region": "eu-west-1", "accountId": "111122223333", "neverExpires": false,
        "tags": {"team": "payments"}, "copies": [{"region": "us-east-1", "tags": {"a": "b"}, "deleted": true}],
        "deleted": true, "deletionPolicy": "Delete", "suspend": true,
    });
    let bench = bench();
    bench.apply("full", &spec.to_string());
    assert_eq!(bench.object("full")["spec"], spec);
    bench.apply("bare", REQUIRED);
    let mut bare: Value = bench.object("bare")["spec"].clone();
    let defaults = bare.as_object_mut().unwrap();
    assert_eq!(defaults.remove("deletionPolicy"), Some(json!("Retain")));
    assert_eq!(defaults.remove("suspend"), Some(json!(false)));
    assert_eq!(bare, json!({"backupId": "backup-ro5c4er4aac", "region": "eu-west-1"}));
}
