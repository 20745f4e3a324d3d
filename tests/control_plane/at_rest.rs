//! When AWS matches the spec, nothing is written and nothing but the polls is read (P6).

use std::time::{Duration, Instant};

use emulator::{BackupState, Call, Seed};
use serde_json::{Value, json};
use testbed::within;

use crate::{
    copies_support::{FURTHER, copy_of, entry, until_copy},
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, is_ready, plane},
};

fn resource(name: &str, id: &str, region: &str) -> Value {
    json!({
        "apiVersion": "cloudhsm-backup.dev/v1alpha1",
        "kind": "CloudHsmBackup",
        "metadata": { "name": name },
        "spec": { "backupId": id, "region": region, "neverExpires": true, "tags": { "team": "payments" } },
    })
}

/// A backup that is as its resource asks.
fn backup(bench: &Bench, region: &str) -> String {
    bench.aws.seed(Seed::ready(region, CLUSTER).never_expires(true).tags([("team", "payments")]))
}

/// 200 resources in two regions.
fn spread(bench: &Bench) -> Vec<Value> {
    let numbered = |region, count| (0..count).map(move |number| (region, number));
    let all = numbered(REGION, 120).chain(numbered(ELSEWHERE, 80));
    all.map(|(region, number)| resource(&format!("{region}-{number}"), &backup(bench, region), region))
        .collect()
}

/// 200 resources in one region, each with a copy in two others.
fn copied(bench: &Bench) -> Vec<Value> {
    let one = |number: usize| {
        let id = backup(bench, REGION);
        let mut resource = resource(&format!("{REGION}-{number}"), &id, REGION);
        let tags = json!({ "team": "recovery" });
        for region in [ELSEWHERE, FURTHER] {
            bench.aws.seed(copy_of(&id, region).tags([("team", "recovery")]));
        }
        resource["spec"]["copies"] = json!([{ "region": ELSEWHERE, "tags": tags }, { "region": FURTHER }]);
        resource
    };
    (0..200).map(one).collect()
}

/// A bench whose resources have all that they ask for, and whom the operator is to the API server.
fn in_sync(resources: impl Fn(&Bench) -> Vec<Value>) -> (Bench, String) {
    let mut bench = Bench::with(Setup { flags: vec!["--poll-interval=3s"], running: false });
    let items = resources(&bench);
    bench.try_apply(&json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()).unwrap();
    // An identity of its own, so that the audit log tells its requests from ours.
    let namespace = bench.namespace.clone();
    bench.kubectl(&["create", "serviceaccount", "operator"]);
    let account = format!("--serviceaccount={namespace}:operator");
    bench.kubectl(&["create", "rolebinding", "operator", "--clusterrole=cluster-admin", &account]);
    let kubeconfig = plane().kubeconfig_for(&namespace, "operator").unwrap();
    bench.restart_with(|start| start.kubeconfig = kubeconfig);
    let all_ready = || {
        let list: Value = serde_json::from_str(&bench.kubectl(&["get", "hsmb", "-o", "json"])).unwrap();
        let items = list["items"].as_array().unwrap();
        items.len() == 200 && items.iter().all(|object| is_ready(object, true, "InSync"))
    };
    assert!(within(Duration::from_mins(1), all_ready), "{}", bench.log());
    (bench, format!("system:serviceaccount:{namespace}:operator"))
}

/// The requests of `user` that write.
fn writes(user: &str) -> Vec<String> {
    let events = plane().audit_events().unwrap().into_iter();
    let own = events.filter(|event| event["user"]["username"] == user);
    let writes = own.filter(|event| !["get", "list", "watch"].contains(&event["verb"].as_str().unwrap()));
    writes.map(|event| format!("{} {}", event["verb"], event["requestURI"])).collect()
}

/// The calls to one region, a listing each: its pages so far, whether it came to an end or not.
fn listings(calls: &[Call], region: &str) -> Vec<usize> {
    let mut listings = Vec::new();
    for call in calls.iter().filter(|call| call.region == region) {
        if call.page_token {
            *listings.last_mut().expect("a listing begins with its first page") += 1;
        } else {
            listings.push(1);
        }
    }
    listings
}

/// Over three polls each region is listed in so many pages a time, and nothing else is read or written.
fn expect_rest(bench: &Bench, user: &str, regions: &[(&str, usize)]) {
    let listed = |times: usize| {
        let calls = bench.aws.calls();
        regions.iter().all(|(region, pages)| {
            let listings = listings(&calls, region);
            listings.len() >= times && listings.last() == Some(pages)
        })
    };
    // Between two polls, so that no listing is cut in two.
    bench.aws.clear_calls();
    assert!(within(Duration::from_secs(20), || listed(1)), "{}", bench.log());
    bench.aws.clear_calls();
    let (before, log) = (writes(user).len(), bench.log());
    let begun = Instant::now();
    assert!(before >= 200, "each status was written: {before}");
    assert!(within(Duration::from_secs(30), || listed(3)), "{}", bench.log());
    assert!(begun.elapsed() > Duration::from_secs(5), "three polls 3 s apart");
    let calls = bench.aws.calls();
    for (region, pages) in regions {
        let listings = listings(&calls, region);
        assert!(
            listings.len() <= 4 && listings.iter().all(|listing| listing == pages),
            "{region}: {listings:?}"
        );
    }
    for call in &calls {
        assert_eq!(call.operation, "DescribeBackups", "{call:?}");
        assert!(call.backup_ids.is_empty() && call.filters.is_empty(), "{call:?}");
        assert!(regions.iter().any(|(region, _)| *region == call.region), "{call:?}");
    }
    let after = writes(user);
    assert_eq!(after.len(), before, "{:?}", &after[before..]);
    assert!(bench.events().is_empty(), "{:?}", bench.events());
    assert_eq!(bench.log().strip_prefix(&log), Some(""), "and nothing is logged");
}

#[test]
fn two_hundred_resources_in_sync_cost_no_write_and_one_listing_a_poll_and_region() {
    let (bench, user) = in_sync(spread);
    expect_rest(&bench, &user, &[(REGION, 3), (ELSEWHERE, 2)]);
    // All the same they are awake.
    let name = format!("{REGION}-7");
    let id = bench.object(&name)["spec"]["backupId"].as_str().unwrap().to_owned();
    bench.aws.set_never_expires(REGION, &id, false).unwrap();
    bench.until_backup(&id, "its flag back", |backup| backup.never_expires == Some(true));
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
}

#[test]
fn two_hundred_resources_with_two_copies_each_cost_no_more_than_the_listings_of_their_regions() {
    let (bench, user) = in_sync(copied);
    bench.expect_untouched();
    expect_rest(&bench, &user, &[(REGION, 4), (ELSEWHERE, 4), (FURTHER, 4)]);
    // All the same they are awake.
    let object = bench.object(&format!("{REGION}-7"));
    assert_eq!(object["status"]["copiesReady"], "2/2");
    let copy = entry(&object, FURTHER)["backupId"].as_str().unwrap();
    bench.aws.delete_backup(FURTHER, copy).unwrap();
    until_copy(&bench, FURTHER, copy, BackupState::Ready);
    assert_eq!(bench.mutations(), ["RestoreBackup"]);
}
