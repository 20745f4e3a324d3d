//! The same random game on both services. It is drawn from a number, which a failure prints:
//! `CONTRACT_SEED=<number> cargo test --test contract random` plays that one again.

mod draw;
mod turns;

use std::{collections::BTreeSet, env};

use emulator::Knobs;
use serde_json::{Value, json};

use self::draw::Dice;
use self::turns::Turn;
use crate::{answer, library::Library, stage::Service, wire::Wire};

/// Turns in a game.
const TURNS: usize = 300;

/// What games have seen so far.
#[derive(Default)]
struct Seen {
    succeeded: BTreeSet<&'static str>,
    refused: BTreeSet<(&'static str, String)>,
    knobs: BTreeSet<String>,
}

impl Seen {
    fn note(&mut self, operation: &'static str, result: &answer::Result) {
        match result {
            Ok(_) => drop(self.succeeded.insert(operation)),
            Err(refusal) => drop(self.refused.insert((operation, refusal.code.clone()))),
        }
    }
}

/// Plays one game.
async fn play(seed: u64, met: &mut Seen) {
    let (mut library, mut wire) = (Library::new(seed), Wire::new(seed));
    let mut dice = Dice::new(seed);
    let mut history = Vec::new();
    for number in 0..TURNS {
        let turn = dice.turn(&library.state());
        history.push(format!("{number}: {turn:?}"));
        let told = || format!("seed {seed}, after\n{}", history[number.saturating_sub(9)..].join("\n"));
        match turn {
            Turn::Call(caller, operation) => {
                let (one, other) =
                    (library.perform(&caller, &operation).await, wire.perform(&caller, &operation).await);
                assert_eq!(one, other, "library and wire differ: {}", told());
                met.note(operation.name(), &one);
                dice.remember(caller, &operation, &one);
            }
            Turn::Seed(it) => assert_eq!(library.seed((*it).clone()), wire.seed(*it), "{}", told()),
            Turn::Cluster(it) => {
                library.seed_cluster(it.clone());
                wire.seed_cluster(it);
            }
            Turn::Advance(by) => {
                library.advance(by);
                wire.advance(by);
            }
            Turn::Knob(name, knobs) => {
                library.set_knobs(&knobs);
                wire.set_knobs(&knobs);
                met.knobs.insert(name);
            }
            Turn::Intervene(how, region, id) => {
                let both = [library.intervene(how, &region, &id), wire.intervene(how, &region, &id)];
                assert_eq!(both[0], both[1], "{}", told());
            }
        }
        if number % 25 == 0 || number == TURNS - 1 {
            assert_eq!(library.state(), wire.state(), "the state differs: {}", told());
        }
    }
}

#[tokio::test]
async fn library_and_wire_answer_a_random_game_alike() {
    if let Ok(seed) = env::var("CONTRACT_SEED") {
        return play(seed.parse().unwrap(), &mut Seen::default()).await;
    }
    let games = if env::var_os("LONG").is_some_and(|long| long == "1") { 200 } else { 12 };
    let mut seen = Seen::default();
    for seed in 0..games {
        play(seed, &mut seen).await;
    }
    // A game in which nothing happens proves nothing.
    assert_eq!(seen.succeeded.len(), 12, "not every operation succeeded once: {:?}", seen.succeeded);
    let refused: BTreeSet<_> = seen.refused.iter().map(|(operation, _)| *operation).collect();
    assert_eq!(refused.len(), 12, "not every operation was refused once: {refused:?}");
    let codes: BTreeSet<_> = seen.refused.iter().map(|(_, code)| code.as_str()).collect();
    let all = [
        "CloudHsmAccessDeniedException",
        "CloudHsmInvalidRequestException",
        "CloudHsmResourceLimitExceededException",
        "CloudHsmResourceNotFoundException",
    ];
    assert_eq!(codes, all.into());
    let knobs: Value = json!(Knobs::default());
    assert_eq!(seen.knobs, knobs.as_object().unwrap().keys().cloned().collect(), "not every knob was turned");
}
