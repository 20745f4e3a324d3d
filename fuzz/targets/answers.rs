//! Any bytes as AWS's answer, through the real SDK: a plain result, and nothing in it that a status could not hold.
//!
//! The first byte says to what it is an answer, and with which status.
#![no_main]

use cloudhsm_backup_operator::api::status::CloudHsmBackupStatus;
use fuzz::{Cloud, listing_of};
use libfuzzer_sys::fuzz_target;
use plan::effect::{Change, Mutation, Outcome};
use plan::inventory::Query;
use plan::model::{Backup, BackupKey, Region, Tags};

const STATUSES: [u16; 6] = [200, 204, 302, 400, 403, 500];

thread_local! {
    static CLOUD: Cloud = Cloud::default();
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, body)) = data.split_first() else { return };
    let region: Region = "eu-west-1".parse().expect("a region");
    let status = STATUSES[usize::from(*kind) / 8 % STATUSES.len()];
    CLOUD.with(|cloud| match kind % 8 {
        0 => {
            if let Ok(account) = cloud.account(&region, body) {
                assert_eq!(account.as_str().len(), 12);
            }
        }
        1 => changed(cloud, &Change::NeverExpires(true), status, body),
        2 => changed(cloud, &Change::Delete, status, body),
        3 => changed(
            cloud,
            &Change::Copy { to: "eu-central-1".parse().expect("a region"), tags: None },
            status,
            body,
        ),
        4 => changed(cloud, &Change::Tag(Tags::from([("a".to_owned(), "b".to_owned())])), status, body),
        _ => {
            let Ok(page) = cloud.page(&region, status, body) else { return };
            assert!((200..300).contains(&status), "an answer of {status} is no listing");
            page.backups.iter().for_each(assert_can_be_kept);
            let malformed = page.malformed;
            let listing = listing_of(page, Query::All).expect("one page");
            assert_eq!(listing.complete, malformed == 0);
        }
    });
});

fn changed(cloud: &Cloud, change: &Change, status: u16, body: &[u8]) {
    let target = BackupKey {
        region: "eu-west-1".parse().expect("a region"),
        id: "backup-aaaaaaaaaaa".parse().expect("an id"),
    };
    let outcome = cloud.outcome(&Mutation { target, change: change.clone() }, status, body);
    assert_eq!(outcome == Outcome::Accepted, (200..300).contains(&status), "{status}: {outcome:?}");
    if let Some(failure) = outcome.failure() {
        assert!(failure.detail.len() <= 100 && failure.detail.is_ascii(), "{failure}");
    }
}

/// The facts of a backup as a status has them, written and read again.
fn assert_can_be_kept(backup: &Backup) {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let status = CloudHsmBackupStatus {
        backup_state: Some(backup.state.name().to_owned()),
        backup_arn: text(&backup.arn),
        hsm_type: text(&backup.hsm_type),
        mode: text(&backup.mode),
        create_timestamp: backup.create_timestamp,
        copy_timestamp: backup.copy_timestamp,
        delete_timestamp: backup.delete_timestamp,
        tags: backup.tags.clone(),
        ..CloudHsmBackupStatus::default()
    };
    let written = serde_json::to_vec(&status).expect("JSON");
    // A control character is six bytes of JSON, and etcd takes a megabyte and a half.
    assert!(written.len() < 900_000, "{} bytes", written.len());
    assert_eq!(serde_json::from_slice::<CloudHsmBackupStatus>(&written).expect("a status"), status);
}
