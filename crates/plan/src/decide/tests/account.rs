//! Row: the account. The right backup in the wrong account is not the right backup.

use super::*;

/// A recorded account that is not the one AWS is seen with.
fn recorded_elsewhere(mut case: Case) -> Case {
    case.ledger.recorded = Some(Recorded { account: Some(OTHER_ACCOUNT.parse().unwrap()) });
    case
}

/// All that a resource can ask for, and how far it can have come.
const WISHES: [fn(Case) -> Case; 6] = [
    |case| case,
    |case| case.wish_never_expires(true).wish_tags(&[("team", "a")]),
    |case| case.wish_deleted(true),
    |case| case.wish_deleted(false).done_deletion(HOUR),
    |case| case.policy_delete().finalizer(),
    Case::removing,
];

const SIGHTS: [fn(Case) -> Case; 4] =
    [Case::ready, Case::pending, |case| case.state("DELETED"), Case::absent];

#[test]
fn in_the_wrong_account_nothing_is_changed_concluded_or_released() {
    let mismatches: [fn(Case) -> Case; 2] = [|case| case.wish_account(OTHER_ACCOUNT), recorded_elsewhere];
    for mismatch in mismatches {
        for wish in WISHES {
            for see in SIGHTS {
                let case = mismatch(see(wish(case())));
                case.expect("- AccountMismatch");
                assert_eq!(verdict(&case.plan()).facts, super::super::Facts::Keep);
            }
        }
    }
}

#[test]
fn a_resource_that_retains_is_released_in_any_account() {
    case().finalizer().terminating().wish_account(OTHER_ACCOUNT).expect("RemoveFinalizer AccountMismatch");
}

#[test]
fn the_right_account_is_no_obstacle() {
    case().wish_account(OUR_ACCOUNT).wish_never_expires(true).expect("NeverExpires(true) Applying");
    case().wish_account(OUR_ACCOUNT).wish_deleted(true).absent().expect("- Deleted deletion:spent");
}

#[test]
fn without_an_arn_a_backup_is_changed_only_when_no_account_is_asked_for() {
    let without = |case: Case| case.with(|backup| backup.arn = None);
    without(case().wish_deleted(true)).expect("Delete Applying deletion:open");
    without(case().wish_deleted(true).wish_account(OUR_ACCOUNT)).expect("- AccountUnknown");
    without(case().removing().wish_account(OUR_ACCOUNT)).expect("- AccountUnknown");
}

#[test]
fn without_an_arn_the_account_of_the_credentials_is_compared_with_the_record() {
    recorded_elsewhere(case())
        .with(|backup| backup.arn = None)
        .wish_deleted(true)
        .expect("- AccountMismatch");
}

#[test]
fn an_absence_in_an_unknown_account_proves_nothing() {
    let mut case = case().absent().wish_deleted(true).wish_account(OUR_ACCOUNT);
    case.observed.account = None;
    case.expect("- AccountUnknown");
}

#[test]
fn a_deleted_entry_without_an_arn_is_not_gone_when_an_account_is_asked_for() {
    case()
        .state("DELETED")
        .with(|backup| backup.arn = None)
        .wish_deleted(true)
        .wish_account(OUR_ACCOUNT)
        .expect("- AccountUnknown");
}
