//! Makes a history that breaks a promise as small as it gets.

use crate::{schedule, workload::Workload};

/// Takes away whatever is not needed for `workload` to break a promise. Returns it unchanged if it breaks none.
pub fn shrink(workload: &Workload) -> Workload {
    let broken = |workload: &Workload| !schedule::run(workload, false).violations.is_empty();
    let mut smallest = workload.clone();
    if !broken(&smallest) {
        return smallest;
    }
    loop {
        let before = (smallest.acts.len(), smallest.weather.spells.len());
        // From the end: what comes late is seldom the cause of what came early.
        for place in (0..smallest.acts.len()).rev() {
            let mut smaller = smallest.clone();
            smaller.acts.remove(place);
            if broken(&smaller) {
                smallest = smaller;
            }
        }
        for place in (0..smallest.weather.spells.len()).rev() {
            let mut smaller = smallest.clone();
            smaller.weather.spells.remove(place);
            if broken(&smaller) {
                smallest = smaller;
            }
        }
        if (smallest.acts.len(), smallest.weather.spells.len()) == before {
            return smallest;
        }
    }
}
