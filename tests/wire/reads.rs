//! The reads: `DescribeBackups` and `GetCallerIdentity`.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use cloudhsm_backup_operator::aws::{SdkAws, Timeouts};
use emulator::{Config, Emulator, Fault, FaultKind, Knobs, Seed, Source as EmulatedSource};
use plan::error::{ErrorClass, Failure};
use plan::inventory::{Page, Query};
use plan::model::{Backup, BackupState, Source};
use serde_json::{Value, json};

use crate::socket::{Socket, Then};
use crate::support::*;

const JSON: &str = "application/x-amz-json-1.1";

async fn first_page(endpoint: &str) -> Result<Page, Failure> {
    adapter(endpoint).describe(&region(REGION), &Query::All, None).await
}

/// The page that the adapter makes of these items on the wire.
async fn page_of(items: Value) -> Page {
    let socket = Socket::answering("200 OK", JSON, &json!({"Backups": items}).to_string());
    first_page(&socket.url()).await.unwrap()
}

// What goes out.

#[tokio::test]
async fn a_listing_speaks_json_and_asks_for_full_pages_without_a_filter() {
    let socket = Socket::answering("200 OK", JSON, "{}");
    first_page(&socket.url()).await.unwrap();
    let (head, body) = socket.request();
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-amz-json-1.1\r\n"), "{head}");
    assert!(head.contains("x-amz-target: baldrapiservice.describebackups\r\n"), "{head}");
    assert!(head.contains("/eu-west-1/cloudhsm/aws4_request"), "{head}");
    assert_eq!(body, json!({"MaxResults": 50}));
}

