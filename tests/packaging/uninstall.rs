//! The commands of `docs/upgrade-and-uninstall.md`, run as they stand there: nothing is deleted in AWS, and nothing hangs.

use std::{fs, path::Path, process::Command, time::Duration};

use emulator::Seed;
use testbed::{Assets, Solo, within};

const REGION: &str = "eu-west-1";
const CLUSTER: &str = "cluster-payments234";
const PATIENCE: Duration = Duration::from_secs(45);

/// The shell blocks of the page, in its order.
fn blocks() -> [String; 5] {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/upgrade-and-uninstall.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect::<Vec<_>>().try_into().expect("five blocks: list, release, finalizers, CRD, by hand")
}

/// Runs a block as a person would, and returns what it prints.
fn shell(world: &Solo, block: &str) -> String {
    let assets = Assets::provide().unwrap();
    let path = format!("{}:{}", assets.folder().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", block]);
    let output = command.env("PATH", path).env("KUBECONFIG", world.plane.kubeconfig()).output().unwrap();
    assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Resources with either policy, and an operator that knows them.
fn world() -> Solo {
    let mut world = Solo::new(env!("CARGO_BIN_EXE_cloudhsm-backup-operator"));
    world.install(&serde_json::to_value(cloudhsm_backup_operator::api::crd()).unwrap());
    for (name, policy) in [("bound", "Delete"), ("kept", "Retain"), ("bound-too", "Delete")] {
        let id = world.aws.seed(Seed::ready(REGION, CLUSTER));
        let spec = format!("backupId: {id}\nregion: {REGION}\ndeletionPolicy: {policy}");
        world.declare(name, &spec);
    }
    world.aws.seed(Seed::ready(REGION, CLUSTER));
    world.run();
    for name in ["bound", "kept", "bound-too"] {
        world.until_ready(name, true, "InSync");
    }
    world
}

fn assert_nothing_was_deleted(world: &Solo) {
    assert!(world.aws.calls().iter().all(|call| call.operation != "DeleteBackup"), "{:?}", world.aws.calls());
}

#[test]
fn the_commands_for_uninstalling_release_what_is_bound_and_delete_nothing() {
    let world = world();
    let [list, release, finalizers, crd, _] = blocks();
    let bound = "default bound\ndefault bound-too\n";
    assert_eq!(shell(&world, &list), bound);
    assert!(within(PATIENCE, || shell(&world, &finalizers) == bound), "{}", shell(&world, &finalizers));
    shell(&world, &release);
    assert_eq!(shell(&world, &list), "");
    assert!(within(PATIENCE, || shell(&world, &finalizers).is_empty()), "{}", world.log());
    // With the operator still there, which would delete what is bound.
    shell(&world, &crd);
    assert_nothing_was_deleted(&world);
}

#[test]
fn resources_that_the_operator_left_behind_are_released_by_hand() {
    let mut world = world();
    let [_, _, finalizers, crd, by_hand] = blocks();
    let bound = "default bound\ndefault bound-too\n";
    assert!(within(PATIENCE, || shell(&world, &finalizers) == bound), "{}", world.log());
    world.operator().process().kill();
    let hangs = crd.trim_end().to_owned() + " --wait=false";
    shell(&world, &hangs);
    assert_eq!(shell(&world, &finalizers), bound, "they wait for an operator that is gone");
    for name in ["bound", "bound-too"] {
        shell(&world, &by_hand.replace("NAMESPACE", "default").replace("NAME", name));
    }
    let gone = || shell(&world, "kubectl get crd --output name").is_empty();
    assert!(within(PATIENCE, gone), "the CRD is still there");
    assert_nothing_was_deleted(&world);
}
