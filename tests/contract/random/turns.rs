//! What can happen in a turn, and the knobs that can be turned.

use std::time::Duration;

use emulator::{Caller, Cluster, Knobs, Operation, Seed};
use serde_json::{Value, json};

use crate::stage::Intervention;

/// One turn.
#[derive(Debug)]
pub(super) enum Turn {
    Call(Caller, Operation),
    Seed(Box<Seed>),
    Cluster(Cluster),
    Advance(Duration),
    /// The knob's name, and all knobs as they are then.
    Knob(String, Box<Knobs>),
    Intervene(Intervention, String, String),
}

/// Every knob, and other values than its default.
pub(super) fn settings() -> Vec<(&'static str, Vec<Value>)> {
    let yes = || vec![json!(true)];
    vec![
        ("unknownIdIsAnError", yes()),
        ("rejectUnknownFilters", vec![json!(false)]),
        ("listDeletedFor", vec![json!("1h"), json!("30d")]),
        ("createReadyAfter", vec![json!("0s"), json!("2h")]),
        ("copyReadyAfter", vec![json!("0s"), json!("2h")]),
        ("copyVisibleAfter", vec![json!("10m")]),
        ("hideCopies", yes()),
        ("failCopies", yes()),
        ("rejectSecondCopy", yes()),
        ("hideTagsUntilCopied", yes()),
        ("copyTagsVisibleAfter", vec![json!("3h")]),
        ("clusterIdOnCopies", vec![json!("source")]),
        ("neverExpiresOnCopies", vec![json!("inherited"), json!("absent")]),
        ("copiesKeepId", yes()),
        ("refuseNeverExpiresOnCopies", yes()),
        ("tagsOnUnfinishedCopies", vec![json!("lost"), json!("refused")]),
        ("copyOfCopyNamesOriginal", yes()),
        ("deletePending", vec![json!("noop"), json!("reset")]),
        ("refuseDeletingNeverExpires", yes()),
        ("refuseDeletingLastBackup", yes()),
        ("purgeLateBy", vec![json!("1d")]),
        ("restoreClosesBefore", vec![json!("6d")]),
        ("allowUndocumentedStates", yes()),
        ("allowCopyToOwnRegion", yes()),
        ("refuseTagsWhilePending", yes()),
        ("multiValueStatesBug", yes()),
        ("anyFilterIsEnough", yes()),
        ("filterValueLimit", vec![json!(1), json!(3)]),
        ("staleReadsFor", vec![json!("5m"), json!("1d")]),
        ("deletedClustersExpire", yes()),
        ("regionLimit", vec![json!(3)]),
        ("policyWhenNone", vec![json!("emptyText"), json!("null"), json!("notFound")]),
        ("sharedIsNotFound", yes()),
        ("deletionEndsSharing", yes()),
        ("pageLimit", vec![json!(1), json!(4)]),
    ]
}
