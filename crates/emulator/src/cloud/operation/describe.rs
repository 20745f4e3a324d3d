//! `DescribeBackups`: filters, order and pages.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::backup::Entry;
use super::super::{ApiError, Backup, BackupState, Caller, Cloud, Key, Knobs, constraint, page, time};
use super::filter::{self, Filters};
use super::or_default;

/// Request of `DescribeBackups`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeBackups {
    /// From the page before.
    #[serde(default)]
    pub next_token: Option<String>,
    /// 1 to 50.
    #[serde(default)]
    pub max_results: Option<i32>,
    /// By `backupIds`, `sourceBackupIds`, `clusterIds`, `states` and `neverExpires`.
    #[serde(default, deserialize_with = "or_default")]
    pub filters: Filters,
    /// Backups shared with the caller instead of its own.
    #[serde(default, deserialize_with = "or_default")]
    pub shared: bool,
    /// Oldest first.
    #[serde(default, deserialize_with = "or_default")]
    pub sort_ascending: bool,
}

/// How a listing chooses its backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Listing {
    /// Without a filter: a scan.
    All,
    /// By `backupIds`: a lookup, whatever the other filters.
    BackupIds,
    /// By `sourceBackupIds`: a search for copies.
    SourceBackupIds,
    /// In any other way.
    Other,
}

impl DescribeBackups {
    /// How it chooses.
    pub fn listing(&self) -> Listing {
        if self.filters.contains_key("backupIds") {
            Listing::BackupIds
        } else if self.filters.contains_key("sourceBackupIds") {
            Listing::SourceBackupIds
        } else if self.filters.is_empty() && !self.shared {
            Listing::All
        } else {
            Listing::Other
        }
    }

    /// With one more filter.
    #[must_use]
    pub fn filter<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.filters.insert(key.to_owned(), values.into_iter().map(Into::into).collect());
        self
    }

    fn check(&self, knobs: &Knobs) -> Result<(), ApiError> {
        constraint::within("maxResults", self.max_results.unwrap_or(50), 1, 50)?;
        if let Some(token) = &self.next_token {
            constraint::text_length("nextToken", token, 0, 256)?;
        }
        filter::check(&self.filters, &FILTERS, "DescribeBackups", knobs)?;
        self.filters.iter().try_for_each(|(key, values)| check_values(key, values))
    }

    fn fingerprint(&self, caller: &Caller) -> u64 {
        page::fingerprint(("backups", caller, &self.filters, self.shared, self.sort_ascending))
    }

    /// Whether a backup passes the filters.
    fn selects(&self, backup: &Backup, knobs: &Knobs) -> bool {
        let passes = |(key, values): (&String, &Vec<String>)| {
            let values = match key.as_str() {
                "states" if knobs.multi_value_states_bug => values.get(..1).unwrap_or_default(),
                _ => values.as_slice(),
            };
            matches(backup, key, values)
        };
        let mut filters = self.filters.iter();
        if knobs.any_filter_is_enough {
            self.filters.is_empty() || filters.any(passes)
        } else {
            filters.all(passes)
        }
    }
}

/// Answer of `DescribeBackups`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPage {
    /// Newest first, unless asked otherwise.
    pub backups: Vec<Backup>,
    /// Present when there is more.
    pub next_token: Option<String>,
}

impl Cloud {
    /// One page of the caller's backups, or of those shared with it.
    pub fn describe_backups(
        &self,
        caller: &Caller,
        request: &DescribeBackups,
    ) -> Result<BackupPage, ApiError> {
        self.describe(caller, request, false)
    }

    /// The same, as it was before the last change of each backup.
    pub fn describe_backups_stale(
        &self,
        caller: &Caller,
        request: &DescribeBackups,
    ) -> Result<BackupPage, ApiError> {
        self.describe(caller, request, true)
    }

    /// A token that starts the listing anew; `nonce` tells such tokens apart.
    pub(crate) fn token_from_start(caller: &Caller, request: &DescribeBackups, nonce: u64) -> String {
        page::issue(request.fingerprint(caller), &Position::Start(nonce).print())
    }

    /// A token that continues the listing after this backup.
    pub(crate) fn token_after(caller: &Caller, request: &DescribeBackups, last: &Backup) -> String {
        page::issue(request.fingerprint(caller), &Position::after(last).print())
    }

    fn describe(
        &self,
        caller: &Caller,
        request: &DescribeBackups,
        stale: bool,
    ) -> Result<BackupPage, ApiError> {
        request.check(&self.knobs)?;
        let start = match &request.next_token {
            None => Position::Start(0),
            Some(token) => Position::parse(&page::redeem(token, request.fingerprint(caller))?)?,
        };
        let visible = self.visible(caller, request.shared, stale);
        if self.knobs.unknown_id_is_an_error {
            check_known(request, &visible)?;
        }
        let mut found: Vec<&Backup> =
            visible.into_iter().filter(|backup| request.selects(backup, &self.knobs)).collect();
        found.sort_by_key(|backup| (backup.create_timestamp, backup.id.as_str()));
        if !request.sort_ascending {
            found.reverse();
        }
        found.retain(|backup| start.precedes(backup, request.sort_ascending));
        let size = self.page_size(request.max_results, 50);
        let more = found.len() > size;
        let backups: Vec<Backup> = found.into_iter().take(size).map(|backup| self.shown(backup)).collect();
        let last = backups.last().filter(|_| more);
        let next_token = last.map(|last| Self::token_after(caller, request, last));
        Ok(BackupPage { backups, next_token })
    }

