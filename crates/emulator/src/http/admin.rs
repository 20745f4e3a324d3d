//! The admin interface: what AWS does not offer. JSON in, JSON out, no signature.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::cloud::{Caller, Cluster, Knobs, Operation, Seed};
use crate::duration;
use crate::fault::Fault;
use crate::service::{Request, Service, protocol};

/// Every route, for whoever asks for one that is not there.
const ROUTES: [&str; 15] = [
    "GET /_admin/clock",
    "POST /_admin/advance",
    "POST /_admin/seed",
    "GET /_admin/backups",
    "POST /_admin/remove",
    "POST /_admin/touch",
    "GET /_admin/faults",
    "POST /_admin/faults",
    "DELETE /_admin/faults",
    "GET /_admin/knobs",
    "PUT /_admin/knobs",
    "DELETE /_admin/knobs",
    "GET /_admin/calls",
    "DELETE /_admin/calls",
    "GET /_admin/clusters",
];

/// A status and a body.
type Answer = (u16, Value);

/// Answers a request below `/_admin`.
pub(super) fn answer(service: &mut Service, request: &Request) -> Answer {
    service.catch_up();
    let result = match (request.method.as_str(), request.path.trim_end_matches('/')) {
        ("GET", "/_admin/clock") => Ok(json!({"now": service.cloud.now()})),
        ("POST", "/_admin/advance") => advance(service, &request.body),
        ("POST", "/_admin/seed") => seed(service, &request.body),
        ("GET", "/_admin/backups") => Ok(backups(service, &request.query)),
        ("GET", "/_admin/clusters") => Ok(json!({"clusters": service.cloud.clusters().collect::<Vec<_>>()})),
        ("POST", "/_admin/remove") => remove(service, &request.body),
        ("POST", "/_admin/touch") => touch(service, &request.body),
        ("GET", "/_admin/faults") => Ok(json!({"faults": service.faults.rules()})),
        ("POST", "/_admin/faults") => add_fault(service, &request.body),
        ("DELETE", "/_admin/faults") => {
            service.faults.clear();
            Ok(json!({"faults": []}))
        }
        ("GET", "/_admin/knobs") => Ok(json!(service.cloud.knobs())),
        ("PUT", "/_admin/knobs") => set_knobs(service, &request.body),
        ("DELETE", "/_admin/knobs") => {
            *service.cloud.knobs_mut() = Knobs::default();
            Ok(json!(service.cloud.knobs()))
        }
        ("GET", "/_admin/calls") => Ok(json!({"calls": service.calls.calls()})),
        ("DELETE", "/_admin/calls") => {
            service.calls.clear();
            Ok(json!({"calls": []}))
        }
        (method, path) => {
            let error = format!("there is no {method} {path}");
            return (404, json!({"error": error, "routes": ROUTES}));
        }
    };
    match result {
        Ok(json) => (200, json),
        Err(error) => (400, json!({"error": error})),
    }
}

fn advance(service: &mut Service, body: &[u8]) -> Result<Value, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Advance {
        #[serde(with = "duration")]
        duration: std::time::Duration,
    }
    let Advance { duration } = read(body)?;
    Ok(json!({"now": service.advance(duration)}))
}

/// All or nothing: a mistake in the last item leaves the service as it was.
fn seed(service: &mut Service, body: &[u8]) -> Result<Value, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Seeds {
        #[serde(default)]
        clusters: Vec<Cluster>,
        #[serde(default)]
        backups: Vec<Seed>,
    }
    let Seeds { clusters, backups } = read(body)?;
    let mut cloud = service.cloud.clone();
    for (at, cluster) in clusters.into_iter().enumerate() {
        cloud.seed_cluster(cluster).map_err(|err| format!("clusters[{at}]: {}", err.message))?;
    }
    let mut ids = Vec::new();
    for (at, backup) in backups.into_iter().enumerate() {
        ids.push(cloud.seed(backup).map_err(|err| format!("backups[{at}]: {}", err.message))?);
    }
    service.cloud = cloud;
    Ok(json!({"backups": ids}))
}

fn backups(service: &Service, query: &str) -> Value {
    let region = query.split('&').find_map(|pair| pair.strip_prefix("region="));
    let wanted = service.cloud.backups().filter(|backup| region.is_none_or(|region| region == backup.region));
    json!({"now": service.cloud.now(), "backups": wanted.collect::<Vec<_>>()})
}

fn remove(service: &mut Service, body: &[u8]) -> Result<Value, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Remove {
        region: String,
        backup_id: String,
    }
    let Remove { region, backup_id } = read(body)?;
    if service.cloud.remove(&region, &backup_id) {
        Ok(json!({"removed": backup_id}))
    } else {
        Err(format!("there is no {backup_id} in {region}"))
    }
}

fn touch(service: &mut Service, body: &[u8]) -> Result<Value, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Touch {
        operation: String,
        region: String,
        #[serde(default)]
        account: Option<String>,
        #[serde(default)]
        request: Map<String, Value>,
    }
    let Touch { operation, region, account, request } = read(body)?;
    let account = account.unwrap_or_else(|| service.cloud.account().to_owned());
    let request = Value::Object(request).to_string();
    let operation = Operation::parse(&operation, request.as_bytes()).map_err(|err| err.to_string())?;
    let reply = service.act(&Caller::new(account, region), &operation).map_err(|err| err.to_string())?;
    Ok(protocol::reply(&reply).unwrap_or_else(|| json!({})))
}

fn add_fault(service: &mut Service, body: &[u8]) -> Result<Value, String> {
    service.faults.add(read::<Fault>(body)?);
    Ok(json!({"faults": service.faults.rules()}))
}

/// Sets the knobs that are named; the others keep their values.
fn set_knobs(service: &mut Service, body: &[u8]) -> Result<Value, String> {
    let named: Map<String, Value> = read(body)?;
    let mut all = json!(service.cloud.knobs());
    if let Some(all) = all.as_object_mut() {
        all.extend(named);
    }
    let knobs = Knobs::deserialize(all).map_err(|err| err.to_string())?;
    if !(1..=50).contains(&knobs.page_limit) {
        return Err(format!("pageLimit is {}; it must be 1 to 50", knobs.page_limit));
    }
    *service.cloud.knobs_mut() = knobs;
    Ok(json!(service.cloud.knobs()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|err| format!("the body does not fit: {err}"))
}
