//! Starting: what is wrong is said once and clearly, and waited for where waiting helps.

use std::{
    process::{Command, Output},
    time::Duration,
};

use cloudhsm_backup_operator::api;
use emulator::Seed;
use testbed::{Operator, Solo, within};

use crate::support::{Bench, CLUSTER, REGION, Setup, plane, program};

/// Longer than two of the looks at what was wrong.
const TWO_LOOKS: Duration = Duration::from_secs(5);

fn errors(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains(" ERROR ")).collect()
}

/// Asserts that the operator lives, is not ready because of `gate`, and has said `words` in one line.
fn assert_waits(operator: &Operator, gate: &str, words: &str) {
    let said = || errors(&operator.log()).iter().any(|line| line.contains(words));
    assert!(within(Duration::from_secs(20), said), "{words} is not in the log:\n{}", operator.log());
    std::thread::sleep(TWO_LOOKS);
    let log = operator.log();
    assert_eq!(errors(&log).iter().filter(|line| line.contains(words)).count(), 1, "said once:\n{log}");
    let (status, body) = operator.get("/readyz").unwrap();
    let why = body.lines().find(|line| line.contains(&format!("{gate}: "))).unwrap_or_default();
    assert!(status == 503 && why.contains(words), "{status} {body}");
    assert_eq!(operator.get("/livez").unwrap().0, 200);
}

fn assert_gets_ready(operator: &Operator) {
    let ready = || operator.get("/readyz").unwrap().0 == 200;
    assert!(within(Duration::from_secs(45), ready), "{:?}\n{}", operator.get("/readyz"), operator.log());
}

#[test]
fn without_the_crd_or_with_an_older_one_it_says_so_and_waits() {
    let mut solo = Solo::new(program());
    let id = solo.aws.seed(Seed::ready(REGION, CLUSTER));
    solo.run();
    assert_waits(solo.operator(), "crd", "is not installed");
    assert_eq!(errors(&solo.log()).len(), 1, "nothing else is wrong:\n{}", solo.log());
    let mut older = serde_json::to_value(api::crd()).unwrap();
    let spec =
        older.pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties").unwrap();
    spec.as_object_mut().unwrap().remove("suspend").unwrap();
    solo.install(&older);
    assert_waits(solo.operator(), "crd", "older than this operator, it lacks spec.suspend");
    solo.install(&serde_json::to_value(api::crd()).unwrap());
    assert_gets_ready(solo.operator());
    let spec = format!("backupId: {id}\nregion: {REGION}\nneverExpires: true");
    solo.declare("main", &spec);
    solo.until_ready("main", true, "InSync");
    // Deleting the CRD deletes all resources and nothing in AWS; with it back all goes on.
    solo.plane
        .kubectl_ok(&["delete", "crd", "cloudhsmbackups.cloudhsm-backup.dev", "--timeout=30s"])
        .unwrap();
    std::thread::sleep(TWO_LOOKS);
    solo.install(&serde_json::to_value(api::crd()).unwrap());
    solo.aws.set_never_expires(REGION, &id, false).unwrap();
    solo.declare("main", &spec);
    solo.until_ready("main", true, "InSync");
    let changes = solo.aws.calls().into_iter().filter(|call| call.operation != "DescribeBackups");
    let changes: Vec<_> = changes.map(|call| call.operation).collect();
    assert_eq!(changes, ["ModifyBackupAttributes"; 2]);
}

#[test]
fn without_permission_it_names_what_is_lacking_and_waits() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let namespace = bench.namespace.clone();
    bench.kubectl(&["create", "serviceaccount", "operator"]);
    let kubeconfig = plane().kubeconfig_for(&namespace, "operator").unwrap();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.restart_with(|start| start.kubeconfig = kubeconfig);
    let lacking = format!("list cloudhsmbackups.cloudhsm-backup.dev in namespace {namespace}");
    assert_waits(bench.operator(), "permissions", &lacking);
    assert_eq!(errors(&bench.log()).len(), 1, "nothing else is wrong:\n{}", bench.log());
    let account = format!("--serviceaccount={namespace}:operator");
    bench.kubectl(&["create", "rolebinding", "operator", "--clusterrole=cluster-admin", &account]);
    assert_gets_ready(bench.operator());
    bench.until_ready("main", true, "InSync");
}

