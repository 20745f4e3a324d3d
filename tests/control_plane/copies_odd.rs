//! Copies in states that nobody hopes for, and sources that are not there.

use std::time::Duration;

use emulator::{BackupState, Fault, FaultKind, Seed, Source};

use crate::{
    copies_support::{
        COPIES, DELETED, FURTHER, bench, copied, copy_of, entry, seed_copy, told, until_copy, until_shown,
    },
    support::{
        Bench, CLUSTER, ELSEWHERE, REGION, STRANGERS_ACCOUNT, assert_stance, condition, is_ready, message,
    },
};

/// What the operator does not know.
fn unknown() -> FaultKind {
    FaultKind::UnknownState { backup_ids: None, state: "ARCHIVED".to_owned() }
}

#[test]
fn a_copy_gets_no_copies() {
    let bench = bench();
    let original = Source {
        region: "us-east-1".to_owned(),
        backup_id: "backup-aaaaaaaaaaa".to_owned(),
        cluster_id: Some(CLUSTER.to_owned()),
    };
    let id = bench.aws.seed(Seed::copy(REGION, original));
    // A copy of the copy that a person made is not touched either.
    let by_hand = seed_copy(&bench, &id, ELSEWHERE);
    for list in [COPIES, DELETED] {
        bench.declare("main", &id, list);
        let object = bench.until_ready("main", false, "CopyOfCopy");
        assert_stance(&object, "Stalled");
        assert!(message(&object, "Ready").contains("original"), "{object:#}");
        bench.meanwhile(2);
    }
    bench.expect_untouched();
    assert_eq!(bench.aws.backup(ELSEWHERE, &by_hand).unwrap().state, BackupState::Ready);
    // What else is wanted is done all the same.
    bench.declare("main", &id, &format!("{COPIES}\ntags: {{team: payments}}"));
    bench.until_backup(&id, "its tag", |backup| backup.tags.contains_key("team"));
}

#[test]
fn a_copy_in_an_unknown_state_is_left_alone_and_keeps_another_from_being_made() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    bench.aws.fault(Fault::on("DescribeBackups", unknown()).region(ELSEWHERE));
    for list in [COPIES, DELETED] {
        bench.declare("main", &id, list);
        let object = bench.until_ready("main", false, "UnknownState");
        assert_stance(&object, "Reconciling");
        let words = message(&object, "Ready");
        assert!(words.contains(&copy) && words.contains("ARCHIVED"), "{words}");
        bench.meanwhile(3);
    }
    bench.expect_untouched();
    bench.declare("main", &id, COPIES);
    bench.aws.clear_faults();
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(entry(&object, ELSEWHERE)["backupId"], copy.as_str());
    // The same for one that is on record.
    bench.aws.fault(Fault::on("DescribeBackups", unknown()).region(ELSEWHERE));
    let object = until_shown(&bench, "ARCHIVED");
    assert!(is_ready(&object, false, "UnknownState"), "{object:#}");
    bench.meanwhile(3);
    bench.expect_untouched();
}

#[test]
fn a_copy_of_which_aws_does_not_tell_the_source_region_keeps_another_from_being_made() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let copy = seed_copy(&bench, &id, ELSEWHERE);
    let missing = FaultKind::MissingField { backup_ids: None, field: "SourceRegion".to_owned() };
    bench.aws.fault(Fault::on("DescribeBackups", missing).region(ELSEWHERE));
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", false, "UnknownState");
    assert!(message(&object, "Ready").contains(&copy), "{object:#}");
    bench.meanwhile(3);
    bench.expect_untouched();
    bench.aws.clear_faults();
    bench.until_ready("main", true, "InSync");
    bench.expect_untouched();
}

#[test]
fn an_old_entry_that_is_deleted_is_no_copy_and_no_failure() {
    let bench = bench();
    bench.aws.knobs(|knobs| knobs.list_deleted_for = Duration::from_hours(100 * 24));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let week_ago = bench.aws.now() - Duration::from_hours(7 * 24);
    let old = Seed { copy_timestamp: Some(week_ago), ..copy_of(&id, ELSEWHERE) };
    let old = bench.aws.seed(old.state(BackupState::Deleted));
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", true, "InSync");
    let made = bench.aws.copies_made(REGION, &id, ELSEWHERE);
    assert_eq!([entry(&object, ELSEWHERE)["backupId"].as_str().unwrap()], made[..]);
    assert_ne!(made[0], old);
    assert!(entry(&object, ELSEWHERE)["lastFailure"].is_null(), "{object:#}");
    assert!(told(&bench, "CopyFailed").is_empty());
}

