//! Requests, short to write.

use emulator::{
    CopyBackupToRegion, DEFAULT_ACCOUNT, DeleteBackup, DeleteResourcePolicy, DescribeClusters,
    GetResourcePolicy, ListTags, ModifyBackupAttributes, Operation, PutResourcePolicy, RestoreBackup, Tag,
    TagResource, UntagResource,
};

use crate::stage::HERE;

pub(crate) fn delete(id: &str) -> Operation {
    Operation::DeleteBackup(DeleteBackup::new(id))
}

pub(crate) fn restore(id: &str) -> Operation {
    Operation::RestoreBackup(RestoreBackup::new(id))
}

pub(crate) fn never_expires(id: &str, flag: bool) -> Operation {
    Operation::ModifyBackupAttributes(ModifyBackupAttributes::new(id, flag))
}

pub(crate) fn copy(id: &str, to: &str, tags: Option<&[(&str, &str)]>) -> Operation {
    let tag_list = tags.map(list);
    Operation::CopyBackupToRegion(CopyBackupToRegion { tag_list, ..CopyBackupToRegion::new(id, to) })
}

pub(crate) fn tag(id: &str, tags: &[(&str, &str)]) -> Operation {
    Operation::TagResource(TagResource { resource_id: id.to_owned(), tag_list: Some(list(tags)) })
}

pub(crate) fn untag(id: &str, keys: &[&str]) -> Operation {
    let tag_key_list = Some(keys.iter().map(|key| (*key).to_owned()).collect());
    Operation::UntagResource(UntagResource { resource_id: id.to_owned(), tag_key_list })
}

pub(crate) fn list_tags(id: &str) -> Operation {
    Operation::ListTags(ListTags { resource_id: id.to_owned(), ..ListTags::default() })
}

pub(crate) fn get_policy(arn: &str) -> Operation {
    Operation::GetResourcePolicy(GetResourcePolicy { resource_arn: arn.to_owned() })
}

pub(crate) fn put_policy(arn: &str, policy: &str) -> Operation {
    let (resource_arn, policy) = (arn.to_owned(), Some(policy.to_owned()));
    Operation::PutResourcePolicy(PutResourcePolicy { resource_arn, policy })
}

pub(crate) fn delete_policy(arn: &str) -> Operation {
    Operation::DeleteResourcePolicy(DeleteResourcePolicy { resource_arn: arn.to_owned() })
}

pub(crate) fn clusters(request: DescribeClusters) -> Operation {
    Operation::DescribeClusters(request)
}

/// The ARN of a backup of the default account in [`HERE`], there or not.
pub(crate) fn arn(id: &str) -> String {
    format!("arn:aws:cloudhsm:{HERE}:{DEFAULT_ACCOUNT}:backup/{id}")
}

fn list(tags: &[(&str, &str)]) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect()
}
