//! What AWS would have to be out of its mind to answer: it becomes unknown, and the status can still be written.

use emulator::Seed;

use crate::support::{Bench, CLUSTER, REGION};

#[test]
fn a_backup_of_an_absurd_time_is_managed_like_any_other() {
    let bench = Bench::new();
    // The API server takes no year below zero, and would refuse the whole status.
    for (name, time) in [("ancient", "-000009-01-01T00:00:00Z"), ("old", "1971-01-01T00:00:00Z")] {
        let mut seed = Seed::ready(REGION, CLUSTER);
        seed.create_timestamp = Some(time.parse().unwrap());
        bench.declare(name, &bench.aws.seed(seed), "neverExpires: true");
        let object = bench.until_ready(name, true, "InSync");
        let shown = object["status"]["createTimestamp"].as_str();
        assert_eq!(shown, Some(time).filter(|time| !time.starts_with('-')), "{object:#}");
    }
}
