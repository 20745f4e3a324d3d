//! What histories have met of all that there is to meet.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use cloudhsm_backup_operator::api::CloudHsmBackup;
use plan::{effect::Mutation, reason::Reason};

use crate::weather::Fault;

/// What one history, or many, have met.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// How often each fault struck.
    faults: BTreeMap<Fault, u64>,
    /// In how many histories a status carried each reason: the rows of the plan, by what they say.
    reasons: BTreeMap<Reason, u64>,
    /// Changes that AWS carried out, by operation, and whether of a copy.
    changes: BTreeMap<(&'static str, bool), u64>,
}

impl Coverage {
    /// A fault struck.
    pub fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// A status was written.
    pub fn status(&mut self, object: &CloudHsmBackup) {
        let Some(status) = &object.status else { return };
        let conditions = status.conditions.iter().map(|condition| condition.reason.as_str());
        let failures =
            status.copies.iter().filter_map(|copy| Some(copy.last_failure.as_ref()?.reason.as_str()));
        for reason in conditions.chain(failures).filter_map(Reason::from_name) {
            self.reasons.insert(reason, 1);
        }
    }

    /// AWS carried out a change, of a copy or of an original.
    pub fn change(&mut self, mutation: &Mutation, of_copy: bool) {
        *self.changes.entry((mutation.change.kind().operation(), of_copy)).or_default() += 1;
    }

    /// How many changes AWS carried out.
    pub fn changes(&self) -> u64 {
        self.changes.values().sum()
    }

    /// Takes in what another history met.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.faults, &other.faults);
        add(&mut self.reasons, &other.reasons);
        add(&mut self.changes, &other.changes);
    }
}

fn add<K: Ord + Copy>(sum: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, times) in more {
        *sum.entry(*key).or_default() += times;
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = Fault::all().count();
        writeln!(f, "\nFaults that struck, {} of {kinds} kinds", self.faults.len())?;
        for fault in Fault::all() {
            let times = self.faults.get(&fault).copied().unwrap_or_default();
            writeln!(f, "  {times:>9}  {fault:?}")?;
        }
        writeln!(f, "\nChanges that AWS carried out")?;
        for ((operation, of_copy), times) in &self.changes {
            let of = if *of_copy { "of a copy" } else { "of a backup" };
            writeln!(f, "  {times:>9}  {operation} {of}")?;
        }
        writeln!(f, "\nHistories with each reason, {} of {} reasons", self.reasons.len(), Reason::ALL.len())?;
        for (reason, histories) in &self.reasons {
            writeln!(f, "  {histories:>9}  {}", reason.name())?;
        }
        let met: BTreeSet<Reason> = self.reasons.keys().copied().collect();
        let never: Vec<&str> =
            Reason::ALL.iter().filter(|reason| !met.contains(reason)).map(|reason| reason.name()).collect();
        if never.is_empty() { Ok(()) } else { writeln!(f, "      never  {}", never.join(", ")) }
    }
}
