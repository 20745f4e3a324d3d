//! A server that takes a request and then does exactly what it was told to, byte by byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A server of scripted answers. Its threads end with the process.
pub(crate) struct Socket {
    address: std::net::SocketAddr,
    then: Arc<Mutex<Then>>,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What to do with a connection.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// Close it before a request comes.
    HangUp,
    /// Close it when a request has come and nobody has read it, which resets the connection.
    Reset,
    /// Read a request, write this and close.
    Close(String),
    /// Read a request, write this and keep the connection open without another word.
    Stall(String),
}

impl Then {
    /// Read a request, answer it with this status, content type and body, and close.
    pub(crate) fn answer(status: &str, content_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::Close(format!(
            "HTTP/1.1 {status}\r\nx-amzn-RequestId: request-1\r\nContent-Type: {content_type}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    }
}

impl Socket {
    /// Starts a server that does the same with every connection, until it is told otherwise.
    pub(crate) fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let then = Arc::new(Mutex::new(then));
        let (count, log, script) = (Arc::clone(&connections), Arc::clone(&requests), Arc::clone(&then));
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::Relaxed);
                let then = script.lock().unwrap().clone();
                open.extend(serve(stream, &then, &log));
            }
        });
        Self { address, then, connections, requests }
    }

    /// From now on it does this with every connection.
    pub(crate) fn answer_from_now_on(&self, then: Then) {
        *self.then.lock().unwrap() = then;
    }

    /// Starts a server that answers every request with this status, content type and body.
    pub(crate) fn answering(status: &str, content_type: &str, body: &str) -> Self {
        Self::start(Then::answer(status, content_type, body))
    }

    /// Its endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, each as text, names of headers in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The one request so far: its head, in lower case, and its body.
    pub(crate) fn request(&self) -> (String, Value) {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), serde_json::from_str(body).unwrap())
    }

    /// How many connections there were so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Serves one connection; gives it back when it is to stay open.
fn serve(mut stream: TcpStream, then: &Then, log: &Mutex<Vec<String>>) -> Option<TcpStream> {
    let request = match then {
        Then::HangUp => return None,
        Then::Reset => await_request(&stream),
        Then::Close(_) | Then::Stall(_) => read_request(&mut stream),
    };
    log.lock().unwrap().push(request?);
    match then {
        Then::HangUp | Then::Reset => None,
        Then::Close(bytes) => {
            stream.write_all(bytes.as_bytes()).ok()?;
            None
        }
        Then::Stall(bytes) => {
            stream.write_all(bytes.as_bytes()).ok()?;
            Some(stream)
        }
    }
}

/// Reads a whole request; `None` for a connection that ends before, or does not speak HTTP.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).ok().filter(|&count| count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(request) = whole_request(&bytes) {
            return Some(request);
        }
    }
}

/// Waits until a whole request has come, and leaves it unread.
fn await_request(stream: &TcpStream) -> Option<String> {
    let mut bytes = [0; 8192];
    loop {
        let count = stream.peek(&mut bytes).ok().filter(|&count| count > 0)?;
        if let Some(request) = whole_request(&bytes[..count]) {
            return Some(request);
        }
    }
}

/// The request, when all of it is there.
fn whole_request(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    (body.len() >= length).then(|| text.into_owned())
}
