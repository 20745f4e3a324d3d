//! Resource policies.

use emulator::{BackupState, PolicyWhenNone, Seed};

use crate::{
    answer::Answer,
    operations::{arn, delete, delete_policy, get_policy, put_policy, restore},
    stage::{CLUSTER, DAY, HERE, THERE, over_both},
};

const INVALID: &str = "CloudHsmInvalidRequestException";
const NOT_FOUND: &str = "CloudHsmResourceNotFoundException";

/// As a person writes it, and as AWS gives it back.
const WRITTEN: &str = r#"{ "Statement": [{ "Effect": "Allow", "Principal": { "AWS": ["444455556666"] },
    "Action": ["cloudhsm:CreateCluster"], "Resource": "*" }] }"#;
const READ: &str = r#"{"Statement":[{"Action":"cloudhsm:CreateCluster","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"*"}]}"#;

fn policy(text: &str) -> Answer {
    Answer::Policy(None, Some(text.to_owned()))
}

#[tokio::test]
async fn a_policy_is_set_read_and_deleted() {
    over_both(async |stage| {
        let arn = arn(&stage.ready());
        let of = |text: &str| Answer::Policy(Some(arn.clone()), Some(text.to_owned()));
        assert_eq!(stage.ask(HERE, get_policy(&arn)).await, policy("{}"));
        assert_eq!(stage.ask(HERE, put_policy(&arn, WRITTEN)).await, of(READ));
        assert_eq!(stage.ask(HERE, get_policy(&arn)).await, policy(READ));
        assert_eq!(stage.ask(HERE, delete_policy(&arn)).await, of(READ));
        assert_eq!(stage.ask(HERE, delete_policy(&arn)).await, of("{}"));
    })
    .await;
}

#[tokio::test]
async fn a_policy_asks_for_a_ready_backup_of_ones_own_here() {
    over_both(async |stage| {
        for state in [BackupState::CreateInProgress, BackupState::PendingDeletion] {
            let arn = arn(&stage.seed(Seed::ready(HERE, CLUSTER).state(state)));
            for operation in [get_policy(&arn), put_policy(&arn, "{}"), delete_policy(&arn)] {
                assert_eq!(stage.refused(HERE, operation).await, INVALID, "{state}");
            }
        }
        let id = stage.ready();
        let here = arn(&id);
        for operation in [get_policy(&here), put_policy(&here, "{}"), delete_policy(&here)] {
            assert_eq!(stage.refused(THERE, operation).await, NOT_FOUND);
        }
        for (wrong, code) in [
            (id.as_str(), INVALID),
            ("", INVALID),
            ("arn:aws:cloudhsm:eu-west-1:111122223333:cluster/cluster-aaaaaaaaaaa", INVALID),
            (&here.replace(HERE, THERE), NOT_FOUND),
            (&here.replace("1111", "9999"), NOT_FOUND),
        ] {
            for operation in [get_policy(wrong), put_policy(wrong, "{}"), delete_policy(wrong)] {
                assert_eq!(stage.refused(HERE, operation).await, code, "{wrong}");
            }
        }
        for text in ["", "x", "[]", &"x".repeat(20_001)] {
            assert_eq!(stage.refused(HERE, put_policy(&here, text)).await, INVALID);
        }
    })
    .await;
}

#[tokio::test]
async fn the_open_questions_about_policies_have_the_same_answers() {
    over_both(async |stage| {
        let id = stage.ready();
        let arn = arn(&id);
        for (knob, text) in [(PolicyWhenNone::EmptyText, Some("")), (PolicyWhenNone::Null, None)] {
            stage.knobs(|knobs| knobs.policy_when_none = knob);
            let expected = Answer::Policy(None, text.map(str::to_owned));
            assert_eq!(stage.ask(HERE, get_policy(&arn)).await, expected);
        }
        stage.knobs(|knobs| knobs.policy_when_none = PolicyWhenNone::NotFound);
        for operation in [get_policy(&arn), delete_policy(&arn)] {
            assert_eq!(stage.refused(HERE, operation).await, NOT_FOUND);
        }
        for ends in [false, true] {
            stage.knobs(|knobs| knobs.deletion_ends_sharing = ends);
            stage.ask(HERE, put_policy(&arn, READ)).await;
            stage.change(HERE, delete(&id)).await;
            stage.change(HERE, restore(&id)).await;
            assert_eq!(stage.call(HERE, get_policy(&arn)).await.is_err(), ends);
        }
        let foreign = stage.seed(Seed::ready(HERE, CLUSTER).shared_from("444455556666"));
        let theirs = crate::operations::arn(&foreign).replace("111122223333", "444455556666");
        assert_eq!(stage.refused(HERE, get_policy(&theirs)).await, "CloudHsmAccessDeniedException");
        stage.change(HERE, delete(&id)).await;
        stage.advance(7 * DAY);
        assert_eq!(stage.refused(HERE, get_policy(&arn)).await, NOT_FOUND);
    })
    .await;
}
