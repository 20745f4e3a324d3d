//! What must be in place before the operator can do its work: the CRD, permissions,
//! credentials. Each thing that is wrong is said in one line that says what to do, at start
//! and again when it changes; meanwhile the process lives and is not ready.

use std::{collections::BTreeSet, time::Duration};

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::{Api, Client, api::PostParams};
use serde_json::Value;

use super::{
    flags::{RunFlags, leadership::Election},
    health::Gate,
};
use crate::{
    api::{self, GROUP},
    kubernetes::words,
};

/// How often what was wrong is looked at again.
pub(super) const AGAIN: Duration = Duration::from_secs(2);

/// Says a change of state in one line, and keeps the gate in step.
pub(super) struct Check {
    gate: Gate,
    said: Option<String>,
}

impl Check {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate, said: None }
    }

    /// Takes the result; returns whether it is well.
    pub(super) fn take(&mut self, result: Result<(), String>) -> bool {
        let problem = result.err();
        if let Some(problem) = &problem {
            if self.said.as_ref() != Some(problem) {
                tracing::error!("{problem}");
            }
            self.gate.not_ready(problem.clone());
        } else {
            if self.said.is_some() {
                tracing::info!("mended: {}", self.said.as_deref().unwrap_or_default());
            }
            self.gate.ready();
        }
        self.said.clone_from(&problem);
        problem.is_none()
    }
}

/// Whether the API server serves our CRD, and no older one than this version needs.
///
/// Asked of discovery, which everybody may read, so that no permission on CRDs is needed.
pub(super) async fn crd(client: &Client) -> Result<(), String> {
    let path = format!("/openapi/v3/apis/{GROUP}/v1alpha1");
    let request = http_get(&path)?;
    let served: Value = match client.request(request).await {
        Ok(served) => served,
        // The body of this 404 is plain text, so only its code can be relied on.
        Err(kube::Error::Api(status)) if status.code == 404 => {
            return Err(format!(
                "the CRD cloudhsmbackups.{GROUP} is not installed: kubectl apply -f the file in crds/, or the output of `cloudhsm-backup-operator crd`"
            ));
        }
        Err(error) => return Err(format!("cannot ask the API server for the CRD: {}", words(&error))),
    };
    let lacking = lacking(&served);
    if lacking.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the CRD cloudhsmbackups.{GROUP} is older than this operator, it lacks {}: apply the output of `cloudhsm-backup-operator crd`",
        lacking.into_iter().collect::<Vec<_>>().join(", ")
    ))
}

fn http_get(path: &str) -> Result<hyper::Request<Vec<u8>>, String> {
    hyper::Request::get(path).body(Vec::new()).map_err(|error| error.to_string())
}

/// The fields of our schema that the served one does not have.
fn lacking(served: &Value) -> BTreeSet<String> {
    let schemas = served.pointer("/components/schemas").and_then(Value::as_object);
    let ours = |schema: &&Value| schema.pointer("/properties/spec/properties/backupId").is_some();
    let served = schemas.and_then(|schemas| schemas.values().find(ours)).unwrap_or(&Value::Null);
    let wanted = serde_json::to_value(api::crd()).unwrap_or_default();
    let wanted = wanted.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap_or(&Value::Null);
    let mut missing = BTreeSet::new();
    compare("", wanted, served, &mut missing);
    missing
}

fn compare(path: &str, wanted: &Value, served: &Value, missing: &mut BTreeSet<String>) {
    let Some(properties) = wanted.get("properties").and_then(Value::as_object) else {
        if let Some(items) = wanted.get("items") {
            compare(path, items, served.get("items").unwrap_or(&Value::Null), missing);
        }
        return;
    };
    for (name, wanted) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match served.get("properties").and_then(|properties| properties.get(name)) {
            Some(served) => compare(&path, wanted, served, missing),
            None => {
                missing.insert(path);
            }
        }
    }
}

/// What the operator is to do, as far as its permissions go.
pub(super) struct Scope {
    /// The namespaces that it watches; empty for all.
    pub(super) namespaces: Vec<String>,
    /// The Lease that it holds while it acts.
    pub(super) lease: Option<LeaseAt>,
}

