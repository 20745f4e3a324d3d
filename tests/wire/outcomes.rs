//! The four outcomes of a mutation, each for every way that leads to it and every kind of change.

mod accepted;
mod not_sent;
mod rejected;
mod unknown;

use cloudhsm_backup_operator::aws::{Aws, Receipt, Timeouts};
use emulator::{Backup, Emulator, Fault, FaultKind, Seed};
use futures::future::join_all;
use plan::effect::{Change, Outcome};
use plan::error::ErrorClass;

use crate::socket::{Socket, Then};
use crate::support::*;

/// What a change comes to at the emulator.
struct Expected {
    outcome: Outcome,
    /// Whether an answer came back, and with it the id of the request.
    answered: bool,
    /// Whether AWS did what was asked.
    took_effect: bool,
}

/// AWS said no.
fn rejected(class: ErrorClass, code: &str) -> Expected {
    Expected { outcome: Outcome::Rejected(failure(class, code)), answered: true, took_effect: false }
}

fn unknown(detail: &str) -> Outcome {
    Outcome::Unknown(failure(ErrorClass::Ambiguous, detail))
}

/// Tries every change under a fault. Proves that each was one wire request.
async fn each_under(fault: FaultKind, timeouts: Timeouts, expected: Expected) {
    join_all(every_change().map(|change| one_under(change, &fault, timeouts, &expected))).await;
}

async fn one_under(change: Change, fault: &FaultKind, timeouts: Timeouts, expected: &Expected) {
    let case = format!("{change:?} under {fault:?}");
    let (emulator, id) = emulator_for(&change);
    let (before, permit) = (everything(&emulator), permit());
    emulator.fault(Fault::on(change.kind().operation(), fault.clone()));
    let receipt = adapter_within(&emulator.url(), timeouts).mutate(&mutation(&id, change), &permit).await;
    let calls = emulator.calls();
    assert_eq!(calls.len(), 1, "{case}: {calls:?}");
    assert_eq!(calls[0].sdk_request.as_deref(), Some("attempt=1; max=1"), "{case}");
    let request_id = expected.answered.then(|| calls[0].request_id.clone());
    assert_eq!(receipt, Receipt { outcome: expected.outcome.clone(), request_id }, "{case}");
    assert!(permit.was_sent(), "{case}");
    assert_eq!(everything(&emulator) != before, expected.took_effect, "{case}");
}

/// An emulator with a backup that `change` takes effect on, and its id.
fn emulator_for(change: &Change) -> (Emulator, String) {
    let emulator = emulator();
    let id = emulator.seed(Seed::ready(REGION, CLUSTER).tags([("old", "x")]));
    if matches!(change, Change::Restore) {
        emulator.delete_backup(REGION, &id).unwrap();
    }
    (emulator, id)
}

/// Every backup of the two regions.
fn everything(emulator: &Emulator) -> [Vec<Backup>; 2] {
    [emulator.backups(REGION), emulator.backups(ELSEWHERE)]
}

/// Tries every change at a server that does this. Proves that each was one wire request at most.
async fn each_at(then: Then, timeouts: Timeouts, outcome: Outcome, request_id: Option<&str>) {
    let receipt = Receipt { outcome, request_id: request_id.map(str::to_owned) };
    join_all(every_change().map(|change| one_at(change, &then, timeouts, &receipt))).await;
}

async fn one_at(change: Change, then: &Then, timeouts: Timeouts, expected: &Receipt) {
    let case = format!("{change:?} at a server that does {then:?}");
    let socket = Socket::start(then.clone());
    let receipt =
        adapter_within(&socket.url(), timeouts).mutate(&mutation(STRANGER, change), &permit()).await;
    assert_eq!(receipt, *expected, "{case}");
    assert_eq!(socket.connections(), 1, "{case}");
    let requests = usize::from(!matches!(then, Then::HangUp));
    assert_eq!(socket.requests().len(), requests, "{case}");
}