#[test]
fn a_copy_that_takes_hours_is_waited_for_without_alarm() {
    let bench = Bench::new();
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_hours(30));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    for _ in 0..4 {
        bench.aws.advance(Duration::from_hours(7));
        bench.meanwhile(2);
        let object = bench.object("main");
        assert!(is_ready(&object, false, "CopyInProgress"), "{object:#}");
        assert_stance(&object, "Reconciling");
    }
    assert!(bench.events().iter().all(|(reason, _)| reason == "CopyRequested"), "{:?}", bench.events());
    bench.aws.advance(Duration::from_hours(3));
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn without_its_source_a_copy_that_is_missing_cannot_be_made_and_one_that_is_there_is_maintained() {
    let (bench, id, copy) = copied(COPIES);
    let wanted = "copies: [{region: eu-central-1, tags: {team: payments}}, {region: eu-north-1}]";
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.until_ready("main", false, "PendingDeletion");
    bench.declare("main", &id, wanted);
    let tagged = |object: &serde_json::Value| entry(object, ELSEWHERE)["tags"]["team"] == "payments";
    let object = bench.until("main", "its copy tagged", tagged);
    let words = entry(&object, FURTHER)["message"].as_str().unwrap();
    assert!(words.contains("PENDING_DELETION"), "{words}");
    assert_eq!(condition(&object, "CopiesReady")["reason"], "SourceUnavailable", "{object:#}");
    assert_eq!(object["status"]["copiesReady"], "1/2");
    bench.aws.purge(REGION, &id);
    let object = bench.until_ready("main", false, "Gone");
    assert_stance(&object, "Stalled");
    let words = entry(&object, FURTHER)["message"].as_str().unwrap();
    assert!(words.contains("the backup is gone"), "{words}");
    assert_eq!(condition(&object, "CopiesReady")["reason"], "SourceUnavailable", "{object:#}");
    bench.aws.delete_backup(ELSEWHERE, &copy).unwrap();
    until_copy(&bench, ELSEWHERE, &copy, BackupState::Ready);
    bench.aws.untag(ELSEWHERE, &copy, "team").unwrap();
    bench.until_backup_in(ELSEWHERE, &copy, "its tag back", |backup| backup.tags.contains_key("team"));
    assert_eq!(bench.mutations(), ["TagResource", "RestoreBackup", "TagResource"]);
}

#[test]
fn a_copy_in_flight_outlives_its_source() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, COPIES);
    until_shown(&bench, "CREATE_IN_PROGRESS");
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.aws.purge(REGION, &id);
    bench.until("main", "gone", |object| object["status"]["backupState"] == "DELETED");
    bench.aws.advance(Duration::from_mins(2));
    let object = until_shown(&bench, "READY");
    assert_eq!(object["status"]["copiesReady"], "1/1");
    assert_eq!(condition(&object, "CopiesReady")["status"], "True", "{object:#}");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_copy_waits_for_a_source_that_is_not_finished() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).in_progress());
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", false, "CreateInProgress");
    assert!(entry(&object, ELSEWHERE)["message"].as_str().unwrap().contains("until the backup is READY"));
    bench.meanwhile(2);
    bench.expect_untouched();
    bench.aws.finish(REGION, &id);
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}

#[test]
fn a_copy_of_a_backup_of_the_same_id_in_another_region_is_none_of_this_one() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let source = Source { region: "us-east-1".to_owned(), backup_id: id.clone(), cluster_id: None };
    let strange = bench.aws.seed(Seed::copy(ELSEWHERE, source));
    bench.declare("main", &id, COPIES);
    let object = bench.until_ready("main", true, "InSync");
    let made = bench.aws.copies_made(REGION, &id, ELSEWHERE);
    assert_eq!([entry(&object, ELSEWHERE)["backupId"].as_str().unwrap()], made[..]);
    assert!(entry(&object, ELSEWHERE)["duplicates"].is_null(), "{strange} is none: {object:#}");
}

#[test]
fn a_copy_of_the_copy_that_names_the_original_is_adopted() {
    let (bench, id, copy) = copied(COPIES);
    bench.aws.knobs(|knobs| knobs.copy_of_copy_names_original = true);
    bench.aws.copy(ELSEWHERE, &copy, FURTHER).unwrap();
    bench.declare("main", &id, "copies: [{region: eu-central-1}, {region: eu-north-1}]");
    let object = bench.until_ready("main", true, "InSync");
    let made = bench.aws.copies_made(ELSEWHERE, &copy, FURTHER);
    assert_eq!([entry(&object, FURTHER)["backupId"].as_str().unwrap()], made[..]);
    bench.expect_untouched();
}

#[test]
fn for_a_backup_of_another_account_no_copy_is_made() {
    let bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, &format!("accountId: \"{STRANGERS_ACCOUNT}\"\n{COPIES}"));
    bench.until_ready("main", false, "AccountMismatch");
    bench.meanwhile(3);
    bench.expect_untouched();
}
