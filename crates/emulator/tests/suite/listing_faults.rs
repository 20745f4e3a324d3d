//! Faults of some listings and not of others: by region, by what they choose by, by what is copied.

use emulator::{Emulator, Fault, FaultKind, Listing};
use serde_json::{Value, json};

use crate::support::{Client, HERE, THERE, admin, emulator, ready};

/// An emulator with two backups, each with a copy.
fn copied() -> (Emulator, [String; 2], [String; 2]) {
    let emulator = emulator();
    let sources = [emulator.seed(ready()), emulator.seed(ready())];
    let copies = [0, 1].map(|at: usize| {
        emulator.copy(HERE, &sources[at], THERE).unwrap();
        emulator.copies_made(HERE, &sources[at], THERE).remove(0)
    });
    (emulator, sources, copies)
}

fn list(emulator: &Emulator, region: &str, filters: &Value) -> Vec<Value> {
    let body = json!({"Filters": filters});
    let json = Client::new(emulator, region).call("DescribeBackups", &body).json();
    json["Backups"].as_array().unwrap().clone()
}

fn on(kind: FaultKind) -> Fault {
    Fault::on("DescribeBackups", kind).region(THERE)
}

#[test]
fn a_backup_can_be_missing_from_scans_and_be_found_by_lookups_and_the_other_way_round() {
    let (emulator, sources, copies) = copied();
    let seen = || {
        [
            list(&emulator, THERE, &json!({})).len(),
            list(&emulator, THERE, &json!({"backupIds": [copies[0]]})).len(),
            list(&emulator, THERE, &json!({"sourceBackupIds": [sources[0]]})).len(),
            list(&emulator, THERE, &json!({"states": ["CREATE_IN_PROGRESS"]})).len(),
        ]
    };
    for (listing, expected) in [
        (Listing::All, [1, 1, 1, 2]),
        (Listing::BackupIds, [2, 0, 1, 2]),
        (Listing::SourceBackupIds, [2, 1, 0, 2]),
        (Listing::Other, [2, 1, 1, 1]),
    ] {
        emulator.fault(on(FaultKind::MissingItem { backup_ids: vec![copies[0].clone()] }).listing(listing));
        assert_eq!(seen(), expected, "{listing:?}");
        emulator.clear_faults();
    }
    assert_eq!(seen(), [2, 1, 1, 2]);
}

#[test]
fn a_listing_can_be_empty_shrunken_or_in_small_pages_in_one_region() {
    let (emulator, _, _) = copied();
    let page = |region| Client::new(&emulator, region).call("DescribeBackups", &json!({})).json();
    let small = FaultKind::knobs(|knobs| knobs.page_limit = 1);
    for (kind, items, more) in [
        (FaultKind::EverythingMissing, 0, false),
        (FaultKind::ShrunkenListing { keep: 1 }, 1, false),
        (FaultKind::ShrunkenListing { keep: 5 }, 2, false),
        (FaultKind::PartialListing, 1, true),
        (small, 1, true),
    ] {
        emulator.fault(on(kind.clone()));
        let (there, here) = (page(THERE), page(HERE));
        let count = |page: &Value| page["Backups"].as_array().unwrap().len();
        assert_eq!((count(&there), there["NextToken"].is_string()), (items, more), "{kind:?}");
        assert_eq!((count(&here), here["NextToken"].is_string()), (2, false), "{kind:?}");
        emulator.clear_faults();
    }
}

#[test]
fn only_some_listings_lag_behind() {
    let (emulator, sources, _) = copied();
    let stale = FaultKind::knobs(|knobs| knobs.stale_reads_for = std::time::Duration::from_mins(1));
    emulator.fault(on(stale).listing(Listing::SourceBackupIds));
    assert!(list(&emulator, THERE, &json!({"sourceBackupIds": [sources[0]]})).is_empty());
    assert_eq!(list(&emulator, THERE, &json!({})).len(), 2);
}

#[test]
fn the_next_copy_of_a_backup_can_be_strange_before_its_id_is_known() {
    let (emulator, [one, two], _) = copied();
    let state = FaultKind::UnknownState { backup_ids: None, state: "ARCHIVED".to_owned() };
    emulator.fault(on(state).copies_of(&one));
    let shown = |source: &str| list(&emulator, THERE, &json!({"sourceBackupIds": [source]})).remove(0);
    assert_eq!(shown(&one)["BackupState"], "ARCHIVED");
    assert_eq!(shown(&two)["BackupState"], "CREATE_IN_PROGRESS");
    emulator.clear_faults();
    let field = FaultKind::MissingField { backup_ids: None, field: "SourceRegion".to_owned() };
    emulator.fault(on(field).copies_of(&one));
    assert_eq!((shown(&one).get("SourceRegion"), &shown(&one)["SourceBackup"]), (None, &json!(one)));
    assert_eq!(shown(&two)["SourceRegion"], HERE);
    emulator.clear_faults();
    emulator.fault(on(FaultKind::EverythingMissing).copies_of(&one));
    let left = list(&emulator, THERE, &json!({}));
    assert_eq!(left.iter().map(|backup| &backup["SourceBackup"]).collect::<Vec<_>>(), [&json!(two)]);
}

#[test]
fn listings_are_counted_by_region_and_by_what_they_choose_by() {
    let emulator = emulator();
    let client = Client::new(&emulator, THERE);
    for (filters, shared) in [
        (json!({}), false),
        (json!({}), false),
        (json!({"backupIds": []}), false),
        (json!({"sourceBackupIds": ["backup-aaaaaaaaaaa"], "states": ["READY"]}), false),
        (json!({"states": ["READY"]}), false),
        (json!({}), true),
    ] {
        client.call("DescribeBackups", &json!({"Filters": filters, "Shared": shared}));
    }
    let person = emulator::Operation::DescribeBackups(emulator::DescribeBackups::default());
    emulator.act(THERE, &person).unwrap();
    let kinds = [Listing::All, Listing::BackupIds, Listing::SourceBackupIds, Listing::Other];
    assert_eq!(kinds.map(|kind| emulator.listings(THERE, kind)), [2, 1, 1, 2]);
    assert_eq!(emulator.listings(HERE, Listing::All), 0);
    let (_, counted) = admin(&emulator, "GET", "/_admin/listings", "");
    let first = json!({"region": THERE, "listing": "all", "calls": 2});
    assert_eq!((counted["listings"].as_array().unwrap().len(), &counted["listings"][0]), (4, &first));
}
