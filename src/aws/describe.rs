//! DescribeBackups, one page at a time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_cloudhsmv2::Client;
use aws_sdk_cloudhsmv2::operation::describe_backups::DescribeBackupsError;
use plan::error::Failure;
use plan::inventory::{Page, Query};
use plan::model::BackupId;

use super::interceptor::Watch;
use super::wire::Wire;
use super::{convert, failure};

/// The operation's name.
pub(super) const OPERATION: &str = "DescribeBackups";

/// The most that AWS puts on a page; its default is not documented.
const PAGE_SIZE: i32 = 50;

/// Asks for one page.
pub(super) async fn describe(
    client: &Client,
    query: &Query,
    token: Option<&str>,
    wire: &Arc<Wire>,
) -> Result<Page, Failure> {
    client
        .describe_backups()
        .max_results(PAGE_SIZE)
        .set_filters(filters(query))
        .set_next_token(token.map(str::to_owned))
        .customize()
        .interceptor(Watch::<DescribeBackupsError>::reading(wire))
        .send()
        .await
        .map(convert::page)
        .map_err(|error| failure::of_read(&error, wire))
}

/// One key at most: how AWS combines several is not documented.
fn filters(query: &Query) -> Option<HashMap<String, Vec<String>>> {
    let (key, ids): (_, Vec<&BackupId>) = match query {
        Query::All => return None,
        Query::Ids(ids) => ("backupIds", ids.iter().collect()),
        Query::CopiesOf(sources) => {
            // Backups of different regions may have the same id.
            let ids: BTreeSet<&BackupId> = sources.iter().map(|source| &source.id).collect();
            ("sourceBackupIds", ids.into_iter().collect())
        }
    };
    Some(HashMap::from([(key.to_owned(), ids.into_iter().map(ToString::to_string).collect())]))
}
