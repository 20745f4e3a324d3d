//! What is particular to copies: where they are asked for, their tags, their deadline, and the search for them.

use std::time::Duration;

use cloudhsm_backup_operator::aws::{Aws, Timeouts};
use emulator::{Emulator, Fault, FaultKind, Seed, Source};
use futures::future::join_all;
use plan::effect::{Change, Outcome};
use plan::inventory::{Pages, Query, Turn};
use plan::model::{BackupKey, Tags};
use serde_json::json;

use crate::socket::Socket;
use crate::support::*;

const JSON: &str = "application/x-amz-json-1.1";

fn copy(tags: Option<Tags>) -> Change {
    Change::Copy { to: region(ELSEWHERE), tags }
}

// The request.

#[tokio::test]
async fn a_copy_is_asked_for_in_the_region_of_its_source() {
    let socket = Socket::answering("200 OK", JSON, "{}");
    adapter(&socket.url()).mutate(&mutation(STRANGER, copy(None)), &permit()).await;
    let (head, _) = socket.request();
    assert!(head.contains("x-amz-target: baldrapiservice.copybackuptoregion\r\n"), "{head}");
    assert!(head.contains(&format!("/{REGION}/cloudhsm/aws4_request")), "{head}");
    assert!(!head.contains(ELSEWHERE), "{head}");
}

#[tokio::test]
async fn a_copy_names_its_destination_and_only_the_tags_that_were_given() {
    let bare = json!({"BackupId": STRANGER, "DestinationRegion": ELSEWHERE});
    let mut tagged = bare.clone();
    tagged["TagList"] = json!([{"Key": "empty", "Value": ""}, {"Key": "team", "Value": "archive"}]);
    for (tags, expected) in [
        (None, &bare),
        // AWS refuses an empty list.
        (Some(Tags::new()), &bare),
        (Some(tags(&[("team", "archive"), ("empty", "")])), &tagged),
    ] {
        let socket = Socket::answering("200 OK", JSON, "{}");
        adapter(&socket.url()).mutate(&mutation(STRANGER, copy(tags)), &permit()).await;
        assert_eq!(socket.request().1, *expected);
    }
}

#[tokio::test]
async fn a_copy_without_tags_of_its_own_gets_those_of_its_source() {
    let emulator = emulator();
    let id = emulator.seed(Seed::ready(REGION, CLUSTER).tags([("old", "x")]));
    let receipt = adapter(&emulator.url()).mutate(&mutation(&id, copy(None)), &permit()).await;
    assert_eq!(receipt.outcome, Outcome::Accepted);
    assert_eq!(emulator.backups(ELSEWHERE)[0].tags, tags(&[("old", "x")]));
}

// The deadline.

#[tokio::test]
async fn a_copy_is_waited_for_longer_than_any_other_change() {
    let timeouts =
        Timeouts { attempt: Duration::from_secs(1), copy: Duration::from_secs(30), ..Timeouts::default() };
    join_all(every_change().map(async |change| {
        let (emulator, id) = emulator_with_backup();
        emulator.fault(Fault::on("*", FaultKind::Hang { seconds: 2.0, after_effect: true }));
        let aws = adapter_within(&emulator.url(), timeouts);
        let receipt = aws.mutate(&mutation(&id, change.clone()), &permit()).await;
        let answered = matches!(change, Change::Copy { .. });
        assert_eq!(receipt.request_id.is_some(), answered, "{change:?}: {receipt:?}");
        assert_eq!(emulator.calls().len(), 1, "{change:?}");
    }))
    .await;
}

#[test]
fn a_copy_gets_all_the_time_of_an_operation_in_one_attempt() {
    let Timeouts { attempt, copy, operation, .. } = Timeouts::default();
    assert!(attempt < copy && copy == operation, "{attempt:?}, {copy:?}, {operation:?}");
}

// The search.

fn key(region_name: &str, id: &str) -> BackupKey {
    BackupKey { region: region(region_name), id: id.parse().unwrap() }
}

/// A copy in [`ELSEWHERE`], and its id.
fn seed_copy(emulator: &Emulator, source: &BackupKey) -> String {
    let (region, backup_id) = (source.region.to_string(), source.id.to_string());
    emulator.seed(Seed::copy(ELSEWHERE, Source { region, backup_id, cluster_id: None }))
}

#[tokio::test]
async fn a_search_filters_by_sources_and_by_nothing_else() {
    let letters = ('A'..='Z').chain('a'..='z').take(Query::MAX_VALUES);
    let ids: Vec<String> =
        letters.map(|letter| format!("backup-{}", letter.to_string().repeat(11))).collect();
    let query = Query::CopiesOf(ids.iter().map(|id| key(REGION, id)).collect());
    let socket = Socket::answering("200 OK", JSON, "{}");
    adapter(&socket.url()).describe(&region(ELSEWHERE), &query, None).await.unwrap();
    let (head, body) = socket.request();
    assert!(head.contains(&format!("/{ELSEWHERE}/cloudhsm/aws4_request")), "{head}");
    assert_eq!(body, json!({"MaxResults": 50, "Filters": {"sourceBackupIds": ids}}));
}

#[tokio::test]
async fn an_id_that_two_regions_share_is_asked_for_once() {
    let query = Query::CopiesOf(vec![key(REGION, STRANGER), key("eu-west-2", STRANGER)]);
    let socket = Socket::answering("200 OK", JSON, "{}");
    adapter(&socket.url()).describe(&region(ELSEWHERE), &query, None).await.unwrap();
    assert_eq!(socket.request().1["Filters"], json!({"sourceBackupIds": [STRANGER]}));
}

#[tokio::test]
async fn copies_of_other_sources_are_read_by_the_adapter_and_dropped_by_the_plan() {
    let emulator = emulator();
    let wanted = key(REGION, STRANGER);
    let copy = seed_copy(&emulator, &wanted);
    let of_namesake = seed_copy(&emulator, &key("eu-west-2", STRANGER));
    emulator.seed(Seed::ready(ELSEWHERE, CLUSTER));
    emulator.fault(Fault::on("DescribeBackups", FaultKind::ExtraItem));
    let query = Query::CopiesOf(vec![wanted]);
    let page = adapter(&emulator.url()).describe(&region(ELSEWHERE), &query, None).await.unwrap();
    let read: Vec<&str> = page.backups.iter().map(|backup| backup.id.as_str()).collect();
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(read.contains(&of_namesake.as_str()), "{read:?}");
    let Turn::End(listing) = Pages::of(query).push(page).unwrap() else { panic!("no end") };
    let kept: Vec<&str> = listing.backups.iter().map(|backup| backup.id.as_str()).collect();
    assert_eq!(kept, [copy.as_str()]);
}
