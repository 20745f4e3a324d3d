//! `DescribeBackups`: what is listed, in which order, on how many pages.

use std::time::Duration;

use emulator::{BackupState, Caller, DescribeBackups, Mode, Operation, Seed};

use crate::{
    answer::Answer,
    operations::{delete, never_expires},
    stage::{CLUSTER, DAY, HERE, OTHER, THERE, over_both, start},
};

#[tokio::test]
async fn a_listed_backup_has_every_member_to_the_millisecond() {
    over_both(async |stage| {
        let seed = Seed {
            hsm_type: Some("hsm2m.medium".to_owned()),
            mode: Some(Mode::NonFips),
            ..Seed::ready(HERE, CLUSTER).never_expires(true).tags([("größe", ""), ("a", "b c")])
        };
        let id = stage.seed(seed);
        let item = stage.only(HERE).await;
        assert_eq!(item.arn, Some(format!("arn:aws:cloudhsm:{HERE}:111122223333:backup/{id}")));
        assert_eq!((item.id, item.created), (id, Some(start().as_millisecond())));
        assert_eq!((item.cluster_id.as_deref(), item.never_expires), (Some(CLUSTER), Some(true)));
        assert_eq!(item.hsm_type.zip(item.mode), Some(("hsm2m.medium".to_owned(), "NON_FIPS".to_owned())));
        let tags = [("a", "b c"), ("größe", "")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(item.tags, Some(tags.to_vec()));
        assert_eq!((item.copied, item.purged, item.source_backup), (None, None, None));
        // A fraction of a second is a float on the wire; none may be lost or gained.
        for milliseconds in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987] {
            stage.advance(Duration::from_millis(milliseconds));
            stage.ready();
        }
        assert_eq!(stage.list(HERE, DescribeBackups::default()).await.len(), 16);
    })
    .await;
}

#[tokio::test]
async fn listings_are_ordered_paged_and_filtered() {
    over_both(async |stage| {
        let mut ids: Vec<String> = Vec::new();
        for age in 0..120 {
            ids.push(stage.seed(Seed::ready(HERE, CLUSTER).age(Duration::from_hours(age))));
        }
        let listed = |items: Vec<crate::answer::Item>| -> Vec<String> {
            items.into_iter().map(|item| item.id).collect()
        };
        assert_eq!(listed(stage.list(HERE, DescribeBackups::default()).await), ids);
        let ascending = DescribeBackups { sort_ascending: true, max_results: Some(7), ..Default::default() };
        let oldest_first: Vec<String> = ids.iter().rev().cloned().collect();
        assert_eq!(listed(stage.list(HERE, ascending).await), oldest_first);
        stage.knobs(|knobs| knobs.page_limit = 11);
        assert_eq!(listed(stage.list(HERE, DescribeBackups::default()).await), ids);
        stage.change(HERE, delete(&ids[3])).await;
        stage.change(HERE, never_expires(&ids[4], true)).await;
        for (key, value, expected) in [
            ("states", "PENDING_DELETION", &ids[3..4]),
            ("neverExpires", "True", &ids[4..5]),
            ("clusterIds", "cluster-bbbbbbbbbbb", &[]),
            ("sourceBackupIds", &ids[0], &[]),
            ("backupIds", &ids[9], &ids[9..10]),
        ] {
            let found = stage.list(HERE, DescribeBackups::default().filter(key, [value])).await;
            assert_eq!(listed(found), expected, "{key}");
        }
        let both = DescribeBackups::default().filter("states", ["READY"]).filter("backupIds", &ids[3..5]);
        assert_eq!(listed(stage.list(HERE, both.clone()).await), ids[4..5]);
        stage.knobs(|knobs| knobs.any_filter_is_enough = true);
        assert_eq!(listed(stage.list(HERE, both).await), ids);
    })
    .await;
}

#[tokio::test]
async fn each_account_and_region_has_its_own_backups_and_sees_what_is_shared_when_it_asks() {
    over_both(async |stage| {
        stage.ready();
        stage.seed(Seed::ready(THERE, CLUSTER));
        stage.seed(Seed::ready(HERE, CLUSTER).account(OTHER));
        let shared = stage.seed(Seed::ready(HERE, CLUSTER).shared_from(OTHER));
        for region in [HERE, THERE] {
            stage.only(region).await;
        }
        let all = DescribeBackups { shared: true, ..DescribeBackups::default() };
        let items = stage.list(HERE, all).await;
        assert_eq!(items.iter().map(|item| &item.id).collect::<Vec<_>>(), [&shared]);
        assert!(items[0].arn.as_ref().unwrap().contains(OTHER));
        let other = Caller::new(OTHER, HERE);
        let request = Operation::DescribeBackups(DescribeBackups::default());
        let Ok(Answer::Backups(theirs, None)) = stage.call_as(&other, request).await else { panic!() };
        assert_eq!(theirs.len(), 2);
        assert_eq!(stage.refused(HERE, delete(&shared)).await, "CloudHsmAccessDeniedException");
        stage.knobs(|knobs| knobs.shared_is_not_found = true);
        assert_eq!(stage.refused(HERE, delete(&shared)).await, "CloudHsmResourceNotFoundException");
    })
    .await;
}

#[tokio::test]
async fn stale_listings_are_equally_stale() {
    over_both(async |stage| {
        stage.knobs(|knobs| knobs.stale_reads_for = Duration::from_mins(2));
        let id = stage.ready();
        stage.change(HERE, delete(&id)).await;
        assert!(stage.only(HERE).await.is(BackupState::Ready));
        stage.advance(Duration::from_mins(2));
        assert!(stage.only(HERE).await.is(BackupState::PendingDeletion));
        stage.advance(DAY);
    })
    .await;
}
