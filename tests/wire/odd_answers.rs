//! Answers that no AWS gives: whatever comes back, a call ends in a plain result, and what is odd becomes unknown.

use cloudhsm_backup_operator::aws::{Aws, SdkAws};
use plan::effect::Outcome;
use plan::error::{ErrorClass, Failure};
use plan::inventory::{Page, Query};
use plan::model::BackupState;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::socket::{Socket, Then};
use crate::support::*;

const JSON: &str = "application/x-amz-json-1.1";

/// A server, the adapter for it, and a runtime: once for all cases of a property.
struct Odd {
    socket: Socket,
    aws: SdkAws,
    runtime: Runtime,
}

impl Odd {
    fn new() -> Self {
        let socket = Socket::start(Then::HangUp);
        let aws = adapter_within(&socket.url(), hasty());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { socket, aws, runtime }
    }

    fn page(&self, body: &str) -> Result<Page, Failure> {
        self.socket.answer_from_now_on(Then::answer("200 OK", JSON, body));
        self.runtime.block_on(self.aws.describe(&region(REGION), &Query::All, None))
    }

    fn outcome(&self, change: usize, status: u16, body: &str) -> Outcome {
        self.socket.answer_from_now_on(Then::answer(&format!("{status} Whatever"), JSON, body));
        let change = every_change()[change].clone();
        let mutation = mutation(STRANGER, change);
        self.runtime.block_on(self.aws.mutate(&mutation, &permit())).outcome
    }

    fn account(&self, body: &str) -> Result<String, Failure> {
        self.socket.answer_from_now_on(Then::answer("200 OK", "text/xml", body));
        let account = self.runtime.block_on(self.aws.account(&region(REGION)));
        account.map(|account| account.as_str().to_owned())
    }
}

thread_local! {
    /// Each test runs on a thread of its own.
    static ODD: Odd = Odd::new();
}

/// Any JSON, not very deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(".{0,8}", inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

/// A value of about the right kind.
fn about(member: &'static str) -> BoxedStrategy<Value> {
    let word = |words: &[&'static str]| select(words.to_vec()).prop_map(Value::from).boxed();
    match member {
        "BackupId" | "SourceBackup" => {
            word(&["backup-aaaaaaaaaaa", "backup-1", "cluster-aaaaaaaaaaa", "", "\u{0}"])
        }
        "ClusterId" | "SourceCluster" => {
            word(&["cluster-aaaaaaaaaaa", "cluster-0", "backup-aaaaaaaaaaa", ""])
        }
        "BackupState" => {
            word(&["READY", "PENDING_DELETION", "DELETED", "CREATE_IN_PROGRESS", "ready", "FROZEN", ""])
        }
        "SourceRegion" => word(&["eu-central-1", "eu-central-11", "moon-base-1", "", "evil.com/"]),
        "CreateTimestamp" | "CopyTimestamp" | "DeleteTimestamp" => prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-1e13..1e13).prop_map(Value::from),
            word(&["2026-11-21T10:00:00Z", "NaN", "Infinity", "-Infinity", ""]),
        ]
        .boxed(),
        "TagList" => proptest::collection::vec(tag(), 0..60).prop_map(Value::from).boxed(),
        "NeverExpires" => prop_oneof![any::<bool>().prop_map(Value::from), word(&["true", ""])].boxed(),
        _ => (0_usize..5000).prop_map(|length| Value::from("x".repeat(length))).boxed(),
    }
}

fn tag() -> impl Strategy<Value = Value> {
    let odd = (any_json(), any_json()).prop_map(|(key, value)| json!({ "Key": key, "Value": value }));
    prop_oneof![
        40 => ("[a-c]{0,2}", ".{0,9}").prop_map(|(key, value)| json!({ "Key": key, "Value": value })),
        1 => (0_usize..50_000).prop_map(|length| json!({ "Key": "long", "Value": "x".repeat(length) })),
        1 => odd,
        1 => any_json(),
    ]
}

const MEMBERS: [&str; 14] = [
    "BackupId",
    "BackupArn",
    "BackupState",
    "ClusterId",
    "CreateTimestamp",
    "CopyTimestamp",
    "DeleteTimestamp",
    "NeverExpires",
    "SourceRegion",
    "SourceBackup",
    "SourceCluster",
    "TagList",
    "HsmType",
    "Mode",
];

