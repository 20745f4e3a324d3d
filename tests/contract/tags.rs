//! `TagResource`, `UntagResource` and `ListTags`, of backups and clusters.

use emulator::{BackupState, Cluster, ListTags, Operation, Seed};

use crate::{
    answer::Answer,
    operations::{list_tags, tag, untag},
    stage::{CLUSTER, HERE, over_both},
};

const INVALID: &str = "CloudHsmInvalidRequestException";

fn pairs(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn tags_are_merged_removed_and_listed() {
    over_both(async |stage| {
        let id = stage.ready();
        assert_eq!(stage.ask(HERE, list_tags(&id)).await, Answer::Tags(Vec::new(), None));
        assert_eq!(stage.ask(HERE, tag(&id, &[("b", "2"), ("a", "")])).await, Answer::Nothing);
        stage.ask(HERE, tag(&id, &[("b", "3"), ("ü /=+-@_.:", "x y")])).await;
        let all = pairs(&[("a", ""), ("b", "3"), ("ü /=+-@_.:", "x y")]);
        assert_eq!(stage.ask(HERE, list_tags(&id)).await, Answer::Tags(all.clone(), None));
        assert_eq!(stage.only(HERE).await.tags, Some(all), "the listing knows them too");
        assert_eq!(stage.ask(HERE, untag(&id, &["b", "never-there"])).await, Answer::Nothing);
        stage.ask(HERE, untag(&id, &["ü /=+-@_.:"])).await;
        assert_eq!(stage.ask(HERE, list_tags(&id)).await, Answer::Tags(pairs(&[("a", "")]), None));
    })
    .await;
}

#[tokio::test]
async fn tags_are_listed_in_pages() {
    over_both(async |stage| {
        let numbered: Vec<(String, String)> = (10..60).map(|n| (format!("k{n}"), n.to_string())).collect();
        let id = stage.seed(Seed::ready(HERE, CLUSTER).tags(numbered.clone()));
        let mut request = ListTags { resource_id: id.clone(), max_results: Some(20), next_token: None };
        let (mut all, mut sizes) = (Vec::new(), Vec::new());
        loop {
            let answer = stage.ask(HERE, Operation::ListTags(request.clone())).await;
            let Answer::Tags(page, token) = answer else { panic!("{answer:?}") };
            sizes.push(page.len());
            all.extend(page);
            request.next_token = token;
            if request.next_token.is_none() {
                break;
            }
        }
        assert_eq!((sizes, all), (vec![20, 20, 10], numbered));
        for (max_results, token) in [(Some(0), None), (Some(101), None), (None, Some("p1".to_owned()))] {
            let wrong = ListTags { resource_id: id.clone(), max_results, next_token: token };
            assert_eq!(stage.refused(HERE, Operation::ListTags(wrong)).await, INVALID);
        }
        let one_more = stage.refused(HERE, tag(&id, &[("one", "more")])).await;
        assert_eq!(one_more, "CloudHsmResourceLimitExceededException");
        stage.ask(HERE, tag(&id, &[("k10", "other")])).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_no_tag_or_no_resource_is_refused() {
    over_both(async |stage| {
        let id = stage.ready();
        let long = "k".repeat(129);
        for tags in [
            &[][..],
            &[("aws:x", "")],
            &[("", "x")],
            &[("a;b", "")],
            &[("k", "1"), ("k", "2")],
            &[(&long, "")],
        ] {
            assert_eq!(stage.refused(HERE, tag(&id, tags)).await, INVALID, "{tags:?}");
        }
        for keys in [&[][..], &["AWS:x"], &[""]] {
            assert_eq!(stage.refused(HERE, untag(&id, keys)).await, INVALID, "{keys:?}");
        }
        for (wrong, code) in [
            ("", INVALID),
            ("nonsense", INVALID),
            ("backup-zzzzzzzzzzz", "CloudHsmResourceNotFoundException"),
            (CLUSTER, "CloudHsmResourceNotFoundException"),
        ] {
            for operation in [tag(wrong, &[("a", "b")]), untag(wrong, &["a"]), list_tags(wrong)] {
                assert_eq!(stage.refused(HERE, operation).await, code, "{wrong}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn clusters_have_tags_that_their_backups_inherit() {
    over_both(async |stage| {
        stage.seed_cluster(Cluster::new(HERE, CLUSTER));
        stage.ask(HERE, tag(CLUSTER, &[("team", "pki")])).await;
        let id = stage.ready();
        assert_eq!(stage.ask(HERE, list_tags(&id)).await, Answer::Tags(pairs(&[("team", "pki")]), None));
        stage.ask(HERE, untag(CLUSTER, &["team"])).await;
        assert_eq!(stage.ask(HERE, list_tags(CLUSTER)).await, Answer::Tags(Vec::new(), None));
        assert_eq!(stage.only(HERE).await.tags, Some(pairs(&[("team", "pki")])));
    })
    .await;
}

#[tokio::test]
async fn tags_do_not_ask_for_a_state_unless_told_so() {
    over_both(async |stage| {
        let pending = stage.seed(Seed::ready(HERE, CLUSTER).state(BackupState::PendingDeletion));
        let creating = stage.seed(Seed::ready(HERE, CLUSTER).in_progress());
        for id in [&pending, &creating] {
            stage.ask(HERE, tag(id, &[("a", "b")])).await;
        }
        stage.knobs(|knobs| knobs.refuse_tags_while_pending = true);
        assert_eq!(stage.refused(HERE, untag(&pending, &["a"])).await, INVALID);
        stage.ask(HERE, untag(&creating, &["a"])).await;
        stage.ask(HERE, list_tags(&pending)).await;
    })
    .await;
}
