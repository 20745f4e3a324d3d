//! What is accepted and what is refused: old against new.

use serde_json::{Value, json};

use super::bench::{Corner, ID, asked_for, plane, resource};

/// Everything that a case may need.
const ALL: &str = "backup-friday23456,backup-friday23456/eu-central-1,backup-friday23456/eu-north-1";
const CENTRAL: &str = "backup-friday23456/eu-central-1";
const NORTH: &str = "backup-friday23456/eu-north-1";

/// From an old spec (none: it is created) to a new one, and what has to be confirmed for that.
type Case = (&'static str, Option<Value>, Value, &'static [&'static str]);

fn cases() -> Vec<Case> {
    let central = |deleted: Value| json!({"region": "eu-central-1", "deleted": deleted});
    let north = |deleted: Value| json!({"region": "eu-north-1", "deleted": deleted});
    let copies = |copies: &[Value]| json!({"copies": copies});
    let bound = |copies: &[Value]| json!({"copies": copies, "deletionPolicy": "Delete"});
    let (none, keep) = (|| Some(json!({})), || json!({"deleted": false}));
    let (yes, no, null) = (|| json!(true), || json!(false), || Value::Null);
    let delete = || json!({"deleted": true});
    let policy = |policy: &str| json!({"deletionPolicy": policy});
    vec![
        // The backup itself.
        ("a view", None, json!({}), &[]),
        ("kept", None, keep(), &[]),
        ("an explicit null", None, json!({"deleted": null, "copies": null, "suspend": null}), &[]),
        ("created with the wish", None, delete(), &[ID]),
        ("wished for", none(), delete(), &[ID]),
        ("wished for after false", Some(keep()), delete(), &[ID]),
        ("wished for after null", Some(json!({"deleted": null})), delete(), &[ID]),
        ("wished for while suspended", none(), json!({"deleted": true, "suspend": true}), &[ID]),
        ("wished for already", Some(delete()), delete(), &[]),
        (
            "wished for already, tags edited",
            Some(delete()),
            json!({"deleted": true, "tags": {"a": "b"}}),
            &[],
        ),
        ("withdrawn", Some(delete()), keep(), &[]),
        ("withdrawn by removing the field", Some(delete()), json!({}), &[]),
        ("withdrawn by null", Some(delete()), json!({"deleted": null}), &[]),
        // What deleting the resource does.
        ("retained", None, policy("Retain"), &[]),
        ("created bound", None, policy("Delete"), &[ID]),
        ("bound", none(), policy("Delete"), &[ID]),
        ("bound after Retain", Some(policy("Retain")), policy("Delete"), &[ID]),
        ("bound, though wished for already", Some(delete()), policy("Delete"), &[ID]),
        ("wished for, though bound already", Some(policy("Delete")), delete(), &[ID]),
        ("bound already", Some(policy("Delete")), policy("Delete"), &[]),
        ("released", Some(policy("Delete")), policy("Retain"), &[]),
        ("released by removing the field", Some(policy("Delete")), json!({}), &[]),
        // Copies.
        ("copies listed", None, copies(&[central(null()), north(no())]), &[]),
        ("created with a copy to delete", None, copies(&[central(yes())]), &[CENTRAL]),
        ("an entry added with the wish", none(), copies(&[central(yes())]), &[CENTRAL]),
        ("an entry after null", Some(json!({"copies": null})), copies(&[north(yes())]), &[NORTH]),
        ("a copy wished for", Some(copies(&[central(null())])), copies(&[central(yes())]), &[CENTRAL]),
        ("both", Some(copies(&[central(no())])), copies(&[north(yes()), central(yes())]), &[NORTH, CENTRAL]),
        ("the other one", Some(copies(&[central(yes())])), copies(&[central(yes()), north(yes())]), &[NORTH]),
        (
            "exchanged",
            Some(copies(&[central(yes()), north(no())])),
            copies(&[central(no()), north(yes())]),
            &[NORTH],
        ),
        (
            "in another order",
            Some(copies(&[central(yes()), north(no())])),
            copies(&[north(no()), central(yes())]),
            &[],
        ),
        ("a copy withdrawn", Some(copies(&[central(yes())])), copies(&[central(null())]), &[]),
        ("an entry removed", Some(copies(&[central(yes()), north(no())])), copies(&[north(no())]), &[]),
        ("the list removed", Some(copies(&[central(yes())])), json!({}), &[]),
        ("backup and copy", none(), json!({"deleted": true, "copies": [central(yes())]}), &[ID, CENTRAL]),
        // What goes with the resource is its copies too.
        ("bound with copies", Some(copies(&[central(no())])), bound(&[central(no())]), &[ID, CENTRAL]),
        (
            "bound, a copy wished for already",
            Some(copies(&[central(yes())])),
            bound(&[central(yes())]),
            &[ID, CENTRAL],
        ),
        (
            "a copy added to what is bound",
            Some(bound(&[central(no())])),
            bound(&[central(no()), north(null())]),
            &[NORTH],
        ),
        (
            "a copy of what is bound wished for",
            Some(bound(&[central(no())])),
            bound(&[central(yes())]),
            &[CENTRAL],
        ),
        ("bound copies as before", Some(bound(&[central(no())])), bound(&[central(null())]), &[]),
        ("a bound copy let go", Some(bound(&[central(no())])), bound(&[]), &[]),
    ]
}

/// A resource with this spec is there, and nothing is confirmed any more.
fn put(corner: &Corner, name: &str, spec: &Value) {
    corner.create(&resource(name, spec, Some(ALL))).unwrap();
    corner.replace(&resource(name, spec, None)).unwrap();
}

#[test]
fn only_what_may_be_deleted_anew_has_to_be_confirmed_and_by_its_name() {
    let corner = Corner::new();
    let mut wrong = Vec::new();
    for (number, (what, old, new, needed)) in cases().into_iter().enumerate() {
        let name = format!("case-{number}");
        let send = |confirmed: Option<&str>| match &old {
            Some(_) => corner.replace(&resource(&name, &new, confirmed)),
            None => corner.create(&resource(&name, &new, confirmed)),
        };
        if let Some(old) = &old {
            put(&corner, &name, old);
        }
        match (send(None), needed) {
            (Ok(_), []) => {}
            (Ok(_), _) => wrong.push(format!("{what}: accepted without {needed:?}")),
            (Err(words), []) => wrong.push(format!("{what}: refused: {words}")),
            (Err(words), needed) => {
                let told = asked_for(&words).unwrap_or_default();
                if told != needed.join(",") {
                    wrong.push(format!("{what}: asks for {told:?}, not {needed:?}: {words}"));
                } else if let Err(words) = send(Some(told)) {
                    wrong.push(format!("{what}: refused though confirmed as told: {words}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_confirmation_names_what_it_confirms_and_nothing_else_passes() {
    let corner = Corner::new();
    let both = json!({"deleted": true, "copies": [{"region": "eu-central-1", "deleted": true}]});
    let others = [
        "",
        "true",
        "yes",
        "*",
        "backup-friday23456/*",
        "backup-friday2345",
        "backup-friday234567",
        "backup-monday23456",
        "eu-central-1",
        ID,
        CENTRAL,
        "backup-friday23456;backup-friday23456/eu-central-1",
        "backup-monday23456,backup-monday23456/eu-central-1",
        "backup-friday23456,backup-friday23456/eu-north-1",
    ];
    for words in others {
        let refusal = corner.create(&resource("both", &both, Some(words))).expect_err(words);
        assert_eq!(asked_for(&refusal), Some(format!("{ID},{CENTRAL}").as_str()), "{words}: {refusal}");
    }
    // In any order, with spaces, and with more than is needed.
    for (number, words) in
        [format!("{CENTRAL},{ID}"), format!(" {ID} , {CENTRAL} "), ALL.to_owned()].iter().enumerate()
    {
        corner.create(&resource(&format!("both-{number}"), &both, Some(words))).expect(words);
    }
}

#[test]
fn the_refusal_says_exactly_what_to_do() {
    let corner = Corner::new();
    let refusal = corner.create(&resource("wish", &json!({"deleted": true}), None)).unwrap_err();
    let words = "this change lets the operator delete backups in AWS; to confirm it, set in the same change the annotation \
                 cloudhsm-backup.dev/confirm-deletion: backup-friday23456";
    assert!(refusal.trim_end().ends_with(words), "{refusal}");
    assert!(refusal.starts_with("Error from server (Forbidden)"), "{refusal}");
}

#[test]
fn a_confirmation_may_come_before_the_wish_and_go_after_it() {
    let corner = Corner::new();
    corner.create(&resource("steps", &json!({}), None)).unwrap();
    let confirmed = json!({"metadata": {"annotations": {"cloudhsm-backup.dev/confirm-deletion": ID}}});
    let wish = json!({"spec": {"deleted": true}});
    corner.patch("steps", &wish).unwrap_err();
    corner.patch("steps", &confirmed).unwrap();
    corner.patch("steps", &wish).unwrap();
    let taken = json!({"metadata": {"annotations": {"cloudhsm-backup.dev/confirm-deletion": null}}});
    corner.patch("steps", &taken).unwrap();
    corner.patch("steps", &json!({"spec": {"deleted": null}})).unwrap();
    corner.patch("steps", &wish).unwrap_err();
}

#[test]
fn an_apply_by_git_ops_passes_again_and_again_without_the_annotation() {
    let corner = Corner::new();
    let apply = |object: &Value| {
        let args = ["apply", "--server-side", "--field-manager=flux", "--force-conflicts", "-f", "-"];
        corner.try_kubectl(&args, &object.to_string())
    };
    let spec = json!({"deleted": true, "copies": [{"region": "eu-central-1", "deleted": true}]});
    apply(&resource("applied", &spec, None)).unwrap_err();
    apply(&resource("applied", &spec, Some(ALL))).unwrap();
    for _ in 0..2 {
        apply(&resource("applied", &spec, None)).unwrap();
    }
}

#[test]
fn writes_that_are_no_wish_pass_whatever_is_wished_for_already() {
    let corner = Corner::new();
    let spec = json!({"deleted": true, "copies": [{"region": "eu-central-1"}], "deletionPolicy": "Delete"});
    put(&corner, "busy", &spec);
    let merge = |patch: Value| corner.patch("busy", &patch).unwrap();
    merge(json!({"metadata": {"finalizers": ["cloudhsm-backup.dev/deletion"]}}));
    merge(json!({"metadata": {"labels": {"team": "payments"}}}));
    merge(json!({"metadata": {"annotations": {"cloudhsm-backup.dev/reconcile-requested-at": "now"}}}));
    merge(json!({"spec": {"tags": {"team": "payments"}}}));
    let status = r#"{"status":{"backupState":"READY"}}"#;
    corner.kubectl(&["patch", "hsmb", "busy", "--subresource=status", "--type=merge", "-p", status]);
    // The same while it is being deleted; deleting it is no change of what may be deleted.
    corner.kubectl(&["delete", "hsmb", "busy", "--wait=false"]);
    merge(json!({"metadata": {"labels": {"team": "ledger"}}}));
    merge(json!({"spec": {"tags": {"team": "ledger"}}}));
    corner.kubectl(&["patch", "hsmb", "busy", "--subresource=status", "--type=merge", "-p", status]);
    // What a finalizer deletes can still grow.
    let more = json!({"spec": {"copies": [{"region": "eu-central-1"}, {"region": "eu-north-1"}]}});
    assert_eq!(asked_for(&corner.patch("busy", &more).unwrap_err()), Some(NORTH));
    merge(json!({"spec": {"deletionPolicy": "Retain"}}));
    merge(json!({"metadata": {"finalizers": null}}));
    let left = corner.kubectl(&["get", "hsmb", "busy", "--ignore-not-found"]);
    assert!(left.is_empty(), "{left}");
}

#[test]
fn what_was_wished_for_before_the_policy_goes_on() {
    let corner = Corner::new();
    put(&corner, "early", &json!({"deletionPolicy": "Delete"}));
    corner.patch("early", &json!({"spec": {"tags": {"team": "payments"}}})).unwrap();
    corner.kubectl(&["delete", "hsmb", "early"]);
    plane().kubectl_ok(&["delete", "namespace", &corner.namespace, "--timeout=60s"]).unwrap();
}
