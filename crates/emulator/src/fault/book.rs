//! The faults in force, and whose turn it is.

use serde::Serialize;

use super::{Fault, FaultKind, Target};
use crate::cloud::KnobChanges;

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

    /// What strikes this call: the oldest fault that matches and whose turn it is, one at most, and
    /// unless that refuses the call all changes of knobs.
    pub(crate) fn strike(&mut self, target: &Target<'_>) -> Struck {
        let is_knobs = |rule: &&mut Rule| matches!(rule.fault.kind, FaultKind::Knobs { .. });
        let fault = self
            .rules
            .iter_mut()
            .filter(|rule| !is_knobs(rule))
            .find_map(|rule| rule.takes(target).then(|| rule.fault.clone()));
        if fault.as_ref().is_some_and(|fault| fault.kind.refuses()) {
            return Struck { fault, knobs: Vec::new() };
        }
        let knobs = self.rules.iter_mut().filter_map(|rule| match rule.fault.kind.clone() {
            FaultKind::Knobs { set } => rule.takes(target).then_some(set),
            _ => None,
        });
        Struck { knobs: knobs.collect(), fault }
    }
}

impl Rule {
    /// Whether it is its turn with this call; takes note of it.
    fn takes(&mut self, target: &Target<'_>) -> bool {
        let spent = self.fault.times.is_some_and(|times| self.struck >= times);
        if spent || !self.fault.strikes(target) {
            return false;
        }
        self.matched = self.matched.saturating_add(1);
        if self.matched <= self.fault.skip {
            return false;
        }
        self.struck = self.struck.saturating_add(1);
        true
    }
}

/// All that is in store for a call.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    /// What goes wrong.
    pub(crate) fault: Option<Fault>,
    /// Other knobs for it.
    pub(crate) knobs: Vec<KnobChanges>,
}

impl Struck {
    /// What goes wrong.
    pub(crate) fn kind(&self) -> Option<&FaultKind> {
        self.fault.as_ref().map(|fault| &fault.kind)
    }

    /// The name for the log.
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.kind().map(FaultKind::name).or((!self.knobs.is_empty()).then_some("knobs"))
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;
    use crate::cloud::Listing;
    use crate::fault::{Fault, FaultKind, Target};

    const DELETE: Target<'static> = Target {
        operation: "DeleteBackup",
        region: "eu-west-1",
        ids: Vec::new(),
        destination: None,
        listing: None,
    };

    fn strikes(faults: &mut Faults, calls: usize) -> Vec<bool> {
        let target = Target { ids: vec!["backup-a"], ..DELETE };
        (0..calls).map(|_| faults.strike(&target).fault.is_some()).collect()
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
            Fault::on("*", FaultKind::Drop).destination("eu-west-1"),
            Fault::on("*", FaultKind::Drop).listing(Listing::All),
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
        let names: Vec<_> = (0..3).map(|_| faults.strike(&DELETE).name()).collect();
        assert_eq!(names, [Some("drop"), Some("throttle"), Some("throttle")]);
    }

    #[test]
    fn other_knobs_go_together_with_a_fault_and_with_each_other_but_not_with_a_refusal() {
        let mut faults = Faults::default();
        let failing = FaultKind::knobs(|knobs| knobs.fail_copies = true);
        let hidden = FaultKind::knobs(|knobs| knobs.hide_copies = true);
        faults.add(Fault::on("*", failing).times(1));
        faults.add(Fault::on("*", FaultKind::Throttle).times(1));
        faults.add(Fault::on("*", FaultKind::AcceptThenDrop).times(1));
        faults.add(Fault::on("*", hidden));
        let struck: Vec<_> = (0..3)
            .map(|_| faults.strike(&DELETE))
            .map(|struck| (struck.name(), struck.knobs.len()))
            .collect();
        assert_eq!(struck, [(Some("throttle"), 0), (Some("acceptThenDrop"), 2), (Some("knobs"), 1)]);
    }
}
