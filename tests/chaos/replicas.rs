//! Two replicas, of which one acts: each is killed, frozen past its Lease and woken, and the API server goes
//! away, while the rest of the workload comes.

use std::time::Duration;

use serde_json::Value;
use testbed::{Operator, within};

use crate::{
    outage, people,
    scale::{ALONE, ELECTED, Pair},
    weather,
    world::{PATIENCE, World},
};

const LEASE: &str = "cloudhsm-backup-operator";

/// Two operators, each with a log of its own.
struct Replicas {
    running: [Operator; 2],
    started: u32,
}

impl Replicas {
    fn start(world: &World) -> Self {
        Self { running: [0, 1].map(|place| start(world, place, place + 1)), started: 2 }
    }

    fn kill(&mut self, world: &mut World) {
        let (place, victim) = self.choose(world);
        let alive = victim.process().is_running();
        assert!(alive, "a replica has ended by itself:\n{}", victim.log());
        victim.process().kill();
        self.started += 1;
        world.pause(0..1000);
        self.running[place as usize] = start(world, place, self.started);
        world.deed("replica killed", &place.to_string());
    }

    /// One stands still while its Lease runs out and the other takes over, and goes on where it was.
    fn freeze(&mut self, world: &mut World) {
        let (place, victim) = self.choose(world);
        victim.process().signal("STOP").unwrap();
        world.pause(3500..6000);
        victim.process().signal("CONT").unwrap();
        world.deed("replica frozen and woken", &place.to_string());
    }

    fn choose(&mut self, world: &mut World) -> (u32, &mut Operator) {
        let place = world.rng.u32(..2);
        (place, &mut self.running[place as usize])
    }
}

/// Starts one; each start has an access key of its own, so that AWS can tell them apart.
fn start(world: &World, place: u32, number: u32) -> Operator {
    world.solo.another(|start| {
        start.log.set_file_name(format!("replica-{place}.log"));
        start.access_key = Some(format!("AKIAREPLICA{number}"));
        start.flags.retain(|flag| !ALONE.contains(&flag.as_str()));
        start.flags.extend(ELECTED.map(str::to_owned));
    })
}

/// They change hands. In the end a single operator runs again.
pub fn change_hands(world: &mut World, pair: Pair) {
    world.kill();
    weather::clear(world);
    let changes_before = world.changes().len();
    let mut replicas = Replicas::start(world);
    let (mut kills, mut freezes) = (pair.kills, pair.freezes);
    while kills + freezes > 0 {
        weather::change(world);
        let rounds_left = usize::try_from(kills + freezes).unwrap();
        people::edit(world, rounds_left);
        people::meddle(world);
        world.pause(0..4000);
        if world.rng.u32(..kills + freezes) < kills {
            replicas.kill(world);
            kills -= 1;
        } else {
            replicas.freeze(world);
            freezes -= 1;
        }
        weather::show(world);
        if rounds_left == usize::try_from(pair.kills + pair.freezes).unwrap() / 2 {
            outage::restart(world);
        }
    }
    let led = || replicas.running.iter().any(leads);
    assert!(within(PATIENCE, led), "nobody leads");
    expect_turns(world, changes_before);
    for operator in &mut replicas.running {
        operator.process().signal("TERM").unwrap();
        let ended = operator.process().wait(Duration::from_secs(45)).unwrap();
        assert_eq!(ended.and_then(|status| status.code()), Some(0));
        assert!(!operator.log().contains("panicked"));
    }
    world.run();
}

fn leads(operator: &Operator) -> bool {
    let metrics = operator.get("/metrics").map(|(_, metrics)| metrics).unwrap_or_default();
    metrics.lines().any(|line| line.starts_with("cloudhsm_backup_operator_leader") && line.ends_with(" 1"))
}

/// In the order in which AWS saw them, the changes of one leader are not mixed with those of another: there are no more
/// turns than the Lease has had holders. One that was frozen may still look when it wakes, until it has read the Lease.
fn expect_turns(world: &mut World, changes_before: usize) {
    let mut turns: Vec<String> = world.changes().into_iter().map(|call| call.access_key).collect();
    turns.drain(..changes_before);
    turns.dedup();
    let lease: Value =
        serde_json::from_str(&world.kubectl(&["get", "lease", LEASE, "-o", "json"], "")).unwrap();
    let holders = lease["spec"]["leaseTransitions"].as_u64().unwrap_or_default();
    assert!(u64::try_from(turns.len()).unwrap() <= holders, "{turns:?}, {holders} holders");
    world.say(&format!(
        "the Lease had {holders} holders, which changed things in AWS in {} turns",
        turns.len()
    ));
}
