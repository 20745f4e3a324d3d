//! The faults in force, and whose turn it is.

use serde::Serialize;

use super::{Fault, FaultKind};

/// The faults in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

/// A fault with what it has seen.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    #[serde(flatten)]
    fault: Fault,
    /// Calls that matched while it was in force, the skipped ones included.
    matched: u32,
    /// Calls that it struck.
    struck: u32,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push(Rule { fault, matched: 0, struck: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What strikes this call: the oldest fault that matches and whose turn it is. One at most.
    pub(crate) fn strike(&mut self, operation: &str, region: &str, ids: &[&str]) -> Option<FaultKind> {
        for rule in &mut self.rules {
            let spent = rule.fault.times.is_some_and(|times| rule.struck >= times);
            if spent || !rule.fault.strikes(operation, region, ids) {
                continue;
            }
            rule.matched = rule.matched.saturating_add(1);
            if rule.matched <= rule.fault.skip {
                continue;
            }
            rule.struck = rule.struck.saturating_add(1);
            return Some(rule.fault.kind.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;
    use crate::fault::{Fault, FaultKind};

    fn strikes(faults: &mut Faults, calls: usize) -> Vec<bool> {
        (0..calls).map(|_| faults.strike("DeleteBackup", "eu-west-1", &["backup-a"]).is_some()).collect()
    }

    #[test]
    fn a_fault_skips_then_strikes_then_is_spent() {
        let mut faults = Faults::default();
        faults.add(Fault::on("DeleteBackup", FaultKind::Drop).skip(1).times(2));
        assert_eq!(strikes(&mut faults, 5), [false, true, true, false, false]);
    }

    #[test]
    fn region_operation_and_backup_must_all_match() {
        for fault in [
            Fault::on("RestoreBackup", FaultKind::Drop),
            Fault::on("*", FaultKind::Drop).region("us-east-1"),
            Fault::on("*", FaultKind::Drop).backup("backup-b"),
            Fault::on("*", FaultKind::EverythingMissing),
        ] {
            let mut faults = Faults::default();
            faults.add(fault.clone());
            assert_eq!(strikes(&mut faults, 1), [false], "{fault:?}");
        }
        let mut faults = Faults::default();
        faults.add(Fault::on("*", FaultKind::Drop).region("eu-west-1").backup("backup-a"));
        assert_eq!(strikes(&mut faults, 1), [true]);
    }

    #[test]
    fn the_next_fault_has_its_turn_when_the_first_is_spent() {
        let mut faults = Faults::default();
        faults.add(Fault::on("*", FaultKind::Drop).times(1));
        faults.add(Fault::on("*", FaultKind::Throttle));
        let kinds: Vec<_> = (0..3).map(|_| faults.strike("DeleteBackup", "eu-west-1", &[])).collect();
        assert_eq!(kinds, [Some(FaultKind::Drop), Some(FaultKind::Throttle), Some(FaultKind::Throttle)]);
    }
}
