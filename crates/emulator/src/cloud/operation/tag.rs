//! `TagResource`, `UntagResource` and `ListTags`, of backups and of the clusters that were seeded.

use serde::Deserialize;

use super::super::{
    ApiError, Backup, BackupState, Caller, Cloud, Key, Tags, TagsOnUnfinishedCopies, constraint, page,
};
use super::or_default;

/// One tag. Both members are required; an empty value is a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// 1 to 128 characters.
    #[serde(default)]
    pub key: Option<String>,
    /// Up to 256 characters.
    #[serde(default)]
    pub value: Option<String>,
}

impl Tag {
    /// A tag.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: Some(key.into()), value: Some(value.into()) }
    }
}

/// Request of `TagResource`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResource {
    /// The id of a backup or a cluster.
    #[serde(default, deserialize_with = "or_default")]
    pub resource_id: String,
    /// Added, or overwritten by key; 1 to 50.
    #[serde(default)]
    pub tag_list: Option<Vec<Tag>>,
}

/// Request of `UntagResource`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResource {
    /// The id of a backup or a cluster.
    #[serde(default, deserialize_with = "or_default")]
    pub resource_id: String,
    /// Keys to remove; 1 to 50. A key that is not there is no error.
    #[serde(default)]
    pub tag_key_list: Option<Vec<String>>,
}

/// Request of `ListTags`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTags {
    /// The id of a backup or a cluster.
    #[serde(default, deserialize_with = "or_default")]
    pub resource_id: String,
    /// From the page before.
    #[serde(default)]
    pub next_token: Option<String>,
    /// 1 to 100.
    #[serde(default)]
    pub max_results: Option<i32>,
}

/// Answer of `ListTags`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPage {
    /// Keys and values, in the keys' order.
    pub tags: Vec<(String, String)>,
    /// Present when there is more.
    pub next_token: Option<String>,
}

impl Cloud {
    /// Merges tags into those of a resource, fifty at most.
    pub fn tag_resource(&mut self, caller: &Caller, request: &TagResource) -> Result<(), ApiError> {
        constraint::resource_id(&request.resource_id)?;
        let list = request.tag_list.as_deref().ok_or_else(|| constraint::missing("tagList"))?;
        let added = checked(list)?;
        let mut tags = self.tags(caller, &request.resource_id)?;
        tags.extend(added);
        if tags.len() > constraint::MAX_TAGS {
            return Err(ApiError::limit_exceeded(format!(
                "{} would have {} tags; it may have {}.",
                request.resource_id,
                tags.len(),
                constraint::MAX_TAGS
            )));
        }
        self.set_tags(caller, &request.resource_id, tags)
    }

    /// Removes tags of a resource by key.
    pub fn untag_resource(&mut self, caller: &Caller, request: &UntagResource) -> Result<(), ApiError> {
        constraint::resource_id(&request.resource_id)?;
        let keys = request.tag_key_list.as_deref().ok_or_else(|| constraint::missing("tagKeyList"))?;
        constraint::list_size("tagKeyList", keys.len(), constraint::MAX_TAGS)?;
        for key in keys {
            constraint::tag_key(key)?;
            not_reserved(key)?;
        }
        let mut tags = self.tags(caller, &request.resource_id)?;
        tags.retain(|key, _| !keys.contains(key));
        self.set_tags(caller, &request.resource_id, tags)
    }

    /// One page of a resource's tags.
    pub fn list_tags(&self, caller: &Caller, request: &ListTags) -> Result<TagPage, ApiError> {
        constraint::resource_id(&request.resource_id)?;
        constraint::within("maxResults", request.max_results.unwrap_or(100), 1, 100)?;
        let tags = self.shown_tags(caller, &request.resource_id)?;
        let query = page::fingerprint(("tags", &caller.account, &caller.region, &request.resource_id));
        let start: usize = match &request.next_token {
            None => 0,
            Some(token) => page::redeem(token, query)?
                .parse()
                .map_err(|_| ApiError::invalid("The NextToken is not valid for this request."))?,
        };
        let size = self.page_size(request.max_results, 100);
        let end = start.saturating_add(size);
        let next_token = (end < tags.len()).then(|| page::issue(query, &end.to_string()));
        Ok(TagPage { tags: tags.into_iter().skip(start).take(size).collect(), next_token })
    }

    /// The tags, of what may be tagged.
    fn tags(&self, caller: &Caller, id: &str) -> Result<Tags, ApiError> {
        if let Some(cluster) = self.clusters.get(&Key::of(caller, id)) {
            return Ok(cluster.tags.clone());
        }
        let backup = self.own(caller, id)?;
        self.check_taggable(backup)?;
        Ok(backup.tags.clone())
    }

    /// The tags, but for those that are not to be seen yet.
    fn shown_tags(&self, caller: &Caller, id: &str) -> Result<Tags, ApiError> {
        if let Some(cluster) = self.clusters.get(&Key::of(caller, id)) {
            return Ok(cluster.tags.clone());
        }
        self.own(caller, id).map(|backup| self.shown(backup).tags)
    }

    fn check_taggable(&self, backup: &Backup) -> Result<(), ApiError> {
        let pending = self.knobs.refuse_tags_while_pending && backup.state == BackupState::PendingDeletion;
        let unfinished = self.knobs.tags_on_unfinished_copies == TagsOnUnfinishedCopies::Refused
            && is_unfinished_copy(backup);
        if pending || unfinished {
            let message = format!("Backup {} cannot be tagged in the state {}.", backup.id, backup.state);
            return Err(ApiError::invalid(message));
        }
        Ok(())
    }

    fn set_tags(&mut self, caller: &Caller, id: &str, tags: Tags) -> Result<(), ApiError> {
        if let Some(cluster) = self.clusters.get_mut(&Key::of(caller, id)) {
            cluster.tags = tags;
            return Ok(());
        }
        let lost = self.knobs.tags_on_unfinished_copies == TagsOnUnfinishedCopies::Lost;
        if lost && self.own(caller, id).is_ok_and(is_unfinished_copy) {
            return Ok(());
        }
        self.change_own(caller, id, |backup| backup.tags = tags).map(drop)
    }
}

fn is_unfinished_copy(backup: &Backup) -> bool {
    backup.source.is_some() && backup.state == BackupState::CreateInProgress
}

/// A request's tags, once they satisfy every constraint.
pub(super) fn checked(list: &[Tag]) -> Result<Tags, ApiError> {
    constraint::list_size("tagList", list.len(), constraint::MAX_TAGS)?;
    let mut tags = Tags::new();
    for tag in list {
        let key = tag.key.as_deref().ok_or_else(|| constraint::missing("tagList.member.key"))?;
        let value = tag.value.as_deref().ok_or_else(|| constraint::missing("tagList.member.value"))?;
        constraint::tag_key(key)?;
        constraint::tag_value(value)?;
        not_reserved(key)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(ApiError::invalid(format!("The tag key '{key}' is given twice.")));
        }
    }
    Ok(tags)
}

/// Keys beginning with `aws:` are AWS's own, here as in every service.
fn not_reserved(key: &str) -> Result<(), ApiError> {
    let reserved = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if reserved {
        return Err(ApiError::invalid(format!("The tag key '{key}' is reserved: it begins with aws:.")));
    }
    Ok(())
}
