//! Traces, with the feature `otel`: what was done shows at a collector, and what was not done does not.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use emulator::{Fault, FaultKind, Seed};
use testbed::{Folder, within};

use crate::support::{Bench, CLUSTER, REGION, Setup, program};

const PATIENCE: Duration = Duration::from_secs(30);

/// A collector that keeps what it is sent.
struct Collector {
    endpoint: String,
    bodies: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                kept.lock().unwrap().extend(take(stream).unwrap_or_default());
            }
        });
        Self { endpoint, bodies }
    }

    /// How many spans have this name.
    fn spans(&self, name: &str) -> usize {
        self.kinship(name).len()
    }

    /// The ids of the spans of this name, each with that of its parent, as fields 2, 4 and 5 of a span come one after another.
    fn kinship(&self, name: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let name = [&[0x2a, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
        let bytes = self.bodies.lock().unwrap();
        let begins = bytes.windows(name.len()).enumerate().filter(|(_, window)| *window == name);
        let id = |end: usize, field: u8| {
            let (head, id) = bytes[..end].split_last_chunk::<8>().unwrap();
            head.ends_with(&[field, 8]).then(|| id.to_vec())
        };
        let kin = begins.map(|(begin, _)| match id(begin, 0x22) {
            Some(parent) => (id(begin - 10, 0x12).unwrap(), Some(parent)),
            None => (id(begin, 0x12).unwrap(), None),
        });
        kin.collect()
    }

    fn count(&self, text: &[u8]) -> usize {
        self.bodies.lock().unwrap().windows(text.len()).filter(|window| *window == text).count()
    }

    fn clear(&self) {
        self.bodies.lock().unwrap().clear();
    }
}

/// One request, answered and closed.
fn take(mut stream: TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&chunk[..read]);
        let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        assert!(head.starts_with("post /v1/traces ") && head.contains("application/x-protobuf"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let whole = end + 4 + length.unwrap().trim().parse::<usize>().unwrap();
        if request.len() >= whole {
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).ok()?;
            return Some(request.split_off(end + 4));
        }
    }
}

/// The operator with these variables in its environment.
fn with_environment(folder: &Path, variables: &str) -> std::path::PathBuf {
    let script = folder.join("operator");
    let program = program();
    fs::write(&script, format!("#!/bin/sh\n{variables} exec {} \"$@\"\n", program.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

fn bench(folder: &Folder, variables: &str) -> Bench {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    bench.restart_with(|start| start.program = with_environment(folder.path(), variables));
    bench
}

/// How many passes there were, as the metrics say.
fn passes_of(bench: &mut Bench) -> Option<String> {
    let metrics = bench.operator().get("/metrics").unwrap().1;
    metrics.lines().find(|line| line.contains("reconciles_total{outcome=\"ok\"}")).map(str::to_owned)
}

#[test]
fn passes_that_do_something_calls_and_writes_are_traced_and_a_pass_at_rest_is_not() {
    let (collector, folder) = (Collector::start(), Folder::new("traces-").unwrap());
    let variables = format!("OTEL_EXPORTER_OTLP_ENDPOINT={} OTEL_BSP_SCHEDULE_DELAY=200", collector.endpoint);
    let mut bench = bench(&folder, &variables);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    let shown = || collector.spans("ModifyBackupAttributes") == 1 && collector.spans("reconcile") >= 1;
    assert!(within(PATIENCE, shown), "{}", bench.log());
    let request = bench.calls("ModifyBackupAttributes")[0].request_id.clone();
    for text in [request.as_str(), REGION, "cloudhsm-backup-operator", &bench.namespace] {
        assert!(collector.count(text.as_bytes()) > 0, "{text}");
    }
    let passes: Vec<_> = collector.kinship("reconcile");
    assert!(passes.iter().all(|(_, parent)| parent.is_none()), "{passes:?}");
    let of_a_pass = |parent: &Option<Vec<u8>>| passes.iter().any(|(id, _)| Some(id) == parent.as_ref());
    for name in ["write status", "ModifyBackupAttributes"] {
        let kin = collector.kinship(name);
        assert!(!kin.is_empty() && kin.iter().all(|(_, parent)| of_a_pass(parent)), "{name}: {kin:?}");
    }
    assert_eq!(collector.count(b"not-a-secret"), 0);
    bench.meanwhile(2);
    collector.clear();
    // A pass that finds nothing to do.
    let before = passes_of(&mut bench);
    bench.annotate("main", "example.com/note=nothing-to-do");
    assert!(within(PATIENCE, || passes_of(&mut bench) != before), "{}", bench.log());
    assert!(within(PATIENCE, || collector.spans("DescribeBackups") >= 3), "each poll is a call");
    assert_eq!(collector.spans("reconcile") + collector.spans("write status"), 0, "at rest");
    // What is under way at the end is sent before the end.
    bench.operator().process().signal("TERM").unwrap();
    assert!(bench.operator().process().wait(PATIENCE).unwrap().is_some(), "{}", bench.log());
    assert!(!bench.log().contains("write status"), "spans are for the collector, not for the log");
}

#[test]
fn what_is_left_is_sent_when_the_operator_stops() {
    let (collector, folder) = (Collector::start(), Folder::new("traces-").unwrap());
    let variables =
        format!("OTEL_EXPORTER_OTLP_ENDPOINT={} OTEL_BSP_SCHEDULE_DELAY=3600000", collector.endpoint);
    let mut bench = bench(&folder, &variables);
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    assert_eq!(collector.spans("ModifyBackupAttributes"), 0, "not yet");
    bench.operator().process().signal("TERM").unwrap();
    assert!(bench.operator().process().wait(PATIENCE).unwrap().is_some(), "{}", bench.log());
    assert_eq!(collector.spans("ModifyBackupAttributes"), 1, "{}", bench.log());
}

#[test]
fn without_a_collector_nothing_is_sent_and_one_that_fails_is_told_once_and_holds_up_nothing() {
    let folder = Folder::new("traces-").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = taken.local_addr().unwrap();
    drop(taken);
    for (variables, lines) in [
        ("OTEL_SERVICE_NAME=x".to_owned(), 0),
        (format!("OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://{nobody}"), 0),
        (format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{nobody} OTEL_BSP_SCHEDULE_DELAY=100"), 1),
        (format!("OTEL_EXPORTER_OTLP_ENDPOINT=https://{nobody} OTEL_BSP_SCHEDULE_DELAY=100"), 1),
    ] {
        let bench = bench(&folder, &variables);
        let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
        bench.aws.fault(Fault::on("ModifyBackupAttributes", FaultKind::Throttle).times(1));
        bench.declare("main", &id, "neverExpires: true");
        bench.until_ready("main", true, "InSync");
        bench.meanwhile(3);
        assert_eq!(bench.log().matches("cannot send traces").count(), lines, "{variables}: {}", bench.log());
        assert_eq!(bench.log().contains("traces are sent"), lines > 0, "{variables}: {}", bench.log());
    }
}
