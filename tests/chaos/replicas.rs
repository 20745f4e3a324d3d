//! Two replicas, of which one acts: each is killed, frozen past its Lease and woken, and the API server goes
//! away, while the rest of the workload comes.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;
use testbed::{Operator, Start, within};

use crate::{
    outage, people,
    scale::{ALONE, ELECTED, Pair},
    weather,
    world::{PATIENCE, World},
};

const LEASE: &str = "cloudhsm-backup-operator";

/// Two operators; each start has an access key of its own, so that AWS can tell them apart.
struct Replicas {
    running: [Operator; 2],
    started: u32,
    log: PathBuf,
}

impl Replicas {
    fn start(world: &World) -> Self {
        let mut log = PathBuf::new();
        let running = [1, 2].map(|number| {
            world.solo.another(|start| {
                elected(start, number);
                log.clone_from(&start.log);
            })
        });
        Self { running, started: 2, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn kill(&mut self, world: &mut World) {
        let victim = world.rng.usize(..2);
        assert!(self.running[victim].process().is_running(), "a replica has ended by itself:");
        self.running[victim].process().kill();
        self.started += 1;
        let number = self.started;
        world.pause(0..1000);
        self.running[victim] = world.solo.another(|start| elected(start, number));
        world.deed("replica killed", &format!("{victim}"));
    }

    /// One stands still while its Lease runs out and the other takes over, and goes on where it was.
    fn freeze(&mut self, world: &mut World) {
        let victim = world.rng.usize(..2);
        self.running[victim].process().signal("STOP").unwrap();
        world.pause(3500..6000);
        self.running[victim].process().signal("CONT").unwrap();
        world.deed("replica frozen and woken", &format!("{victim}"));
    }
}

fn elected(start: &mut Start, number: u32) {
    start.access_key = Some(format!("AKIAREPLICA{number}"));
    start.flags.retain(|flag| !ALONE.contains(&flag.as_str()));
    start.flags.extend(ELECTED.map(str::to_owned));
}

/// They change hands. In the end a single operator runs again.
pub fn change_hands(world: &mut World, pair: Pair) {
    world.kill();
    weather::clear(world);
    world.solo.aws.clear_faults();
    let calls_before = world.solo.aws.calls().len();
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
    expect_turns(world, calls_before, &replicas);
    for operator in &mut replicas.running {
        operator.process().signal("TERM").unwrap();
        let ended = operator.process().wait(Duration::from_secs(45)).unwrap();
        assert_eq!(ended.and_then(|status| status.code()), Some(0));
    }
    assert!(!replicas.log().contains("panicked"));
    world.run();
}

fn leads(operator: &Operator) -> bool {
    let metrics = operator.get("/metrics").map(|(_, metrics)| metrics).unwrap_or_default();
    metrics.lines().any(|line| line.starts_with("cloudhsm_backup_operator_leader") && line.ends_with(" 1"))
}

/// In the order in which AWS saw them, the calls of one leader are not mixed with those of another: there are no more
/// turns than the Lease has had holders.
fn expect_turns(world: &mut World, calls_before: usize, replicas: &Replicas) {
    let mut turns: Vec<String> =
        world.solo.aws.calls().into_iter().skip(calls_before).map(|call| call.access_key).collect();
    turns.retain(|key| key.starts_with("AKIAREPLICA"));
    turns.dedup();
    let lease: Value =
        serde_json::from_str(&world.kubectl(&["get", "lease", LEASE, "-o", "json"], "")).unwrap();
    let holders = lease["spec"]["leaseTransitions"].as_u64().unwrap_or_default();
    assert!(
        u64::try_from(turns.len()).unwrap() <= holders,
        "{turns:?}, {holders} holders\n{}",
        replicas.log()
    );
    world.say(&format!("the Lease had {holders} holders, of which AWS was called in {} turns", turns.len()));
}
