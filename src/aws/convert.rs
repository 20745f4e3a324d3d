//! The SDK's types into those of [`plan`]. What is missing or ill-formed becomes unknown, never a default.

use aws_sdk_cloudhsmv2::operation::describe_backups::DescribeBackupsOutput;
use aws_sdk_cloudhsmv2::primitives::DateTime;
use aws_sdk_cloudhsmv2::types;
use jiff::Timestamp;
use plan::inventory::Page;
use plan::model::{Backup, BackupId, BackupState, Source, Tags};

const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;

/// The longest text that is taken, in bytes: that of the longest ARN. A status has to hold it.
const LONGEST_TEXT: usize = 2048;

/// The most text of a list of tags that is taken, in bytes: more than fifty of the longest ones and AWS's own.
const MOST_TAGS_TEXT: usize = 128 * 1024;

/// One page of a listing.
pub(super) fn page(output: DescribeBackupsOutput) -> Page {
    let items = output.backups.unwrap_or_default();
    let listed = items.len();
    let backups: Vec<Backup> = items.into_iter().filter_map(backup).collect();
    Page { malformed: listed - backups.len(), backups, next_token: output.next_token }
}

/// One backup; `None` without a well-formed id, which the SDK does not check: a missing one arrives as "".
fn backup(item: types::Backup) -> Option<Backup> {
    Some(Backup {
        id: BackupId::parse(&item.backup_id).ok()?,
        state: state(item.backup_state.as_ref()),
        arn: text(item.backup_arn.as_deref()),
        cluster_id: well_formed(item.cluster_id.as_deref()),
        create_timestamp: item.create_timestamp.and_then(timestamp),
        copy_timestamp: item.copy_timestamp.and_then(timestamp),
        delete_timestamp: item.delete_timestamp.and_then(timestamp),
        never_expires: item.never_expires,
        source: source(&item),
        hsm_type: text(item.hsm_type.as_deref()),
        mode: text(item.mode.as_ref().map(types::ClusterMode::as_str)),
        tags: tags(item.tag_list),
    })
}

/// A state by its name, so that one which this SDK does not know keeps it.
fn state(state: Option<&types::BackupState>) -> BackupState {
    BackupState::from_name(text(state.map(types::BackupState::as_str)).as_deref().unwrap_or_default())
}

/// A text of a length that can be kept.
fn text(text: Option<&str>) -> Option<Box<str>> {
    text.filter(|text| text.len() <= LONGEST_TEXT).map(Into::into)
}

/// Where a copy was made from; any trace of copying makes it a copy.
fn source(item: &types::Backup) -> Option<Source> {
    let copied = item.source_region.is_some()
        || item.source_backup.is_some()
        || item.source_cluster.is_some()
        || item.copy_timestamp.is_some();
    copied.then(|| Source {
        region: well_formed(item.source_region.as_deref()),
        backup: well_formed(item.source_backup.as_deref()),
        cluster: well_formed(item.source_cluster.as_deref()),
    })
}

fn well_formed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

/// AWS's milliseconds travel as a fraction of seconds in a float, so they are rounded, not cut. A time before 1970 is none:
/// AWS had no backups then, and the API server takes no year below zero.
fn timestamp(time: DateTime) -> Option<Timestamp> {
    let nanoseconds = time.as_nanos() + NANOSECONDS_PER_MILLISECOND / 2;
    let milliseconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS_PER_MILLISECOND)).ok()?;
    Timestamp::from_millisecond(milliseconds).ok().filter(|time| *time >= Timestamp::UNIX_EPOCH)
}

/// A missing list is unknown: AWS reports an empty one as such. So is one with two values for a key, or one that no
/// status could hold.
fn tags(list: Option<Vec<types::Tag>>) -> Option<Tags> {
    let list = list?;
    let (listed, text) = (list.len(), list.iter().map(|tag| tag.key.len() + tag.value.len()).sum::<usize>());
    let tags: Tags = list.into_iter().map(|tag| (tag.key, tag.value)).collect();
    (tags.len() == listed && text <= MOST_TAGS_TEXT).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_survive_a_float() {
        for (seconds, text) in [
            (1_534_461_854.64, "2018-08-16T23:24:14.64Z"),
            (1_726_580_237.133, "2024-09-17T13:37:17.133Z"),
            (0.999_9, "1970-01-01T00:00:01Z"),
        ] {
            assert_eq!(timestamp(DateTime::from_secs_f64(seconds)), Some(text.parse().unwrap()));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_or_before_aws_is_unknown() {
        for seconds in [i64::MAX, i64::MIN, 253_402_300_800, -1, -62_200_000_000] {
            assert_eq!(timestamp(DateTime::from_secs(seconds)), None, "{seconds}");
        }
        assert_eq!(timestamp(DateTime::from_secs(0)), Some(Timestamp::UNIX_EPOCH));
    }

    fn tag(key: &str, value: impl Into<String>) -> types::Tag {
        types::Tag::builder().key(key).value(value).build().unwrap()
    }

    #[test]
    fn tags_that_no_status_could_hold_or_that_contradict_each_other_are_unknown() {
        assert_eq!(tags(Some(vec![tag("a", "1"), tag("b", "x".repeat(200_000))])), None);
        assert_eq!(tags(Some(vec![tag("a", "1"), tag("a", "2")])), None);
        assert_eq!(tags(Some(Vec::new())), Some(Tags::new()));
    }

    #[test]
    fn a_text_that_no_status_could_hold_is_unknown() {
        let long = "x".repeat(3000);
        let item = types::Backup::builder()
            .backup_id("backup-ro5c4er4aac")
            .backup_state(types::BackupState::from(long.as_str()))
            .backup_arn(&long)
            .hsm_type(&long)
            .build()
            .unwrap();
        let expected = Backup::new("backup-ro5c4er4aac".parse().unwrap(), BackupState::Unknown("".into()));
        assert_eq!(backup(item), Some(expected));
    }

    #[test]
    fn a_copy_timestamp_alone_makes_a_copy() {
        let item = types::Backup::builder()
            .backup_id("backup-ro5c4er4aac")
            .copy_timestamp(DateTime::from_secs(1))
            .build()
            .unwrap();
        assert_eq!(backup(item).unwrap().source, Some(Source::default()));
    }
}
