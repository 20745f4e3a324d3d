//! One run, from a workload to a verdict.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use cloudhsm_backup_operator::controller::Stopping;
use emulator::{Cloud, Knobs, Seed};
use plan::{desired::ObjectName, settings::Settings};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    cluster::Store,
    coverage::Coverage,
    ending::{Ending, GLANCE, POLL},
    oracle::History,
    people,
    process::{self, Start},
    workload::{self, ANOTHER_ACCOUNT, Act, CALM, REGIONS, Workload},
    world::{Shared, World},
};

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// What must not have happened.
    pub violations: Vec<String>,
    /// What happened when, if it was to be told.
    pub trace: Vec<String>,
    /// Effects on the outside.
    pub effects: u64,
    /// Calls by port.
    pub calls: BTreeMap<&'static str, u64>,
    /// What was met.
    pub coverage: Coverage,
    /// How AWS looks in the end: one line for each backup, without ids and times that chance decides.
    pub end: String,
}

/// Runs `workload`; with `trace` it tells what happens.
pub fn run(workload: &Workload, trace: bool) -> Report {
    fastrand::seed(workload.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O can be made").block_on(play(workload, trace))
}

async fn play(workload: &Workload, trace: bool) -> Report {
    let (killed, mut deaths) = mpsc::unbounded_channel();
    let mut cloud = Cloud::new(clock::BEGINNING).with_id_seed(workload.seed).with_knobs(Knobs {
        copy_visible_after: workload.copies_hidden,
        copy_ready_after: workload.copies_hidden + Duration::from_secs(40),
        page_limit: workload.page,
        ..Knobs::default()
    });
    seed(&mut cloud, workload);
    let world = Shared::new(World {
        cloud,
        store: Store::default(),
        weather: workload.weather.clone(),
        history: History::new(trace, workload.max_deletions as usize),
        rng: fastrand::Rng::with_seed(workload.seed ^ 0x5eed),
        beginning: Instant::now(),
        ahead: Arc::new(AtomicI64::new(0)),
        crash: workload.crash,
        effects: 0,
        calls: BTreeMap::new(),
        slow_reads: workload.slow_reads,
        frozen: None,
        thaw: BTreeMap::new(),
        dead: std::collections::BTreeSet::new(),
        changed: Arc::default(),
        killed,
    });
    let mut stage = Stage {
        world: world.clone(),
        elected: workload.elected,
        elsewhere: None,
        running: Vec::new(),
        started: 0,
        settings: settings(workload),
    };
    for _ in 0..workload.processes {
        stage.start();
    }
    let mut acts = workload.acts.iter();
    let mut next = acts.next();
    let mut ending = Ending::of(workload);
    let mut replacements: Vec<Duration> = Vec::new();
    let mut calm = false;
    loop {
        let now = world.lock().elapsed();
        if !calm && now >= CALM {
            calm = true;
            calm_down(&world);
            if stage.is_elsewhere() {
                stage.restart(None).await;
            }
        }
        if calm && replacements.is_empty() && ending.has_come(&world) {
            break;
        }
        let due = next
            .map_or(Duration::MAX, |(at, _)| *at)
            .min(replacements.iter().min().copied().unwrap_or(Duration::MAX));
        let due = due.min(if calm { now + GLANCE } else { CALM });
        tokio::select! {
            biased;
            Some(number) = deaths.recv() => {
                stage.bury(number).await;
                let wait = Duration::from_secs(world.lock().rng.u64(1..120));
                replacements.push(now + wait);
            }
            () = tokio::time::sleep(due.saturating_sub(now)) => {
                let now = world.lock().elapsed();
                let due_now = replacements.len();
                replacements.retain(|at| *at > now);
                for _ in replacements.len()..due_now {
                    stage.start();
                }
                while let Some((at, act)) = next.filter(|(at, _)| *at <= now) {
                    people::perform(&world, *at, act);
                    match act {
                        Act::Restart => stage.restart(None).await,
                        Act::RestartElsewhere => stage.restart(Some(ANOTHER_ACCOUNT)).await,
                        _ => {}
                    }
                    next = acts.next();
                }
            }
        }
    }
    ending.report(&world)
}

fn settings(workload: &Workload) -> Settings {
    Settings { max_deletions: workload.max_deletions, poll_interval: POLL, ..Settings::default() }
}

fn seed(cloud: &mut Cloud, workload: &Workload) {
    let mut put = |number: usize, cluster: &str| {
        let seed = Seed { backup_id: Some(workload::id(number)), ..Seed::ready(REGIONS[0], cluster) };
        cloud.seed(seed).expect("the seed is well-formed");
    };
    for (number, cluster) in workload.backups.iter().enumerate() {
        put(number, cluster);
    }
    // So that the last backup of a cluster is not always the one that is deleted.
    for (number, cluster) in workload.backups.iter().enumerate() {
        if number % 4 == 0 {
            put(100 + number, cluster);
        }
    }
}

/// From now on nothing goes wrong, and nobody does anything.
fn calm_down(world: &Shared) {
    let mut world = world.lock();
    world.weather.spells.clear();
    world.weather.single = None;
    world.crash = None;
    world.frozen = None;
    world.slow_reads = Duration::ZERO;
    world.cloud.knobs_mut().fail_copies = false;
}

/// The processes that run.
struct Stage {
    world: Shared,
    settings: Settings,
    elected: bool,
    /// The process that has the credentials of another account.
    elsewhere: Option<usize>,
    running: Vec<(usize, Stopping, CancellationToken, JoinHandle<()>)>,
    started: usize,
}

impl Stage {
    fn start(&mut self) {
        self.start_in(None);
    }

    fn start_in(&mut self, account: Option<&'static str>) {
        self.started += 1;
        self.elsewhere = account.map(|_| self.started);
        let (settings, elected) = (self.settings.clone(), self.elected);
        let start = Start { number: self.started, settings, elected, account };
        let (stopping, stop) = (Stopping::default(), CancellationToken::new());
        let handle = tokio::spawn(process::run(self.world.clone(), start, stopping.clone(), stop.clone()));
        self.running.push((self.started, stopping, stop, handle));
    }

    async fn bury(&mut self, number: usize) {
        let Some(place) = self.running.iter().position(|(one, ..)| *one == number) else { return };
        let (_, _, _, handle) = self.running.remove(place);
        handle.abort();
        let _ = handle.await;
    }

    /// The process that has run longest ends in peace, and another one begins.
    async fn restart(&mut self, account: Option<&'static str>) {
        if self.running.is_empty() {
            return;
        }
        let (_, stopping, stop, handle) = self.running.remove(0);
        stopping.stop();
        stop.cancel();
        // Calls under way get as long as the real process gives them.
        let _ = tokio::time::timeout(Duration::from_secs(35), handle).await;
        self.start_in(account);
    }

    /// Whether a process has the credentials of another account.
    fn is_elsewhere(&self) -> bool {
        self.running.iter().any(|(number, ..)| Some(*number) == self.elsewhere)
    }
}

/// The name of a resource.
pub fn named(name: &str) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: name.to_owned() }
}
