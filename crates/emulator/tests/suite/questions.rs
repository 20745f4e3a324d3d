//! The open questions of the API reference, and what answers each of them here: a knob, a fault, or
//! nothing, for a reason.

use std::collections::BTreeSet;

use emulator::{Fault, Knobs};
use serde_json::{Value, json};

/// What decides how a question is answered.
enum Answer {
    /// These knobs, and where knobs are not all, why.
    Knobs(&'static [&'static str]),
    /// A fault, as the admin interface takes it.
    Fault(&'static str),
    /// Nothing: there is no other way in which AWS could behave, or the wire shows none.
    Nothing(&'static str),
}

use Answer::{Fault as ByFault, Knobs as ByKnobs, Nothing};

/// Number, question, answer.
const QUESTIONS: [(u8, &str, Answer); 25] = [
    (1, "a filter names an unknown id: error or empty?", ByKnobs(&["unknownIdIsAnError"])),
    (2, "how long are DELETED backups listed?", ByKnobs(&["listDeletedFor"])),
    (3, "a second copy to a region: made or refused?", ByKnobs(&["rejectSecondCopy"])),
    (
        4,
        "when is a copy listed, when READY, and does it fail?",
        ByKnobs(&["copyVisibleAfter", "copyReadyAfter", "hideCopies", "failCopies"]),
    ),
    (5, "when are the tags of a copy seen?", ByKnobs(&["hideTagsUntilCopied", "copyTagsVisibleAfter"])),
    (
        6,
        "can a backup that is not READY be copied, or one to its own region?",
        ByKnobs(&["allowUndocumentedStates", "allowCopyToOwnRegion"]),
    ),
    (7, "what does DeleteBackup do to a backup that is pending?", ByKnobs(&["deletePending"])),
    (
        8,
        "can a backup that is pending be modified, tagged, asked for its policy?",
        ByKnobs(&["allowUndocumentedStates", "refuseTagsWhilePending"]),
    ),
    (9, "do backups of a deleted cluster expire?", ByKnobs(&["deletedClustersExpire"])),
    (
        10,
        "has a copy NeverExpires, and can it be set?",
        ByKnobs(&["neverExpiresOnCopies", "refuseNeverExpiresOnCopies"]),
    ),
    (11, "can a backup that never expires be deleted?", ByKnobs(&["refuseDeletingNeverExpires"])),
    (12, "can the last backup of a cluster be deleted?", ByKnobs(&["refuseDeletingLastBackup"])),
    (
        13,
        "when exactly is a backup purged, and until when restorable?",
        ByKnobs(&["purgeLateBy", "restoreClosesBefore"]),
    ),
    (
        14,
        "what do several values, several filters and many values mean?",
        ByKnobs(&["multiValueStatesBug", "anyFilterIsEnough", "filterValueLimit", "rejectUnknownFilters"]),
    ),
    (15, "how does AWS throttle?", ByFault(r#"{"kind": "throttle"}"#)),
    (16, "how stale are listings?", ByKnobs(&["staleReadsFor"])),
    (
        17,
        "has a call that fails with CloudHsmServiceException taken effect?",
        ByFault(r#"{"kind": "acceptThenError", "code": "CloudHsmServiceException", "status": 400}"#),
    ),
    (18, "does a deletion end sharing, and a restore bring it back?", ByKnobs(&["deletionEndsSharing"])),
    (
        19,
        "what is told of a policy that does not exist, and of a shared backup's?",
        ByKnobs(&["policyWhenNone", "sharedIsNotFound"]),
    ),
    (20, "how many backups may there be?", ByKnobs(&["regionLimit"])),
    (21, "will the SDK speak CBOR?", Nothing("a question about the client; CBOR is refused loudly")),
    (22, "is an id unique across regions?", ByKnobs(&["copiesKeepId"])),
    (23, "what ClusterId has a copy?", ByKnobs(&["clusterIdOnCopies"])),
    (24, "do tags stick that are set before a copy is READY?", ByKnobs(&["tagsOnUnfinishedCopies"])),
    (25, "which source has a copy of a copy?", ByKnobs(&["copyOfCopyNamesOriginal"])),
];

/// Knobs that answer none of these questions.
const OTHERS: [(&str, &str); 2] = [
    ("createReadyAfter", "the documentation says that it takes time, and a test decides how much"),
    ("pageLimit", "the documentation allows smaller pages at any time"),
];

fn knobs() -> BTreeSet<String> {
    json!(Knobs::default()).as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_question_is_answered_and_every_knob_answers_one() {
    let numbers: Vec<u8> = QUESTIONS.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=25).collect::<Vec<u8>>());
    let mut used: BTreeSet<String> = OTHERS.iter().map(|(knob, _)| (*knob).to_owned()).collect();
    for (number, question, answer) in &QUESTIONS {
        match answer {
            ByKnobs(named) => {
                assert!(!named.is_empty(), "Q{number}: {question}");
                used.extend(named.iter().map(|knob| (*knob).to_owned()));
            }
            ByFault(fault) => {
                let fault: Result<Fault, _> = serde_json::from_str(fault);
                assert!(fault.is_ok(), "Q{number}: {question} {fault:?}");
            }
            Nothing(reason) => assert!(!reason.is_empty(), "Q{number}: {question}"),
        }
    }
    assert_eq!(used, knobs());
}

#[test]
fn every_knob_says_in_its_documentation_which_question_it_answers() {
    let source = include_str!("../../src/cloud/knobs.rs");
    for (number, _, answer) in &QUESTIONS {
        let ByKnobs(named) = answer else { continue };
        for knob in *named {
            let field = format!("pub {}: ", snake(knob));
            let documented = source.split(&field).next().unwrap().rsplit("    pub ").next().unwrap();
            let told = documented.contains(&format!("Q{number}"));
            assert!(source.contains(&field) && told, "{knob} does not name Q{number}: {documented}");
        }
    }
}

fn snake(camel: &str) -> String {
    let letter =
        |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() };
    camel.chars().map(letter).collect()
}

#[test]
fn a_fault_can_turn_any_knob_for_some_calls() {
    let usual: Value = json!(Knobs::default());
    for (knob, value) in usual.as_object().unwrap() {
        let fault = json!({"kind": "knobs", "set": {knob: value}});
        assert!(serde_json::from_value::<Fault>(fault).is_ok(), "{knob}");
    }
}
