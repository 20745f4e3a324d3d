//! `CopyBackupToRegion`, and how the copy shows.

use std::time::Duration;

use emulator::{
    BackupState, ClusterIdOnCopies, DescribeBackups, NeverExpiresOnCopies, Seed, TagsOnUnfinishedCopies,
};

use crate::{
    answer::Answer,
    operations::{copy, delete, never_expires, tag},
    stage::{CLUSTER, DAY, HERE, THERE, over_both, start},
};

const INVALID: &str = "CloudHsmInvalidRequestException";
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_copy_is_answered_without_its_id_and_found_by_its_source() {
    over_both(async |stage| {
        let id = stage.seed(Seed::ready(HERE, CLUSTER).tags([("team", "pki")]));
        stage.advance(DAY);
        let Answer::Destination(destination) = stage.ask(HERE, copy(&id, THERE, None)).await else {
            panic!()
        };
        assert_eq!(destination.created, Some(start().as_millisecond()));
        let source = (destination.source_region, destination.source_backup, destination.source_cluster);
        assert_eq!(source, (Some(HERE.to_owned()), Some(id.clone()), Some(CLUSTER.to_owned())));
        let search = DescribeBackups::default().filter("sourceBackupIds", [&id]);
        let [young] = stage.list(THERE, search.clone()).await.try_into().unwrap();
        assert!(young.is(BackupState::CreateInProgress));
        stage.advance(MINUTE);
        let [grown] = stage.list(THERE, search).await.try_into().unwrap();
        assert!(grown.is(BackupState::Ready) && grown.id == young.id && grown.id != id);
        assert_eq!(grown.copied, Some(start().checked_add(DAY).unwrap().as_millisecond()));
        assert_eq!((grown.created, grown.cluster_id), (Some(start().as_millisecond()), None));
        assert_eq!((grown.source_backup, grown.source_region.as_deref()), (Some(id.clone()), Some(HERE)));
        assert_eq!(grown.tags, Some(vec![("team".to_owned(), "pki".to_owned())]));
        // Tags that are given take the place of the source's, and a second call makes a second copy.
        stage.ask(HERE, copy(&id, THERE, Some(&[("own", "tag")]))).await;
        let two = stage.list(THERE, DescribeBackups::default()).await;
        assert!(two.iter().any(|item| item.tags == Some(vec![("own".to_owned(), "tag".to_owned())])));
        assert_eq!(two.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused() {
    over_both(async |stage| {
        let id = stage.ready();
        for destination in [HERE, "us-gov-west-1", "nowhere", ""] {
            assert_eq!(stage.refused(HERE, copy(&id, destination, None)).await, INVALID, "{destination}");
        }
        assert_eq!(stage.refused(HERE, copy(&id, THERE, Some(&[]))).await, INVALID);
        stage.knobs(|knobs| knobs.region_limit = Some(0));
        assert_eq!(stage.refused(HERE, copy(&id, THERE, None)).await, INVALID);
        stage.knobs(|knobs| {
            knobs.region_limit = None;
            knobs.reject_second_copy = true;
            knobs.allow_copy_to_own_region = true;
        });
        stage.ask(HERE, copy(&id, THERE, None)).await;
        assert_eq!(stage.refused(HERE, copy(&id, THERE, None)).await, INVALID);
        stage.ask(HERE, copy(&id, HERE, None)).await;
        stage.change(HERE, delete(&id)).await;
        assert_eq!(stage.refused(HERE, copy(&id, "us-east-1", None)).await, INVALID);
        stage.advance(7 * DAY);
        let code = stage.refused(HERE, copy(&id, "us-east-1", None)).await;
        assert_eq!(code, "CloudHsmResourceNotFoundException");
    })
    .await;
}

#[tokio::test]
async fn a_copy_shows_as_the_knobs_say() {
    over_both(async |stage| {
        let id = stage.seed(Seed::ready(HERE, CLUSTER).never_expires(true).tags([("team", "pki")]));
        stage.knobs(|knobs| {
            knobs.copy_visible_after = MINUTE;
            knobs.copy_ready_after = 2 * MINUTE;
            knobs.hide_tags_until_copied = true;
            knobs.copies_keep_id = true;
            knobs.cluster_id_on_copies = ClusterIdOnCopies::Source;
            knobs.never_expires_on_copies = NeverExpiresOnCopies::Inherited;
            knobs.tags_on_unfinished_copies = TagsOnUnfinishedCopies::Refused;
        });
        stage.ask(HERE, copy(&id, THERE, None)).await;
        assert!(stage.list(THERE, DescribeBackups::default()).await.is_empty());
        assert_eq!(stage.refused(THERE, tag(&id, &[("a", "b")])).await, "CloudHsmResourceNotFoundException");
        stage.advance(MINUTE);
        let young = stage.only(THERE).await;
        assert_eq!((&young.id, young.tags, young.never_expires), (&id, Some(Vec::new()), Some(true)));
        assert_eq!(young.cluster_id.as_deref(), Some(CLUSTER));
        assert_eq!(stage.refused(THERE, tag(&id, &[("a", "b")])).await, INVALID);
        stage.advance(MINUTE);
        assert_eq!(stage.only(THERE).await.tags.map(|tags| tags.len()), Some(1));
        // A copy of the copy, under the name of the original, that fails.
        stage.knobs(|knobs| {
            knobs.copy_of_copy_names_original = true;
            knobs.never_expires_on_copies = NeverExpiresOnCopies::Absent;
            knobs.fail_copies = true;
            knobs.list_deleted_for = DAY;
        });
        stage.ask(THERE, copy(&id, "us-east-1", None)).await;
        stage.advance(2 * MINUTE);
        let failed = stage.only("us-east-1").await;
        assert!(failed.is(BackupState::Deleted) && failed.never_expires.is_none());
        assert_eq!(failed.source_region.as_deref(), Some(HERE));
        stage.knobs(|knobs| knobs.refuse_never_expires_on_copies = true);
        assert_eq!(stage.refused(THERE, never_expires(&id, false)).await, INVALID);
    })
    .await;
}
