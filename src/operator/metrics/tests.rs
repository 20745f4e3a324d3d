use super::*;

fn metrics() -> Metrics {
    Metrics::new("1.2.3")
}

/// The value of a sample, named as the exposition does.
fn sample(metrics: &Metrics, name: &str) -> Option<String> {
    let exposition = metrics.encode();
    exposition.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))
}

fn assert_sample(metrics: &Metrics, name: &str, value: &str) {
    let name = format!("cloudhsm_backup_operator_{name}");
    assert_eq!(sample(metrics, &name).as_deref(), Some(value), "{name} in\n{}", metrics.encode());
}

fn assert_absent(metrics: &Metrics, name: &str) {
    assert_eq!(sample(metrics, &format!("cloudhsm_backup_operator_{name}")), None, "{name}");
}

/// Gives every family a member.
fn touch_all(metrics: &Metrics) {
    metrics.resources("Ready", "True", "InSync", 1);
    metrics.backups("eu-west-1", &BTreeMap::new());
    metrics.copies("eu-west-1", 1, 0);
    metrics.pending_deletions("eu-west-1", 1);
    metrics.next_purge(Some(Timestamp::UNIX_EPOCH));
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::from_millis(80), 0);
    metrics.change("DeleteBackup", "eu-west-1", "accepted");
    metrics.deletions(3, 10);
    metrics.inventory_disappearance("eu-west-1");
    metrics.scanned("eu-west-1", Timestamp::from_millisecond(1_700_000_000_500).unwrap());
    metrics.reconcile("ok", Duration::from_millis(2));
    metrics.status_write("written");
    metrics.event_refused();
}

#[test]
fn every_family_shows_as_it_is_described() {
    let metrics = metrics();
    touch_all(&metrics);
    let exposition = metrics.encode();
    for family in FAMILIES {
        let Description { name, kind, help, labels } = *family;
        let (kind, suffix) = match kind {
            Kind::Counter => ("counter", ""),
            Kind::Gauge => ("gauge", ""),
            Kind::Histogram => ("histogram", "_count"),
        };
        let base = name.strip_suffix("_total").unwrap_or(name);
        assert!(exposition.contains(&format!("# HELP {base} {help}.\n# TYPE {base} {kind}\n")), "{name}");
        let line = exposition.lines().find(|line| line.starts_with(&format!("{name}{suffix}{{"))).unwrap();
        let shown =
            line.split(['{', ',', '}']).filter_map(|part| part.split_once("=\"")).map(|(label, _)| label);
        assert_eq!(shown.collect::<Vec<_>>(), labels, "{line}");
    }
}

