//! Any bytes as a stored object, and as what AWS shows: an object is refused or decided on, and its new status holds
//! every record.
//!
//! A line break in front of AWS's answer parts the two.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use cloudhsm_backup_operator::api::{CloudHsmBackup, report};
use fuzz::{Cloud, listing_of};
use libfuzzer_sys::fuzz_target;
use plan::claims::Standing;
use plan::decide::{Demand, Lookout, gather, plan};
use plan::deletion::Breaker;
use plan::effect::{Change, Effect};
use plan::inventory::{Input, Names, Query, World};
use plan::recent::Recent;
use plan::requests::Requests;
use plan::settings::Settings;
use plan::time::{Moment, Now};

thread_local! {
    static CLOUD: Cloud = Cloud::default();
}

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (stored, answer) = data.split_at(at);
    let Ok(object) = serde_json::from_slice::<CloudHsmBackup>(stored) else { return };
    // What metrics and the index ask of every object, readable or not.
    let _ = (object.stated(), object.pending());
    let ledger = object.ledger();
    let Ok(desired) = object.desired() else { return };

    let settings = Settings::default();
    let mut world = World::new(settings.clone());
    let regions: BTreeSet<_> = std::iter::once(&desired.backup.region)
        .chain(desired.copies.iter().map(|copy| &copy.region))
        .chain(ledger.copies.keys())
        .collect();
    for region in &regions {
        let names = Names {
            backups: BTreeSet::from([desired.backup.id.clone()]),
            sources: BTreeSet::from([desired.backup.clone()]),
            ..Names::default()
        };
        world.on(region, Input::Named(names), Moment::START, 0.5);
        let listing = CLOUD.with(|cloud| cloud.page(region, 200, answer));
        let listing = listing.and_then(|page| listing_of(page, Query::All));
        world.on(region, Input::Scanned(listing.clone()), Moment::START, 0.5);
        world.on(region, Input::LookedUp(listing), Moment::START, 0.5);
    }
    let mut requests = Requests::default();
    for (region, record) in &ledger.copies {
        requests.see(&desired.backup, region, record, Moment::START);
    }
    let (breaker, marked) = (Breaker::default(), BTreeSet::new());
    let lookout = Lookout { world: &world, requests: &requests, breaker: &breaker, marked: &marked };
    let observed = gather(&desired, &ledger, lookout, &Demand::default(), &settings, Moment::START);
    let now = Now { wall: "2026-11-21T10:00:00Z".parse().expect("a time"), tick: Moment::START };
    let plan = plan(&desired, &ledger, &observed, &Standing::default(), &Recent::default(), &settings, now);

    if let Some(Effect::Mutate { mutation, .. }) = &plan.effect {
        assert!(!desired.suspend, "suspended");
        let asked = desired.deleted == Some(true)
            || desired.terminating
            || desired.copies.iter().any(|copy| copy.deleted);
        assert!(mutation.change != Change::Delete || asked, "nobody asked to delete anything");
    }
    let Some(verdict) = &plan.verdict else { return };
    let before = object.status.clone().unwrap_or_default();
    let after = report::status(verdict, object.metadata.generation, &before, now.wall);
    let _ = report::leftovers(&before, &after);
    let mut written = object.clone();
    written.status = Some(after.clone());
    let written = serde_json::to_vec(&written).expect("JSON");
    let read: CloudHsmBackup = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(read.status.as_ref(), Some(&after));
    let records = verdict.copies.iter().map(|copy| (copy.region.clone(), copy.record.clone()));
    assert_eq!(read.ledger().copies, records.collect::<BTreeMap<_, _>>());
});
