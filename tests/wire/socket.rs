//! A server that reads a request and then does exactly what it was told to, byte by byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A server of scripted answers. Its threads end with the process.
pub(crate) struct Socket {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What to do after a request was read.
#[derive(Clone)]
pub(crate) enum Then {
    /// Write this and close.
    Close(String),
    /// Write this and keep the connection open without another word.
    Stall(String),
}

impl Socket {
    /// Starts a server that does the same after every request.
    pub(crate) fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                open.extend(serve(stream, &then, &log));
            }
        });
        Self { address, requests }
    }

    /// Starts a server that answers every request with this status, content type and body.
    pub(crate) fn answering(status: &str, content_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::start(Then::Close(format!(
            "HTTP/1.1 {status}\r\nx-amzn-RequestId: request-1\r\nContent-Type: {content_type}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )))
    }

    /// Its endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, each as text, names of headers in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves one connection; gives it back when it is to stay open.
fn serve(mut stream: TcpStream, then: &Then, log: &Mutex<Vec<String>>) -> Option<TcpStream> {
    let request = read_request(&mut stream)?;
    log.lock().unwrap().push(request);
    match then {
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
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text.into_owned());
        }
    }
}
