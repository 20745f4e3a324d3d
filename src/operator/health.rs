//! Whether the operator is ready, and if not, why not.
//!
//! Each part that must be in place holds a [`Gate`]. A gate is shut until the part says
//! otherwise, so forgetting one shows at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The gates of a process, shared by those who hold them and the one who reports.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<Vec<State>>>);

#[derive(Debug)]
struct State {
    name: &'static str,
    /// Why it is shut; none when it is open.
    why: Option<String>,
}

impl Readiness {
    /// No gates: ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a gate, shut because of `why`.
    pub fn gate(&self, name: &'static str, why: impl Into<String>) -> Gate {
        let mut states = self.lock();
        let index = states.len();
        states.push(State { name, why: Some(why.into()) });
        Gate { readiness: self.clone(), index }
    }

    /// Nothing if every gate is open, else a line `name: why` for each one that is not, in
    /// the order in which they were added.
    pub fn report(&self) -> Result<(), Vec<String>> {
        let line = |state: &State| state.why.as_ref().map(|why| format!("{}: {why}", state.name));
        let shut: Vec<_> = self.lock().iter().filter_map(line).collect();
        if shut.is_empty() { Ok(()) } else { Err(shut) }
    }

    /// A lock that a panic elsewhere poisoned still holds whole lines.
    fn lock(&self) -> MutexGuard<'_, Vec<State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thing that must be in place. Dropping it leaves it as it is.
#[derive(Clone, Debug)]
pub struct Gate {
    readiness: Readiness,
    index: usize,
}

impl Gate {
    /// It is in place.
    pub fn ready(&self) {
        self.set(None);
    }

    /// It is not, or no longer, in place.
    pub fn not_ready(&self, why: impl Into<String>) {
        self.set(Some(why.into()));
    }

    fn set(&self, why: Option<String>) {
        if let Some(state) = self.readiness.lock().get_mut(self.index) {
            state.why = why;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_gate_is_shut() {
        let readiness = Readiness::new();
        assert_eq!(readiness.report(), Ok(()));
        let _gate = readiness.gate("crd", "not looked for yet");
        assert_eq!(readiness.report(), Err(vec!["crd: not looked for yet".to_owned()]));
    }

    #[test]
    fn each_shut_gate_says_why_and_all_open_ones_are_silent() {
        let readiness = Readiness::new();
        let crd = readiness.gate("crd", "CRD not found");
        let aws = readiness.gate("credentials", "no credentials");
        let caches = readiness.clone().gate("caches", "not synced");
        aws.ready();
        assert_eq!(
            readiness.report(),
            Err(vec!["crd: CRD not found".to_owned(), "caches: not synced".to_owned()])
        );
        crd.ready();
        caches.clone().ready();
        assert_eq!(readiness.report(), Ok(()));
        aws.not_ready("expired token");
        assert_eq!(readiness.report(), Err(vec!["credentials: expired token".to_owned()]));
    }
}
