//! `DescribeBackups`: filters, order, pages, sharing.

use emulator::{Backup, BackupState, Caller, Cloud, DescribeBackups, Seed, Source};

use crate::support::{HERE, THERE, cloud, here, ids, listed, ready};

const OTHER: &str = "cluster-bbbbbbbbbbb";
const COPIED_FROM: &str = "backup-ccccccccccc";

/// One backup of each sort, by name.
struct Sorts {
    cloud: Cloud,
    ready: String,
    forever: String,
    pending: String,
    creating: String,
    copy: String,
}

fn sorts() -> Sorts {
    let mut cloud = cloud();
    let source = Source { region: THERE.to_owned(), backup_id: COPIED_FROM.to_owned(), cluster_id: None };
    let ready_one = cloud.seed(ready().age_days(1)).unwrap();
    let forever = cloud.seed(Seed::ready(HERE, OTHER).never_expires(true).age_days(2)).unwrap();
    let pending = cloud.seed(ready().pending_deletion().age_days(3)).unwrap();
    let creating = cloud.seed(Seed::ready(HERE, OTHER).in_progress().age_days(4)).unwrap();
    let copy = cloud.seed(Seed::copy(HERE, source).age_days(5)).unwrap();
    cloud.seed(ready().state(BackupState::Deleted)).unwrap();
    cloud.seed(Seed::ready(THERE, OTHER)).unwrap();
    cloud.seed(ready().account("444455556666")).unwrap();
    Sorts { cloud, ready: ready_one, forever, pending, creating, copy }
}

fn found(sorts: &Sorts, request: &DescribeBackups) -> Vec<Backup> {
    listed(&sorts.cloud, &here(), request)
}

#[test]
fn without_filters_all_own_backups_but_deleted_ones_are_listed_newest_first() {
    let sorts = sorts();
    let all = [&sorts.ready, &sorts.forever, &sorts.pending, &sorts.creating, &sorts.copy];
    assert_eq!(ids(&found(&sorts, &DescribeBackups::default())), all);
    let ascending = DescribeBackups { sort_ascending: true, ..DescribeBackups::default() };
    let reversed: Vec<_> = all.into_iter().rev().collect();
    assert_eq!(ids(&found(&sorts, &ascending)), reversed);
}

#[test]
fn each_filter_selects_what_it_says() {
    let sorts = sorts();
    let Sorts { ready, forever, pending, creating, copy, .. } = &sorts;
    let unknown = "backup-zzzzzzzzzzz";
    let table: Vec<(&str, Vec<&str>, Vec<&String>)> = vec![
        ("backupIds", vec![pending, ready], vec![ready, pending]),
        ("backupIds", vec![unknown, ready], vec![ready]),
        ("backupIds", vec![unknown], vec![]),
        ("sourceBackupIds", vec![COPIED_FROM], vec![copy]),
        ("clusterIds", vec![OTHER], vec![forever, creating]),
        ("states", vec!["PENDING_DELETION"], vec![pending]),
        ("states", vec!["PENDING_DELETION", "CREATE_IN_PROGRESS"], vec![pending, creating]),
        ("neverExpires", vec!["true"], vec![forever]),
        ("neverExpires", vec!["False"], vec![ready, pending, creating, copy]),
        ("states", vec![], vec![]),
    ];
    for (key, values, expected) in table {
        let request = DescribeBackups::default().filter(key, values.clone());
        assert_eq!(ids(&found(&sorts, &request)), expected, "{key} {values:?}");
    }
}

#[test]
fn all_filters_must_match() {
    let sorts = sorts();
    let request = DescribeBackups::default().filter("clusterIds", [OTHER]).filter("states", ["READY"]);
    assert_eq!(ids(&found(&sorts, &request)), [&sorts.forever]);
}

