//! Owns a TCP proxy that can hold back what passes through it, so that a process stands still
//! between two of its steps. Knows nothing of what the bytes mean.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

/// A proxy on loopback in front of one server. Gone when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    gate: Arc<Gate>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy in front of `server`.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, gate) = (listener.local_addr()?, Arc::new(Gate::default()));
        let shared = Arc::clone(&gate);
        let thread = std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.lock().ended {
                    return;
                }
                // A client whose connection cannot be passed on is hung up on.
                let _ = pass_on(client, server, &shared);
            }
        });
        Ok(Self { address, gate, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on no byte of a client reaches the server.
    pub fn hold_requests(&self) {
        self.gate.lock().requests_held = true;
    }

    /// From now on no byte of the server reaches a client.
    pub fn hold_answers(&self) {
        self.gate.lock().answers_held = true;
    }

    /// Hands on what was held back, and holds back nothing any more.
    pub fn release(&self) {
        let mut state = self.gate.lock();
        (state.requests_held, state.answers_held) = (false, false);
        self.gate.changed.notify_all();
    }

    /// Breaks all connections, whereby what was held back is lost, and holds back nothing any more.
    pub fn cut(&self) {
        for stream in self.gate.lock().streams.drain(..) {
            hang_up(&stream);
        }
        self.release();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.gate.lock().ended = true;
        self.cut();
        // Wakes the thread that accepts, to see that this is the end.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What all connections look at before they hand anything on.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests_held: bool,
    answers_held: bool,
    ended: bool,
    /// Both ends of every connection so far, to break them.
    streams: Vec<TcpStream>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nothing is held back in one direction.
    fn pass(&self, held: fn(&State) -> bool) {
        let state = self.changed.wait_while(self.lock(), |state| held(state));
        drop(state.unwrap_or_else(PoisonError::into_inner));
    }
}

fn pass_on(client: TcpStream, server: SocketAddr, gate: &Arc<Gate>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        gate.lock().streams.push(stream.try_clone()?);
    }
    let (client_too, server_too) = (client.try_clone()?, server.try_clone()?);
    for (from, to, held) in [
        (client, server_too, (|state| state.requests_held) as fn(&State) -> bool),
        (server, client_too, |state| state.answers_held),
    ] {
        let gate = Arc::clone(gate);
        std::thread::spawn(move || copy(from, to, &gate, held));
    }
    Ok(())
}

/// Hands bytes on until either end hangs up, and then breaks the connection.
fn copy(mut from: TcpStream, mut to: TcpStream, gate: &Gate, held: fn(&State) -> bool) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        gate.pass(held);
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    hang_up(&from);
    hang_up(&to);
}

fn hang_up(stream: &TcpStream) {
    // An error means that the other end was faster.
    let _ = stream.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A server that says back what it hears, and a client of it through a proxy.
    fn echo() -> (Proxy, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut back = stream.try_clone().unwrap();
                std::thread::spawn(move || io::copy(&mut stream, &mut back));
            }
        });
        let client = TcpStream::connect(proxy.address()).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        (proxy, client)
    }

    fn say(client: &mut TcpStream, word: &[u8]) -> bool {
        client.write_all(word).unwrap();
        hear(client, word)
    }

    fn hear(client: &mut TcpStream, word: &[u8]) -> bool {
        let mut heard = vec![0; word.len()];
        client.read_exact(&mut heard).is_ok() && heard == word
    }

    #[test]
    fn what_is_held_back_arrives_when_it_is_released() {
        let (proxy, mut client) = echo();
        assert!(say(&mut client, b"one"));
        for hold in [Proxy::hold_requests, Proxy::hold_answers] {
            hold(&proxy);
            assert!(!say(&mut client, b"two"));
            proxy.release();
            client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            assert!(hear(&mut client, b"two"));
            client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        }
    }

    #[test]
    fn what_is_held_back_is_lost_when_the_connections_are_cut_and_new_ones_pass() {
        let (proxy, mut client) = echo();
        proxy.hold_requests();
        assert!(!say(&mut client, b"one"));
        proxy.cut();
        assert!(!hear(&mut client, b"one"));
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        assert!(say(&mut client, b"two"));
    }
}
