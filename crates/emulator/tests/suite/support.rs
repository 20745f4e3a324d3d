//! Small builders, and a client that speaks just enough HTTP to see what the server really sends.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use emulator::{
    Backup, BackupState, Caller, Cloud, Config, DEFAULT_ACCOUNT, DescribeBackups, Emulator, Knobs, Seed,
};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) const HERE: &str = "eu-west-1";
pub(crate) const THERE: &str = "eu-central-1";
pub(crate) const CLUSTER: &str = "cluster-aaaaaaaaaaa";
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The virtual moment that every test of the library starts at.
pub(crate) fn start() -> Timestamp {
    "2026-11-21T10:00:00.125Z".parse().unwrap()
}

pub(crate) fn cloud() -> Cloud {
    Cloud::new(start())
}

pub(crate) fn here() -> Caller {
    Caller::new(DEFAULT_ACCOUNT, HERE)
}

pub(crate) fn there() -> Caller {
    Caller::new(DEFAULT_ACCOUNT, THERE)
}

pub(crate) fn ready() -> Seed {
    Seed::ready(HERE, CLUSTER)
}

/// A backup of `cloud` in each state, by state.
pub(crate) fn in_state(cloud: &mut Cloud, state: BackupState) -> String {
    cloud.seed(ready().state(state)).unwrap()
}

pub(crate) fn state_of(cloud: &Cloud, id: &str) -> BackupState {
    cloud.backup(HERE, id).unwrap().state
}

/// The ARN of a backup of the default account in [`HERE`], there or not.
pub(crate) fn arn(id: &str) -> String {
    format!("arn:aws:cloudhsm:{HERE}:{DEFAULT_ACCOUNT}:backup/{id}")
}

/// An empty service with other knobs.
pub(crate) fn with(change: impl FnOnce(&mut Knobs)) -> Cloud {
    let mut knobs = Knobs::default();
    change(&mut knobs);
    assert_ne!(knobs, Knobs::default(), "the knob was turned");
    cloud().with_knobs(knobs)
}

/// Everything a caller is shown, over all pages.
pub(crate) fn listed(cloud: &Cloud, caller: &Caller, request: &DescribeBackups) -> Vec<Backup> {
    let mut request = request.clone();
    let mut all = Vec::new();
    loop {
        let page = cloud.describe_backups(caller, &request).unwrap();
        all.extend(page.backups);
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            return all;
        }
    }
}

pub(crate) fn ids(backups: &[Backup]) -> Vec<&str> {
    backups.iter().map(|backup| backup.id.as_str()).collect()
}

/// An emulator whose clock stands at [`start`].
pub(crate) fn emulator() -> Emulator {
    Emulator::start(Config { start_time: Some(start()), frozen_clock: true, ..Config::default() }).unwrap()
}

/// A response, as read off the socket.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|err| panic!("{err}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The error's code, of a response that is an error.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        assert!(json["Message"].as_str().is_some_and(|message| !message.is_empty()), "{json}");
        json["__type"].as_str().unwrap().to_owned()
    }

    /// The ids of the backups listed.
    pub(crate) fn ids(&self) -> Vec<String> {
        let json = self.json();
        let backups = json["Backups"].as_array().unwrap();
        backups.iter().map(|backup| backup["BackupId"].as_str().unwrap().to_owned()).collect()
    }
}

/// A client of one region.
pub(crate) struct Client {
    address: SocketAddr,
    headers: BTreeMap<String, String>,
}

pub(crate) fn authorization(key: &str, region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261121/{region}/{service}/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=0123456789abcdef"
    )
}

impl Client {
    pub(crate) fn new(emulator: &Emulator, region: &str) -> Self {
        let headers = BTreeMap::new();
        Self { address: emulator.address(), headers }
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", &authorization("AKID", region, "cloudhsm"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// An operation, answered whole.
    pub(crate) fn call(&self, operation: &str, body: &Value) -> Response {
        self.try_call(operation, body).unwrap()
    }

    /// An operation, whose answer may be cut short or missing.
    pub(crate) fn try_call(&self, operation: &str, body: &Value) -> io::Result<Response> {
        let target = [("x-amz-target".to_owned(), format!("BaldrApiService.{operation}"))];
        let headers = self.headers.clone().into_iter().chain(target);
        let bytes = exchange(self.address, "POST", "/", headers, &body.to_string(), PATIENCE)?;
        parse(&bytes)
    }

    /// A request of any kind.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Response {
        let headers = self.headers.clone().into_iter();
        parse(&exchange(self.address, method, path, headers, body, PATIENCE).unwrap()).unwrap()
    }

    /// An operation whose answer is awaited for so long only.
    pub(crate) fn call_within(
        &self,
        operation: &str,
        body: &Value,
        patience: Duration,
    ) -> io::Result<Response> {
        let target = [("x-amz-target".to_owned(), format!("BaldrApiService.{operation}"))];
        let headers = self.headers.clone().into_iter().chain(target);
        parse(&exchange(self.address, "POST", "/", headers, &body.to_string(), patience)?)
    }
}

/// Asks the admin interface.
pub(crate) fn admin(emulator: &Emulator, method: &str, path: &str, body: &str) -> (u16, Value) {
    let bytes = exchange(emulator.address(), method, path, std::iter::empty(), body, PATIENCE).unwrap();
    let response = parse(&bytes).unwrap();
    (response.status, response.json())
}

/// Longer than anything takes that is not broken.
const PATIENCE: Duration = Duration::from_secs(20);

fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: impl Iterator<Item = (String, String)>,
    body: &str,
    patience: Duration,
) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(patience))?;
    let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{body}",
        headers.concat(),
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// A whole response; anything less is an error, as it is to a real client.
fn parse(bytes: &[u8]) -> io::Result<Response> {
    let cut = |why: &str| io::Error::new(io::ErrorKind::UnexpectedEof, why.to_owned());
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| cut("no head"))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = bytes[end + 4..].to_vec();
    let promised: usize = headers["content-length"].parse().unwrap();
    if body.len() < promised {
        return Err(cut(&format!("status {status}, {} of {promised} bytes", body.len())));
    }
    Ok(Response { status, headers, body })
}