/// An entry of a listing, with some of its members and, rarely, one that is altogether wrong.
fn item() -> impl Strategy<Value = Value> {
    let members: Vec<_> = MEMBERS.into_iter().map(|member| proptest::option::of(about(member))).collect();
    let wrong = proptest::option::weighted(0.1, (select(MEMBERS.to_vec()), any_json()));
    (members, wrong).prop_map(|(members, wrong)| {
        let named = MEMBERS.into_iter().zip(members);
        let present = named.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut item: Map<String, Value> = present.collect();
        item.extend(wrong.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(item)
    })
}

/// What may stand in a status, and so what may come of an entry.
fn assert_can_be_kept(page: &Page) {
    for backup in &page.backups {
        for text in [&backup.arn, &backup.hsm_type, &backup.mode].into_iter().flatten() {
            assert!(text.len() <= 2048);
        }
        if let BackupState::Unknown(state) = &backup.state {
            assert!(state.len() <= 2048);
        }
        for time in
            [backup.create_timestamp, backup.copy_timestamp, backup.delete_timestamp].into_iter().flatten()
        {
            assert!((0..253_402_300_800).contains(&time.as_second()), "{time}");
        }
        let tags = backup.tags.iter().flatten().map(|(key, value)| key.len() + value.len());
        assert!(tags.sum::<usize>() <= 128 * 1024);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_entry_of_a_page_is_understood_or_counted_whatever_it_is(
        items in proptest::collection::vec(item(), 0..8),
        token in proptest::option::of(".{0,9}"),
    ) {
        let body = json!({ "Backups": items, "NextToken": token }).to_string();
        match ODD.with(|odd| odd.page(&body)) {
            Ok(page) => {
                prop_assert_eq!(page.backups.len() + page.malformed, items.len(), "none is lost");
                assert_can_be_kept(&page);
            }
            // One member of a wrong type makes the whole answer unreadable: never a shorter list.
            Err(failure) => prop_assert_eq!(failure.class, ErrorClass::Transient),
        }
    }

    #[test]
    fn an_answer_of_any_json_is_a_page_or_a_failure(body in any_json()) {
        if let Ok(page) = ODD.with(|odd| odd.page(&body.to_string())) {
            assert_can_be_kept(&page);
        }
    }

    #[test]
    fn an_answer_that_is_cut_or_spoilt_never_passes_for_an_empty_region(
        item in item(), at in any::<prop::sample::Index>(), spoilt in proptest::option::of(any::<char>()),
    ) {
        let mut text: Vec<char> = json!({ "Backups": [item] }).to_string().chars().collect();
        let at = at.index(text.len() - 1).max(1);
        match spoilt {
            Some(character) => text[at] = character,
            None => text.truncate(at),
        }
        let text: String = text.into_iter().collect();
        if let Ok(page) = ODD.with(|odd| odd.page(&text)) {
            // An entry may have become unreadable, or a stranger's member; only a name that was spoilt hides it.
            let hidden = serde_json::from_str::<Value>(&text).is_ok_and(|body| body.get("Backups").is_none());
            prop_assert!(page.backups.len() + page.malformed == 1 || hidden, "{text}");
        }
    }

    #[test]
    fn a_change_is_accepted_by_its_status_alone_and_fails_with_a_code_or_a_phrase(
        change in 0_usize..6, status in 200_u16..600, body in any_json(), code in proptest::option::of(".{0,200}"),
    ) {
        let mut body = body;
        if let (Some(members), Some(code)) = (body.as_object_mut(), code) {
            members.insert("__type".to_owned(), Value::from(code));
        }
        let outcome = ODD.with(|odd| odd.outcome(change, status, &body.to_string()));
        prop_assert_eq!(outcome == Outcome::Accepted, status < 300, "{}: {:?}", status, outcome);
        if let Some(failure) = outcome.failure() {
            let of_phrase = |character: char| character.is_ascii_alphanumeric() || "._- ,".contains(character);
            prop_assert!(failure.detail.len() <= 100 && failure.detail.chars().all(of_phrase), "{failure}");
        }
    }

    #[test]
    fn an_identity_is_an_account_or_a_failure(text in ".{0,40}", tag in select(vec!["Account", "Arn", "Accoun"])) {
        let body = format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><{tag}>{text}</{tag}></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        if let Ok(account) = ODD.with(|odd| odd.account(&body)) {
            prop_assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()), "{account}");
        }
    }
}

#[test]
fn an_answer_deeper_than_any_stack_is_a_failure() {
    for (open, close) in
        [("[", "]"), ("{\"Backups\":", "}"), ("{\"x\":", "}"), ("{\"Backups\":[{\"x\":", "}]}")]
    {
        let depth = 100_000;
        let body = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let failure = ODD.with(|odd| odd.page(&body)).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Transient, "{open}");
    }
}

#[test]
fn numbers_that_no_clock_shows_are_unknown_times() {
    for number in [
        "1e400",
        "-1e400",
        "1e308",
        "-1e308",
        "1e-400",
        "9223372036854775807",
        "-62200000000",
        "253402300800.5",
    ] {
        let body =
            format!(r#"{{"Backups":[{{"BackupId":"backup-aaaaaaaaaaa","CreateTimestamp":{number}}}]}}"#);
        if let Ok(page) = ODD.with(|odd| odd.page(&body)) {
            assert_can_be_kept(&page);
            assert_eq!(page.backups.len(), 1, "{number}");
        }
    }
}
