//! Copies: one as the resource's own backup, and lists of them, which this version does not make.

use emulator::{BackupState, Seed, Source};

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, condition};

const COPIES: &str = "copies: [{region: eu-central-1}]";

#[test]
fn a_copy_as_the_backup_shows_where_it_came_from_and_is_managed_like_any_other() {
    let bench = Bench::new();
    let source = "backup-aaaaaaaaaaa";
    let source = Source {
        region: ELSEWHERE.to_owned(),
        backup_id: source.to_owned(),
        cluster_id: Some(CLUSTER.to_owned()),
    };
    let id = bench.aws.seed(Seed::copy(REGION, source.clone()));
    bench.declare("main", &id, "tags: {team: payments}");
    let object = bench.until_ready("main", true, "InSync");
    let status = &object["status"];
    assert_eq!(status["sourceRegion"], ELSEWHERE);
    assert_eq!(status["sourceBackup"], source.backup_id);
    assert_eq!((&status["sourceCluster"], &status["cluster"]), (&CLUSTER.into(), &CLUSTER.into()));
    assert!(status["clusterId"].is_null(), "AWS reports none");
    assert!(status["copyTimestamp"].is_string());
    let table = bench.kubectl(&["get", "hsmb", "main", "-o", "wide"]);
    assert!(
        table.contains("SOURCE") && table.contains(&source.backup_id) && table.contains(CLUSTER),
        "{table}"
    );
    assert_eq!(bench.mutations(), ["TagResource"]);
}

#[test]
fn listed_copies_are_said_not_to_be_supported_and_all_else_works() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let _other = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, &format!("neverExpires: true\ntags: {{team: payments}}\n{COPIES}"));
    bench.until_backup(&id, "flag and tag", |backup| {
        backup.never_expires == Some(true) && backup.tags.contains_key("team")
    });
    let object = bench.until_ready("main", false, "CopiesNotSupported");
    assert_stance(&object, "Stalled");
    assert_eq!(condition(&object, "CopiesReady")["status"], "False");
    assert_eq!(condition(&object, "CopiesReady")["reason"], "CopiesNotSupported");
    assert_eq!(object["status"]["copiesReady"], "0/1");
    let table = bench.kubectl(&["get", "hsmb", "main"]);
    assert!(table.contains("COPIES") && table.contains("0/1"), "{table}");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes", "TagResource"]);
}

#[test]
fn while_copies_are_listed_nothing_is_deleted_and_undeleting_works() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let _other = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, &format!("deleted: true\n{COPIES}"));
    bench.until_ready("main", false, "CopiesNotSupported");
    bench.meanwhile(4);
    assert_eq!(bench.mutations(), [""; 0]);
    bench.declare("main", &id, &format!("deleted: false\n{COPIES}"));
    bench.aws.delete_backup(REGION, &id).unwrap();
    bench.until_backup(&id, "restored", |backup| backup.state == BackupState::Ready);
    // Without the list the deletion is free to go on.
    bench.declare("main", &id, "deleted: true");
    bench.until_ready("main", true, "DeletionScheduled");
    assert_eq!(bench.mutations(), ["RestoreBackup", "DeleteBackup"]);
}
