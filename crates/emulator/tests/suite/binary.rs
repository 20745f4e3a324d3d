//! The program itself.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::support::emulator;

fn program(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cloudhsm-emulator"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn it_prints_its_url_when_it_is_ready() {
    let mut child = program(&["--listen", "127.0.0.1:0"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("http://").and_then(|address| address.parse().ok());
    let reached = address.is_some_and(|address: SocketAddr| TcpStream::connect(address).is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "{line:?}");
}

#[test]
fn it_says_so_when_it_cannot_listen() {
    let taken = emulator();
    let mut child = program(&["--listen", &taken.address().to_string()]);
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(text.starts_with(&format!("cloudhsm-emulator: cannot listen on {}", taken.address())), "{text}");
}
