//! The only operator is killed at random, again and again, while people and AWS do what they do.

use crate::{outage, people, scale::Scale, weather, world::World};

/// Faults that nothing has met by then are forgotten, or they would pile up on rare calls.
const ROUNDS_OF_WEATHER: u32 = 8;

/// Kills it as often as the scale says. It runs before, and is killed in the end.
pub fn rage(world: &mut World, scale: &Scale) {
    let mut round: u32 = 0;
    while world.done("operator killed") < scale.kills {
        if round.is_multiple_of(ROUNDS_OF_WEATHER) {
            weather::clear(world);
        } else if round.is_multiple_of(2) {
            weather::show(world);
        }
        weather::change(world);
        let left = scale.kills - world.done("operator killed");
        people::edit(world, usize::try_from(left).unwrap());
        people::meddle(world);
        if round % scale.kills_between_outages == scale.kills_between_outages / 2 {
            outage::strike(world, round / scale.kills_between_outages, scale.longest_freeze);
        }
        live(world);
        world.kill();
        // The next is mostly there at once, and sometimes not.
        if world.rng.u8(..4) == 0 {
            world.pause(0..1500);
        }
        world.run();
        round += 1;
    }
}

/// The operator lives for a while: not even through its start, through some calls, or through much of its work.
fn live(world: &mut World) {
    match world.rng.u8(..10) {
        0..3 => world.pause(0..700),
        3..8 => world.pause(700..2500),
        _ => world.pause(2500..6000),
    }
}
