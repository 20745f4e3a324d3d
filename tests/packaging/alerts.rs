//! The alerts: what fires when, and that each has its test and its runbook.

pub mod promql;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use plan::reason::{Reason, Stance};
use serde::Deserialize;

use crate::support::{read, root, tool};

const FOLDER: &str = "deploy/monitoring";
const RUNBOOKS: &str = "docs/runbooks";
/// What the chart, or whoever uses the plain file, puts the address of their copy of the runbooks in place of.
const BASE: &str = "https://github.com/example/cloudhsm-backup-operator/blob/main/docs/runbooks";

#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    alert: String,
    expr: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Tests {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(default)]
    alert_rule_test: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    alertname: String,
    exp_alerts: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    exp_labels: BTreeMap<String, String>,
    exp_annotations: BTreeMap<String, String>,
}

fn rules() -> Vec<Rule> {
    let rules: Rules = serde_saphyr::from_str(&read(&format!("{FOLDER}/alerts.yaml"))).unwrap();
    rules.groups.into_iter().flat_map(|group| group.rules).collect()
}

fn cases() -> Vec<Case> {
    let tests: Tests = serde_saphyr::from_str(&read(&format!("{FOLDER}/alerts_test.yaml"))).unwrap();
    tests.tests.into_iter().flat_map(|test| test.alert_rule_test).collect()
}

fn names() -> BTreeSet<String> {
    rules().into_iter().map(|rule| rule.alert).collect()
}

/// Runs promtool where the files are; what it says is the message if it is not content.
pub fn promtool(args: &[&str]) {
    let output = Command::new(tool("promtool")).args(args).current_dir(root().join(FOLDER)).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}

#[test]
fn prometheus_reads_the_alerts() {
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", "alerts.yaml"]);
}

#[test]
fn alerts_fire_when_they_should_and_not_before() {
    promtool(&["test", "rules", "alerts_test.yaml"]);
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() {
    let cases = cases();
    for Rule { alert, labels, .. } in rules() {
        let of_it = || cases.iter().filter(|case| case.alertname == alert);
        let fires = of_it()
            .flat_map(|case| &case.exp_alerts)
            .filter(|expected| expected.exp_labels.get("severity") == labels.get("severity"));
        let told = fires.filter(|expected| expected.exp_annotations.len() == 3).count();
        assert!(told > 0, "{alert} ({}) never fires in a test, with its words", labels["severity"]);
        assert!(of_it().any(|case| case.exp_alerts.is_empty()), "{alert} fires in every test");
    }
}

#[test]
fn every_alert_says_how_bad_it_is_what_is_up_and_where_to_read_on() {
    for Rule { alert, expr, labels, annotations } in rules() {
        assert!(alert.starts_with("CloudHsmBackup"), "{alert}");
        let severity = labels["severity"].as_str();
        assert!(["critical", "warning", "info"].contains(&severity), "{alert}: {severity}");
        assert_eq!(labels.len(), 1, "{alert}");
        let words: Vec<_> = annotations.keys().map(String::as_str).collect();
        assert_eq!(words, ["description", "runbook_url", "summary"], "{alert}");
        assert_eq!(annotations["runbook_url"], format!("{BASE}/{alert}.md"));
        assert!(
            !annotations["summary"].ends_with('.') && annotations["description"].ends_with('.'),
            "{alert}"
        );
        // A label that the expression does not leave would be an empty word.
        let left = promql::groupings(&expr).into_iter().next().map_or_else(Vec::new, |group| group.labels);
        for text in annotations.values() {
            let named = text.split("$labels.").skip(1).filter_map(|rest| rest.split([' ', '}']).next());
            for label in named {
                assert!(left.iter().any(|known| known == label), "{alert} has no label {label}");
            }
        }
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let entries = std::fs::read_dir(root().join(RUNBOOKS)).unwrap();
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: BTreeSet<String> =
        files.filter_map(|file| file.strip_suffix(".md").map(str::to_owned)).collect();
    assert!(pages.remove("README"), "the index is missing");
    assert_eq!(pages, names());

    let index = read(&format!("{RUNBOOKS}/README.md"));
    for name in pages {
        assert!(index.contains(&format!("[{name}]({name}.md)")), "the index lacks {name}");
        let page = read(&format!("{RUNBOOKS}/{name}.md"));
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
        let title = format!("# {name}");
        let wanted = [
            title.as_str(),
            "## What it means",
            "## Impact",
            "## What to look at",
            "## What to do",
            "## When it goes by itself",
        ];
        assert_eq!(headings, wanted, "{name}");
        for Rule { labels, .. } in rules().into_iter().filter(|rule| rule.alert == name) {
            let severity = &labels["severity"];
            assert!(page.contains(&format!("`{severity}`")), "{name} does not say that it is {severity}");
        }
    }
}

#[test]
fn alerts_name_only_what_the_operator_serves() {
    for Rule { alert, expr, .. } in rules() {
        assert_eq!(promql::complaints(&expr), [""; 0], "{alert}");
        assert!(!promql::selectors(&expr).is_empty(), "{alert} is about nothing of ours");
    }
}

/// Reasons without an alert of their own, and why.
const QUIET: [(Reason, &str); 6] = [
    (Reason::Applying, "a step on the way; NotApplied if it leads nowhere"),
    (Reason::CreateInProgress, "AWS takes its time"),
    (Reason::CopyInProgress, "AWS takes its time; CloudHsmBackupCopiesNotReady after hours"),
    (Reason::WaitingForCopies, "CloudHsmBackupCopiesNotReady says what it waits for"),
    (Reason::Throttled, "CloudHsmBackupThrottled looks at the calls"),
    (Reason::Suspended, "somebody wants it so"),
];

/// Those that an alert can be seen to cover, by the condition that carries them.
fn has_an_alert(reason: Reason) -> bool {
    let carriers: &[&str] = match reason.stance() {
        Stance::Stalled => &["Ready", "CopiesReady", "Stalled"],
        Stance::Reconciling => &["Ready", "CopiesReady", "Reconciling"],
        Stance::Settled => &[],
    };
    let alerts = rules().into_iter().filter(|rule| rule.labels["severity"] == "warning");
    let exprs: Vec<String> = alerts.map(|rule| rule.expr).collect();
    exprs.iter().flat_map(|expr| promql::selectors(expr)).any(|selector| {
        let of_resources = selector.metric == "cloudhsm_backup_operator_resources"
            && carriers.iter().any(|condition| selector.admits("condition", condition));
        let of_held = selector.metric == "cloudhsm_backup_operator_deletions_held";
        let of_calls = selector.metric == "cloudhsm_backup_operator_aws_calls_total"
            && selector.admits("outcome", reason.name())
            && !selector.admits("outcome", "ok");
        (of_resources || of_held) && selector.admits("reason", reason.name()) || of_calls
    })
}

#[test]
fn every_reason_that_is_trouble_has_an_alert() {
    let trouble = Reason::ALL.iter().filter(|reason| reason.stance() != Stance::Settled);
    for reason in trouble {
        let quiet = QUIET.iter().any(|(quiet, _)| quiet == reason);
        assert!(quiet || has_an_alert(*reason), "no alert tells of {reason}");
    }
    for settled in [Reason::InSync, Reason::DeletionScheduled, Reason::Deleted] {
        assert!(!has_an_alert(settled), "{settled} is no trouble");
    }
}
