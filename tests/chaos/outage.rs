//! What happens to the API server and etcd.

use std::time::{Duration, Instant};

use testbed::within;

use crate::{
    people, weather,
    world::{PATIENCE, World},
};

/// What the operator logs when the revision that it watches from is gone.
const GONE: &str = "too old resource version";

/// The operator starts while there is no API server, and finds the workload once there is one.
pub fn begin_without_an_api_server(world: &mut World) {
    let count = world.resources.len() * 4 / 5;
    people::declare(world, count);
    world.solo.plane.stop_api_server();
    world.run();
    world.pause(1000..2000);
    world.solo.plane.start_api_server().unwrap();
    world.deed("API server started after the operator", "");
    let ready = || world.solo.operator().get("/readyz").is_ok_and(|(status, _)| status == 200);
    assert!(within(PATIENCE, ready));
}

/// One thing or another, by turns. The operator runs before and after.
pub fn strike(world: &mut World, turn: u32, longest_freeze: Duration) {
    // Whatever is hidden while nobody is here to show it would be hidden for too long.
    weather::show(world);
    match turn % 4 {
        0 => compact(world),
        1 => freeze(world, longest_freeze),
        2 => restart(world),
        _ => away_while_it_starts(world),
    }
    weather::show(world);
}

/// etcd forgets what the watches were at: they are told 410 Gone, and list anew.
fn compact(world: &mut World) {
    let log_before = world.solo.log().len();
    let listed = || world.solo.operator().get("/readyz").is_ok_and(|(status, _)| status == 200);
    assert!(within(PATIENCE, listed));
    world.solo.plane.stop_api_server();
    let revision = world.solo.plane.compact_etcd().unwrap();
    world.solo.plane.start_api_server().unwrap();
    let told = || world.solo.log()[log_before..].contains(GONE);
    assert!(within(PATIENCE, told), "no watch was told 410 Gone:");
    world.deed("etcd compacted, 410 Gone", &format!("up to revision {revision}"));
}

/// Connections stay open, and nothing answers; the operator may die of something else meanwhile.
pub fn freeze(world: &mut World, longest: Duration) {
    let longest = u64::try_from(longest.as_millis()).unwrap();
    let begun = Instant::now();
    world.solo.plane.freeze().unwrap();
    world.pause(1000..longest);
    if world.rng.bool() {
        world.kill();
        world.run();
        world.pause(500..1500);
    }
    world.solo.plane.thaw().unwrap();
    world.deed("API server frozen", &format!("for {:.1} s", begun.elapsed().as_secs_f64()));
}

/// It is gone for a moment.
pub fn restart(world: &mut World) {
    world.solo.plane.stop_api_server();
    world.pause(0..2000);
    world.solo.plane.start_api_server().unwrap();
    world.deed("API server restarted", "");
}

/// The operator is killed while it is gone, and starts before it is back.
fn away_while_it_starts(world: &mut World) {
    world.solo.plane.stop_api_server();
    world.pause(0..500);
    world.kill();
    world.run();
    world.pause(0..1500);
    world.solo.plane.start_api_server().unwrap();
    world.deed("API server started after the operator", "");
}