#[test]
fn only_what_is_shared_is_listed_as_shared() {
    let mut sorts = sorts();
    let shared = sorts.cloud.seed(ready().shared_from("444455556666")).unwrap();
    let request = DescribeBackups { shared: true, ..DescribeBackups::default() };
    let seen = found(&sorts, &request);
    assert_eq!(ids(&seen), [&shared]);
    assert!(seen[0].arn.contains(":444455556666:"), "the ARN names the owner: {}", seen[0].arn);
    assert!(!ids(&found(&sorts, &DescribeBackups::default())).contains(&shared.as_str()));
    let owner = Caller::new("444455556666", HERE);
    assert!(listed(&sorts.cloud, &owner, &request).is_empty());
}

fn many(count: u32) -> Cloud {
    let mut cloud = cloud();
    for age in 0..count {
        // Twins of one age: their order must be stable too.
        cloud.seed(ready().age_days(age / 2)).unwrap();
    }
    cloud
}

#[test]
fn pages_together_are_the_whole_listing_in_order() {
    let cloud = many(120);
    let whole: Vec<Backup> = listed(&cloud, &here(), &DescribeBackups::default());
    assert_eq!(whole.len(), 120);
    assert!(whole.is_sorted_by(|one, two| one.create_timestamp >= two.create_timestamp));
    for size in [1, 7, 50] {
        let request = DescribeBackups { max_results: Some(size), ..DescribeBackups::default() };
        assert_eq!(listed(&cloud, &here(), &request), whole, "pages of {size}");
    }
    let ascending = DescribeBackups { sort_ascending: true, ..DescribeBackups::default() };
    let mut reversed = listed(&cloud, &here(), &ascending);
    reversed.reverse();
    assert_eq!(reversed, whole);
}

#[test]
fn a_page_holds_fifty_unless_fewer_are_asked_for() {
    let cloud = many(51);
    let first = cloud.describe_backups(&here(), &DescribeBackups::default()).unwrap();
    assert_eq!((first.backups.len(), first.next_token.is_some()), (50, true));
    let seven = DescribeBackups { max_results: Some(7), ..DescribeBackups::default() };
    assert_eq!(cloud.describe_backups(&here(), &seven).unwrap().backups.len(), 7);
    let exactly = many(50).describe_backups(&here(), &DescribeBackups::default()).unwrap();
    assert_eq!((exactly.backups.len(), exactly.next_token), (50, None));
}

#[test]
fn a_token_is_good_for_the_query_it_was_issued_for_only() {
    let cloud = many(60);
    let token = cloud.describe_backups(&here(), &DescribeBackups::default()).unwrap().next_token;
    let same = DescribeBackups { next_token: token, ..DescribeBackups::default() };
    assert_eq!(cloud.describe_backups(&here(), &same).unwrap().backups.len(), 10);
    let other_filter = same.clone().filter("states", ["READY"]);
    let other_order = DescribeBackups { sort_ascending: true, ..same.clone() };
    let bogus = DescribeBackups { next_token: Some("p1".to_owned()), ..DescribeBackups::default() };
    let long = DescribeBackups { next_token: Some("a".repeat(257)), ..DescribeBackups::default() };
    let empty = DescribeBackups { next_token: Some(String::new()), ..DescribeBackups::default() };
    for request in [other_filter, other_order, bogus, long, empty] {
        let error = cloud.describe_backups(&here(), &request).unwrap_err();
        assert_eq!(error.code, "CloudHsmInvalidRequestException", "{request:?}");
    }
    assert!(cloud.describe_backups(&crate::support::there(), &same).is_err(), "another region");
}

#[test]
fn the_same_seeds_give_the_same_ids() {
    let one: Vec<_> = many(10).backups().map(|backup| backup.id.clone()).collect();
    let two: Vec<_> = many(10).backups().map(|backup| backup.id.clone()).collect();
    assert_eq!(one, two);
    let other = emulator::Cloud::new(crate::support::start()).with_id_seed(1).seed(ready()).unwrap();
    assert!(!one.contains(&other));
}
