//! How much is broken, and under which flags.

use std::{env, time::Duration};

/// The numbers of one run.
#[derive(Debug, Clone)]
pub struct Scale {
    /// What everything is drawn from.
    pub seed: u64,
    /// Resources.
    pub resources: usize,
    /// How often the only operator is killed.
    pub kills: u32,
    /// After each so many kills something happens to the API server.
    pub kills_between_outages: u32,
    /// For so long an API server is frozen at most.
    pub longest_freeze: Duration,
    /// What happens to two replicas; `None`: there are none.
    pub pair: Option<Pair>,
    /// For so long a request whose outcome is unknown may still take effect.
    pub settle_window: Duration,
    /// So long everything may take to settle once nothing breaks any more.
    pub patience: Duration,
}

/// What happens to two replicas.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// How often one is killed.
    pub kills: u32,
    /// How often one is frozen past its Lease, and woken.
    pub freezes: u32,
}

impl Scale {
    /// The short form, or the long one with CHAOS=long.
    pub fn from_environment() -> Self {
        let long = env::var_os("CHAOS").is_some_and(|chaos| chaos == "long");
        let seed = env::var("SEED").map_or_else(|_| fastrand::u64(..100_000), |seed| seed.parse().unwrap());
        if long { Self::long(seed) } else { Self::short(seed) }
    }

    fn short(seed: u64) -> Self {
        Self {
            seed,
            resources: 12,
            kills: 8,
            kills_between_outages: 4,
            longest_freeze: Duration::from_secs(3),
            pair: None,
            settle_window: Duration::from_secs(12),
            patience: Duration::from_mins(2),
        }
    }

    fn long(seed: u64) -> Self {
        Self {
            seed,
            resources: 100,
            kills: 84,
            kills_between_outages: 7,
            longest_freeze: Duration::from_secs(12),
            pair: Some(Pair { kills: 16, freezes: 8 }),
            settle_window: Duration::from_secs(30),
            patience: Duration::from_mins(4),
        }
    }

    /// The operator's flags, beside those of the election.
    pub fn flags(&self) -> Vec<String> {
        vec![
            "--poll-interval=1s".to_owned(),
            "--confirm-after=2s".to_owned(),
            format!("--settle-window={}s", self.settle_window.as_secs()),
            "--max-deletions=1000".to_owned(),
            "--aws-rate=200".to_owned(),
        ]
    }
}

/// One operator, which acts at once.
pub const ALONE: [&str; 1] = ["--leader-elect=false"];
/// Two, of which one acts; an election that is over soon.
pub const ELECTED: [&str; 4] =
    ["--leader-elect=true", "--lease-duration=3s", "--renew-deadline=2s", "--retry-period=300ms"];
