//! The questions that AWS's documentation leaves open: the operator's life is the same however they are answered.
//!
//! Every setting has an emulator, a namespace and an operator of its own; all live through one story side by side.

mod lives;
mod table;

use std::{collections::BTreeSet, time::Duration};

use emulator::{BackupState, Knobs, Seed};
use serde_json::{Value, json};

use self::{
    lives::{FURTHER, Life, Lives},
    table::{SAME_AS, settings},
};
use crate::{
    copies_support::{COPIES, bench, state},
    support::{CLUSTER, ELSEWHERE, REGION, assert_stance, condition, is_ready},
};

const WEEK_AND_A_DAY: Duration = Duration::from_hours(8 * 24);

/// What `main` asks for first: keep it, tag it, copy it.
const KEPT: &str = "neverExpires: true\ntags: {team: payments, stage: live}\n\
                    copies: [{region: eu-central-1, tags: {team: dr}}]";
/// Let it expire, one tag less, that copy deleted, another one wanted.
const CHANGED: &str = "neverExpires: false\ntags: {team: payments}\n\
                       copies: [{region: eu-central-1, deleted: true}, {region: eu-north-1}]";
/// The copy back, and then the backup itself deleted.
const DELETED: &str = "tags: {team: payments}\ndeleted: true\n\
                       copies: [{region: eu-central-1}, {region: eu-north-1}]";
/// The backup back, and everything to be deleted with the resource.
const DOOMED: &str = "tags: {team: payments}\ndeletionPolicy: Delete\n\
                      copies: [{region: eu-central-1}, {region: eu-north-1}]";

#[test]
fn a_whole_life_is_the_same_under_every_setting() {
    let mut lives = Lives::begin();
    lives.declare(|life| {
        vec![
            ("main", format!("backupId: {}\nregion: {REGION}\n{KEPT}", life.main)),
            ("keeper", format!("backupId: {}\nregion: {REGION}\nneverExpires: true", life.keeper)),
            ("doomed", format!("backupId: {}\nregion: {REGION}\ndeleted: true", life.doomed)),
            ("replica", format!("backupId: {}\nregion: {REGION}\nneverExpires: true", life.replica)),
            ("ghost", format!("backupId: backup-zzzzzzzzzzz\nregion: {REGION}")),
            ("phantom", format!("backupId: backup-yyyyyyyyyyy\nregion: {REGION}")),
        ]
    });
    lives.run();
    lives.until("everything as declared", |life, objects| {
        let (status, reason) = life.setting.replica;
        is_ready(&objects["main"], true, "InSync")
            && is_ready(&objects["keeper"], true, "InSync")
            && is_ready(&objects["doomed"], true, "DeletionScheduled")
            && is_ready(&objects["replica"], status, reason)
            && ["ghost", "phantom"].iter().all(|name| is_ready(&objects[name], false, "NotFound"))
            && kept_tagged_and_copied(life)
    });
    // A person makes a copy of the copy; the week passes in which a deletion can be undone.
    for life in lives.all() {
        life.bench.aws.copy(ELSEWHERE, &life.copy(), FURTHER).unwrap();
        life.bench.aws.advance(WEEK_AND_A_DAY);
    }
    lives.declare(|life| vec![("main", format!("backupId: {}\nregion: {REGION}\n{CHANGED}", life.main))]);
    lives.until("changed, and what expired or was deleted is gone", |life, objects| {
        let expired = life.bench.aws.backup(REGION, &life.sibling).unwrap();
        is_ready(&objects["main"], true, "InSync")
            && state(&life.bench, &life.copy()) == BackupState::PendingDeletion
            && objects["doomed"]["status"]["backupState"] == life.setting.doomed
            && condition(&objects["doomed"], "Ready")["status"] == "True"
            && is_ready(&objects["keeper"], true, "InSync")
            && expired.state == BackupState::PendingDeletion
            && changed(life)
    });
    lives.declare(|life| vec![("main", format!("backupId: {}\nregion: {REGION}\n{DELETED}", life.main))]);
    lives.until("deleted, but for its copies", |life, objects| {
        is_ready(&objects["main"], true, "DeletionScheduled")
            && life.bench.aws.backup(REGION, &life.main).unwrap().state == BackupState::PendingDeletion
            && state(&life.bench, &life.copy()) == BackupState::Ready
    });
    lives.declare(|life| vec![("main", format!("backupId: {}\nregion: {REGION}\n{DOOMED}", life.main))]);
    lives.until("undeleted", |life, objects| {
        is_ready(&objects["main"], true, "InSync")
            && objects["main"]["metadata"]["finalizers"].is_array()
            && life.bench.aws.backup(REGION, &life.main).unwrap().state == BackupState::Ready
    });
    let further = lives.delete_main();
    lives.until("gone, with all that it listed", |_, objects| objects["main"].is_null());
    for (life, further) in lives.all().iter().zip(further) {
        expect_the_same_end(life, &further);
    }
}

