//! The driver of the election: reads and renews the Lease, and gives the mandate to act.
//!
//! What to do about the Lease is decided in `plan::leadership`; here is what it takes: calls,
//! their deadlines, pauses, and telling.

use std::time::Duration;

use plan::{
    leadership::{Bid, Candidate},
    time::{Clock, Moment},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{metrics::Metrics, shutdown::pause};
use crate::{
    controller::Mandate,
    kubernetes::{Claim, Leases, Refusal, StoredLease},
};

/// One term: from standing by to the loss of the Lease, or to letting go of it.
pub struct Term<L, C> {
    /// The way to the Lease.
    pub leases: L,
    /// The clock.
    pub clock: C,
    /// Who stands for election.
    pub candidate: Candidate,
    /// What is given to whoever wins.
    pub mandate: Mandate,
    /// Where it is told who leads.
    pub metrics: Metrics,
}

/// What the log was told last, so that each thing is told once.
#[derive(Default)]
struct Told {
    leader: Option<String>,
    trouble: Option<String>,
}

impl<L: Leases, C: Clock> Term<L, C> {
    /// Stands for election, gives the mandate and keeps it up; returns when it is lost.
    ///
    /// `stop`: the process is to stop. A leader goes on renewing until `done`, when nothing is under way any more;
    /// then it lets go of the Lease, so that another one need not wait for it to run out.
    pub async fn serve(mut self, stop: &CancellationToken, done: &CancellationToken) {
        self.metrics.leader(false);
        let (mut told, mut lease, mut led) = (Told::default(), None, false);
        loop {
            let conflict = self.round(&mut lease, &mut told).await;
            let leads = self.candidate.leads(self.now());
            match (led, leads) {
                (false, true) => {
                    tracing::info!(name = self.candidate.name(), "leading: this process acts from now on");
                    self.metrics.leader(true);
                }
                (true, false) => break,
                _ => {}
            }
            led = leads;
            // A conflict is no reason to wait: somebody has written, and whatever it is should be known.
            let wait = if conflict { Duration::ZERO } else { self.candidate.times().pause(fastrand::f64()) };
            let over = if led { pause(wait.min(self.left()), done).await } else { pause(wait, stop).await };
            if over {
                break;
            }
        }
        self.mandate.extend(Moment::ZERO);
        self.metrics.leader(false);
        match lease {
            Some(lease) if led && self.candidate.leads(self.now()) => self.let_go(&lease).await,
            _ if led => tracing::warn!(
                holder = self.candidate.holder(),
                "the Lease is lost: nothing new is begun, and this process stands by"
            ),
            _ => {}
        }
    }

    /// Looks at the Lease, unless it is ours and was written last by us, and does what is to be done about it. Returns
    /// whether somebody else wrote at the same time.
    async fn round(&mut self, lease: &mut Option<StoredLease>, told: &mut Told) -> bool {
        // A leader renews what it wrote last, without a look: a conflict shows that it was not the last to write.
        if !self.candidate.leads(self.now()) || lease.is_none() {
            match self.call(self.leases.read()).await {
                Ok(found) => {
                    self.candidate.see(found.as_ref().map(StoredLease::says), self.now());
                    *lease = found;
                }
                Err(refusal) => {
                    told.trouble("cannot read the Lease", &refusal);
                    return false;
                }
            }
        }
        let (began, name) = (self.now(), self.candidate.name().to_owned());
        let claim = self.claim(Some(&name));
        let written = match (self.candidate.bid(began), &*lease) {
            (Bid::Follow, _) => {
                told.calm();
                told.follows(self.candidate.holder());
                return false;
            }
            (Bid::Update(_), Some(lease)) => self.call(self.leases.update(lease, claim)).await,
            (Bid::Create | Bid::Update(_), _) => self.call(self.leases.create(claim)).await,
        };
        match written {
            Ok(written) => {
                told.calm();
                self.candidate.won(written.says(), began);
                self.mandate.extend(self.candidate.until().unwrap_or(Moment::ZERO));
                *lease = Some(written);
                false
            }
            Err(refusal) => {
                // What it is now has to be read; also after a write whose answer was lost.
                *lease = None;
                if !matches!(refusal, Refusal::Conflict | Refusal::Gone) {
                    told.trouble("cannot write the Lease", &refusal);
                }
                matches!(refusal, Refusal::Conflict)
            }
        }
    }

    async fn let_go(&self, lease: &StoredLease) {
        match self.call(self.leases.update(lease, self.claim(None))).await {
            Ok(_) => tracing::info!("let go of the Lease"),
            Err(refusal) => tracing::warn!(%refusal, "cannot let go of the Lease; it runs out by itself"),
        }
    }

    fn claim<'a>(&self, holder: Option<&'a str>) -> Claim<'a> {
        Claim { holder, duration: self.candidate.times().lease_duration, at: self.clock.now().wall }
    }

    /// A call that hangs leaves time for another one, and none outlasts the claim.
    async fn call<T>(&self, call: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        let patience = self.candidate.times().renew_deadline / 2;
        let patience = if self.candidate.leads(self.now()) { patience.min(self.left()) } else { patience };
        timeout(patience, call).await.unwrap_or(Err(Refusal::TimedOut))
    }

    /// How long our claim lasts.
    fn left(&self) -> Duration {
        self.candidate.until().map(|until| until.since(self.now())).unwrap_or_default()
    }

    fn now(&self) -> Moment {
        self.clock.now().tick
    }
}

impl Told {
    fn follows(&mut self, leader: Option<&str>) {
        if self.leader.as_deref() != leader {
            tracing::info!(leader, "standing by: another process leads");
            self.leader = leader.map(str::to_owned);
        }
    }

    fn trouble(&mut self, what: &str, refusal: &Refusal) {
        // Once for each time of trouble: what the API server answers may change with every try.
        self.trouble.get_or_insert_with(|| {
            let trouble = format!("{what}: {refusal}");
            tracing::warn!("{trouble}");
            trouble
        });
    }

    fn calm(&mut self) {
        if let Some(trouble) = self.trouble.take() {
            tracing::info!("mended: {trouble}");
        }
    }
}
