//! Deleting, restoring, keeping from expiry, and what time does.

use std::time::Duration;

use emulator::{BackupState, Cluster, DeletePending, DescribeBackups, Seed};

use crate::{
    operations::{delete, never_expires, restore},
    stage::{CLUSTER, DAY, HERE, over_both, start},
};

const INVALID: &str = "CloudHsmInvalidRequestException";
const NOT_FOUND: &str = "CloudHsmResourceNotFoundException";

#[tokio::test]
async fn a_backup_can_be_restored_for_seven_days_and_is_then_purged() {
    over_both(async |stage| {
        let id = stage.ready();
        let deleted = stage.change(HERE, delete(&id)).await;
        assert!(deleted.is(BackupState::PendingDeletion));
        let purge = start().checked_add(7 * DAY).unwrap();
        assert_eq!(deleted.purged, Some(purge.as_millisecond()));
        assert_eq!(stage.refused(HERE, delete(&id)).await, INVALID);
        let restored = stage.change(HERE, restore(&id)).await;
        assert_eq!((restored.is(BackupState::Ready), restored.purged), (true, None));
        assert_eq!(stage.refused(HERE, restore(&id)).await, INVALID);
        stage.change(HERE, delete(&id)).await;
        stage.advance((7 * DAY).saturating_sub(Duration::from_millis(1)));
        assert!(stage.only(HERE).await.is(BackupState::PendingDeletion));
        stage.advance(Duration::from_millis(1));
        assert!(stage.list(HERE, DescribeBackups::default()).await.is_empty());
        assert_eq!(stage.refused(HERE, restore(&id)).await, NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn retention_spares_what_never_expires() {
    over_both(async |stage| {
        stage.seed_cluster(Cluster::new(HERE, CLUSTER).retention_days(30));
        let kept = stage.ready();
        assert_eq!(stage.change(HERE, never_expires(&kept, true)).await.never_expires, Some(true));
        let doomed = stage.ready();
        stage.advance(20 * DAY);
        let last = stage.ready();
        stage.advance(10 * DAY);
        let states: Vec<_> = stage.list(HERE, DescribeBackups::default()).await;
        let state = |id: &str| states.iter().find(|item| item.id == id).unwrap().state.clone().unwrap();
        assert_eq!([&kept, &doomed, &last].map(|id| state(id)), ["READY", "PENDING_DELETION", "READY"]);
        // Without the flag it is older than the policy allows. The answer to the change does not know yet.
        let changed = stage.change(HERE, never_expires(&kept, false)).await;
        assert_eq!((changed.is(BackupState::Ready), changed.never_expires), (true, Some(false)));
        let kept_now = stage.list(HERE, DescribeBackups::default().filter("backupIds", [&kept])).await;
        assert!(kept_now[0].is(BackupState::PendingDeletion));
    })
    .await;
}

#[tokio::test]
async fn a_creation_ends_and_nothing_can_be_done_before() {
    over_both(async |stage| {
        let id = stage.seed(Seed::ready(HERE, CLUSTER).in_progress());
        for operation in [delete(&id), restore(&id), never_expires(&id, true)] {
            assert_eq!(stage.refused(HERE, operation).await, INVALID);
        }
        stage.advance(Duration::from_mins(5));
        assert!(stage.only(HERE).await.is(BackupState::Ready));
        stage.change(HERE, delete(&id)).await;
    })
    .await;
}

#[tokio::test]
async fn the_open_questions_of_deletion_have_the_same_answers() {
    over_both(async |stage| {
        let id = stage.seed(Seed::ready(HERE, CLUSTER).never_expires(true));
        stage.knobs(|knobs| knobs.refuse_deleting_never_expires = true);
        assert_eq!(stage.refused(HERE, delete(&id)).await, INVALID);
        stage.knobs(|knobs| {
            knobs.refuse_deleting_never_expires = false;
            knobs.refuse_deleting_last_backup = true;
        });
        assert_eq!(stage.refused(HERE, delete(&id)).await, INVALID);
        stage.ready();
        let first = stage.change(HERE, delete(&id)).await;
        stage.advance(DAY);
        for (knob, moved) in [(DeletePending::Noop, false), (DeletePending::Reset, true)] {
            stage.knobs(|knobs| knobs.delete_pending = knob);
            assert_eq!(stage.change(HERE, delete(&id)).await.purged != first.purged, moved, "{knob:?}");
        }
        stage.knobs(|knobs| {
            knobs.purge_late_by = Duration::from_hours(3);
            knobs.restore_closes_before = Duration::from_hours(1);
            knobs.list_deleted_for = Duration::from_hours(1);
        });
        stage.advance(7 * DAY + Duration::from_hours(2));
        assert_eq!(stage.refused(HERE, restore(&id)).await, INVALID);
        stage.advance(Duration::from_hours(1));
        let gone = stage.list(HERE, DescribeBackups::default().filter("backupIds", [&id])).await;
        assert_eq!((gone[0].is(BackupState::Deleted), gone[0].purged), (true, None));
        stage.advance(Duration::from_hours(1));
        stage.knobs(|knobs| knobs.unknown_id_is_an_error = true);
        let lookup = DescribeBackups::default().filter("backupIds", [&id]);
        assert_eq!(stage.refused(HERE, emulator::Operation::DescribeBackups(lookup)).await, NOT_FOUND);
    })
    .await;
}