#[test]
fn every_family_is_described_and_well_named() {
    let metrics = metrics();
    touch_all(&metrics);
    let exposition = metrics.encode();
    assert_eq!(exposition.lines().filter(|line| line.starts_with("# TYPE ")).count(), FAMILIES.len());
    for (at, Description { name, kind, help, .. }) in FAMILIES.iter().enumerate() {
        assert!(name.starts_with("cloudhsm_backup_operator_"), "{name}");
        assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
        assert!(*kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
        assert!(!help.is_empty() && !help.ends_with('.'), "{name}: the encoder ends it with a full stop");
        assert!(FAMILIES.iter().skip(at + 1).all(|other| other.name != *name), "{name} stands twice");
    }
}

#[test]
fn the_exposition_is_whole() {
    assert!(metrics().encode().ends_with("# EOF\n"));
}

#[test]
fn calls_are_counted_by_operation_region_and_outcome() {
    let metrics = metrics();
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::from_millis(80), 0);
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::from_secs(3), 2);
    metrics.aws_call("DescribeBackups", "eu-west-1", "Throttled", Duration::from_millis(10), 3);
    let labels = |outcome: &str| {
        format!(r#"aws_calls_total{{operation="DescribeBackups",region="eu-west-1",outcome="{outcome}"}}"#)
    };
    assert_sample(&metrics, &labels("ok"), "2");
    assert_sample(&metrics, &labels("Throttled"), "1");
    let bucket =
        |le: &str| format!(r#"aws_call_duration_seconds_bucket{{le="{le}",operation="DescribeBackups"}}"#);
    assert_sample(&metrics, &bucket("0.05"), "1");
    assert_sample(&metrics, &bucket("0.1"), "2");
    assert_sample(&metrics, &bucket("+Inf"), "3");
}

#[test]
fn every_change_is_counted_with_its_outcome() {
    let metrics = metrics();
    for outcome in ["accepted", "unknown", "unknown"] {
        metrics.change("DeleteBackup", "eu-west-1", outcome);
    }
    let labels = |outcome: &str| {
        format!(r#"changes_total{{operation="DeleteBackup",region="eu-west-1",outcome="{outcome}"}}"#)
    };
    assert_sample(&metrics, &labels("accepted"), "1");
    assert_sample(&metrics, &labels("unknown"), "2");
}

#[test]
fn what_has_no_labels_reads_zero_from_the_start() {
    let metrics = metrics();
    assert_sample(&metrics, "events_refused_total{}", "0");
    assert_sample(&metrics, "deletions_in_hour{}", "0");
    assert_sample(&metrics, "reconcile_duration_seconds_count{}", "0");
    assert_sample(&metrics, r#"build_info{version="1.2.3"}"#, "1");
}

#[test]
fn throttled_attempts_are_counted_also_when_the_call_succeeded() {
    let metrics = metrics();
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::ZERO, 0);
    assert_sample(&metrics, r#"aws_throttles_total{region="eu-west-1"}"#, "0");
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::ZERO, 2);
    metrics.aws_call("DeleteBackup", "eu-west-1", "Throttled", Duration::ZERO, 1);
    assert_sample(&metrics, r#"aws_throttles_total{region="eu-west-1"}"#, "3");
}

#[test]
fn a_sum_over_resources_goes_when_nothing_is_left_of_it() {
    let metrics = metrics();
    let ready = r#"resources{condition="Ready",status="True",reason="InSync"}"#;
    metrics.resources("Ready", "True", "InSync", 2);
    assert_sample(&metrics, ready, "2");
    metrics.resources("Ready", "True", "InSync", 0);
    assert_absent(&metrics, ready);
    metrics.pending_deletions("eu-west-1", 1);
    metrics.next_purge(Some("2026-11-28T10:00:00.5Z".parse().unwrap()));
    assert_sample(&metrics, r#"pending_deletions{region="eu-west-1"}"#, "1");
    assert_sample(&metrics, "next_purge_timestamp_seconds{}", "1795860000.5");
    metrics.pending_deletions("eu-west-1", 0);
    metrics.next_purge(None);
    assert_absent(&metrics, r#"pending_deletions{region="eu-west-1"}"#);
    assert_absent(&metrics, "next_purge_timestamp_seconds{}");
}

#[test]
fn where_no_wanted_copy_is_there_it_says_0_and_where_none_is_wanted_nothing() {
    let metrics = metrics();
    let [wanted, ready] = ["wanted", "ready"].map(|which| format!(r#"copies_{which}{{region="eu-west-1"}}"#));
    for (counts, shown) in [((3, 0), ("3", "0")), ((3, 2), ("3", "2")), ((1, 0), ("1", "0"))] {
        metrics.copies("eu-west-1", counts.0, counts.1);
        assert_sample(&metrics, &wanted, shown.0);
        assert_sample(&metrics, &ready, shown.1);
    }
    metrics.copies("eu-west-1", 0, 0);
    assert_absent(&metrics, &wanted);
    assert_absent(&metrics, &ready);
}

#[test]
fn held_deletions_read_zero_from_the_start_and_again_when_none_is_held() {
    let metrics = metrics();
    for reason in ["DeletionHeld", "NeverExpires", "LastBackup"] {
        let name = format!(r#"deletions_held{{reason="{reason}"}}"#);
        assert_sample(&metrics, &name, "0");
        metrics.deletions_held(reason, 2);
        assert_sample(&metrics, &name, "2");
        metrics.deletions_held(reason, 0);
        assert_sample(&metrics, &name, "0");
    }
}

#[test]
fn deletions_left_are_never_fewer_than_none() {
    let metrics = metrics();
    assert_absent(&metrics, "deletions_left_in_hour{}");
    for (used, left) in [(0, "2"), (2, "0"), (3, "0")] {
        metrics.deletions(used, 2);
        assert_sample(&metrics, "deletions_in_hour{}", &used.to_string());
        assert_sample(&metrics, "deletions_left_in_hour{}", left);
    }
    metrics.forget_deletions();
    assert_sample(&metrics, "deletions_in_hour{}", "0");
    assert_absent(&metrics, "deletions_left_in_hour{}");
}

#[test]
fn failed_listings_are_counted_until_one_is_complete() {
    let metrics = metrics();
    let name = r#"scan_failures{region="eu-west-1"}"#;
    metrics.scan_failed("eu-west-1", 2);
    assert_sample(&metrics, name, "2");
    assert_absent(&metrics, r#"last_scan_timestamp_seconds{region="eu-west-1"}"#);
    metrics.scanned("eu-west-1", Timestamp::UNIX_EPOCH);
    assert_sample(&metrics, name, "0");
}

#[test]
fn a_region_that_is_no_longer_listed_has_no_gauge() {
    let metrics = metrics();
    let others = r#"region="eu-central-1""#;
    for region in ["eu-west-1", "eu-central-1"] {
        metrics.scanned(region, Timestamp::from_millisecond(1_700_000_000_500).unwrap());
        metrics.scan_failed(region, 1);
        metrics.backups(region, &BTreeMap::from([("READY", 4), ("other", 1)]));
    }
    assert_sample(&metrics, r#"last_scan_timestamp_seconds{region="eu-west-1"}"#, "1700000000.5");
    for (state, count) in [("READY", "4"), ("other", "1"), ("DELETED", "0")] {
        assert_sample(&metrics, &format!(r#"backups{{region="eu-west-1",state="{state}"}}"#), count);
    }
    metrics.forget_region("eu-west-1");
    let left = |region: &str| {
        let exposition = metrics.encode();
        let of = exposition.lines().filter(|line| line.contains(region) && !line.contains("_total{"));
        of.count()
    };
    assert_eq!((left(r#"region="eu-west-1""#), left(others)), (0, 7));
}

#[test]
fn clones_share_their_counts() {
    let metrics = metrics();
    metrics.clone().status_write("conflict");
    assert_sample(&metrics, r#"status_writes_total{outcome="conflict"}"#, "1");
}
