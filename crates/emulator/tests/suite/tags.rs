//! `TagResource`, `UntagResource` and `ListTags`.

use emulator::{ApiError, BackupState, Cloud, Cluster, ListTags, Tag, TagResource, Tags, UntagResource};

use crate::support::{CLUSTER, HERE, cloud, here, in_state, ready};

fn tag(cloud: &mut Cloud, id: &str, tags: Vec<Tag>) -> Result<(), ApiError> {
    cloud.tag_resource(&here(), &TagResource { resource_id: id.to_owned(), tag_list: Some(tags) })
}

fn untag(cloud: &mut Cloud, id: &str, keys: &[&str]) -> Result<(), ApiError> {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    cloud.untag_resource(&here(), &UntagResource { resource_id: id.to_owned(), tag_key_list: Some(keys) })
}

fn tags_of(cloud: &Cloud, id: &str) -> Tags {
    cloud.backup(HERE, id).unwrap().tags.clone()
}

fn numbered(range: std::ops::Range<u32>) -> Vec<Tag> {
    range.map(|number| Tag::new(format!("k{number}"), "v")).collect()
}

fn code(result: Result<(), ApiError>) -> String {
    result.unwrap_err().code
}

#[test]
fn tags_are_merged_by_key_and_removed_by_key() {
    let mut cloud = cloud();
    let id = cloud.seed(ready().tags([("a", "1"), ("b", "2")])).unwrap();
    tag(&mut cloud, &id, vec![Tag::new("b", "3"), Tag::new("c", "")]).unwrap();
    let expected: Tags =
        [("a", "1"), ("b", "3"), ("c", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    assert_eq!(tags_of(&cloud, &id), expected);
    untag(&mut cloud, &id, &["a", "never-there"]).unwrap();
    let expected: Tags = [("b", "3"), ("c", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    assert_eq!(tags_of(&cloud, &id), expected);
}

#[test]
fn a_resource_holds_fifty_tags_and_no_more() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    tag(&mut cloud, &id, numbered(0..50)).unwrap();
    tag(&mut cloud, &id, numbered(0..1)).unwrap();
    assert_eq!(code(tag(&mut cloud, &id, numbered(50..51))), "CloudHsmResourceLimitExceededException");
    assert_eq!(tags_of(&cloud, &id).len(), 50);
}

#[test]
fn bad_tags_are_refused() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    let twice = vec![Tag::new("k", "1"), Tag::new("k", "2")];
    let keyless = vec![Tag { key: None, value: Some("v".to_owned()) }];
    let valueless = vec![Tag { key: Some("k".to_owned()), value: None }];
    let reserved = vec![Tag::new("AWS:name", "v")];
    let odd = vec![Tag::new("k", "a;b")];
    for wrong in [Vec::new(), numbered(0..51), twice, keyless, valueless, reserved, odd] {
        assert_eq!(code(tag(&mut cloud, &id, wrong.clone())), "CloudHsmInvalidRequestException", "{wrong:?}");
    }
    assert_eq!(code(untag(&mut cloud, &id, &[])), "CloudHsmInvalidRequestException");
    assert_eq!(code(untag(&mut cloud, &id, &["aws:name"])), "CloudHsmInvalidRequestException");
    let no_list = TagResource { resource_id: id.clone(), tag_list: None };
    assert_eq!(code(cloud.tag_resource(&here(), &no_list)), "CloudHsmInvalidRequestException");
    assert_eq!(tags_of(&cloud, &id), Tags::new());
}

#[test]
fn an_arn_is_no_resource_id() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    let arn = cloud.backup(HERE, &id).unwrap().arn.clone();
    assert_eq!(code(tag(&mut cloud, &arn, numbered(0..1))), "CloudHsmInvalidRequestException");
}

#[test]
fn tags_are_listed_in_pages() {
    let mut cloud = cloud();
    let id = in_state(&mut cloud, BackupState::Ready);
    tag(&mut cloud, &id, numbered(0..25)).unwrap();
    let mut request = ListTags { resource_id: id.clone(), max_results: Some(10), next_token: None };
    let (mut sizes, mut keys) = (Vec::new(), Vec::new());
    loop {
        let page = cloud.list_tags(&here(), &request).unwrap();
        sizes.push(page.tags.len());
        keys.extend(page.tags.into_iter().map(|(key, _)| key));
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(keys, tags_of(&cloud, &id).into_keys().collect::<Vec<_>>());
    for (max_results, next_token) in [(Some(0), None), (Some(101), None), (None, Some("p1".to_owned()))] {
        let wrong = ListTags { resource_id: id.clone(), max_results, next_token };
        assert!(cloud.list_tags(&here(), &wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn clusters_have_tags_too_and_their_backups_inherit_them() {
    let mut cloud = cloud();
    cloud.seed_cluster(Cluster::new(HERE, CLUSTER)).unwrap();
    tag(&mut cloud, CLUSTER, vec![Tag::new("team", "pki")]).unwrap();
    let request = ListTags { resource_id: CLUSTER.to_owned(), ..ListTags::default() };
    let tags = cloud.list_tags(&here(), &request).unwrap().tags;
    assert_eq!(tags, [("team".to_owned(), "pki".to_owned())]);
    let heir = cloud.seed(ready()).unwrap();
    assert_eq!(tags_of(&cloud, &heir).get("team").map(String::as_str), Some("pki"));
    let own = cloud.seed(ready().tags([("own", "x")])).unwrap();
    assert_eq!(tags_of(&cloud, &own).into_keys().collect::<Vec<_>>(), ["own"]);
}
