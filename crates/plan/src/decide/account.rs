//! The right backup in the wrong account is not the right backup.

use super::draft::Draft;
use crate::{model::Backup, reason::Reason};

/// Whether what is seen (`backup`, or its absence) is seen in the account that the spec and an earlier look name.
pub(super) fn matches(draft: &mut Draft<'_>, backup: Option<&Backup>) -> bool {
    let own = backup.and_then(Backup::account);
    let seen = own.as_ref().or(match backup {
        // Without an ARN the entry itself does not tell; the credentials do, unless the spec insists.
        Some(_) if draft.desired.account.is_some() => None,
        _ => draft.observed.account.as_ref(),
    });
    let recorded = draft.ledger.recorded.as_ref().and_then(|recorded| recorded.account.as_ref());
    let Some(seen) = seen else {
        if draft.desired.account.is_none() {
            return true;
        }
        let message =
            "AWS does not report the backup's ARN, so its account cannot be compared with spec.accountId"
                .to_owned();
        draft.find(Reason::AccountUnknown, message);
        return false;
    };
    for (expected, whence) in
        [(draft.desired.account.as_ref(), "spec.accountId"), (recorded, "status.backupArn")]
    {
        if let Some(expected) = expected.filter(|expected| *expected != seen) {
            let message = format!(
                "this is account {seen}, and {whence} says {expected}: nothing is concluded or changed; check the operator's credentials"
            );
            draft.find(Reason::AccountMismatch, message);
            return false;
        }
    }
    true
}

/// Whether the credentials are known to be those of the right account, when the backup itself cannot tell.
pub(super) fn of_credentials_matches(draft: &Draft<'_>) -> bool {
    let recorded = draft.ledger.recorded.as_ref().and_then(|recorded| recorded.account.as_ref());
    let expected = [draft.desired.account.as_ref(), recorded];
    (draft.observed.account.as_ref())
        .is_some_and(|account| expected.into_iter().flatten().all(|expected| expected == account))
}
