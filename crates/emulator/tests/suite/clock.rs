//! The virtual clock of a running emulator, and its end.

use std::net::TcpStream;

use emulator::{Config, Emulator};

use crate::support::{DAY, emulator, start};

#[test]
fn a_frozen_clock_moves_by_advancing_only() {
    let emulator = emulator();
    assert_eq!((emulator.now(), emulator.now()), (start(), start()));
    let tomorrow = start().checked_add(DAY).unwrap();
    assert_eq!((emulator.advance(DAY), emulator.now()), (tomorrow, tomorrow));
}

#[test]
fn a_running_clock_goes_on_from_where_it_was_set_and_advanced_to() {
    let config = Config { start_time: Some(start()), ..Config::default() };
    let emulator = Emulator::start(config).unwrap();
    let first = emulator.now();
    assert!(first >= start() && first < start().checked_add(DAY).unwrap());
    emulator.advance(DAY);
    let later = emulator.now();
    assert!(later >= first.checked_add(DAY).unwrap());
    let deadline = later.checked_add(std::time::Duration::from_millis(5)).unwrap();
    while emulator.now() < deadline {
        std::thread::yield_now();
    }
}

#[test]
fn an_emulator_stops_when_dropped() {
    let emulator = emulator();
    let address = emulator.address();
    assert!(address.ip().is_loopback());
    assert_eq!(emulator.url(), format!("http://{address}"));
    assert!(TcpStream::connect(address).is_ok());
    drop(emulator);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let first = emulator();
    assert!(Emulator::start(Config { listen: first.address(), ..Config::default() }).is_err());
}