    fn visible(&self, caller: &Caller, shared: bool, stale: bool) -> Vec<&Backup> {
        let entries: Vec<&Entry> = if shared {
            let here = self.backups.values().filter(|entry| entry.backup.region == caller.region);
            here.filter(|entry| entry.backup.shared_with.contains(&caller.account)).collect()
        } else {
            let own = self.backups.range(Key::of(caller, "")..);
            own.map(|(_, entry)| entry).take_while(|entry| is_of(&entry.backup, caller)).collect()
        };
        entries.into_iter().filter_map(|entry| entry.listed(self.now, &self.knobs, stale)).collect()
    }

    /// How many items a page has at most.
    pub(super) fn page_size(&self, asked: Option<i32>, most: usize) -> usize {
        let asked = asked.and_then(|asked| usize::try_from(asked).ok()).unwrap_or(most);
        asked.min(self.knobs.page_limit.max(1))
    }

    /// A backup as it is shown.
    pub(super) fn shown(&self, backup: &Backup) -> Backup {
        let mut shown = backup.clone();
        let copying = backup.source.is_some() && backup.state == BackupState::CreateInProgress;
        let late = |copied| self.now < time::after(copied, self.knobs.copy_tags_visible_after);
        if copying && self.knobs.hide_tags_until_copied || backup.copy_timestamp.is_some_and(late) {
            shown.tags.clear();
        }
        shown
    }
}

fn is_of(backup: &Backup, caller: &Caller) -> bool {
    backup.account == caller.account && backup.region == caller.region
}

/// Where a page begins.
enum Position {
    /// At the first backup; the number only tells tokens apart.
    Start(u64),
    /// After this creation time and id.
    After(Timestamp, String),
}

impl Position {
    fn after(last: &Backup) -> Self {
        Self::After(last.create_timestamp, last.id.clone())
    }

    fn print(&self) -> String {
        match self {
            Self::Start(nonce) => format!("s{nonce}"),
            Self::After(created, id) => format!("{}.{id}", created.as_millisecond()),
        }
    }

    fn parse(text: &str) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid("The NextToken is not valid for this request.");
        if let Some(nonce) = text.strip_prefix('s') {
            return nonce.parse().map(Self::Start).map_err(|_| invalid());
        }
        let (created, id) = text.split_once('.').ok_or_else(invalid)?;
        let created = created.parse().map_err(|_| invalid())?;
        let created = Timestamp::from_millisecond(created).map_err(|_| invalid())?;
        Ok(Self::After(created, id.to_owned()))
    }

    fn precedes(&self, backup: &Backup, ascending: bool) -> bool {
        let Self::After(created, id) = self else { return true };
        let (last, this) = ((*created, id.as_str()), (backup.create_timestamp, backup.id.as_str()));
        if ascending { this > last } else { this < last }
    }
}

/// The filters that there are.
const FILTERS: [&str; 5] = ["backupIds", "sourceBackupIds", "clusterIds", "states", "neverExpires"];

fn check_values(key: &str, values: &[String]) -> Result<(), ApiError> {
    const STATES: [BackupState; 4] = [
        BackupState::CreateInProgress,
        BackupState::Ready,
        BackupState::Deleted,
        BackupState::PendingDeletion,
    ];
    let fits = |value: &String| match key {
        "states" => STATES.iter().any(|state| state.as_str() == value),
        "neverExpires" => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        _ => true,
    };
    match values.iter().find(|value| !fits(value)) {
        Some(value) => Err(filter::no_value(key, value)),
        None => Ok(()),
    }
}

fn check_known(request: &DescribeBackups, visible: &[&Backup]) -> Result<(), ApiError> {
    let asked = request.filters.get("backupIds").into_iter().flatten();
    let unknown = asked.into_iter().find(|id| !visible.iter().any(|backup| backup.id == **id));
    unknown.map_or(Ok(()), |id| Err(ApiError::not_found(id)))
}

fn matches(backup: &Backup, key: &str, values: &[String]) -> bool {
    let any = |actual: &str| values.iter().any(|value| value == actual);
    match key {
        "backupIds" => any(&backup.id),
        "sourceBackupIds" => backup.source.as_ref().is_some_and(|source| any(&source.backup_id)),
        "clusterIds" => backup.cluster_id.as_deref().is_some_and(any),
        "states" => any(backup.state.as_str()),
        "neverExpires" => backup.never_expires.is_some_and(|flag| {
            let flag = if flag { "true" } else { "false" };
            values.iter().any(|value| value.eq_ignore_ascii_case(flag))
        }),
        // Ignored, where the knob lets it through: everything is listed.
        _ => true,
    }
}
