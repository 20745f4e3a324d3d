//! The SDK's types into those of [`plan`]. What is missing or ill-formed becomes unknown, never a default.

use aws_sdk_cloudhsmv2::operation::describe_backups::DescribeBackupsOutput;
use aws_sdk_cloudhsmv2::primitives::DateTime;
use aws_sdk_cloudhsmv2::types;
use jiff::Timestamp;
use plan::inventory::Page;
use plan::model::{Backup, BackupId, BackupState, Source, Tags};

const NANOSECONDS_PER_MILLISECOND: i128 = 1_000_000;

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
        arn: item.backup_arn.as_deref().map(Into::into),
        cluster_id: well_formed(item.cluster_id.as_deref()),
        create_timestamp: item.create_timestamp.and_then(timestamp),
        copy_timestamp: item.copy_timestamp.and_then(timestamp),
        delete_timestamp: item.delete_timestamp.and_then(timestamp),
        never_expires: item.never_expires,
        source: source(&item),
        hsm_type: item.hsm_type.as_deref().map(Into::into),
        mode: item.mode.as_ref().map(|mode| mode.as_str().into()),
        tags: tags(item.tag_list),
    })
}

/// A state by its name, so that one which this SDK does not know keeps it.
fn state(state: Option<&types::BackupState>) -> BackupState {
    BackupState::from_name(state.map_or("", types::BackupState::as_str))
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

/// AWS's milliseconds travel as a fraction of seconds in a float, so they are rounded, not cut.
fn timestamp(time: DateTime) -> Option<Timestamp> {
    let nanoseconds = time.as_nanos() + NANOSECONDS_PER_MILLISECOND / 2;
    let milliseconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS_PER_MILLISECOND)).ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}

/// A missing list is unknown: AWS reports an empty one as such.
fn tags(list: Option<Vec<types::Tag>>) -> Option<Tags> {
    Some(list?.into_iter().map(|tag| (tag.key, tag.value)).collect())
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
    fn a_time_beyond_the_calendar_is_unknown() {
        assert_eq!(timestamp(DateTime::from_secs(i64::MAX)), None);
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