#[test]
fn without_credentials_it_says_where_they_may_come_from_and_waits() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true");
    bench.restart_with(|start| start.access_key = None);
    assert_waits(bench.operator(), "credentials", "no AWS credentials");
    let log = bench.log();
    assert!(errors(&log).len() == 1 && errors(&log)[0].contains("AWS_PROFILE"), "{log}");
    assert!(bench.object("main")["status"].is_null(), "nothing is known yet");
    let home = bench.operator().process().log_path().parent().unwrap().join(".aws");
    std::fs::create_dir(&home).unwrap();
    let keys = "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = not-a-secret\n";
    std::fs::write(home.join("credentials"), keys).unwrap();
    assert_gets_ready(bench.operator());
    bench.until_ready("main", true, "InSync");
}

#[test]
fn what_is_served_at_metrics_is_what_is_documented() {
    let mut bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("main", &id, "neverExpires: true\ncopies: [{region: eu-central-1}]");
    bench.until("main", "its copy on its way", |object| object["status"]["copiesReady"] == "0/1");
    // Deleted before the hour that is counted.
    let purge = bench.aws.now() + jiff::SignedDuration::from_hours(7 * 24 - 2);
    let pending = Seed { delete_timestamp: Some(purge), ..Seed::ready(REGION, CLUSTER).pending_deletion() };
    let pending = bench.aws.seed(pending);
    bench.declare("pending", &pending, "deleted: true");
    bench.until_ready("pending", true, "DeletionScheduled");
    // Deletions are counted last.
    let counted = || bench.operator().get("/metrics").unwrap().1.contains("deletions_left_in_hour{} 10");
    assert!(within(Duration::from_secs(30), counted), "{}", bench.log());
    assert_eq!(bench.operator().get("/readyz").unwrap().0, 200);
    let (status, metrics) = bench.operator().get("/metrics").unwrap();
    assert_eq!(status, 200);
    let base = |name: &'static str| name.strip_suffix("_total").unwrap_or(name);
    let families =
        cloudhsm_backup_operator::operator::metrics::FAMILIES.iter().map(|family| base(family.name));
    let lacking: Vec<_> = families.filter(|base| !metrics.contains(&format!("# TYPE {base} "))).collect();
    assert_eq!(lacking, [""; 0], "{metrics}");
    let sample = |name: &str| {
        let name = format!("cloudhsm_backup_operator_{name} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        value.unwrap_or_else(|| panic!("{name} in {metrics}")).to_owned()
    };
    let labels = |operation: &str| format!("operation=\"{operation}\",region=\"{REGION}\"");
    let [describe, modify] = ["DescribeBackups", "ModifyBackupAttributes"].map(labels);
    assert!(sample(&format!("aws_calls_total{{{describe},outcome=\"ok\"}}")).parse::<u32>().unwrap() >= 2);
    assert_eq!(sample(&format!("aws_calls_total{{{modify},outcome=\"ok\"}}")), "1");
    assert_eq!(sample(&format!("changes_total{{{modify},outcome=\"accepted\"}}")), "1");
    let scheduled = "condition=\"DeletionScheduled\",status=\"True\",reason=\"DeletionScheduled\"";
    assert_eq!(sample(&format!("resources{{{scheduled}}}")), "1");
    assert_eq!(sample("deletions_in_hour{}"), "0");
    for secret in [id.as_str(), "not-a-secret", bench.namespace.as_str(), emulator::DEFAULT_ACCOUNT] {
        assert!(!metrics.contains(secret), "{secret} in {metrics}");
    }
}

#[test]
fn all_watched_namespaces_are_seen_and_no_other() {
    let mut bench = Bench::with(Setup { running: false, ..Setup::default() });
    let [second, third] = ["second", "third"].map(|suffix| format!("{}-{suffix}", bench.namespace));
    for namespace in [&second, &third] {
        plane().kubectl_ok(&["create", "namespace", namespace]).unwrap();
    }
    bench.restart_with(|start| start.flags.extend(["--watch-namespace".to_owned(), second.clone()]));
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    let in_namespace =
        |namespace: &str, args: &[&str]| plane().kubectl_ok(&[&["-n", namespace], args].concat()).unwrap();
    bench.declare("main", &id, "neverExpires: true");
    for namespace in [&second, &third] {
        let spec = format!("backupId: {id}\nregion: {REGION}\nneverExpires: false");
        let manifest = crate::support::manifest("main", &spec);
        assert!(
            plane()
                .kubectl_stdin(&["-n", namespace, "apply", "-f", "-"], &manifest)
                .unwrap()
                .status
                .success()
        );
    }
    bench.until_ready("main", true, "InSync");
    let reason = r#"jsonpath={.status.conditions[?(@.type=="Ready")].reason}"#;
    let reason_in = |namespace: &str| in_namespace(namespace, &["get", "hsmb", "main", "-o", reason]);
    // Claims reach across namespaces.
    assert!(within(Duration::from_secs(20), || reason_in(&second) == "DuplicateClaim"), "{}", bench.log());
    bench.meanwhile(3);
    assert_eq!(reason_in(&third), "", "not watched");
    assert!(!bench.log().contains(&third));
    // What is at rest in one namespace is woken by what happens in the other.
    bench.kubectl(&["delete", "hsmb", "main"]);
    assert!(within(Duration::from_secs(20), || reason_in(&second) == "InSync"), "{}", bench.log());
    assert_eq!(bench.aws.backup(REGION, &id).unwrap().never_expires, Some(false));
}

/// The program as a person types it, with nothing in its environment but `vars`.
fn typed(args: &[&str], vars: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudhsm-backup-operator"));
    command.env_clear().envs(vars.iter().copied()).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn bad_flags_end_it_with_code_2_and_say_what_is_wrong() {
    for (flag, words) in [
        ("--poll-interval=5", "--poll-interval"),
        ("--poll-interval=10ms", "from 1s to 24h"),
        ("--aws-rate=0", "0.01 or more"),
        ("--max-deletions=-1", "--max-deletions"),
        ("--settle-window=2d", "--settle-window"),
        ("--concurrency=0", "--concurrency"),
        ("--watch-namespace=Not_A_Name", "a namespace has at most 63"),
        ("--metrics-addr=nowhere", "--metrics-addr"),
        ("--log-format=xml", "text"),
        ("--log-level=loud", "off, error, warn"),
        ("--no-such-flag", "--no-such-flag"),
    ] {
        let output = typed(&[flag], &[]);
        let said = text(&output.stderr);
        assert!(
            output.status.code() == Some(2) && said.contains(words),
            "{flag}: {:?} {said}",
            output.status
        );
        assert!(output.stdout.is_empty() && !said.contains("panicked"), "{said}");
    }
    let output = typed(&[], &[("CLOUDHSM_BACKUP_OPERATOR_POLL_INTERVAL", "soon")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("soon"), "{}", text(&output.stderr));
}

#[test]
fn without_a_way_to_kubernetes_or_a_port_it_ends_with_code_1_and_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let kubeconfig = plane().kubeconfig().to_str().unwrap();
    for (addr, kubeconfig, words) in
        [("", "/no/such/file", "KUBECONFIG"), (address.as_str(), kubeconfig, address.as_str())]
    {
        let output = typed(&["--metrics-addr", addr], &[("KUBECONFIG", kubeconfig)]);
        let said = text(&output.stderr);
        let lines: Vec<_> =
            said.lines().filter(|line| line.starts_with("cloudhsm-backup-operator: ")).collect();
        assert!(lines.len() == 1 && lines[0].contains(words), "{said}");
        assert!(output.status.code() == Some(1) && !said.contains("panicked"), "{said}");
    }
}
