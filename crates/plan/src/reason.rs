//! Every reason that a condition or an Event of the operator can carry.

/// Whether a person must act, or the operator goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// A person must act (condition `Stalled`). It is looked at again all the same.
    Stalled,
    /// It goes on by itself (condition `Reconciling`).
    Reconciling,
    /// Nothing is outstanding.
    Settled,
}

macro_rules! reasons {
    ($($stance:ident { $($(#[doc = $doc:literal])+ $name:ident,)+ })+) => {
        /// Why a condition is as it is. One name for the condition's `reason`, the Event and the metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($($(#[doc = $doc])+ $name,)+)+
        }

        impl Reason {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// The CamelCase name that users see.
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$name => stringify!($name),)+)+ }
            }

            /// The reason of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.name() == name)
            }

            /// Whether it holds a deletion that somebody asks for.
            pub const fn holds_deletion(self) -> bool {
                matches!(self, Self::DeletionHeld | Self::NeverExpires | Self::LastBackup)
            }

            /// Who has to move.
            pub const fn stance(self) -> Stance {
                match self { $($(Self::$name => Stance::$stance,)+)+ }
            }

            /// What it means, for documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $($(Self::$name => concat!($($doc,)+),)+)+ }
            }
        }
    };
}

reasons! {
    Settled {
        /// AWS matches the spec.
        InSync,
        /// `deleted: true` is fulfilled: the backup can be restored until its `deleteTimestamp`.
        DeletionScheduled,
        /// `deleted: true` is fulfilled: the backup is gone for good.
        Deleted,
    }
    Stalled {
        /// No such backup was ever seen: `backupId` or `region` is wrong, or it belongs to another account.
        NotFound,
        /// The backup was seen before and is gone for good.
        Gone,
        /// The backup is PENDING_DELETION though the spec does not ask for it.
        PendingDeletion,
        /// The backup belongs to another AWS account than the spec, or an earlier look, says.
        AccountMismatch,
        /// Another, older resource manages the same backup.
        DuplicateClaim,
        /// A deletion is held because AWS reports NeverExpires true, or does not report it.
        NeverExpires,
        /// A deletion is held because no other READY backup of the same cluster is known.
        LastBackup,
        /// The backup was deleted for this resource and someone restored it: it is not deleted again for the same wish.
        ExternallyRestored,
        /// The backup was restored and is pending deletion again within a day.
        RestoredAndDeletedAgain,
        /// The wanted tags and those already there are more than the 50 that AWS allows.
        TagLimit,
        /// Copies are declared on a backup that is itself a copy.
        CopyOfCopy,
        /// A copy was asked for and never seen.
        CopyLost,
        /// Several copies exist and none is recorded, so none can be chosen for deletion.
        AmbiguousCopy,
        /// The source is gone or not READY, so a missing copy cannot be made.
        SourceUnavailable,
        /// Another resource manages this copy as its own backup.
        CopyClaimedElsewhere,
        /// `suspend: true` keeps the operator from what is outstanding.
        Suspended,
    }
    Reconciling {
        /// A change is being made, or has been made and is not visible yet.
        Applying,
        /// A change that AWS accepted has not become visible; it is asked for again.
        NotApplied,
        /// AWS is still making the backup.
        CreateInProgress,
        /// AWS reports a state that this version does not know, or leaves out a member that a decision needs.
        UnknownState,
        /// The AWS account of the backup or of the credentials is not known yet.
        AccountUnknown,
        /// A copy is on its way.
        CopyInProgress,
        /// Making a copy failed; it is tried again.
        CopyFailed,
        /// What came of a request for a copy was never known, and no copy appeared; it is asked for once more.
        CopyUnanswered,
        /// A copy that was there is not listed any more; it is made again if a later look agrees.
        CopyMissing,
        /// The deletion waits until the wanted copies are settled.
        WaitingForCopies,
        /// The hourly number of deletions is used up.
        DeletionHeld,
        /// AWS denied the call.
        AccessDenied,
        /// AWS is throttling.
        Throttled,
        /// The region does not exist or cannot be reached.
        RegionUnreachable,
        /// AWS refused a request.
        Rejected,
        /// AWS failed, or did not answer clearly.
        AwsError,
        /// A listing was incomplete or implausible, so nothing is concluded from it.
        ListingIncomplete,
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
