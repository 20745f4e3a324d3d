//! Whether this process may act: it leads, and it is not stopping.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use plan::time::Moment;
use tokio::sync::watch;

/// Whether the process may still begin something. One flag, read by everyone who acts.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// From now on nothing new is begun.
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the process is stopping.
    pub fn is_stopping(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Leave to act for one term: from the election to its loss. Clones are the same mandate.
///
/// Whoever leads extends it again and again. Once it has run out nobody extends it any more:
/// whoever leads again does so in a new term, with nothing of what was known in the old one.
#[derive(Clone, Debug)]
pub struct Mandate {
    until: Arc<watch::Sender<Moment>>,
    stopping: Stopping,
}

impl Mandate {
    /// None yet, in a process that stops when `stopping` says so.
    pub fn new(stopping: Stopping) -> Self {
        Self { until: Arc::new(watch::Sender::new(Moment::ZERO)), stopping }
    }

    /// It holds until then. [`Moment::ZERO`] ends it.
    pub fn extend(&self, until: Moment) {
        self.until.send_replace(until);
    }

    /// Waits until it is given.
    pub async fn given(&self) {
        // The sender lives as long as this does.
        let _ = self.until.subscribe().wait_for(|until| *until > Moment::ZERO).await;
    }

    /// Whether it holds at `now`: what was begun may be put on record.
    pub fn holds(&self, now: Moment) -> bool {
        now < *self.until.borrow()
    }

    /// Whether something new may be begun at `now`.
    pub fn may_begin(&self, now: Moment) -> bool {
        !self.stopping.is_stopping() && self.holds(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn nothing_is_begun_before_it_is_given_after_it_ran_out_or_while_stopping() {
        let (stopping, mandate) = {
            let stopping = Stopping::default();
            (stopping.clone(), Mandate::new(stopping))
        };
        assert!(!mandate.may_begin(at(0)));
        mandate.extend(at(10));
        assert!(mandate.may_begin(at(9)) && !mandate.may_begin(at(10)));
        mandate.extend(Moment::MAX);
        assert!(mandate.may_begin(at(1_000_000)));
        stopping.stop();
        assert!(!mandate.may_begin(at(0)) && mandate.holds(at(0)), "what was begun goes on record");
        mandate.extend(Moment::ZERO);
        assert!(!mandate.holds(at(0)));
    }

    #[test]
    fn whoever_waits_for_it_is_woken() {
        let mandate = Mandate::new(Stopping::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let giver = mandate.clone();
            tokio::join!(mandate.given(), async move { giver.extend(at(1)) });
            mandate.given().await;
        });
    }
}
