//! Owns the look of a `CloudHsmBackup` from outside: manifests that people write, conditions that they read.

use serde_json::Value;

/// A manifest with these lines as its spec.
pub fn manifest(name: &str, spec: &str) -> String {
    let spec = spec.lines().map(|line| format!("  {line}\n")).collect::<Vec<_>>().concat();
    format!(
        "apiVersion: cloudhsm-backup.dev/v1alpha1\nkind: CloudHsmBackup\nmetadata: {{name: {name}}}\nspec:\n{spec}"
    )
}

/// One condition of a resource, or null.
pub fn condition<'a>(object: &'a Value, type_: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions.and_then(|all| all.iter().find(|one| one["type"] == type_)).unwrap_or(&Value::Null)
}

/// The message of a condition; empty when there is none.
pub fn message<'a>(object: &'a Value, type_: &str) -> &'a str {
    condition(object, type_)["message"].as_str().unwrap_or_default()
}

/// Whether condition Ready is so, for the current generation.
pub fn is_ready(object: &Value, status: bool, reason: &str) -> bool {
    let ready = condition(object, "Ready");
    ready["status"] == if status { "True" } else { "False" }
        && ready["reason"] == reason
        && ready["observedGeneration"] == object["metadata"]["generation"]
}
