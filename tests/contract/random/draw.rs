//! Drawing the turns of a game: mostly what makes sense, sometimes what does not.

use std::time::Duration;

use emulator::{
    Backup, BackupState, Caller, Cluster, CopyBackupToRegion, DEFAULT_ACCOUNT, DescribeBackups,
    DescribeClusters, Knobs, ListTags, ModifyBackupAttributes, Operation, Seed, Source, Tag,
};
use fastrand::Rng;
use serde_json::{Value, json};

use super::turns::{Turn, settings};
use crate::{
    answer::{Answer, Result},
    operations::{delete, delete_policy, get_policy, put_policy, restore, tag, untag},
    stage::{ACCOUNTS, Intervention, REGIONS, State},
};

const CLUSTERS: [&str; 3] = ["cluster-aaaaaaaaaaa", "cluster-bbbbbbbbbbb", "cluster-ccccccccccc"];
const KEYS: [&str; 6] = ["team", "stage", "größe", "a b", "aws:x", "k;"];

/// Where the game comes from.
pub(super) struct Dice {
    rng: Rng,
    knobs: Knobs,
    /// A listing that has another page.
    unfinished: Option<(Caller, Operation)>,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), knobs: Knobs::default(), unfinished: None }
    }

    /// The next turn, in a world like this.
    pub(super) fn turn(&mut self, state: &State) -> Turn {
        match self.rng.u8(..100) {
            0..14 => Turn::Seed(Box::new(self.seed(state))),
            14..16 => Turn::Cluster(self.cluster()),
            16..26 => Turn::Advance(self.duration()),
            26..34 => self.knob(),
            34..38 => self.intervention(state),
            38..44 => match self.unfinished.take() {
                Some((caller, operation)) => Turn::Call(caller, operation),
                None => self.call(state),
            },
            _ => self.call(state),
        }
    }

    /// Keeps a listing that has another page for a later turn.
    pub(super) fn remember(&mut self, caller: Caller, operation: &Operation, result: &Result) {
        let Ok(Answer::Backups(_, token) | Answer::Tags(_, token) | Answer::Clusters(_, token)) = result
        else {
            return;
        };
        let mut next = operation.clone();
        match &mut next {
            Operation::DescribeBackups(request) => request.next_token.clone_from(token),
            Operation::ListTags(request) => request.next_token.clone_from(token),
            Operation::DescribeClusters(request) => request.next_token.clone_from(token),
            _ => return,
        }
        if token.is_some() {
            self.unfinished = Some((caller, next));
        }
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.rng.usize(..all.len())]
    }

    fn one_in(&mut self, number: u32) -> bool {
        self.rng.u32(..number) == 0
    }

    fn duration(&mut self) -> Duration {
        let seconds = self.pick(&[1, 60, 600, 3600, 86_400, 3 * 86_400, 8 * 86_400]);
        Duration::from_millis(seconds * 1000 - self.rng.u64(..1000))
    }

    fn seed(&mut self, state: &State) -> Seed {
        let region = self.pick(&REGIONS);
        let mut seed = Seed::ready(region, self.pick(&CLUSTERS)).age(self.duration());
        if self.one_in(4) {
            let states = [BackupState::CreateInProgress, BackupState::PendingDeletion, BackupState::Deleted];
            seed = seed.state(self.pick(&states));
        }
        if self.one_in(3) {
            seed = seed.never_expires(self.rng.bool());
        }
        if self.one_in(3) {
            let many = if self.one_in(4) { 49 } else { 2 };
            seed = seed.tags((0..many).map(|number| (format!("k{number}"), "v")));
        }
        if let Some(other) = self.backup(state).filter(|_| self.rng.u8(..5) == 0) {
            let cluster_id = other.cluster_id.clone();
            let source = Source { region: other.region.clone(), backup_id: other.id.clone(), cluster_id };
            seed = Seed { cluster_id: None, source: Some(source), ..seed };
        }
        match self.rng.u8(..6) {
            0 => seed.account(ACCOUNTS[1]),
            1 => seed.shared_from(ACCOUNTS[1]),
            _ => seed,
        }
    }

    fn cluster(&mut self) -> Cluster {
        let cluster = Cluster::new(self.pick(&REGIONS), self.pick(&CLUSTERS));
        let cluster = if self.rng.bool() { cluster.retention_days(self.rng.u32(7..40)) } else { cluster };
        if self.one_in(4) { cluster.deleted() } else { cluster }
    }

    /// Turns a knob, or all of them back.
    fn knob(&mut self) -> Turn {
        let settings = settings();
        let (name, values) = &settings[self.rng.usize(..settings.len())];
        let usual = json!(Knobs::default());
        let mut knobs = if self.one_in(6) { usual.clone() } else { json!(self.knobs) };
        let back = self.one_in(3);
        let value: &Value = if back { &usual[*name] } else { &values[self.rng.usize(..values.len())] };
        knobs[*name] = value.clone();
        self.knobs = serde_json::from_value(knobs).unwrap();
        Turn::Knob((*name).to_owned(), Box::new(self.knobs.clone()))
    }

    fn intervention(&mut self, state: &State) -> Turn {
        let hows = [
            Intervention::Remove,
            Intervention::Hide,
            Intervention::Show,
            Intervention::Show,
            Intervention::Finish,
            Intervention::Purge,
        ];
        let how = self.pick(&hows);
        let (caller, id) = self.target(state);
        Turn::Intervene(how, caller.region, id)
    }

    fn backup<'a>(&mut self, state: &'a State) -> Option<&'a Backup> {
        (!state.backups.is_empty()).then(|| &state.backups[self.rng.usize(..state.backups.len())])
    }

    /// Whom to ask about what: mostly the owner where a backup lies.
    fn target(&mut self, state: &State) -> (Caller, String) {
        let anywhere = Caller::new(DEFAULT_ACCOUNT, self.pick(&REGIONS));
        let Some(backup) = self.backup(state) else { return (anywhere, "backup-zzzzzzzzzzz".to_owned()) };
        let owner = Caller::new(&backup.account, &backup.region);
        match self.rng.u8(..24) {
            0 => (anywhere, backup.id.clone()),
            1 => (Caller::new(DEFAULT_ACCOUNT, &backup.region), backup.id.clone()),
            2 => (owner, "backup-zzzzzzzzzzz".to_owned()),
            3 => (owner, self.pick(&["", "nonsense", "backup-1"]).to_owned()),
            _ => (owner, backup.id.clone()),
        }
    }

    fn call(&mut self, state: &State) -> Turn {
        let (caller, id) = self.target(state);
        let arn = state.backups.iter().find(|backup| backup.id == id).map_or(id.clone(), |it| it.arn.clone());
        let arn = if self.one_in(12) { arn.replace("backup", "cluster") } else { arn };
        let resource = if self.one_in(10) { self.pick(&CLUSTERS).to_owned() } else { id.clone() };
        let operation = match self.rng.u8(..16) {
            0..3 => Operation::DescribeBackups(self.listing(state)),
            3 | 4 => delete(&id),
            5 => restore(&id),
            6 => Operation::ModifyBackupAttributes(ModifyBackupAttributes {
                backup_id: id,
                never_expires: (!self.one_in(12)).then(|| self.rng.bool()),
            }),
            7 | 8 => Operation::CopyBackupToRegion(self.copy(id)),
            9 => tag(&resource, &[(self.pick(&KEYS), "x"), (self.pick(&KEYS), "")]),
            10 => untag(&resource, &[self.pick(&KEYS)]),
            11 => Operation::ListTags(ListTags {
                resource_id: resource,
                next_token: None,
                max_results: self.pick(&[None, None, Some(0), Some(1), Some(20)]),
            }),
            12 => get_policy(&arn),
            13 => put_policy(&arn, self.pick(&["{}", r#"{"Statement": {"Action": ["x"]}}"#, "[]", ""])),
            14 => delete_policy(&arn),
            _ => Operation::DescribeClusters(self.cluster_listing()),
        };
        Turn::Call(caller, operation)
    }

    fn copy(&mut self, backup_id: String) -> CopyBackupToRegion {
        let tag_list = match self.rng.u8(..12) {
            0 => Some(Vec::new()),
            1..5 => Some(vec![Tag::new(self.pick(&KEYS), "y")]),
            _ => None,
        };
        let to = if self.one_in(12) { "us-gov-west-1" } else { self.pick(&REGIONS) };
        CopyBackupToRegion { tag_list, ..CopyBackupToRegion::new(backup_id, to) }
    }

    fn listing(&mut self, state: &State) -> DescribeBackups {
        let mut request = DescribeBackups {
            max_results: self.pick(&[None, None, None, Some(1), Some(3), Some(51)]),
            shared: self.one_in(6),
            sort_ascending: self.rng.bool(),
            ..DescribeBackups::default()
        };
        for _ in 0..self.pick(&[0, 0, 1, 1, 2]) {
            let values: Vec<String> = (0..self.rng.usize(..4))
                .filter_map(|_| self.backup(state))
                .map(|backup| backup.id.clone())
                .collect();
            request = match self.rng.u8(..13) {
                0..4 => request.filter("backupIds", values),
                4..7 => request.filter("sourceBackupIds", values),
                7 | 8 => request.filter("clusterIds", CLUSTERS),
                9 | 10 => request
                    .filter("states", self.pick(&[["READY", "DELETED"], ["PENDING_DELETION", "READY"]])),
                11 => request.filter("neverExpires", [self.pick(&["True", "false", "yes"])]),
                _ => request.filter("backupId", values),
            };
        }
        request
    }

    fn cluster_listing(&mut self) -> DescribeClusters {
        let max_results = self.pick(&[None, None, Some(1), Some(26)]);
        let request = DescribeClusters { max_results, ..DescribeClusters::default() };
        match self.rng.u8(..4) {
            0 => request.filter("clusterIds", [self.pick(&CLUSTERS), self.pick(&CLUSTERS)]),
            1 => request.filter("states", [self.pick(&["ACTIVE", "DELETED", "READY"])]),
            _ => request,
        }
    }
}
