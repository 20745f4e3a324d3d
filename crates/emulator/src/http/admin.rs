//! The admin interface: what AWS does not offer. JSON in, JSON out, no signature.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::calls::By;
use crate::cloud::{Caller, Cloud, Cluster, KnobChanges, Knobs, Listing, Operation, Seed};
use crate::duration;
use crate::fault::Fault;
use crate::service::{Request, Service, protocol};

/// Every route, for whoever asks for one that is not there.
const ROUTES: [&str; 21] = [
    "GET /_admin/clock",
    "POST /_admin/advance",
    "POST /_admin/seed",
    "GET /_admin/backups",
    "POST /_admin/remove",
    "POST /_admin/hide",
    "POST /_admin/show",
    "POST /_admin/finish",
    "POST /_admin/purge",
    "POST /_admin/touch",
    "GET /_admin/faults",
    "POST /_admin/faults",
    "DELETE /_admin/faults",
    "GET /_admin/knobs",
    "PUT /_admin/knobs",
    "DELETE /_admin/knobs",
    "GET /_admin/copies",
    "GET /_admin/listings",
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
        ("POST", "/_admin/remove") => intervene(service, &request.body, "removed", Cloud::remove),
        ("POST", "/_admin/hide") => intervene(service, &request.body, "hidden", Cloud::hide),
        ("POST", "/_admin/show") => intervene(service, &request.body, "shown", Cloud::show),
        ("POST", "/_admin/finish") => intervene(service, &request.body, "finished", Cloud::finish),
        ("POST", "/_admin/purge") => intervene(service, &request.body, "purged", Cloud::purge),
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
        ("GET", "/_admin/copies") => Ok(json!({"copies": service.cloud.copies_made()})),
        ("GET", "/_admin/listings") => Ok(listings(service)),
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

/// Does to one backup what no operation of the API does.
fn intervene(
    service: &mut Service,
    body: &[u8],
    done: &str,
    how: fn(&mut Cloud, &str, &str) -> bool,
) -> Result<Value, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Which {
        region: String,
        backup_id: String,
    }
    let Which { region, backup_id } = read(body)?;
    if how(&mut service.cloud, &region, &backup_id) {
        return Ok(json!({done: backup_id}));
    }
    Err(match service.cloud.backup(&region, &backup_id) {
        Some(backup) => format!("{backup_id} in {region} is {}", backup.state),
        None => format!("there is no {backup_id} in {region}"),
    })
}

/// How often clients listed, by region and way of choosing.
fn listings(service: &Service) -> Value {
    let mut counts: Vec<(&str, Listing, usize)> = Vec::new();
    let clients = service.calls.calls().iter().filter(|call| call.by == By::Client);
    for (region, listing) in clients.filter_map(|call| Some((call.region.as_str(), call.listing?))) {
        match counts.iter_mut().find(|(of, by, _)| (*of, *by) == (region, listing)) {
            Some((.., calls)) => *calls += 1,
            None => counts.push((region, listing, 1)),
        }
    }
    let print = |(region, listing, calls)| json!({"region": region, "listing": listing, "calls": calls});
    json!({"listings": counts.into_iter().map(print).collect::<Vec<_>>()})
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
    let knobs = read::<KnobChanges>(body)?.applied_to(service.cloud.knobs())?;
    *service.cloud.knobs_mut() = knobs;
    Ok(json!(service.cloud.knobs()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|err| format!("the body does not fit: {err}"))
}
