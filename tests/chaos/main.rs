//! Chaos on the real stack: kube-apiserver and etcd, the operator as a process, the emulator over HTTP, and
//! everything of it breaks while a workload goes on.
//!
//! A short form runs with all other tests; `make chaos` (CHAOS=long) runs the long one. SEED=n draws the same
//! things in the same order again; processes and sockets keep their own time, so it is no replay. Of a run that
//! failed, and with KEEP=1 of any, the logs, all calls to AWS and the audit log are kept under target/tmp.
//!
//! The operator runs with the flags in [`scale`], which are printed. Two of them bound what AWS may do here: the
//! settle window is longer than AWS hides a copy or lies about one, and the breaker is out of the way, since a
//! workload in a hurry deletes more in a minute than anybody in an hour. That it holds is for the breaker's own tests.
#![allow(clippy::disallowed_methods, reason = "tests run in real time")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on is to fail, and tells what happened"
)]
#![allow(unreachable_pub, reason = "modules of a test binary share helpers")]

mod figures;
mod outage;
mod people;
mod replicas;
mod role;
mod scale;
mod settle;
mod storm;
mod verdict;
mod weather;
mod world;

use scale::Scale;
use world::World;

#[test]
fn whatever_breaks_nothing_is_doubled_lost_stuck_or_deleted_unasked() {
    let scale = Scale::from_environment();
    let mut world = World::new(&scale);
    outage::begin_without_an_api_server(&mut world);
    storm::rage(&mut world, &scale);
    if let Some(pair) = scale.pair {
        replicas::change_hands(&mut world, pair);
    }
    weather::make_up(&mut world);
    let took = settle::calm_down(&mut world, scale.patience);
    verdict::judge(&mut world);
    figures::print(&world, took);
}
