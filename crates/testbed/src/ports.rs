//! Owns the choice of free loopback ports.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// Below the ranges that systems take the ports of outgoing connections from (Linux: 32768
/// and up), so that a server that is stopped finds its port free when it starts again.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const TRIES: u32 = 1000;

/// `N` different TCP ports that are free on 127.0.0.1 at this moment.
///
/// # Caveats
/// Another process can take one before it is used, and a child that another thread starts at this
/// moment can hold one for some milliseconds: start again with others then.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut listeners = Vec::with_capacity(N); // held until all are chosen, so no port comes twice
    let mut ports = [0; N];
    for port in &mut ports {
        let (free, listener) = free_port()?;
        *port = free;
        listeners.push(listener);
    }
    Ok(ports)
}

fn free_port() -> io::Result<(u16, TcpListener)> {
    (0..TRIES)
        .find_map(|_| {
            let port = fastrand::u16(RANGE);
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok().map(|listener| (port, listener))
        })
        .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "found no free loopback port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_all_different() {
        let mut ports = free_ports::<100>().unwrap();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ports.iter().all(|port| RANGE.contains(port)));
    }
}
