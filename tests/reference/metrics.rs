//! `docs/reference/metrics.md`.

use std::path::Path;

use cloudhsm_backup_operator::operator::metrics::{Description, FAMILIES, Kind};

const HEADER: &str = "\
<!-- Generated; do not edit. The families are written in src/operator/metrics/families.rs.
     To write it anew: UPDATE=1 cargo test --test reference -->
# Metrics

Served at `/metrics` (`--metrics-addr`, port 8080) in the OpenMetrics text format. Nothing here names a resource, a backup or an
account.

A gauge goes when its object goes: when the last resource with a condition is deleted, the last copy in a region is no longer
wanted, or a region is no longer named by any resource and so no longer listed. A counter stays until the process ends. What is told
of resources comes from their status and is right as soon as the operator has listed them, also after a restart and on a standby;
what is told of backups and listings comes from AWS and is there after the first listing of a region.
";

const LABELS: &str = "
## Labels

| Label | Values |
|---|---|
| `operation` | the operation of the AWS API, such as `DescribeBackups` or `CopyBackupToRegion` |
| `region` | the AWS region that was called; of copies the region they are in |
| `state` | the state that AWS reports: `CREATE_IN_PROGRESS`, `READY`, `PENDING_DELETION`, `DELETED` or `other` |
| `condition`, `status` | type and status of a condition of the resource |
| `reason` | the reason of the condition, or `other` for one that this version does not know |
| `outcome` | as told for each metric; the classes of failures are those of the log field `class` |
| `version` | the version that runs |
";

fn row(family: &Description) -> String {
    let Description { name, kind, help, labels } = family;
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
    format!("| `{name}` | {kind} | {} | {help} |\n", labels.join(", "))
}

fn page() -> String {
    let rows: Vec<_> = FAMILIES.iter().map(row).collect();
    format!("{HEADER}\n| Name | Kind | Labels | Meaning |\n|---|---|---|---|\n{}{LABELS}", rows.concat())
}

#[test]
fn every_metric_is_documented_as_it_is_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/metrics.md");
    testbed::expect_current(&path, &page(), "cargo test --test reference");
}

#[test]
fn every_label_is_explained() {
    for label in FAMILIES.iter().flat_map(|family| family.labels) {
        assert!(LABELS.contains(&format!("`{label}`")), "{label}");
    }
}
