//! Owns one question over plain HTTP on loopback. Knows nothing of who answers.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// Asks `address` and returns status and body. In HTTP/1.0 the end of the connection is that of the body.
pub(crate) fn ask(address: &str, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWERS_WITHIN))?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| io::Error::other(format!("not HTTP: {head}")))?, body.to_owned()))
}
