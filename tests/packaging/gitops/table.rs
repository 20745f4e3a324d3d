//! What is to be seen of a resource for each reason that its Ready condition can give.

use std::collections::BTreeSet;

use plan::reason::Reason::{self, *};

/// What each of them says of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The health in Argo CD.
    pub argo: String,
    /// The status by kstatus: Flux's `wait` and `healthChecks`.
    pub kstatus: String,
    /// The status by Flux's `healthCheckExprs`.
    pub flux: String,
}

impl Seen {
    pub fn new(argo: &str, kstatus: &str, flux: &str) -> Self {
        Self { argo: argo.to_owned(), kstatus: kstatus.to_owned(), flux: flux.to_owned() }
    }

    pub fn in_order() -> Self {
        Self::new("Healthy", "Current", "Current")
    }

    pub fn on_its_way() -> Self {
        Self::new("Progressing", "InProgress", "InProgress")
    }

    pub fn in_trouble() -> Self {
        Self::new("Degraded", "Failed", "Failed")
    }

    /// It goes on by itself, and only a person can end that.
    pub fn denied() -> Self {
        Self::new("Degraded", "InProgress", "Failed")
    }

    /// Something is outstanding, and spec.suspend keeps it so.
    pub fn suspended() -> Self {
        Self::new("Suspended", "Failed", "Failed")
    }
}

/// Of a resource that is not suspended, not terminating, and whose status is current; a copy on its way holds.
pub fn rows() -> Vec<(Reason, Seen)> {
    let rows = |reasons: &[Reason], seen: &Seen| -> Vec<(Reason, Seen)> {
        reasons.iter().map(|reason| (*reason, seen.clone())).collect()
    };
    let in_trouble = [
        NotFound,
        Gone,
        PendingDeletion,
        AccountMismatch,
        DuplicateClaim,
        NeverExpires,
        LastBackup,
        ExternallyRestored,
        RestoredAndDeletedAgain,
        TagLimit,
        CopyOfCopy,
        CopyLost,
        AmbiguousCopy,
        SourceUnavailable,
        CopyClaimedElsewhere,
    ];
    let on_its_way = [
        Applying,
        NotApplied,
        CreateInProgress,
        UnknownState,
        AccountUnknown,
        CopyInProgress,
        CopyFailed,
        CopyUnanswered,
        CopyMissing,
        WaitingForCopies,
        DeletionHeld,
        Throttled,
        RegionUnreachable,
        Rejected,
        AwsError,
        ListingIncomplete,
    ];
    [
        rows(&[InSync, DeletionScheduled, Deleted], &Seen::in_order()),
        rows(&in_trouble, &Seen::in_trouble()),
        rows(&[Suspended], &Seen::suspended()),
        rows(&[AccessDenied], &Seen::denied()),
        rows(&on_its_way, &Seen::on_its_way()),
    ]
    .concat()
}

#[test]
fn every_reason_has_a_row() {
    let all: BTreeSet<Reason> = Reason::ALL.iter().copied().collect();
    let rows: Vec<Reason> = rows().into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), all);
    assert_eq!(rows.len(), all.len(), "two rows for one reason");
}