#[tokio::test]
async fn a_lookup_filters_by_ids_and_by_nothing_else() {
    let (emulator, id) = emulator_with_backup();
    emulator.seed(Seed::ready(REGION, CLUSTER));
    let query = Query::Ids(vec![id.parse().unwrap(), STRANGER.parse().unwrap()]);
    let page = adapter(&emulator.url()).describe(&region(REGION), &query, None).await.unwrap();
    assert_eq!(page.backups.iter().map(|backup| backup.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
    let filters = BTreeMap::from([("backupIds".to_owned(), vec![id, STRANGER.to_owned()])]);
    assert_eq!(emulator.calls()[0].filters, filters);
}

#[tokio::test]
async fn pages_are_followed_by_token_until_there_is_none() {
    let knobs = Knobs { page_limit: 2, ..Knobs::default() };
    let emulator = Emulator::start(Config { knobs, ..Config::default() }).unwrap();
    let mut seeded: Vec<String> = (0..5).map(|_| emulator.seed(Seed::ready(REGION, CLUSTER))).collect();
    let aws = adapter(&emulator.url());
    let (mut listed, mut token) = (Vec::new(), None::<String>);
    loop {
        let page = aws.describe(&region(REGION), &Query::All, token.as_deref()).await.unwrap();
        listed.extend(page.backups.into_iter().map(|backup| backup.id.to_string()));
        let Some(next) = page.next_token else { break };
        token = Some(next);
    }
    seeded.sort();
    listed.sort();
    assert_eq!(listed, seeded);
    let continued: Vec<bool> = emulator.calls().iter().map(|call| call.page_token).collect();
    assert_eq!(continued, [false, true, true]);
}

#[tokio::test]
async fn each_region_is_asked_for_itself() {
    let (emulator, id) = emulator_with_backup();
    let other = emulator.seed(Seed::ready("us-gov-west-1", CLUSTER));
    let aws = adapter(&emulator.url());
    for (name, expected) in [(REGION, &id), ("us-gov-west-1", &other), (REGION, &id)] {
        let page = aws.describe(&region(name), &Query::All, None).await.unwrap();
        assert_eq!(
            page.backups.iter().map(|backup| backup.id.as_str()).collect::<Vec<_>>(),
            [expected.as_str()]
        );
    }
    let asked: Vec<String> = emulator.calls().into_iter().map(|call| call.region).collect();
    assert_eq!(asked, [REGION, "us-gov-west-1", REGION]);
}

// What comes back.

#[tokio::test]
async fn every_member_of_a_backup_is_read() {
    let page = page_of(json!([{
        "BackupId": "backup-ro5c4er4aac",
        "BackupArn": "arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-ro5c4er4aac",
        "BackupState": "PENDING_DELETION",
        "ClusterId": "cluster-dygnwhmscg5",
        "CreateTimestamp": 1_534_461_854.64,
        "CopyTimestamp": 1_726_580_237.133,
        "NeverExpires": true,
        "SourceRegion": "eu-central-1",
        "SourceBackup": "backup-6qjbcmkhcxm",
        "SourceCluster": "cluster-bbbbbbbbbbb",
        "DeleteTimestamp": 1_726_580_238,
        "TagList": [{"Key": "team", "Value": "payments"}, {"Key": "empty", "Value": ""}],
        "HsmType": "hsm2m.medium",
        "Mode": "NON_FIPS",
    }]))
    .await;
    let expected = Backup {
        id: "backup-ro5c4er4aac".parse().unwrap(),
        state: BackupState::PendingDeletion,
        arn: Some("arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-ro5c4er4aac".into()),
        cluster_id: Some("cluster-dygnwhmscg5".parse().unwrap()),
        create_timestamp: Some("2018-08-16T23:24:14.64Z".parse().unwrap()),
        copy_timestamp: Some("2024-09-17T13:37:17.133Z".parse().unwrap()),
        delete_timestamp: Some("2024-09-17T13:37:18Z".parse().unwrap()),
        never_expires: Some(true),
        source: Some(Source {
            region: Some("eu-central-1".parse().unwrap()),
            backup: Some("backup-6qjbcmkhcxm".parse().unwrap()),
            cluster: Some("cluster-bbbbbbbbbbb".parse().unwrap()),
        }),
        hsm_type: Some("hsm2m.medium".into()),
        mode: Some("NON_FIPS".into()),
        tags: Some(
            [("team", "payments"), ("empty", "")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        ),
    };
    assert_eq!(page, Page { backups: vec![expected], malformed: 0, next_token: None });
}

#[tokio::test]
async fn what_the_emulator_stores_is_what_the_adapter_reads() {
    let emulator = emulator();
    let source = EmulatedSource {
        region: "eu-central-1".to_owned(),
        backup_id: "backup-6qjbcmkhcxm".to_owned(),
        cluster_id: Some(CLUSTER.to_owned()),
    };
    let id = emulator.seed(Seed::copy(REGION, source).tags([("team", "payments")]));
    let stored = emulator.backup(REGION, &id).unwrap();
    let page = first_page(&emulator.url()).await.unwrap();
    let [read] = page.backups.as_slice() else { panic!("{page:?}") };
    assert_eq!(read.id.as_str(), stored.id);
    assert_eq!(read.arn.as_deref(), Some(stored.arn.as_str()));
    assert_eq!(read.create_timestamp, Some(stored.create_timestamp));
    assert_eq!(read.copy_timestamp, stored.copy_timestamp);
    assert_eq!(read.cluster().map(plan::model::ClusterId::as_str), Some(CLUSTER));
    assert_eq!(read.account().unwrap().as_str(), stored.account);
    assert_eq!(read.tags, Some(stored.tags));
}

#[tokio::test]
async fn what_is_missing_is_unknown_and_no_default() {
    let page = page_of(json!([{"BackupId": "backup-ro5c4er4aac"}])).await;
    let bare = Backup::new("backup-ro5c4er4aac".parse().unwrap(), BackupState::Unknown("".into()));
    assert_eq!(page, Page { backups: vec![bare], malformed: 0, next_token: None });
}

#[tokio::test]
async fn a_member_that_the_service_leaves_out_is_unknown() {
    let (emulator, id) = emulator_with_backup();
    let field = "NeverExpires".to_owned();
    emulator.fault(Fault::on("DescribeBackups", FaultKind::MissingField { backup_ids: None, field }));
    let page = first_page(&emulator.url()).await.unwrap();
    assert_eq!(page.backups[0].id.as_str(), id);
    assert_eq!(page.backups[0].never_expires, None);
    emulator.clear_faults();
    assert_eq!(first_page(&emulator.url()).await.unwrap().backups[0].never_expires, Some(false));
}

#[tokio::test]
async fn names_that_this_version_does_not_know_are_kept() {
    let (emulator, _) = emulator_with_backup();
    let state = "ARCHIVED".to_owned();
    emulator.fault(Fault::on("DescribeBackups", FaultKind::UnknownState { backup_ids: None, state }));
    let page = first_page(&emulator.url()).await.unwrap();
    assert_eq!(page.backups[0].state, BackupState::Unknown("ARCHIVED".into()));

    let page = page_of(json!([{"BackupId": "backup-ro5c4er4aac", "Mode": "FIPS_2"}])).await;
    assert_eq!(page.backups[0].mode.as_deref(), Some("FIPS_2"));
}

#[tokio::test]
async fn an_item_without_a_proper_id_is_counted_and_left_out() {
    let page = page_of(json!([
        {"BackupState": "READY"},
        {"BackupId": "", "BackupState": "READY"},
        {"BackupId": "backup-ro5c4er4aac", "BackupState": "READY"},
        {"BackupId": "../etc/passwd", "BackupState": "READY"},
    ]))
    .await;
    let good = Backup::new("backup-ro5c4er4aac".parse().unwrap(), BackupState::Ready);
    assert_eq!(page, Page { backups: vec![good], malformed: 3, next_token: None });
}

#[tokio::test]
async fn ill_formed_ids_of_other_things_are_unknown() {
    let page = page_of(json!([{
        "BackupId": "backup-ro5c4er4aac",
        "ClusterId": "?",
        "SourceRegion": "nowhere",
        "SourceBackup": "?",
        "SourceCluster": "?",
    }]))
    .await;
    let backup = &page.backups[0];
    assert_eq!(backup.cluster_id, None);
    assert_eq!(backup.source, Some(Source::default()));
}

// What goes wrong.

async fn failure_under(kind: FaultKind, timeouts: Timeouts) -> (Failure, usize) {
    let (emulator, _) = emulator_with_backup();
    emulator.fault(Fault::on("DescribeBackups", kind));
    let aws = adapter_within(&emulator.url(), timeouts);
    let error = aws.describe(&region(REGION), &Query::All, None).await.unwrap_err();
    (error, emulator.calls().len())
}

#[tokio::test]
async fn errors_are_classed_by_code_and_refusals_are_not_repeated() {
    for (code, class) in [
        ("CloudHsmAccessDeniedException", ErrorClass::AccessDenied),
        ("CloudHsmResourceNotFoundException", ErrorClass::NotFound),
        ("CloudHsmInvalidRequestException", ErrorClass::Invalid),
        ("CloudHsmServiceException", ErrorClass::Ambiguous),
        ("UnrecognizedClientException", ErrorClass::AccessDenied),
    ] {
        let (error, requests) = failure_under(FaultKind::error(code), Timeouts::default()).await;
        assert_eq!((error, requests), (failure(class, code), 1));
    }
}

#[tokio::test]
async fn a_read_that_may_succeed_later_is_tried_three_times() {
    let internal = "CloudHsmInternalFailureException";
    let broken = FaultKind::Error { code: internal.to_owned(), status: 500, message: None };
    for (kind, expected) in [
        (FaultKind::Throttle, failure(ErrorClass::Throttled, "ThrottlingException")),
        (broken, failure(ErrorClass::Transient, internal)),
        (FaultKind::Drop, failure(ErrorClass::Transient, "the connection was lost")),
        (FaultKind::TruncatedBody, failure(ErrorClass::Transient, "the answer could not be read")),
    ] {
        assert_eq!(failure_under(kind.clone(), Timeouts::default()).await, (expected, 3), "{kind:?}");
    }
}

#[tokio::test]
async fn a_read_that_is_throttled_for_a_moment_succeeds() {
    let (emulator, id) = emulator_with_backup();
    emulator.fault(Fault::on("DescribeBackups", FaultKind::Throttle).times(2));
    let observed = Arc::new(Observed::default());
    let config = configuration(&emulator.url(), access_key("AKIAEXAMPLE"));
    let aws = SdkAws::from_config(&config, Timeouts::default(), observed.clone());
    let page = aws.describe(&region(REGION), &Query::All, None).await.unwrap();
    assert_eq!(page.backups[0].id.as_str(), id);
    let attempts: Vec<_> = emulator.calls().into_iter().filter_map(|call| call.sdk_request).collect();
    assert_eq!(attempts, ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"]);
    assert_eq!(observed.calls(), [("DescribeBackups", REGION.to_owned(), "ok")]);
    assert_eq!(observed.throttles(), 2, "also those that nobody else hears of");
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_no_listing() {
    let (error, requests) = failure_under(FaultKind::GarbageBody, Timeouts::default()).await;
    assert_eq!((error, requests), (failure(ErrorClass::Transient, "the answer could not be read"), 1));
}

#[tokio::test]
async fn an_error_answer_without_a_code_is_classed_by_its_status() {
    for (status, class, detail) in [
        ("403 Forbidden", ErrorClass::AccessDenied, "HTTP 403"),
        ("429 Too Many Requests", ErrorClass::Throttled, "HTTP 429"),
        ("503 Service Unavailable", ErrorClass::Transient, "HTTP 503"),
    ] {
        let socket = Socket::answering(status, "text/html", "<html>no</html>");
        assert_eq!(first_page(&socket.url()).await, Err(failure(class, detail)), "{status}");
    }
}

#[tokio::test]
async fn an_attempt_without_an_answer_ends_with_its_deadline_and_is_repeated() {
    let (attempt, operation) = (Duration::from_millis(500), Duration::from_secs(50));
    let hang = FaultKind::Hang { seconds: 60.0, after_effect: false };
    let (error, requests) = failure_under(hang, Timeouts { attempt, operation, ..Timeouts::default() }).await;
    assert_eq!((error, requests), (failure(ErrorClass::Transient, "no answer in time"), 3));
}

#[tokio::test]
async fn all_attempts_together_end_with_the_deadline_of_the_operation() {
    let (attempt, operation) = (Duration::from_secs(50), Duration::from_millis(500));
    let hang = FaultKind::Hang { seconds: 60.0, after_effect: false };
    let (error, requests) = failure_under(hang, Timeouts { attempt, operation, ..Timeouts::default() }).await;
    assert_eq!((error, requests), (failure(ErrorClass::Transient, "no answer in time"), 1));
}

#[tokio::test]
async fn a_listing_that_stalls_half_way_is_no_listing() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Backups\":[";
    let socket = Socket::start(Then::Stall(head.to_owned()));
    let aws = adapter_within(&socket.url(), hasty());
    let error = aws.describe(&region(REGION), &Query::All, None).await.unwrap_err();
    assert_eq!(error, failure(ErrorClass::Transient, "the answer could not be read"));
}

#[tokio::test]
async fn a_region_without_an_endpoint_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for endpoint in ["http://nonexistent.invalid", &refusing] {
        let expected = failure(ErrorClass::Unreachable, "the endpoint of the region cannot be reached");
        assert_eq!(first_page(endpoint).await, Err(expected), "{endpoint}");
    }
}

#[tokio::test]
async fn the_observer_is_told_the_class_of_a_failure() {
    let emulator = emulator();
    emulator.fault(Fault::on("*", FaultKind::error("AccessDeniedException")));
    let observed = Arc::new(Observed::default());
    let config = configuration(&emulator.url(), access_key("AKIAEXAMPLE"));
    let aws = SdkAws::from_config(&config, Timeouts::default(), observed.clone());
    aws.describe(&region(REGION), &Query::All, None).await.unwrap_err();
    aws.account(&region("us-east-1")).await.unwrap_err();
    let denied = ErrorClass::AccessDenied.name();
    assert_eq!(
        observed.calls(),
        [
            ("DescribeBackups", REGION.to_owned(), denied),
            ("GetCallerIdentity", "us-east-1".to_owned(), denied)
        ]
    );
}

// The account.

#[tokio::test]
async fn the_account_is_the_one_that_the_credentials_belong_to() {
    let accounts = BTreeMap::from([("AKIAOTHER".to_owned(), "999988887777".to_owned())]);
    let emulator = Emulator::start(Config { accounts, ..Config::default() }).unwrap();
    let config = configuration(&emulator.url(), access_key("AKIAOTHER"));
    let aws = SdkAws::from_config(&config, Timeouts::default(), Arc::new(Observed::default()));
    assert_eq!(aws.account(&region(REGION)).await.unwrap().as_str(), "999988887777");
    let calls = emulator.calls();
    assert_eq!((calls[0].operation.as_str(), calls[0].region.as_str()), ("GetCallerIdentity", REGION));
}

#[tokio::test]
async fn credentials_that_sts_refuses_are_access_denied() {
    let emulator = emulator();
    let kind = FaultKind::Error { code: "InvalidClientTokenId".to_owned(), status: 403, message: None };
    emulator.fault(Fault::on("GetCallerIdentity", kind));
    let error = adapter(&emulator.url()).account(&region(REGION)).await.unwrap_err();
    assert_eq!(error, failure(ErrorClass::AccessDenied, "InvalidClientTokenId"));
}

#[tokio::test]
async fn an_identity_without_a_proper_account_is_implausible() {
    for account in ["", "<Account>12</Account>"] {
        let body = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult>{account}</GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        let socket = Socket::answering("200 OK", "text/xml", &body);
        let error = adapter(&socket.url()).account(&region(REGION)).await.unwrap_err();
        assert_eq!(error, failure(ErrorClass::Implausible, "the answer names no account"));
    }
}