/// In AWS, as `main` asked for at first.
fn kept_tagged_and_copied(life: &Life) -> bool {
    let main = life.bench.aws.backup(REGION, &life.main).unwrap();
    let tags = json!({"team": "payments", "stage": "live", "by": "hand"});
    main.never_expires == Some(true)
        && json!(main.tags) == tags
        && state(&life.bench, &life.copy()) == BackupState::Ready
        && json!(life.bench.aws.backup(ELSEWHERE, &life.copy()).unwrap().tags) == json!({"team": "dr"})
}

/// In AWS, as it asked for then.
fn changed(life: &Life) -> bool {
    let main = life.bench.aws.backup(REGION, &life.main).unwrap();
    main.never_expires == Some(false) && json!(main.tags) == json!({"team": "payments", "by": "hand"})
}

/// What must not depend on any setting: what was made, what was deleted, and that nothing else was touched.
fn expect_the_same_end(life: &Life, further: &str) {
    let (bench, name) = (&life.bench, &life.setting.name);
    let copies = |to: &str| {
        let calls = bench.calls("CopyBackupToRegion").into_iter();
        calls.filter(|call| call.applied && call.destination.as_deref() == Some(to)).count()
    };
    assert_eq!((copies(ELSEWHERE), copies(FURTHER)), (1, life.setting.copies_further), "{name}");
    let calls = bench.calls("DeleteBackup");
    let deleted = calls.iter().filter(|call| call.applied);
    let mut deleted: Vec<_> =
        deleted.map(|call| (call.region.as_str(), call.backup_ids[0].as_str())).collect();
    let copy = life.copy();
    let (main, copy, further) =
        ((REGION, life.main.as_str()), (ELSEWHERE, copy.as_str()), (FURTHER, further));
    let mut expected = vec![(REGION, life.doomed.as_str()), copy, main, main, copy, further];
    expected.sort_unstable();
    deleted.sort_unstable();
    assert_eq!(deleted, expected, "{name}:\n{}", bench.log());
    for (region, id) in [main, copy, further] {
        let left = bench.aws.backup(region, id).unwrap();
        assert_eq!(left.state, BackupState::PendingDeletion, "{name}: {left:?}\n{}", bench.log());
    }
    for id in [&life.survivor, &life.keeper, &life.replica] {
        assert_eq!(bench.aws.backup(REGION, id).unwrap().state, BackupState::Ready, "{name}");
    }
    let restored: Vec<_> =
        bench.calls("RestoreBackup").into_iter().flat_map(|call| call.backup_ids).collect();
    assert_eq!(restored, [copy.1, main.1], "{name}: each once");
    let refused = bench.aws.calls().into_iter().filter(|call| call.outcome != "ok");
    let refused: BTreeSet<_> = refused.map(|call| (call.operation, call.outcome)).collect();
    let expected = life.setting.refused.map(|(operation, code)| (operation.to_owned(), code.to_owned()));
    assert_eq!(refused, expected.into_iter().collect(), "{name}");
    let cluster =
        bench.aws.backups(REGION).into_iter().filter(|one| one.cluster_id.as_deref() == Some(CLUSTER));
    assert_eq!(cluster.filter(|one| one.state == BackupState::Ready).count(), 1, "{name}: only the survivor");
}

#[test]
fn what_aws_refuses_under_other_settings_is_told_and_done_once_it_relents() {
    let bench = bench();
    bench.aws.knobs(|knobs| {
        knobs.restore_closes_before = WEEK_AND_A_DAY;
        knobs.region_limit = Some(0);
    });
    let (late, id) =
        (bench.aws.seed(Seed::ready(REGION, CLUSTER).pending_deletion()), bench.seed_pair(CLUSTER));
    bench.declare("late", &late, "deleted: false");
    bench.declare("main", &id, COPIES);
    for name in ["late", "main"] {
        let object = bench.until_ready(name, false, "Rejected");
        assert_stance(&object, "Reconciling");
    }
    bench.meanwhile(3);
    assert_eq!((bench.applied("RestoreBackup"), bench.applied("CopyBackupToRegion")), (vec![], vec![]));
    bench.aws.knobs(|knobs| {
        knobs.restore_closes_before = Duration::ZERO;
        knobs.region_limit = None;
    });
    for name in ["late", "main"] {
        bench.annotate(name, "cloudhsm-backup.dev/reconcile-requested-at=now");
        bench.until_ready(name, true, "InSync");
    }
    let done = (bench.applied("RestoreBackup"), bench.applied("CopyBackupToRegion"));
    assert_eq!(done, (vec![late], vec![id]));
}

#[test]
fn every_knob_is_turned_in_a_life_or_makes_no_difference_to_an_operator() {
    let knobs: Value = json!(Knobs::default());
    let all: BTreeSet<String> = knobs.as_object().unwrap().keys().cloned().collect();
    let turned = settings().into_iter().flat_map(|setting| setting.knobs().collect::<Vec<_>>());
    let turned: BTreeSet<String> = turned.collect();
    let same: BTreeSet<String> = SAME_AS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(turned.intersection(&same).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(&turned | &same, all);
    for setting in settings() {
        let mut changed = Knobs::default();
        setting.turn(&mut changed);
        let mut usual = Knobs::default();
        table::usual(&mut usual);
        assert!(changed != usual || setting.name == "usual", "{} turns nothing", setting.name);
    }
}
