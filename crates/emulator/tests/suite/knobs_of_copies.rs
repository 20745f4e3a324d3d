//! Further knobs of copying, and of what may be done to copies.

use emulator::{
    ApiError, BackupState, Cloud, CopyBackupToRegion, Knobs, ListTags, ModifyBackupAttributes, Tag,
    TagResource, Tags, TagsOnUnfinishedCopies, UntagResource,
};

use crate::support::{DAY, HERE, THERE, here, in_state, ready, there, with};

const INVALID: &str = "CloudHsmInvalidRequestException";

fn copy(cloud: &mut Cloud, id: &str, to: &str) -> Result<(), String> {
    let answer = cloud.copy_backup_to_region(&here(), &CopyBackupToRegion::new(id, to));
    answer.map(drop).map_err(|error| error.code)
}

/// A service with a backup and an unfinished copy of it, and the two ids.
fn copied(change: impl FnOnce(&mut Knobs)) -> (Cloud, String, String) {
    let mut cloud = with(change);
    let id = cloud.seed(ready().tags([("from", "source")])).unwrap();
    copy(&mut cloud, &id, THERE).unwrap();
    let made = cloud.copies_made()[0].backup_id.clone();
    (cloud, id, made)
}

#[test]
fn a_copy_can_have_the_id_of_its_source() {
    let (mut cloud, id, first) = copied(|knobs| knobs.copies_keep_id = true);
    assert_eq!(first, id);
    copy(&mut cloud, &id, THERE).unwrap();
    assert_ne!(cloud.copies_made()[1].backup_id, id, "which is taken there now");
    assert_eq!(
        cloud.backup(THERE, &id).unwrap().arn,
        cloud.backup(HERE, &id).unwrap().arn.replace(HERE, THERE)
    );
}

#[test]
fn a_copy_may_refuse_never_expires() {
    let (mut cloud, id, made) = copied(|knobs| knobs.refuse_never_expires_on_copies = true);
    cloud.advance(DAY);
    let error =
        cloud.modify_backup_attributes(&there(), &ModifyBackupAttributes::new(made, true)).unwrap_err();
    assert_eq!(error.code, INVALID);
    assert!(cloud.modify_backup_attributes(&here(), &ModifyBackupAttributes::new(id, true)).is_ok());
}

fn tag(cloud: &mut Cloud, id: &str) -> Result<(), ApiError> {
    let tag_list = Some(vec![Tag::new("own", "x")]);
    cloud.tag_resource(&there(), &TagResource { resource_id: id.to_owned(), tag_list })
}

fn untag(cloud: &mut Cloud, id: &str) -> Result<(), ApiError> {
    let tag_key_list = Some(vec!["from".to_owned()]);
    cloud.untag_resource(&there(), &UntagResource { resource_id: id.to_owned(), tag_key_list })
}

fn keys(cloud: &Cloud, region: &str, id: &str) -> Vec<String> {
    cloud.backup(region, id).unwrap().tags.clone().into_keys().collect()
}

#[test]
fn tags_of_an_unfinished_copy_can_be_lost_or_refused() {
    for knob in [TagsOnUnfinishedCopies::Lost, TagsOnUnfinishedCopies::Refused] {
        let (mut cloud, _, made) = copied(|knobs| knobs.tags_on_unfinished_copies = knob);
        for result in [tag(&mut cloud, &made), untag(&mut cloud, &made)] {
            let expected = if knob == TagsOnUnfinishedCopies::Lost { None } else { Some(INVALID) };
            assert_eq!(result.err().map(|error| error.code).as_deref(), expected);
        }
        cloud.advance(DAY);
        assert_eq!(keys(&cloud, THERE, &made), ["from"]);
        tag(&mut cloud, &made).unwrap();
        untag(&mut cloud, &made).unwrap();
        assert_eq!(keys(&cloud, THERE, &made), ["own"]);
    }
}

#[test]
fn tags_can_be_refused_while_a_deletion_is_pending() {
    let mut cloud = with(|knobs| knobs.refuse_tags_while_pending = true);
    let pending = in_state(&mut cloud, BackupState::PendingDeletion);
    let change = TagResource { resource_id: pending.clone(), tag_list: Some(vec![Tag::new("k", "v")]) };
    assert_eq!(cloud.tag_resource(&here(), &change).unwrap_err().code, INVALID);
    let list = ListTags { resource_id: pending, ..ListTags::default() };
    assert!(cloud.list_tags(&here(), &list).is_ok(), "they can be read");
    let creating = in_state(&mut cloud, BackupState::CreateInProgress);
    assert!(cloud.tag_resource(&here(), &TagResource { resource_id: creating, ..change }).is_ok());
}

#[test]
fn tags_that_are_not_listed_yet_are_not_told_by_list_tags_either() {
    let (mut cloud, _, made) = copied(|knobs| knobs.hide_tags_until_copied = true);
    let ask = |cloud: &Cloud| {
        let request = ListTags { resource_id: made.clone(), ..ListTags::default() };
        cloud.list_tags(&there(), &request).unwrap().tags.into_iter().collect::<Tags>()
    };
    assert_eq!(ask(&cloud), Tags::new());
    cloud.advance(DAY);
    assert_eq!(ask(&cloud).into_keys().collect::<Vec<_>>(), ["from"]);
}

#[test]
fn a_copy_to_its_own_region_can_be_allowed() {
    let mut cloud = with(|knobs| knobs.allow_copy_to_own_region = true);
    let id = in_state(&mut cloud, BackupState::Ready);
    assert_eq!(copy(&mut cloud, &id, HERE), Ok(()));
    let made = cloud.backup(HERE, &cloud.copies_made()[0].backup_id).unwrap();
    assert_eq!(made.source.as_ref().map(|source| source.region.as_str()), Some(HERE));
}

#[test]
fn a_region_can_be_full() {
    let (mut cloud, id, made) = copied(|knobs| knobs.region_limit = Some(1));
    assert_eq!(copy(&mut cloud, &id, THERE), Err(INVALID.to_owned()));
    assert_eq!(copy(&mut cloud, &id, "us-east-1"), Ok(()), "other regions have room");
    cloud.purge(THERE, &made);
    assert_eq!(copy(&mut cloud, &id, THERE), Ok(()));
}
