//! Nothing breaks any more. What waits for a person gets what the documentation of its reason says, and all
//! comes to rest.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use emulator::{Call, Listing};
use serde_json::Value;
use testbed::{is_ready, within};

use crate::{
    people::{self, reason},
    role::Resource,
    weather,
    world::World,
};

/// What a person leaves alone for so long first.
const GRACE: Duration = Duration::from_secs(10);
/// So often every region is looked at while nothing may happen.
const LOOKS_AT_REST: usize = 4;

/// Waits until every resource is as it is to end, and until nothing happens any more. Returns how long the first took.
pub fn calm_down(world: &mut World, patience: Duration) -> Duration {
    weather::clear(world);
    people::finish(world);
    world.say("all breaks no more");
    let begun = Instant::now();
    let mut helped: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        let objects = world.objects();
        let open: Vec<Resource> =
            world.resources.iter().filter(|resource| !has_ended(resource, &objects)).cloned().collect();
        let took = begun.elapsed();
        if open.is_empty() && rests(world) {
            world.say(&format!("settled after {:.1} s", took.as_secs_f64()));
            return took;
        }
        let words = || {
            open.iter()
                .map(|one| format!("{one:?}: {:#}", objects.get(&one.name).unwrap_or(&Value::Null)))
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert!(took < patience, "it never settles, or never rests:\n{}", words());
        if took > GRACE {
            help(world, &open, &objects, &mut helped);
        }
        world.pause(200..201);
    }
}

fn has_ended(resource: &Resource, objects: &BTreeMap<String, Value>) -> bool {
    match (resource.role.end(), objects.get(&resource.name)) {
        (None, there) => there.is_none(),
        (Some((ready, reason)), Some(object)) => is_ready(object, ready, reason),
        (Some(_), None) => false,
    }
}

/// Does what docs/reference/reasons.md tells a person to do, at most every 20 s for a resource.
fn help(
    world: &mut World,
    open: &[Resource],
    objects: &BTreeMap<String, Value>,
    helped: &mut BTreeMap<String, Instant>,
) {
    for resource in open {
        let Some(object) = objects.get(&resource.name) else { continue };
        if helped.get(&resource.name).is_some_and(|at| at.elapsed() < 2 * GRACE) {
            continue;
        }
        let name = resource.name.as_str();
        match reason(object) {
            // Backoffs of minutes, from what was refused while all broke.
            "AccessDenied" | "Rejected" | "AwsError" | "Throttled" | "CopyLost" | "NotApplied" => {
                world.deed("asked for another try", &format!("{name}: {}", message(object)));
                world.annotate(&[name]);
            }
            // A deletion whose answer was lost counts as done after the settle window; so does one of a backup that AWS
            // had kept from its listings long enough to look gone.
            "ExternallyRestored" if resource.wants_deletion() => {
                world.deed("wish to delete renewed", &format!("{name}: {}", message(object)));
                renew(world, resource);
            }
            // A listing from before the deletion, later than the time to disprove, looked like a restore.
            "RestoredAndDeletedAgain" if resource.deleted_by_hand => {
                world.deed("backup restored by hand", &format!("{name}: {}", message(object)));
                world.solo.aws.restore_backup(resource.region, &resource.id).unwrap();
            }
            _ => continue,
        }
        helped.insert(resource.name.clone(), Instant::now());
    }
}

/// Takes the wish back, waits until its mark is gone, and sets it again.
fn renew(world: &mut World, resource: &Resource) {
    let spec = resource.spec();
    world.apply_specs([(resource.name.as_str(), &Resource::without_deletion(&spec))]);
    let gone = || {
        let object = &world.objects()[&resource.name];
        object["status"]["deletion"].is_null() && object.pointer("/status/copies/0/deletion").is_none()
    };
    assert!(within(Duration::from_secs(30), gone));
    world.apply_specs([(resource.name.as_str(), &spec)]);
}

fn message(object: &Value) -> &str {
    testbed::message(object, "Ready")
}

/// Whether it writes nothing and changes nothing while it looks at every region some times more. What was on its way
/// when the last fault struck may still arrive.
fn rests(world: &World) -> bool {
    let now = || (world.changes().len(), world.status_writes());
    let begins = |call: &Call| call.listing == Some(Listing::All) && !call.page_token;
    let looks = || world.solo.aws.calls().iter().filter(|call| begins(call)).count();
    let (before, looked) = (now(), looks());
    let all = LOOKS_AT_REST * World::regions().count();
    assert!(within(Duration::from_mins(1), || looks() >= looked + all), "it does not look any more");
    now() == before
}