/// Where a Lease is.
pub(super) struct LeaseAt {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Scope {
    /// What `flags` say; a namespace that they leave open is that of the configuration of `client`.
    pub(super) fn of(flags: &RunFlags, client: &Client) -> Self {
        let lease = |Election { namespace, name, .. }| LeaseAt {
            namespace: namespace.unwrap_or_else(|| client.default_namespace().to_owned()),
            name,
        };
        let namespaces = flags.watch_namespaces().into_iter().map(str::to_owned).collect();
        Self { namespaces, lease: flags.election().map(lease) }
    }
}

/// One thing that the operator does to the API server.
struct Grant<'a> {
    verb: &'a str,
    resource: &'a str,
    subresource: &'a str,
    group: &'a str,
    /// Of the one object that it is about; empty for all.
    name: &'a str,
}

const fn to(
    verb: &'static str,
    resource: &'static str,
    subresource: &'static str,
    group: &'static str,
) -> Grant<'static> {
    Grant { verb, resource, subresource, group, name: "" }
}

/// What it does where it watches.
const TO_RESOURCES: [Grant<'static>; 6] = [
    to("get", "cloudhsmbackups", "", GROUP),
    to("list", "cloudhsmbackups", "", GROUP),
    to("watch", "cloudhsmbackups", "", GROUP),
    to("patch", "cloudhsmbackups", "", GROUP),
    to("patch", "cloudhsmbackups", "status", GROUP),
    to("create", "events", "", "events.k8s.io"),
];

/// What it does to the Lease. Nobody can be allowed to create objects of one name only.
fn to_lease(name: &str) -> [Grant<'_>; 3] {
    let to =
        |verb, name| Grant { verb, resource: "leases", subresource: "", group: "coordination.k8s.io", name };
    [to("get", name), to("update", name), to("create", "")]
}

/// Whether the operator may do all that it needs to.
pub(super) async fn permissions(client: &Client, scope: &Scope) -> Result<(), String> {
    let watched: Vec<Option<&str>> = if scope.namespaces.is_empty() {
        vec![None]
    } else {
        scope.namespaces.iter().map(|namespace| Some(namespace.as_str())).collect()
    };
    let mut needed: Vec<(Option<&str>, &Grant<'_>)> =
        watched.iter().flat_map(|place| TO_RESOURCES.iter().map(|grant| (*place, grant))).collect();
    let lease = scope.lease.as_ref().map(|at| (at.namespace.as_str(), to_lease(&at.name)));
    if let Some((namespace, grants)) = &lease {
        needed.extend(grants.iter().map(|grant| (Some(*namespace), grant)));
    }
    let mut denied = BTreeSet::new();
    for (place, grant) in needed {
        if !may(client, place, grant).await? {
            let Grant { verb, resource, subresource, group, .. } = grant;
            let slash = if subresource.is_empty() { "" } else { "/" };
            let place = place.map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
            denied.insert(format!("{verb} {resource}{slash}{subresource}.{group}{place}"));
        }
    }
    if denied.is_empty() {
        return Ok(());
    }
    let denied = denied.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!("the operator's account lacks permissions: {denied}; bind the roles in deploy/ to it"))
}

async fn may(client: &Client, namespace: Option<&str>, grant: &Grant<'_>) -> Result<bool, String> {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                namespace: namespace.and_then(text),
                verb: text(grant.verb),
                resource: text(grant.resource),
                subresource: text(grant.subresource),
                group: text(grant.group),
                name: text(grant.name),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let answer = Api::all(client.clone()).create(&PostParams::default(), &review).await;
    let answer: SelfSubjectAccessReview =
        answer.map_err(|error| format!("cannot ask for permissions: {}", words(&error)))?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_current_crd_lacks_nothing_and_an_older_one_is_told_by_its_missing_fields() {
        let mut schema = serde_json::to_value(api::crd())
            .unwrap()
            .pointer("/spec/versions/0/schema/openAPIV3Schema")
            .unwrap()
            .clone();
        let served = |schema: &Value| json!({ "components": { "schemas": { "dev.cloudhsm-backup.v1alpha1.CloudHsmBackup": schema } } });
        assert_eq!(lacking(&served(&schema)), BTreeSet::new());
        schema.pointer_mut("/properties/spec/properties").unwrap().as_object_mut().unwrap().remove("suspend");
        let copies = schema.pointer_mut("/properties/status/properties/copies/items/properties").unwrap();
        copies.as_object_mut().unwrap().remove("request");
        let expected = ["spec.suspend", "status.copies.request"].map(str::to_owned).into();
        assert_eq!(lacking(&served(&schema)), expected);
    }
}
