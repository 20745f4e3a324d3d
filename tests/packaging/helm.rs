//! The chart: rendered, refused, installed, upgraded, rolled back and uninstalled.

mod documented;
mod generated;
pub mod life;
mod refused;
mod rendered;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::Value;

use crate::support::{root, stdout, tool};

/// The chart's folder.
pub const CHART: &str = "deploy/helm/cloudhsm-backup-operator";

/// The release and the namespace that the manifests of `deploy/kustomize` are compared with.
pub const RELEASE: &str = "cloudhsm-backup-operator";

/// The value sets: the files in `tests/packaging/values`.
pub const VALUE_SETS: [&str; 7] =
    ["default", "single", "namespaced", "monitoring", "network-policy", "bare", "everything"];

/// The chart's folder, wherever the test runs.
pub fn chart() -> PathBuf {
    root().join(CHART)
}

/// The file of a value set.
pub fn value_set(name: &str) -> PathBuf {
    root().join("tests/packaging/values").join(name).with_extension("yaml")
}

/// Runs helm, untouched by the settings of the person at the keyboard.
pub fn helm(args: &[&str]) -> Output {
    static HELM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(HELM.get_or_init(|| tool("helm")));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HELM_")) {
        command.env_remove(name);
    }
    // Nothing is there: no repository, no plug-in, no cache of another user.
    let nowhere = root().join("target/helm");
    for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(home, &nowhere);
    }
    command.args(args).output().unwrap()
}

/// `helm template` of a chart with further arguments.
pub fn template(chart: &Path, args: &[&str]) -> Output {
    let chart = chart.display().to_string();
    let fixed = ["template", RELEASE, &chart, "--namespace", RELEASE];
    helm(&[fixed.as_slice(), args].concat())
}

/// What the chart makes of a value set. Rendered once: many tests look at it.
pub fn rendered(set: &str) -> String {
    static RENDERED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut all = RENDERED.lock().unwrap_or_else(PoisonError::into_inner);
    let render = || stdout(&template(&chart(), &["--values", &value_set(set).display().to_string()]));
    all.entry(set.to_owned()).or_insert_with(render).clone()
}

/// What the chart makes of these values.
pub fn rendered_with(values: &Value) -> Result<String, String> {
    let folder = testbed::Folder::new("values-").unwrap();
    let file = folder.path().join("values.yaml");
    std::fs::write(&file, values.to_string()).unwrap();
    let output = template(&chart(), &["--values", &file.display().to_string()]);
    if output.status.success() { Ok(stdout(&output)) } else { Err(String::from_utf8(output.stderr).unwrap()) }
}

/// The objects of a text of YAML documents.
pub fn objects(rendered: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(rendered).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// The only object of a kind.
pub fn only(objects: &[Value], kind: &str) -> Value {
    let mut of_kind = objects.iter().filter(|object| object["kind"] == kind);
    let object = of_kind.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(of_kind.next().is_none(), "two of {kind}");
    object.clone()
}
