//! The port of one process to AWS: the emulator's state machine, and all that can go wrong on the way to it.

use std::time::Duration;

use cloudhsm_backup_operator::{
    aws::{Aws, Permit, Receipt},
    inventory::Describe,
};
use emulator::{
    ApiError, BackupPage, Caller, CopyBackupToRegion, DeleteBackup, DescribeBackups, ModifyBackupAttributes,
    Operation, Reply, RestoreBackup, Tag, TagResource, UntagResource,
};
use plan::{
    effect::{Change, Mutation, Outcome},
    error::{ErrorClass, Failure, classify},
    inventory::{Page, Query},
    model::{AccountId, Backup, BackupId, BackupState, Region, Source, Tags},
};

use crate::{
    weather::{ChangeFault, Fault, ReadFault},
    world::{Moment, Shared, World},
};

/// How long the operator waits for one attempt, and for one at a copy.
const ATTEMPT: Duration = Duration::from_secs(10);
const COPY: Duration = Duration::from_secs(30);

/// The port.
#[derive(Clone)]
pub struct Port {
    /// Which process.
    pub number: usize,
    /// The name under which it stands for election, if there is one: it must lead when it changes something.
    pub candidate: Option<String>,
    /// The account of its credentials, if it is not that of the backups.
    pub account: Option<&'static str>,
    /// The world.
    pub world: Shared,
}

impl Port {
    fn account_of(&self, world: &World) -> String {
        self.account.unwrap_or_else(|| world.cloud.account()).to_owned()
    }

    async fn wait(&self) {
        self.world.alive(self.number, None).await;
        self.world.pass_time().await;
        self.world.alive(self.number, None).await;
    }
}

impl Describe for Port {
    async fn describe(&self, region: &Region, query: &Query, token: Option<&str>) -> Result<Page, Failure> {
        self.wait().await;
        let (result, fault) = {
            let mut world = self.world.lock();
            let fault = strike_read(&mut world, region);
            if let Some(fault) = fault {
                let elapsed = world.elapsed();
                world.history.coverage.fault(Fault::Read(fault));
                world.history.note_with(elapsed, || {
                    format!("process {}: DescribeBackups in {region}: {fault:?}", self.number)
                });
            }
            let elapsed = world.elapsed();
            world.history.listed(elapsed, region, query, token);
            if matches!(fault, Some(ReadFault::Missing | ReadFault::Nothing)) {
                world.history.lied(elapsed, region);
            }
            let caller = Caller::new(self.account_of(&world), region.as_str());
            (answer(&mut world, &caller, query, token, fault), fault)
        };
        let slowest = self.world.lock().slow_reads;
        if !slowest.is_zero() {
            let wait = slowest.mul_f64(self.world.lock().rng.f64());
            tokio::time::sleep(wait).await;
        }
        if fault == Some(ReadFault::Hang) {
            tokio::time::sleep(3 * ATTEMPT).await;
        }
        self.wait().await;
        result
    }

    async fn account(&self, region: &Region) -> Result<AccountId, Failure> {
        self.wait().await;
        let mut world = self.world.lock();
        match strike_read(&mut world, region) {
            Some(ReadFault::Denied) => Err(denied()),
            Some(ReadFault::Unreachable | ReadFault::Failed) => {
                Err(Failure::new(ErrorClass::Transient, "no answer"))
            }
            _ => AccountId::parse(&self.account_of(&world))
                .map_err(|_| Failure::new(ErrorClass::Implausible, "no account")),
        }
    }
}

fn strike_read(world: &mut World, region: &Region) -> Option<ReadFault> {
    let count = world.count("read");
    let elapsed = world.elapsed();
    let World { weather, rng, .. } = world;
    weather.strike(elapsed, region.as_str(), count, rng, |fault| match fault {
        Fault::Read(fault) => Some(fault),
        _ => None,
    })
}

