//! What a person does about each reason.

use plan::reason::Reason;

/// What to do, for the page. A new reason does not compile without it.
#[expect(clippy::too_many_lines, reason = "a table: one text for each reason")]
pub fn way_out(reason: Reason) -> &'static str {
    match reason {
        Reason::NotFound => {
            "Compare with `aws cloudhsmv2 describe-backups --region REGION`; the message names other regions that know the id. Both fields are immutable: \
             delete the resource and make one with the right ones. If it says `deletionPolicy: Delete`, set `Retain` first, or its finalizer keeps it."
        }
        Reason::Gone => {
            "Nothing brings it back. Delete the resource; copies in other regions stay. To look after a copy by itself, make a resource for it."
        }
        Reason::PendingDeletion => {
            "To keep the backup: `deleted: false`, before `status.deleteTimestamp`. If it is to go: `deleted: true`, or delete the resource. \
             CloudTrail says who called DeleteBackup."
        }
        Reason::AccountMismatch => {
            "Compare `spec.accountId` and `status.backupArn` with the operator's role. If the role is wrong, correct it; if `accountId` is, make a new \
             resource, for it is immutable."
        }
        Reason::DuplicateClaim => {
            "The message names the older resource. Delete one of the two, or take from one what it asks for: a resource that asks for nothing is a view, and \
             views never collide."
        }
        Reason::NeverExpires => {
            "If the backup may go, set `neverExpires: false` beside `deleted: true`. If not, take `deleted: true` back."
        }
        Reason::LastBackup => {
            "Wait until AWS has made another backup of the cluster; one in another region counts once some resource names that region. To delete the last one \
             all the same, set the annotation that the message gives."
        }
        Reason::ExternallyRestored => {
            "If the backup is to stay, take `deleted: true` back. If it is to go: take it back, wait until `status.deletion` is gone, and set it again. For a \
             copy: `copies[].deleted` and its `deletion`."
        }
        Reason::RestoredAndDeletedAgain => {
            "Find who deletes it (CloudTrail, DeleteBackup). If it is the cluster's retention: `neverExpires: true`, or a longer retention. Until then it is \
             restored once a day, and without limit in its last day."
        }
        Reason::TagLimit => {
            "Take tags from the spec, or from the backup in AWS, until both together are 50 at most."
        }
        Reason::CopyOfCopy => {
            "Move `spec.copies` to the resource of the original, which `status.sourceRegion` and `status.sourceBackup` name."
        }
        Reason::CopyLost => {
            "Look in the destination: `aws cloudhsmv2 describe-backups --region DESTINATION --filters sourceBackupIds=ID`. If there is none, a new value of \
             `cloudhsm-backup.dev/reconcile-requested-at` asks for one more; where the copy is to be deleted, it lets go of the request."
        }
        Reason::AmbiguousCopy => {
            "`status.copies[].duplicates` lists them. Delete in AWS those that nobody needs; the operator deletes only a copy that it has on record, or the \
             only one there is."
        }
        Reason::SourceUnavailable => {
            "Restore the source (`deleted: false`) while that is possible, or remove the entry from `spec.copies`."
        }
        Reason::CopyClaimedElsewhere => {
            "The message names the resource that has this copy as its own backup. Say there what is to become of it, or delete that resource: with `Retain` it \
             only lets go."
        }
        Reason::Suspended => "Set `suspend: false`, or remove it. The message lists what will then be done.",
        Reason::Applying => {
            "Nothing. After some minutes: the message, and the operator's log, say what it waits for."
        }
        Reason::NotApplied => {
            "Look at the backup with the AWS CLI. If AWS accepts the same call there too and changes nothing, it is a case for AWS Support."
        }
        Reason::UnknownState => {
            "Look at the backup in AWS, and see whether a later version of the operator knows the state."
        }
        Reason::AccountUnknown => {
            "Nothing. If it stays, AWS reports no ARN, and `spec.accountId` cannot be checked: make a resource without it."
        }
        Reason::CopyInProgress => "Nothing; a copy can take hours.",
        Reason::CopyFailed => {
            "Nothing, or a new value of the reconcile annotation, which ends the wait. If it goes on failing, it is a case for AWS Support."
        }
        Reason::CopyMissing => "Find out who deleted it (CloudTrail of the destination).",
        Reason::WaitingForCopies => {
            "See `CopiesReady` and `status.copies`. To delete the backup without a copy, remove its entry."
        }
        Reason::DeletionHeld => {
            "See first whether so many deletions are meant: `suspend: true` or taking `deleted` back stops those that are not. Then wait, or raise `--max-deletions`."
        }
        Reason::AccessDenied => {
            "The message names the operation: allow it ([IAM](../../deploy/iam/README.md)). Else look for a service control policy, expired credentials, or a \
             region that the account has not enabled. The annotation ends the wait."
        }
        Reason::Throttled => {
            "Nothing. If it is frequent, lower `--aws-rate`, or find who else calls the API."
        }
        Reason::RegionUnreachable => {
            "Check the name of the region, then the way there: DNS, proxy, NetworkPolicy, VPC endpoint."
        }
        Reason::Rejected => {
            "The message has AWS's error code. Make the same call with the AWS CLI, which shows AWS's own words."
        }
        Reason::AwsError => "Nothing. If it lasts, see the AWS Health Dashboard.",
        Reason::ListingIncomplete => "Nothing: a listing that is complete ends it.",
        Reason::CreateInProgress
        | Reason::CopyUnanswered
        | Reason::InSync
        | Reason::DeletionScheduled
        | Reason::Deleted => "Nothing.",
    }
}
