//! `docs/reference/reasons.md`: conditions, reasons and Events, from the code; and what a person does about each.

mod ways_out;

use std::{collections::BTreeSet, fs};

use cloudhsm_backup_operator::api::conditions::{
    COPIES_READY, DELETION_SCHEDULED, READY, RECONCILING, STALLED, TYPES,
};
use plan::reason::{Reason, Stance};

use self::ways_out::way_out;
use crate::{GENERATED, compare_or_write, markdown::table, root};

const PAGE: &str = "docs/reference/reasons.md";

const INTRODUCTION: &str = "
# Conditions, reasons and Events

The conditions of a `CloudHsmBackup` are `metav1.Condition`s and follow kstatus, so that `kubectl wait`, Flux and Argo CD read them. Each carries the
`observedGeneration` that it is about. The same names of reasons stand in the conditions, in Events and in the metric `cloudhsm_backup_operator_resources`.
";

const SUMMARY: &str = "
`Ready` is False with exactly one of `Reconciling` and `Stalled`. When several things are outstanding, the reason is that of the first one for which a
person must act, else of the first one; the message lists all. What concerns one copy also stands in `status.copies[].message`.
";

/// Each type: when it is there, and what its reason is.
const CONDITIONS: [(&str, &str, &str); 5] = [
    (READY, "always", "whether AWS matches the spec, also of a suspended resource"),
    (
        RECONCILING,
        "only while True",
        "not Ready, and the operator goes on by itself; reason and message are those of `Ready`",
    ),
    (
        STALLED,
        "only while True",
        "not Ready, and a person must act; it is looked at again once an hour all the same",
    ),
    (COPIES_READY, "while copies are wanted", "whether each of `spec.copies` that is not `deleted` is READY"),
    (
        DELETION_SCHEDULED,
        "only while True",
        "the backup is PENDING_DELETION; the message says until when it can be kept, and how",
    ),
];

/// The reasons of Events about changes in AWS, the last of them a warning.
const EVENTS: [(&str, &str); 7] = [
    ("NeverExpiresSet", "ModifyBackupAttributes was accepted"),
    ("Restored", "RestoreBackup was accepted"),
    ("Tagged", "TagResource was accepted"),
    ("Untagged", "UntagResource was accepted"),
    ("CopyRequested", "CopyBackupToRegion was accepted"),
    ("Deleted", "DeleteBackup was accepted"),
    (
        "OutcomeUnknown",
        "a request was sent and its answer lost: the change may have been made, and AWS is looked at again",
    ),
];

fn group(stance: Stance) -> String {
    let of_it = Reason::ALL.iter().filter(|reason| reason.stance() == stance);
    let rows: Vec<_> = of_it
        .map(|&reason| {
            // An anchor, so that a reason can be linked to; a heading each would tear the table apart.
            let name = format!("<a id=\"{}\"></a>`{reason}`", reason.name().to_lowercase());
            vec![name, reason.meaning().to_owned(), way_out(reason).to_owned()]
        })
        .collect();
    table(&["Reason", "Meaning", "What to do"], &rows)
}

fn page() -> String {
    let row = |(name, there, meaning): (&str, &str, &str)| {
        vec![format!("`{name}`"), there.to_owned(), format!("{meaning}.")]
    };
    let conditions: Vec<_> = CONDITIONS.map(row).into();
    let event = |(at, (name, meaning)): (usize, &(&str, &str))| {
        let kind = if at + 1 == EVENTS.len() { "Warning" } else { "Normal" };
        vec![format!("`{name}`"), kind.to_owned(), format!("{meaning}.")]
    };
    let events: Vec<_> = EVENTS.iter().enumerate().map(event).collect();
    format!(
        "{GENERATED}{INTRODUCTION}
## Conditions

{}{SUMMARY}
## Stalled: a person must act

{}
## Reconciling: it goes on by itself

What is to be done here is for when it lasts.

{}
## Ready

{}
## Events

Each change in AWS is one Event with the operation, the backup's id, the region and AWS's request id.

{}
Beside these, one Event of type Warning tells when a resource becomes Stalled, when its deletion is held (`DeletionHeld`), when a copy has failed
(`CopyFailed`, each time), and why a resource that is being deleted is held by its finalizer. Its reason is that of the condition.
",
        table(&["Type", "Present", "Meaning"], &conditions),
        group(Stance::Stalled),
        group(Stance::Reconciling),
        group(Stance::Settled),
        table(&["Reason", "Type", "When"], &events),
    )
}

#[test]
fn the_page_about_reasons_is_what_the_code_says() {
    compare_or_write(PAGE, &page());
}

#[test]
fn every_condition_type_is_explained() {
    assert_eq!(CONDITIONS.map(|(name, ..)| name), TYPES);
}

#[test]
fn every_reason_that_stalls_has_a_way_out() {
    for reason in Reason::ALL {
        let way = way_out(*reason);
        let words = way.split_whitespace().count();
        let least = if reason.stance() == Stance::Stalled { 6 } else { 1 };
        assert!(words >= least && way.ends_with('.'), "{reason}: {way}");
    }
}

/// The words that stand between quotation marks from `begin` to the end of that function.
fn quoted(source: &str, begin: &str) -> BTreeSet<String> {
    let (_, rest) = source.split_once(begin).expect(begin);
    let (body, _) = rest.split_once("\n}").unwrap();
    body.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_event_about_a_change_is_listed() {
    let source = fs::read_to_string(root().join("src/controller/act.rs")).unwrap();
    let [ref changes @ .., (unknown, _)] = EVENTS;
    let listed = changes.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(quoted(&source, "fn done(change: &Change)"), listed);
    assert!(source.contains(&format!("\"{unknown}\"")), "{unknown}");
}