fn answer(
    world: &mut World,
    caller: &Caller,
    query: &Query,
    token: Option<&str>,
    fault: Option<ReadFault>,
) -> Result<Page, Failure> {
    match fault {
        Some(ReadFault::Denied) => return Err(denied()),
        Some(ReadFault::Throttled) => return Err(Failure::new(ErrorClass::Throttled, "ThrottlingException")),
        Some(ReadFault::Failed) => return Err(Failure::new(ErrorClass::Transient, "HTTP 500")),
        Some(ReadFault::Unreachable) => return Err(Failure::new(ErrorClass::Unreachable, "no such host")),
        Some(ReadFault::Hang) => return Err(Failure::new(ErrorClass::Transient, "no answer in time")),
        Some(ReadFault::Truncated) => {
            return Err(Failure::new(ErrorClass::Transient, "the answer could not be read"));
        }
        _ => {}
    }
    if fault == Some(ReadFault::EmptyPage) && token != Some("again") {
        return Ok(Page { next_token: Some("again".to_owned()), ..Page::default() });
    }
    world.catch_up();
    let stale = world.cloud.knobs().stale_reads_for;
    if fault == Some(ReadFault::Stale) {
        world.cloud.knobs_mut().stale_reads_for = Duration::from_secs(20);
    }
    let request = request(query, token.filter(|token| *token != "again"));
    let result = world.cloud.perform(caller, &Operation::DescribeBackups(request));
    world.cloud.knobs_mut().stale_reads_for = stale;
    let mut page = match result {
        Ok(Reply::Backups(page)) => read_page(page),
        Ok(_) => Page::default(),
        Err(error) => return Err(failure(&error)),
    };
    match fault {
        Some(ReadFault::RepeatedToken) => page.next_token = Some(token.unwrap_or("first").to_owned()),
        Some(ReadFault::Missing) => {
            let World { rng, .. } = world;
            page.backups.retain(|_| rng.bool());
        }
        Some(ReadFault::Unreadable) => {
            let World { rng, .. } = world;
            let before = page.backups.len();
            page.backups.retain(|_| rng.bool());
            page.malformed = before - page.backups.len();
        }
        Some(ReadFault::Nothing) => (page.backups, page.next_token) = (Vec::new(), None),
        Some(ReadFault::UnknownState) => {
            for backup in &mut page.backups {
                backup.state = BackupState::from_name("ARCHIVING");
            }
        }
        Some(ReadFault::MissingMember) => {
            let which = world.rng.u8(..5);
            for backup in &mut page.backups {
                match which {
                    0 => backup.never_expires = None,
                    1 => backup.arn = None,
                    2 => backup.tags = None,
                    3 => backup.state = BackupState::from_name(""),
                    _ => {
                        if let Some(source) = &mut backup.source {
                            source.backup = None;
                        }
                    }
                }
            }
        }
        _ => {}
    }
    Ok(page)
}

fn request(query: &Query, token: Option<&str>) -> DescribeBackups {
    let (key, values): (&str, Vec<String>) = match query {
        Query::All => ("", Vec::new()),
        Query::Ids(ids) => ("backupIds", ids.iter().map(ToString::to_string).collect()),
        Query::CopiesOf(sources) => {
            ("sourceBackupIds", sources.iter().map(|source| source.id.to_string()).collect())
        }
    };
    let filters = (!key.is_empty()).then(|| (key.to_owned(), values));
    DescribeBackups {
        next_token: token.map(str::to_owned),
        max_results: Some(50),
        filters: filters.into_iter().collect(),
        ..DescribeBackups::default()
    }
}

fn read_page(page: BackupPage) -> Page {
    Page {
        backups: page.backups.iter().filter_map(read).collect(),
        malformed: 0,
        next_token: page.next_token,
    }
}

/// What a listed backup is to the operator.
fn read(backup: &emulator::Backup) -> Option<Backup> {
    let source = backup.source.as_ref().map(|source| Source {
        region: source.region.parse().ok(),
        backup: source.backup_id.parse().ok(),
        cluster: source.cluster_id.as_ref().and_then(|id| id.parse().ok()),
    });
    Some(Backup {
        id: BackupId::parse(&backup.id).ok()?,
        state: BackupState::from_name(backup.state.as_str()),
        arn: Some(backup.arn.as_str().into()),
        cluster_id: backup.cluster_id.as_ref().and_then(|id| id.parse().ok()),
        create_timestamp: Some(backup.create_timestamp),
        copy_timestamp: backup.copy_timestamp,
        delete_timestamp: backup.delete_timestamp,
        never_expires: backup.never_expires,
        source,
        hsm_type: Some(backup.hsm_type.as_str().into()),
        mode: Some("FIPS".into()),
        tags: Some(backup.tags.clone()),
    })
}

