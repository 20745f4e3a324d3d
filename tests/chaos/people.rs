//! What people do: they edit specs, delete resources, ask for a look, and change things in AWS by hand.

use serde_json::Value;

use crate::{
    role::{Resource, Role},
    world::World,
};

/// Some of the resources make their next step; at this rate all have made their way after so many rounds.
pub fn edit(world: &mut World, rounds_left: usize) {
    let missing: usize = world.resources.iter().map(|resource| resource.steps() - resource.made).sum();
    advance(world, missing.div_ceil(rounds_left.max(1)));
}

/// All resources make all their steps.
pub fn finish(world: &mut World) {
    for _ in 0..600 {
        if world.resources.iter().all(Resource::is_done) {
            return;
        }
        let all = world.resources.len();
        advance(world, all);
        world.pause(100..101);
    }
    let waits: Vec<_> = world.resources.iter().filter(|resource| !resource.is_done()).collect();
    panic!("the finalizer never came: {waits:?}");
}

/// The first `count` resources are declared.
pub fn declare(world: &mut World, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    for &number in &numbers {
        world.resources[number].made = 1;
    }
    world.apply(&numbers);
    world.say(&format!("{count} resources are declared"));
}

/// So many of the resources that are not done yet make one step each.
fn advance(world: &mut World, count: usize) {
    let undone = (0..world.resources.len()).filter(|&number| !world.resources[number].is_done());
    let mut chosen = world.rng.choose_multiple(undone, count);
    chosen.sort_unstable();
    let (ending, edited): (Vec<_>, Vec<_>) =
        chosen.into_iter().partition(|&number| world.resources[number].is_about_to_end());
    for &number in &edited {
        world.resources[number].made += 1;
    }
    world.apply(&edited);
    *world.deeds.entry("spec written").or_default() += u32::try_from(edited.len()).unwrap();
    end(world, &ending);
}

/// Deletes resources. One whose deletion is to delete in AWS has to be held by its finalizer, or it just lets go.
fn end(world: &mut World, numbers: &[usize]) {
    if numbers.is_empty() {
        return;
    }
    let objects = world.objects();
    for &number in numbers {
        let Resource { name, role, .. } = world.resources[number].clone();
        let held = objects[&name]["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty());
        if role == Role::LetGo || held {
            world.kubectl(&["delete", "hsmb", &name, "--wait=false", "--ignore-not-found"], "");
            world.resources[number].made += 1;
            world.deed("resource deleted", &name);
        }
    }
}

/// Somebody changes by hand what a resource keeps, or asks for a look.
pub fn meddle(world: &mut World) {
    let kept = (0..world.resources.len()).filter(|&number| world.resources[number].role == Role::Kept);
    let Some(number) = world.rng.choice(kept.collect::<Vec<_>>()) else { return };
    let Resource { id, region, name, made, deleted_by_hand, .. } = world.resources[number].clone();
    let aws = &world.solo.aws;
    // Refusals are a backup in a state in which this cannot be done.
    let (done, deed) = match world.rng.u8(..5) {
        0 => (aws.set_never_expires(region, &id, false), "never-expires cleared by hand"),
        1 => (aws.tag(region, &id, "team", "z"), "tag changed by hand"),
        2 => (aws.untag(region, &id, "team"), "tag removed by hand"),
        // Once: the second time within a day it would stay so, for a person to look at.
        3 if made == 3 && !deleted_by_hand => {
            world.resources[number].deleted_by_hand = true;
            (aws.delete_backup(region, &id), "backup deleted by hand")
        }
        _ => return ask_for_a_look(world),
    };
    if done.is_ok() {
        world.deed(deed, &name);
    }
}

fn ask_for_a_look(world: &mut World) {
    // Where a copy has failed that asks for another one, which would fail too.
    let others = world.resources.iter().filter(|one| one.role != Role::CopyFails);
    let there = world.objects();
    let names: Vec<String> =
        others.map(|one| one.name.clone()).filter(|name| there.contains_key(name)).collect();
    if let Some(name) = world.rng.choice(names) {
        world.annotate(&[name.as_str()]);
        world.deed("look asked for", &name);
    }
}

/// The reason of condition Ready.
pub fn reason(object: &Value) -> &str {
    testbed::condition(object, "Ready")["reason"].as_str().unwrap_or_default()
}
