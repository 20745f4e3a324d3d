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

/// Gives every family a member.
fn touch_all(metrics: &Metrics) {
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::from_millis(80));
    metrics.change("DeleteBackup", "eu-west-1", "accepted");
    metrics.deletions_in_hour(3);
    metrics.inventory_disappearance("eu-west-1");
    metrics.scanned("eu-west-1", Timestamp::from_millisecond(1_700_000_000_500).unwrap());
    metrics.reconcile("ok", Duration::from_millis(2));
    metrics.resource_changed(None, Some("InSync"));
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
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::from_millis(80));
    metrics.aws_call("DescribeBackups", "eu-west-1", "ok", Duration::from_secs(3));
    metrics.aws_call("DescribeBackups", "eu-west-1", "Throttled", Duration::from_millis(10));
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
fn resources_are_counted_by_the_reason_that_they_have_now() {
    let metrics = metrics();
    metrics.resource_changed(None, Some("Applying"));
    metrics.resource_changed(None, Some("InSync"));
    metrics.resource_changed(Some("Applying"), Some("InSync"));
    assert_sample(&metrics, r#"resources{reason="Applying"}"#, "0");
    assert_sample(&metrics, r#"resources{reason="InSync"}"#, "2");
    metrics.resource_changed(Some("InSync"), None);
    assert_sample(&metrics, r#"resources{reason="InSync"}"#, "1");
}

#[test]
fn a_region_that_is_no_longer_listed_has_no_time() {
    let metrics = metrics();
    let name = r#"last_scan_timestamp_seconds{region="eu-west-1"}"#;
    metrics.scanned("eu-west-1", Timestamp::from_millisecond(1_700_000_000_500).unwrap());
    assert_sample(&metrics, name, "1700000000.5");
    metrics.forget_region("eu-west-1");
    assert_eq!(sample(&metrics, &format!("cloudhsm_backup_operator_{name}")), None);
}

#[test]
fn clones_share_their_counts() {
    let metrics = metrics();
    metrics.clone().status_write("conflict");
    assert_sample(&metrics, r#"status_writes_total{outcome="conflict"}"#, "1");
}