impl Aws for Port {
    async fn mutate(&self, mutation: &Mutation, permit: &Permit) -> Receipt {
        // Credentials and signature take their time; then the permit is asked, and the request leaves.
        self.wait().await;
        if self.world.lock().freeze(self.number) {
            self.world.alive(self.number, None).await;
        }
        let fault = {
            let mut world = self.world.lock();
            let (count, elapsed) = (world.count("change"), world.elapsed());
            let World { weather, rng, .. } = &mut *world;
            let fault =
                weather.strike(elapsed, mutation.region().as_str(), count, rng, |fault| match fault {
                    Fault::Change(fault) => Some(fault),
                    _ => None,
                });
            if let Some(fault) = fault {
                world.history.coverage.fault(Fault::Change(fault));
            }
            fault
        };
        if !permit.use_now() {
            return receipt(Outcome::NotSent(Failure::new(
                ErrorClass::Withdrawn,
                "the decision had grown too old",
            )));
        }
        if fault == Some(ChangeFault::NotSent) {
            return receipt(Outcome::NotSent(Failure::new(ErrorClass::Unreachable, "no connection")));
        }
        {
            let mut world = self.world.lock();
            let (elapsed, leader) = (world.elapsed(), world.store.leader());
            world.history.sent(elapsed, self.candidate.as_deref(), leader.as_deref(), mutation);
        }
        self.world.alive(self.number, Some(Moment::Before)).await;
        self.world.pass_time().await;
        let outcome = {
            let mut world = self.world.lock();
            let caller = Caller::new(self.account_of(&world), mutation.region().as_str());
            let outcome = arrive(&mut world, &caller, mutation, fault, self.number);
            let elapsed = world.elapsed();
            world.history.note_with(elapsed, || {
                format!("process {}: {mutation:?}: {fault:?}: {}", self.number, outcome.name())
            });
            outcome
        };
        self.world.alive(self.number, Some(Moment::After)).await;
        if matches!(fault, Some(ChangeFault::HangBefore | ChangeFault::HangAfter)) {
            let copy = matches!(mutation.change, Change::Copy { .. });
            tokio::time::sleep(if copy { COPY } else { ATTEMPT }).await;
        }
        self.wait().await;
        receipt(outcome)
    }
}

fn receipt(outcome: Outcome) -> Receipt {
    Receipt { outcome, request_id: Some("request".to_owned()) }
}

/// The request is at AWS: what it does there, and what its sender will hear.
fn arrive(
    world: &mut World,
    caller: &Caller,
    mutation: &Mutation,
    fault: Option<ChangeFault>,
    number: usize,
) -> Outcome {
    world.catch_up();
    match fault {
        Some(ChangeFault::Denied) => return Outcome::Rejected(denied()),
        Some(ChangeFault::Throttled) => {
            return Outcome::Rejected(Failure::new(ErrorClass::Throttled, "ThrottlingException"));
        }
        Some(ChangeFault::FailedBefore | ChangeFault::LostBefore | ChangeFault::HangBefore) => {
            return unknown();
        }
        _ => {}
    }
    let before = world.cloud.clone();
    let result = world.cloud.perform(caller, &operation(mutation));
    let elapsed = world.elapsed();
    if result.is_ok() {
        let World { store, history, .. } = world;
        history.changed(elapsed, number, mutation, &before, store);
    }
    match result {
        _ if fault.is_some_and(ChangeFault::takes_effect) => unknown(),
        Ok(_) => Outcome::Accepted,
        Err(error) => Outcome::Rejected(failure(&error)),
    }
}

fn operation(mutation: &Mutation) -> Operation {
    let id = mutation.backup().to_string();
    match &mutation.change {
        Change::NeverExpires(value) => {
            Operation::ModifyBackupAttributes(ModifyBackupAttributes::new(&id, *value))
        }
        Change::Restore => Operation::RestoreBackup(RestoreBackup::new(&id)),
        Change::Tag(tags) => {
            Operation::TagResource(TagResource { resource_id: id, tag_list: Some(list(tags)) })
        }
        Change::Untag(keys) => Operation::UntagResource(UntagResource {
            resource_id: id,
            tag_key_list: Some(keys.iter().cloned().collect()),
        }),
        Change::Copy { to, tags } => Operation::CopyBackupToRegion(CopyBackupToRegion {
            tag_list: tags.as_ref().map(list),
            ..CopyBackupToRegion::new(&id, to.as_str())
        }),
        Change::Delete => Operation::DeleteBackup(DeleteBackup::new(&id)),
    }
}

fn list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::new(key, value)).collect()
}

fn failure(error: &ApiError) -> Failure {
    Failure::new(classify(Some(&error.code), error.status), error.code.clone())
}

fn denied() -> Failure {
    Failure::new(ErrorClass::AccessDenied, "AccessDeniedException")
}

fn unknown() -> Outcome {
    Outcome::Unknown(Failure::new(ErrorClass::Ambiguous, "no answer"))
}
