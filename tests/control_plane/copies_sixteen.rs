//! As many copies as a backup may have, each told by itself (P7).

use std::collections::BTreeSet;

use emulator::{Call, Seed};
use serde_json::{Value, json};

use crate::{
    copies_support::{bench, told},
    support::{CLUSTER, REGION, condition},
};

const REGIONS: [&str; 16] = [
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-2",
    "eu-west-3",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-northeast-1",
    "sa-east-1",
];

#[test]
fn sixteen_copies_are_made_once_each_with_sixteen_events() {
    let mut bench = bench();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let list: Vec<_> = REGIONS.iter().map(|region| json!({ "region": region })).collect();
    bench.declare("main", &id, &format!("copies: {}", json!(list)));
    // One call at a time: that takes its while.
    for ready in [8, 16] {
        let there = |object: &Value| {
            let copies = object["status"]["copies"].as_array().into_iter().flatten();
            copies.filter(|copy| copy["backupState"] == "READY").count() >= ready
        };
        bench.until("main", &format!("{ready} copies"), there);
    }
    let object = bench.until_ready("main", true, "InSync");
    assert_eq!(object["status"]["copiesReady"], "16/16");
    assert_eq!(condition(&object, "CopiesReady")["status"], "True");
    let table = bench.kubectl(&["get", "hsmb", "main"]);
    assert!(table.contains("16/16"), "{table}");
    bench.meanwhile(3);
    let calls = bench.calls("CopyBackupToRegion");
    assert_eq!(bench.mutations().len(), 16);
    let asked: BTreeSet<_> = calls.iter().filter_map(|call| call.destination.as_deref()).collect();
    assert_eq!(asked, REGIONS.into());
    let notes = told(&bench, "CopyRequested");
    assert_eq!((notes.len(), bench.events().len()), (16, 16), "{notes:?}");
    let words = |call: &Call| {
        let to = call.destination.clone().unwrap();
        [id.clone(), REGION.to_owned(), to, call.request_id.clone()]
    };
    for call in &calls {
        let [.., to, _] = &words(call);
        assert_eq!(bench.aws.copies_made(REGION, &id, to).len(), 1);
        let of_call = |note: &&String| words(call).iter().all(|word| note.contains(word));
        assert_eq!(notes.iter().filter(of_call).count(), 1, "{:?} in {notes:?}", words(call));
    }
    let (_, metrics) = bench.operator().get("/metrics").unwrap();
    let labels = format!("operation=\"CopyBackupToRegion\",region=\"{REGION}\",outcome=\"accepted\"");
    let sample = format!("cloudhsm_backup_operator_changes_total{{{labels}}} 16\n");
    assert!(metrics.contains(&sample), "{sample} in {metrics}");
    let log = bench.log();
    for call in &calls {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&call.request_id)).collect();
        let [line] = lines[..] else { panic!("{call:?} in {lines:?}") };
        for word in words(call) {
            assert!(line.contains(&word), "{word} in {line}");
        }
    }
}
