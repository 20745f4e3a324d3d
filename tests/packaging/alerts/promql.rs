//! As much of `PromQL` as is needed to hold what queries name against what the operator serves.

use std::collections::BTreeSet;

use cloudhsm_backup_operator::{
    api::conditions,
    operator::metrics::{Description, FAMILIES, Kind},
};
use plan::reason::Reason;

const PREFIX: &str = "cloudhsm_backup_operator_";

/// Labels that are not the operator's: Prometheus adds them when it scrapes, and `cluster` where it sees several.
const OF_PROMETHEUS: [&str; 6] = ["cluster", "instance", "job", "le", "namespace", "pod"];

/// One `label op "value"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    pub label: String,
    pub op: String,
    pub value: String,
}

impl Matcher {
    /// Whether a series with this value of the label passes.
    pub fn passes(&self, value: &str) -> bool {
        let is_named = self.values().contains(&value);
        match self.op.as_str() {
            "=" | "=~" => is_named,
            _ => !is_named,
        }
    }

    /// The values it names. The patterns here are lists of words.
    pub fn values(&self) -> Vec<&str> {
        self.value.split('|').collect()
    }
}

/// A metric of the operator and what is asked of its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    pub matchers: Vec<Matcher>,
}

impl Selector {
    /// Whether series with this value of the label pass.
    pub fn admits(&self, label: &str, value: &str) -> bool {
        self.matchers.iter().filter(|matcher| matcher.label == label).all(|matcher| matcher.passes(value))
    }

    fn family(&self) -> Option<&'static Description> {
        FAMILIES.iter().find(|family| {
            let parts: &[&str] =
                if family.kind == Kind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
            parts.iter().any(|part| self.metric == format!("{}{part}", family.name))
        })
    }
}

/// An aggregation `by (labels)` and what it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    pub labels: Vec<String>,
    pub operand: String,
}

/// The metrics of the operator that `expr` names.
pub fn selectors(expr: &str) -> Vec<Selector> {
    let starts = expr.match_indices(PREFIX).map(|(start, _)| start);
    starts.map(|start| selector(&expr[start..])).collect()
}

fn selector(text: &str) -> Selector {
    let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    let (metric, rest) = text.split_at(end);
    let mut matchers = Vec::new();
    if let Some(mut rest) = rest.strip_prefix('{') {
        while let Some((label, after)) = rest.split_once('"') {
            if label.contains('}') {
                break;
            }
            let (value, after) = after.split_once('"').expect("a quoted value ends");
            let label = label.trim_matches([',', ' ', '\n']);
            let (label, op) = label.split_at(label.find(['=', '!']).expect("a matcher has an operator"));
            matchers.push(Matcher { label: label.trim().into(), op: op.trim().into(), value: value.into() });
            rest = after;
        }
    }
    Selector { metric: metric.to_owned(), matchers }
}

/// The aggregations of `expr`, outer ones first. All are written `sum by (labels) (operand)`.
pub fn groupings(expr: &str) -> Vec<Grouping> {
    let after_by = expr.match_indices(" by (").map(|(start, by)| &expr[start + by.len()..]);
    let grouping = |text: &str| {
        let (labels, rest) = text.split_once(')').expect("the labels end");
        let labels = labels.split(',').map(|label| label.trim().to_owned()).collect();
        Grouping { labels, operand: in_brackets(rest.trim_start()).to_owned() }
    };
    after_by.map(grouping).collect()
}

/// What stands between the bracket at the start of `text` and the one that closes it.
fn in_brackets(text: &str) -> &str {
    assert!(text.starts_with('('), "an aggregation is written `sum by (labels) (operand)`: {text}");
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return &text[1..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    panic!("a bracket is not closed: {text}")
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What `expr` names that does not exist: metrics, labels of theirs, reasons and conditions.
pub fn complaints(expr: &str) -> Vec<String> {
    let mut found = Vec::new();
    for selector in selectors(expr) {
        let metric = &selector.metric;
        let Some(family) = selector.family() else {
            found.push(format!("there is no metric {metric}"));
            continue;
        };
        for matcher in &selector.matchers {
            let label = matcher.label.as_str();
            if !family.labels.contains(&label) && !OF_PROMETHEUS.contains(&label) {
                found.push(format!("{metric} has no label {label}"));
            }
            let no_such = |value: &&str| !exists(label, value);
            found.extend(
                matcher.values().into_iter().filter(no_such).map(|value| format!("no {label} is {value}")),
            );
        }
    }
    for Grouping { labels, operand } in groupings(expr) {
        // What is inside another aggregation has only the labels that are left there.
        let inner = groupings(&operand);
        let there: BTreeSet<String> = match inner.first() {
            Some(inner) => inner.labels.iter().cloned().collect(),
            None => labels_of(&operand),
        };
        let missing = labels.iter().filter(|label| !there.contains(*label));
        found.extend(missing.map(|label| format!("nothing in `{operand}` has the label {label}")));
    }
    found
}

/// The labels of the metrics in `expr`, and those of Prometheus.
fn labels_of(expr: &str) -> BTreeSet<String> {
    let families = selectors(expr);
    let own = families.iter().filter_map(Selector::family).flat_map(|family| family.labels);
    // The series that Prometheus makes of its alerts have the labels of all of them.
    let all = FAMILIES.iter().filter(|_| expr.contains("ALERTS")).flat_map(|family| family.labels);
    let of_alerts = ["alertname", "severity"].iter().filter(|_| expr.contains("ALERTS"));
    own.chain(all).chain(of_alerts).chain(&OF_PROMETHEUS).map(|label| (*label).to_owned()).collect()
}

/// Whether a label can have this value, where that is known.
fn exists(label: &str, value: &str) -> bool {
    match label {
        "reason" => Reason::from_name(value).is_some(),
        "condition" => conditions::TYPES.contains(&value),
        "status" => ["True", "False"].contains(&value),
        _ => true,
    }
}

#[test]
fn what_does_not_exist_is_found() {
    let good = "sum by (region) (max by (job, region) (rate(cloudhsm_backup_operator_aws_calls_total{outcome!=\"ok\", job=~\"$job\"}[5m])))";
    assert_eq!(complaints(good), [""; 0]);
    for (expr, complaint) in [
        ("cloudhsm_backup_operator_made_up > 0", "there is no metric cloudhsm_backup_operator_made_up"),
        (
            "cloudhsm_backup_operator_aws_call_duration_seconds > 1",
            "there is no metric cloudhsm_backup_operator_aws_call_duration_seconds",
        ),
        (
            "cloudhsm_backup_operator_build_info{namespace=\"a\", region=\"b\"}",
            "cloudhsm_backup_operator_build_info has no label region",
        ),
        ("cloudhsm_backup_operator_resources{reason=~\"InSync|Broken\"}", "no reason is Broken"),
        ("cloudhsm_backup_operator_resources{condition=\"Healthy\"}", "no condition is Healthy"),
        ("cloudhsm_backup_operator_resources{status=\"true\"}", "no status is true"),
        (
            "max by (job, state) (cloudhsm_backup_operator_last_scan_timestamp_seconds)",
            "nothing in `cloudhsm_backup_operator_last_scan_timestamp_seconds` has the label state",
        ),
        (
            "sum by (region) (max by (job) (cloudhsm_backup_operator_copies_ready))",
            "nothing in `max by (job) (cloudhsm_backup_operator_copies_ready)` has the label region",
        ),
    ] {
        assert_eq!(complaints(expr), [complaint], "{expr}");
    }
}
