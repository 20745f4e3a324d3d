//! The operations that change something, when all goes well, and the permit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_config::credential_process::CredentialProcessProvider;
use cloudhsm_backup_operator::aws::{Aws, Permit, Receipt, SdkAws, Timeouts};
use emulator::{BackupState, Seed};
use plan::effect::{Change, Outcome};
use plan::error::ErrorClass;

use crate::support::*;

#[tokio::test]
async fn every_change_is_one_request_that_takes_effect() {
    let (emulator, id) = emulator_with_backup();
    emulator.tag(REGION, &id, "old", "x").unwrap();
    let observed = Arc::new(Observed::default());
    let config = configuration(&emulator.url(), access_key("AKIAEXAMPLE"));
    let aws = SdkAws::from_config(&config, Timeouts::default(), observed.clone());

    let changes = every_change();
    for change in &changes {
        emulator.clear_calls();
        let permit = permit();
        let receipt = aws.mutate(&mutation(&id, change.clone()), &permit).await;

        let calls = emulator.calls();
        let [call] = calls.as_slice() else { panic!("{change:?}: {calls:?}") };
        let request_id = Some(call.request_id.clone());
        assert_eq!(receipt, Receipt { outcome: Outcome::Accepted, request_id }, "{change:?}");
        assert_eq!(call.operation, change.kind().operation());
        assert_eq!(call.region, REGION);
        assert_eq!(call.backup_ids, std::slice::from_ref(&id));
        assert_eq!(call.sdk_request.as_deref(), Some("attempt=1; max=1"));
        assert!(permit.was_sent());

        let backup = emulator.backup(REGION, &id).unwrap();
        match change {
            Change::NeverExpires(value) => assert_eq!(backup.never_expires, Some(*value)),
            Change::Tag(_) => {
                assert_eq!(backup.tags, tags(&[("team", "payments"), ("empty", ""), ("old", "x")]));
            }
            Change::Untag(_) => assert_eq!(backup.tags, tags(&[("team", "payments"), ("empty", "")])),
            Change::Copy { to, tags } => {
                let copies = emulator.backups(to.as_str());
                let [copy] = copies.as_slice() else { panic!("{copies:?}") };
                assert_eq!(copy.source.as_ref().map(|source| &source.backup_id), Some(&id));
                assert_eq!(Some(&copy.tags), tags.as_ref());
            }
            Change::Delete => assert_eq!(backup.state, BackupState::PendingDeletion),
            Change::Restore => assert_eq!(backup.state, BackupState::Ready),
        }
    }
    let expected: Vec<_> =
        changes.iter().map(|change| (change.kind().operation(), REGION.to_owned(), "ok")).collect();
    assert_eq!(observed.calls(), expected);
}

#[tokio::test]
async fn never_expires_can_be_taken_back() {
    let emulator = emulator();
    let id = emulator.seed(Seed::ready(REGION, CLUSTER).never_expires(true));
    let aws = adapter(&emulator.url());
    aws.mutate(&mutation(&id, Change::NeverExpires(false)), &permit()).await;
    assert_eq!(emulator.backup(REGION, &id).unwrap().never_expires, Some(false));
}

#[tokio::test]
async fn the_permit_is_asked_after_credentials_were_found() {
    let (emulator, id) = emulator_with_backup();
    let slow = CredentialProcessProvider::new(
        r#"sleep 0.6; echo '{"Version":1,"AccessKeyId":"AKIAEXAMPLE","SecretAccessKey":"s"}'"#.to_owned(),
    );
    let config = configuration(&emulator.url(), slow);
    let aws = SdkAws::from_config(&config, Timeouts::default(), Arc::new(Observed::default()));

    let lapses = Instant::now() + Duration::from_millis(300);
    let permit = Permit::new(Arc::new(move || Instant::now() < lapses));
    let receipt = aws.mutate(&mutation(&id, Change::Delete), &permit).await;

    assert_eq!(receipt.outcome.failure().map(|failure| failure.class), Some(ErrorClass::Withdrawn));
    assert_eq!(emulator.calls(), []);

    // The same credentials serve a permit that holds, so it was not they that stopped the call.
    let receipt = aws.mutate(&mutation(&id, Change::Delete), &self::permit()).await;
    assert_eq!(receipt.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn the_permit_is_asked_once_a_call() {
    let (emulator, id) = emulator_with_backup();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let permit = Permit::new(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
        true
    }));
    adapter(&emulator.url()).mutate(&mutation(&id, Change::Delete), &permit).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_permit_used_twice_does_not_pass_on_the_first_outcome() {
    let (emulator, id) = emulator_with_backup();
    let permit = permit();
    let first = adapter(&emulator.url()).mutate(&mutation(&id, Change::Delete), &permit).await;
    assert_eq!(first.outcome, Outcome::Accepted);
    let second = adapter("http://nonexistent.invalid").mutate(&mutation(&id, Change::Delete), &permit).await;
    assert!(second.outcome.changed_nothing(), "{second:?}");
    assert_eq!(second.request_id, None);
}
