//! The dashboard: only metrics that exist.

use std::collections::BTreeSet;

use cloudhsm_backup_operator::operator::metrics::FAMILIES;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    alerts::{promql, promtool},
    support::read,
};

/// The last schema of dashboards that are one JSON object (Grafana 12); older versions of Grafana read it too.
const SCHEMA: u64 = 42;
/// The width of the grid.
const COLUMNS: u64 = 24;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dashboard {
    uid: String,
    title: String,
    schema_version: u64,
    id: Value,
    templating: Templating,
    panels: Vec<Panel>,
}

#[derive(Deserialize)]
struct Templating {
    list: Vec<Variable>,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    datasource: Value,
    #[serde(default)]
    definition: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Panel {
    id: u64,
    #[serde(rename = "type")]
    kind: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    datasource: Value,
    grid_pos: Place,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Place {
    x: u64,
    y: u64,
    w: u64,
    h: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    ref_id: String,
    datasource: Value,
    expr: String,
}

impl Place {
    fn overlaps(&self, other: &Self) -> bool {
        let apart = |a: u64, length: u64, b: u64| a + length <= b;
        !(apart(self.x, self.w, other.x)
            || apart(other.x, other.w, self.x)
            || apart(self.y, self.h, other.y)
            || apart(other.y, other.h, self.y))
    }
}

fn dashboard() -> Dashboard {
    serde_json::from_str(&read("deploy/monitoring/dashboard.json")).unwrap()
}

/// Every query, with the title of its panel.
fn queries() -> Vec<(String, String)> {
    let of_panel =
        |panel: Panel| panel.targets.into_iter().map(move |target| (panel.title.clone(), target.expr));
    dashboard().panels.into_iter().flat_map(of_panel).collect()
}

#[test]
fn the_dashboard_is_one_that_can_be_imported_anywhere() {
    let dashboard = dashboard();
    assert_eq!(dashboard.uid, "cloudhsm-backup-operator");
    assert!(!dashboard.title.is_empty());
    assert_eq!(dashboard.schema_version, SCHEMA);
    assert!(dashboard.id.is_null(), "the id is that of one Grafana's database");
    let variables: Vec<_> =
        dashboard.templating.list.iter().map(|v| (v.name.as_str(), v.kind.as_str())).collect();
    assert_eq!(variables, [("datasource", "datasource"), ("namespace", "query"), ("job", "query")]);
    let queried = dashboard.templating.list.iter().filter(|variable| variable.kind == "query");
    let panels = || dashboard.panels.iter().filter(|panel| panel.kind != "row");
    let targets = panels().flat_map(|panel| &panel.targets).map(|target| &target.datasource);
    let sources = queried.map(|variable| &variable.datasource);
    for source in sources.chain(panels().map(|panel| &panel.datasource)).chain(targets) {
        assert_eq!(source["uid"], "${datasource}");
    }
}

#[test]
fn every_panel_has_a_place_a_name_and_a_word_of_explanation() {
    let panels = dashboard().panels;
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel.id).collect();
    let titles: BTreeSet<_> = panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!((ids.len(), titles.len()), (panels.len(), panels.len()), "ids and titles are unique");
    for (n, panel) in panels.iter().enumerate() {
        let Panel { title, grid_pos, .. } = panel;
        assert!(!title.is_empty() && grid_pos.h > 0 && grid_pos.w > 0, "{title}");
        assert!(grid_pos.x + grid_pos.w <= COLUMNS, "{title} leaves the grid");
        for other in &panels[n + 1..] {
            assert!(!grid_pos.overlaps(&other.grid_pos), "{title} and {} overlap", other.title);
        }
        if panel.kind == "row" {
            continue;
        }
        assert!(panel.description.ends_with('.'), "{title} is not explained");
        let refs: BTreeSet<_> = panel.targets.iter().map(|target| &target.ref_id).collect();
        assert!(!refs.is_empty() && refs.len() == panel.targets.len(), "{title}");
    }
    let rows: Vec<_> =
        panels.iter().filter(|panel| panel.kind == "row").map(|panel| panel.title.as_str()).collect();
    assert_eq!(rows, ["What needs a person", "Backups and copies", "Deletions", "AWS", "The operator"]);
}

#[test]
fn the_dashboard_names_only_what_the_operator_serves() {
    let variables = dashboard().templating.list.into_iter().map(|v| (v.name, v.definition));
    for (title, expr) in queries().into_iter().chain(variables) {
        assert_eq!(promql::complaints(&expr), [""; 0], "{title}");
    }
}

#[test]
fn every_query_is_about_the_chosen_installation() {
    for (title, expr) in queries() {
        for selector in promql::selectors(&expr) {
            for label in ["namespace", "job"] {
                let chosen = |m: &&promql::Matcher| m.label == label && m.value == format!("${label}");
                assert!(selector.matchers.iter().any(|m| chosen(&m)), "{title}: any {label}");
            }
        }
    }
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let exprs: String = queries().into_iter().map(|(_, expr)| expr + "\n").collect();
    for family in FAMILIES {
        assert!(exprs.contains(family.name), "nothing shows {}", family.name);
    }
}

#[test]
fn prometheus_can_read_every_query() {
    let written = |expr: String| expr.replace("$__rate_interval", "5m").replace(['$', '\n'], "");
    let rules = queries().into_iter().enumerate().map(|(n, (title, expr))| {
        serde_json::json!({"record": format!("panel_{n}"), "expr": written(expr), "labels": {"title": title}})
    });
    let group = serde_json::json!({"groups": [{"name": "dashboard", "rules": rules.collect::<Vec<_>>()}]});
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), group.to_string()).unwrap();
    promtool(&["check", "rules", "--lint-fatal", file.path().to_str().unwrap()]);
}
