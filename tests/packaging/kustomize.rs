//! The kustomizations, and that they make what the chart makes.

mod equal;
pub mod generated;
mod life;
mod rendered;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::support::{plane, root};

/// The folders that are rendered: what ships, and what users put together of it.
pub const KUSTOMIZATIONS: [&str; 6] = [
    "deploy/kustomize/base",
    "deploy/kustomize/overlays/high-availability",
    "deploy/kustomize/overlays/namespaced",
    "deploy/kustomize/overlays/monitoring",
    "tests/packaging/kustomizations/network-policy",
    "tests/packaging/kustomizations/everything",
];

/// `kubectl kustomize` of a folder of the project. Rendered once: many tests look at it.
pub fn rendered(folder: &str) -> String {
    static RENDERED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut all = RENDERED.lock().unwrap_or_else(PoisonError::into_inner);
    let render = || plane().kubectl_ok(&["kustomize", &root().join(folder).display().to_string()]).unwrap();
    all.entry(folder.to_owned()).or_insert_with(render).clone()
}
