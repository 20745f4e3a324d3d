//! When AWS matches the spec, nothing is written and nothing but the polls is read (P6).

use std::time::{Duration, Instant};

use emulator::{Call, Seed};
use serde_json::{Value, json};

use crate::{
    solo::within,
    support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, is_ready, plane},
};

/// Backups of each region, and the pages that a listing of them has.
const REGIONS: [(&str, usize, usize); 2] = [(REGION, 120, 3), (ELSEWHERE, 80, 2)];

fn resource(name: &str, id: &str, region: &str) -> Value {
    json!({
        "apiVersion": "cloudhsm-backup.dev/v1alpha1",
        "kind": "CloudHsmBackup",
        "metadata": { "name": name },
        "spec": { "backupId": id, "region": region, "neverExpires": true, "tags": { "team": "payments" } },
    })
}

/// 200 resources whose backups are as they ask.
fn in_sync() -> (Bench, String) {
    let mut bench = Bench::with(Setup { flags: vec!["--poll-interval=3s"], running: false });
    let mut items = Vec::new();
    for (region, count, _) in REGIONS {
        for number in 0..count {
            let seed = Seed::ready(region, CLUSTER).never_expires(true).tags([("team", "payments")]);
            items.push(resource(&format!("{region}-{number}"), &bench.aws.seed(seed), region));
        }
    }
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

#[test]
fn two_hundred_resources_in_sync_cost_no_write_and_one_listing_a_poll_and_region() {
    let (bench, user) = in_sync();
    let listed = |times: usize| {
        let calls = bench.aws.calls();
        REGIONS.iter().all(|(region, _, pages)| {
            let listings = listings(&calls, region);
            listings.len() >= times && listings.last() == Some(pages)
        })
    };
    // Between two polls, so that no listing is cut in two.
    bench.aws.clear_calls();
    assert!(within(Duration::from_secs(20), || listed(1)), "{}", bench.log());
    bench.aws.clear_calls();
    let before = writes(&user).len();
    let begun = Instant::now();
    assert!(before >= 200, "each status was written: {before}");
    assert!(within(Duration::from_secs(30), || listed(3)), "{}", bench.log());
    assert!(begun.elapsed() > Duration::from_secs(5), "three polls 3 s apart");
    let calls = bench.aws.calls();
    for (region, _, pages) in REGIONS {
        let listings = listings(&calls, region);
        assert!(
            listings.len() <= 4 && listings.iter().all(|listing| *listing == pages),
            "{region}: {listings:?}"
        );
    }
    for call in &calls {
        assert_eq!(call.operation, "DescribeBackups", "{call:?}");
        assert!(call.backup_ids.is_empty() && call.filters.is_empty(), "{call:?}");
    }
    let after = writes(&user);
    assert_eq!(after.len(), before, "{:?}", &after[before..]);
    assert!(bench.events().is_empty(), "{:?}", bench.events());
    // All the same they are awake.
    let name = format!("{REGION}-7");
    let id = bench.object(&name)["spec"]["backupId"].as_str().unwrap().to_owned();
    bench.aws.set_never_expires(REGION, &id, false).unwrap();
    bench.until_backup(&id, "its flag back", |backup| backup.never_expires == Some(true));
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
}
