//! Waits for the permission to call AWS.

use std::{collections::BTreeMap, sync::Mutex};

use plan::{error::ErrorClass, model::Region, rate::Rate, time::Clock};

use super::lock;

/// One rate for each region. Reads and changes have a pacer each, so that neither spends the other's calls.
pub struct Pacer<C> {
    clock: C,
    rate: f64,
    regions: Mutex<BTreeMap<Region, Rate>>,
}

impl<C: Clock> Pacer<C> {
    /// At most `rate` calls a second and region.
    pub fn new(clock: C, rate: f64) -> Self {
        Self { clock, rate, regions: Mutex::default() }
    }

    /// Waits until a call to `region` may go out.
    pub async fn permit(&self, region: &Region) {
        loop {
            let now = self.clock.now().tick;
            let taken = {
                let mut regions = lock(&self.regions);
                regions.entry(region.clone()).or_insert_with(|| Rate::new(self.rate, now)).take(now)
            };
            match taken {
                Ok(()) => return,
                Err(wait) => pause(wait).await,
            }
        }
    }

    /// A call to `region` ended in a failure of `class`; throttling slows the next ones down.
    pub fn heed(&self, region: &Region, class: ErrorClass) {
        if class == ErrorClass::Throttled {
            let now = self.clock.now().tick;
            if let Some(rate) = lock(&self.regions).get_mut(region) {
                rate.throttled(now);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the inventory owns the timers of its calls")]
pub(super) async fn pause(wait: std::time::Duration) {
    tokio::time::sleep(wait).await;
}
