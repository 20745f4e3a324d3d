//! `DescribeClusters`: the clusters that were seeded, as AWS shows them.

use emulator::{Caller, Cloud, Cluster, DescribeClusters};
use serde_json::json;

use crate::support::{CLUSTER, Client, HERE, THERE, cloud, emulator, here, with};

fn ids(cloud: &Cloud, request: &DescribeClusters) -> Vec<String> {
    let page = cloud.describe_clusters(&here(), request).unwrap();
    page.clusters.into_iter().map(|cluster| cluster.cluster_id).collect()
}

/// `cluster-aaaaaaaaaaa`, `cluster-bbbbbbbbbbb` and so on.
fn id(letter: char) -> String {
    format!("cluster-{}", letter.to_string().repeat(11))
}

fn three() -> Cloud {
    let mut cloud = cloud();
    cloud.seed_cluster(Cluster::new(HERE, id('a'))).unwrap();
    cloud.seed_cluster(Cluster { vpc_id: Some("vpc-1".to_owned()), ..Cluster::new(HERE, id('b')) }).unwrap();
    cloud.seed_cluster(Cluster::new(HERE, id('c')).deleted()).unwrap();
    cloud.seed_cluster(Cluster::new(THERE, id('d'))).unwrap();
    let foreign = Cluster { account: Some("444455556666".to_owned()), ..Cluster::new(HERE, id('e')) };
    cloud.seed_cluster(foreign).unwrap();
    cloud
}

#[test]
fn each_account_and_region_sees_its_own_clusters() {
    let cloud = three();
    assert_eq!(ids(&cloud, &DescribeClusters::default()), ['a', 'b', 'c'].map(id));
    let foreign = Caller::new("444455556666", HERE);
    let page = cloud.describe_clusters(&foreign, &DescribeClusters::default()).unwrap();
    assert_eq!(page.clusters.len(), 1);
}

#[test]
fn clusters_are_filtered_and_an_unknown_id_is_no_error() {
    let cloud = three();
    let by = |key: &str, values: &[&str]| {
        ids(&cloud, &DescribeClusters::default().filter(key, values.iter().copied()))
    };
    assert_eq!(by("clusterIds", &[&id('b'), &id('z')]), [id('b')]);
    assert_eq!(by("states", &["ACTIVE"]), [id('a'), id('b')]);
    assert_eq!(by("states", &["DELETED", "DEGRADED"]), [id('c')]);
    assert_eq!(by("vpcIds", &["vpc-1"]), [id('b')]);
    for (key, value) in [("clusterId", "x"), ("states", "READY")] {
        let request = DescribeClusters::default().filter(key, [value]);
        assert!(cloud.describe_clusters(&here(), &request).is_err(), "{key} {value}");
    }
    let cloud = cloud.with_knobs(with(|knobs| knobs.reject_unknown_filters = false).knobs().clone());
    assert_eq!(ids(&cloud, &DescribeClusters::default().filter("clusterId", ["x"])).len(), 3);
}

#[test]
fn a_page_holds_twenty_five_clusters_or_as_many_as_are_asked_for() {
    let mut cloud = cloud();
    for first in 'a'..='z' {
        for letter in ['a', 'b'] {
            let cluster = format!("cluster-{first}{}", letter.to_string().repeat(10));
            cloud.seed_cluster(Cluster::new(HERE, cluster)).unwrap();
        }
    }
    let (mut sizes, mut all) = (Vec::new(), Vec::new());
    let mut request = DescribeClusters::default();
    loop {
        let page = cloud.describe_clusters(&here(), &request).unwrap();
        sizes.push(page.clusters.len());
        all.extend(page.clusters.into_iter().map(|cluster| cluster.cluster_id));
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [25, 25, 2]);
    assert!(all.is_sorted());
    let other = DescribeClusters { next_token: request.next_token, ..DescribeClusters::default() };
    let first =
        cloud.describe_clusters(&here(), &DescribeClusters { max_results: Some(2), ..other }).unwrap();
    assert_eq!(first.clusters.len(), 2);
    let filtered = DescribeClusters { next_token: first.next_token, ..DescribeClusters::default() };
    assert!(cloud.describe_clusters(&here(), &filtered.filter("states", ["ACTIVE"])).is_err());
    for max_results in [Some(0), Some(26)] {
        let wrong = DescribeClusters { max_results, ..DescribeClusters::default() };
        assert!(cloud.describe_clusters(&here(), &wrong).is_err(), "{max_results:?}");
    }
}

#[test]
fn a_cluster_has_the_members_that_are_known_of_it() {
    let emulator = emulator();
    let mut cluster = Cluster::new(HERE, CLUSTER).retention_days(30);
    cluster.tags = [("team".to_owned(), "pki".to_owned())].into();
    emulator.seed_cluster(cluster).unwrap();
    let answer = Client::new(&emulator, HERE).call("DescribeClusters", &json!({}));
    let expected = json!({"Clusters": [{
        "BackupPolicy": "DEFAULT",
        "BackupRetentionPolicy": {"Type": "DAYS", "Value": "30"},
        "ClusterId": CLUSTER,
        "Hsms": [],
        "HsmType": "hsm1.medium",
        "State": "ACTIVE",
        "TagList": [{"Key": "team", "Value": "pki"}],
        "Mode": "FIPS",
    }]});
    assert_eq!((answer.status, answer.json()), (200, expected));
}
