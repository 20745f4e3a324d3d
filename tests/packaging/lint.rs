//! What the linters of the field, and the API server itself, say of everything that is rendered.

mod accepted;
mod schemas;
mod score;

use std::sync::OnceLock;

use serde_json::Value;

use crate::{
    helm::{self, VALUE_SETS, chart, helm, objects, value_set},
    kustomize::{self, KUSTOMIZATIONS},
    support::read,
};

/// One text of manifests.
struct Rendered {
    /// The value set or the folder it is of.
    name: String,
    text: String,
}

impl Rendered {
    fn objects(&self) -> Vec<Value> {
        objects(&self.text)
    }
}

/// Everything that somebody may install.
fn all() -> &'static [Rendered] {
    static ALL: OnceLock<Vec<Rendered>> = OnceLock::new();
    ALL.get_or_init(render)
}

fn render() -> Vec<Rendered> {
    let of_helm =
        VALUE_SETS.iter().map(|set| Rendered { name: format!("values {set}"), text: helm::rendered(set) });
    let of_kustomize = KUSTOMIZATIONS
        .iter()
        .map(|folder| Rendered { name: (*folder).to_owned(), text: kustomize::rendered(folder) });
    let install = Rendered { name: "install.yaml".to_owned(), text: read("deploy/install.yaml") };
    of_helm.chain(of_kustomize).chain([install]).collect()
}

#[test]
fn helm_lint_has_nothing_to_say() {
    for set in VALUE_SETS {
        let (chart, values) = (chart().display().to_string(), value_set(set).display().to_string());
        let output = helm(&["lint", "--strict", "--quiet", &chart, "--values", &values]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            output.status.success() && !said.contains("[WARNING]") && !said.contains("[ERROR]"),
            "{set}: {said}"
        );
    }
}
