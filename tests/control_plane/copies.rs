//! Copies: one as the resource's own backup, and those that a resource lists.

use std::time::Duration;

use emulator::{Seed, Source};

use crate::{
    copies_support::COPIES,
    support::{Bench, CLUSTER, ELSEWHERE, REGION, assert_stance, condition, is_ready},
};

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
fn a_copy_is_asked_for_once_watched_on_its_way_and_shown_when_it_is_ready() {
    let bench = Bench::new();
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_hours(2));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER).tags([("env", "prod")]));
    bench.declare("main", &id, COPIES);
    let object = bench.until("main", "its copy seen", |object| {
        object["status"]["copies"][0]["backupState"] == "CREATE_IN_PROGRESS"
    });
    assert!(is_ready(&object, false, "CopyInProgress"), "{object:#}");
    assert_stance(&object, "Reconciling");
    assert_eq!(object["status"]["copiesReady"], "0/1");
    assert_eq!(condition(&object, "CopiesReady")["status"], "False");
    let [copy] = &bench.aws.copies_made(REGION, &id, ELSEWHERE)[..] else {
        panic!("{:?}", bench.mutations())
    };
    bench.aws.finish(ELSEWHERE, copy);
    let object = bench.until_ready("main", true, "InSync");
    let status = &object["status"]["copies"][0];
    assert_eq!(status["backupId"], copy.as_str());
    assert_eq!(status["backupState"], "READY");
    assert_eq!(status["tags"]["env"], "prod", "AWS copies the tags of the source");
    assert!(status["request"].is_null() && status["message"].is_null(), "{object:#}");
    assert_eq!(object["status"]["copiesReady"], "1/1");
    assert_eq!(condition(&object, "CopiesReady")["status"], "True");
    let table = bench.kubectl(&["get", "hsmb", "main"]);
    assert!(table.contains("COPIES") && table.contains("1/1"), "{table}");
    assert_eq!(bench.mutations(), ["CopyBackupToRegion"]);
}
