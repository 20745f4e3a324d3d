//! What it took.

use std::{collections::BTreeMap, time::Duration};

use crate::world::World;

/// Prints what happened, how often, and how long it took to settle.
pub fn print(world: &World, settled: Duration) {
    let calls = world.solo.aws.calls();
    let (mut asked, mut done, mut faults) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for call in &calls {
        *asked.entry(call.operation.as_str()).or_insert(0) += 1;
        *done.entry(call.operation.as_str()).or_insert(0) += u32::from(call.applied);
        if let Some(fault) = &call.fault {
            *faults.entry(fault.as_str()).or_insert(0) += 1;
        }
    }
    let operations =
        asked.iter().map(|(name, count)| (*name, format!("{count} ({} carried out)", done[name])));
    let copies: usize = world
        .resources
        .iter()
        .map(|resource| {
            let made = |region: &str| world.solo.aws.copies_made(resource.region, &resource.id, region).len();
            World::regions().map(made).sum::<usize>()
        })
        .sum();
    section("Done to it", world.deeds.iter().map(|(deed, count)| (*deed, count.to_string())));
    section("Faults", faults.iter().map(|(kind, count)| (*kind, count.to_string())));
    section("Calls to AWS", operations);
    let writes = world.status_writes();
    section(
        "Outcome",
        [
            ("resources", world.resources.len().to_string()),
            ("copies made", copies.to_string()),
            ("status writes by HTTP status", format!("{writes:?}")),
            ("settled after", format!("{:.1} s", settled.as_secs_f64())),
        ],
    );
}

fn section<'a>(title: &str, lines: impl IntoIterator<Item = (&'a str, String)>) {
    println!("\n{title}");
    for (name, figure) in lines {
        println!("  {name:38} {figure}");
    }
}
