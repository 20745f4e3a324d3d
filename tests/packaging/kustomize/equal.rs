//! What Helm and kustomize make is the same, but for what only one of them can say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{helm, kustomize};

/// A value set of the chart, and the kustomization that makes the same.
const PAIRS: [(&str, &str); 5] = [
    ("default", "deploy/kustomize/overlays/high-availability"),
    ("single", "deploy/kustomize/base"),
    ("namespaced", "deploy/kustomize/overlays/namespaced"),
    ("monitoring", "deploy/kustomize/overlays/monitoring"),
    ("network-policy", "tests/packaging/kustomizations/network-policy"),
];

/// What may differ. Labels and annotations that Helm's charts carry by custom: kustomize knows no
/// release that they could name.
const OF_HELM: [&str; 5] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "helm.sh/resource-policy",
];

/// Kinds that only kustomize makes. Helm makes the namespace by itself (`--create-namespace`).
const OF_KUSTOMIZE: [&str; 1] = ["Namespace"];

/// The same without what may differ, and without maps that are empty then.
fn normalised(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !OF_HELM.contains(&name.as_str()));
            let kept = kept.map(|(name, value)| (name.clone(), normalised(value)));
            let emptied =
                |name: &str, value: &Value| matches!(name, "annotations" | "labels") && value == &json!({});
            Value::Object(kept.filter(|(name, value)| !emptied(name, value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(normalised).collect()),
        value => value.clone(),
    }
}

/// Objects by kind, namespace and name.
fn by_name(rendered: &str) -> BTreeMap<String, Value> {
    let objects = helm::objects(rendered);
    let count = objects.len();
    let named: BTreeMap<_, _> = objects
        .into_iter()
        .map(|object| {
            let metadata = &object["metadata"];
            let place = metadata["namespace"].as_str().unwrap_or("-");
            let name = format!("{} {place}/{}", object["kind"], metadata["name"]).replace('"', "");
            (name, normalised(&object))
        })
        .collect();
    assert_eq!(named.len(), count, "an object is there twice");
    named
}

#[test]
fn helm_and_kustomize_make_the_same() {
    for (set, folder) in PAIRS {
        let of_helm = by_name(&helm::rendered(set));
        let mut of_kustomize = by_name(&kustomize::rendered(folder));
        of_kustomize.retain(|_, object| !OF_KUSTOMIZE.iter().any(|kind| object["kind"] == *kind));
        let names = |objects: &BTreeMap<String, Value>| objects.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&of_helm), names(&of_kustomize), "{set} and {folder}");
        for (name, object) in &of_helm {
            let other = &of_kustomize[name];
            assert!(object == other, "{name} of {set} and {folder}:\n{object:#}\n{other:#}");
        }
    }
}

#[test]
fn each_of_the_allowed_differences_is_there() {
    let (helm, kustomize) = (helm::rendered("default"), kustomize::rendered("deploy/kustomize/base"));
    for name in OF_HELM {
        assert!(helm.contains(name) && !kustomize.contains(name), "{name} is no difference");
    }
    for kind in OF_KUSTOMIZE {
        let kind = format!("\nkind: {kind}\n");
        assert!(kustomize.contains(&kind) && !helm.contains(&kind), "{kind}");
    }
}
