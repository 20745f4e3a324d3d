//! Secrets stay where they are: planted in all that the operator is given, they come to light nowhere, whatever the log
//! level and whatever fails.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use cloudhsm_backup_operator::api::RECONCILE_REQUEST;
use emulator::{Fault, FaultKind, Seed};
use serde_json::Value;
use testbed::{Folder, within};

use crate::{
    shipped,
    support::{Bench, CLUSTER, ELSEWHERE, PATIENCE, REGION, Setup, program},
};

/// What each secret of these tests begins with.
const CANARY: &str = "canary-";
const SECRET_KEY: &str = "canary-secret-key";
const SESSION: &str = "canary-session-token";
const WORDS: &str = "canary-words-of-aws";
const TAG: &str = "canary-tag";

/// Everything that could be asked for, also by names which are more exact than any limit.
const LOUDEST: &str = "--log-level=trace,aws=trace,aws_config=trace,aws_config::profile::credentials=trace,aws_runtime=trace,\
    aws_sigv4=trace,aws_smithy_runtime::client::orchestrator=trace,h2=trace,hyper=trace,hyper_util=trace,kube=trace,\
    kube_client::client=trace,kube_runtime::watcher=trace,rustls=trace,tower=trace,[]=trace";

/// A script in `folder`.
fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The program, with these variables in its environment beside those that it has anyway.
fn program_with(folder: &Path, variables: &str) -> PathBuf {
    script(folder, "operator", &format!("{variables}\nexec {} \"$@\"", program().display()))
}

/// The token by which the operator's account reaches the API server.
fn bearer_token() -> String {
    let kubeconfig: Value =
        serde_saphyr::from_str(&fs::read_to_string(shipped::kubeconfig()).unwrap()).unwrap();
    kubeconfig["users"][0]["user"]["token"].as_str().unwrap().to_owned()
}

/// All that the operator has said, with what it was said in.
fn said(bench: &mut Bench) -> Vec<(&'static str, String)> {
    let log = bench.log();
    let events = bench.kubectl(&["get", "events.events.k8s.io", "-o", "yaml"]);
    let mut objects = bench.objects();
    for object in &mut objects {
        // These repeat what the user or AWS says of tags, and are there for that.
        object["spec"]["tags"].take();
        object["status"]["tags"].take();
        for copy in object["status"]["copies"].as_array_mut().into_iter().flatten() {
            copy["tags"].take();
        }
        object["metadata"]["annotations"].take();
        object["metadata"]["managedFields"].take();
    }
    let (_, metrics) = bench.operator().get("/metrics").unwrap();
    let (_, ready) = bench.operator().get("/readyz").unwrap();
    let resources = serde_json::to_string_pretty(&objects).unwrap();
    vec![
        ("the log", log),
        ("Events", events),
        ("resources", resources),
        ("metrics", metrics),
        ("/readyz", ready),
    ]
}

#[track_caller]
fn expect_no_secret(said: &[(&'static str, String)], token: &str) {
    for (place, text) in said {
        let told = text.lines().find(|line| line.contains(CANARY) || line.contains(token));
        assert!(told.is_none(), "in {place}: {}", told.unwrap_or_default());
    }
}

/// Two resources in two regions, which want all that can be wanted.
fn declare(bench: &Bench) -> [String; 2] {
    let ids = [REGION, ELSEWHERE].map(|region| {
        bench.aws.seed(Seed::ready(region, CLUSTER).tags([("owner", format!("{TAG}-of-aws"))]));
        bench.aws.seed(Seed::ready(region, CLUSTER).tags([("owner", format!("{TAG}-of-aws"))]))
    });
    bench.declare(
        "main",
        &ids[0],
        &format!("neverExpires: true\ntags: {{team: {TAG}-of-ours}}\ncopies: [{{region: {ELSEWHERE}}}]"),
    );
    bench.apply("elsewhere", &format!("backupId: {}\nregion: {ELSEWHERE}\ndeleted: true", ids[1]));
    ids
}

#[test]
fn no_secret_comes_to_light_at_any_level_whatever_fails() {
    let folder = Folder::new("canaries-").unwrap();
    let keys = format!("export AWS_SECRET_ACCESS_KEY={SECRET_KEY} AWS_SESSION_TOKEN={SESSION}");
    let mut bench = Bench::with(Setup { flags: vec![LOUDEST], running: false });
    bench.start_with(|start| start.program = program_with(folder.path(), &keys));
    let (denied, failed) = (("CloudHsmAccessDeniedException", 400), ("InternalFailure", 500));
    for (operation, (code, status)) in [
        ("DescribeBackups", failed),
        ("DescribeBackups", denied),
        ("ModifyBackupAttributes", failed),
        ("TagResource", denied),
        ("CopyBackupToRegion", denied),
        ("DeleteBackup", denied),
    ] {
        let (code, message) = (code.to_owned(), Some(format!("{WORDS}: token {SESSION}")));
        bench.aws.fault(Fault::on(operation, FaultKind::Error { code, status, message }).times(1));
    }
    declare(&bench);
    bench.aws.knobs(|knobs| knobs.copy_ready_after = Duration::from_secs(1));
    bench.run();
    let failed = |log: &str| log.lines().filter(|line| line.contains("change failed")).count();
    for tried in 1..=4 {
        assert!(within(PATIENCE, || failed(&bench.log()) >= tried), "{tried} of 4");
        // It is not to wait for its backoff.
        for name in ["main", "elsewhere"] {
            bench.annotate(name, &format!("{RECONCILE_REQUEST}=after-{tried}"));
        }
    }
    bench.until_ready("main", true, "InSync");
    bench.until_ready("elsewhere", true, "DeletionScheduled");
    let said = said(&mut bench);
    expect_no_secret(&said, &bearer_token());
    let log = &said[0].1;
    for line in ["TRACE", "change failed", "CloudHsmAccessDeniedException"] {
        assert!(log.contains(line), "the log has no {line}");
    }
    assert!(bench.aws.calls().iter().any(|call| call.operation == "CopyBackupToRegion" && call.applied));
}

#[test]
fn no_output_of_a_credential_process_comes_to_light() {
    let folder = Folder::new("canaries-").unwrap();
    let command =
        script(folder.path(), "credentials", &format!("echo {SECRET_KEY}; echo {SESSION} >&2; exit 1"));
    let config = folder.path().join("config");
    let process = format!("credential_process = {} --password {SECRET_KEY}", command.display());
    fs::write(&config, format!("[default]\n{process}\ns3 =\n  {SECRET_KEY} key = 1\n")).unwrap();
    let profile =
        format!("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\nexport AWS_CONFIG_FILE={}", config.display());
    let mut bench = Bench::with(Setup { flags: vec![LOUDEST], running: false });
    bench.start_with(|start| start.program = program_with(folder.path(), &profile));
    bench.run();
    let failed = "no AWS credentials: their source failed";
    assert!(
        within(PATIENCE, || bench.operator().get("/readyz").unwrap().1.contains(failed)),
        "{}",
        bench.log()
    );
    expect_no_secret(&said(&mut bench), &bearer_token());
    assert!(bench.log().contains(failed), "{}", bench.log());

    // It is mended, and what it gives is used.
    let found = format!(
        r#"echo '{{"Version":1,"AccessKeyId":"AKIATEST","SecretAccessKey":"{SECRET_KEY}","SessionToken":"{SESSION}"}}'"#
    );
    script(folder.path(), "credentials", &found);
    let id = bench.seed_pair(CLUSTER);
    bench.declare("main", &id, "neverExpires: true");
    bench.until_ready("main", true, "InSync");
    expect_no_secret(&said(&mut bench), &bearer_token());
}

/// The program as a person starts it; it is to fail.
fn started(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program());
    command.env_clear().envs(variables.iter().copied()).args(["--metrics-addr", "", LOUDEST]);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

#[test]
fn a_start_that_fails_repeats_no_secret() {
    let folder = Folder::new("canaries-").unwrap();
    let plugin = script(folder.path(), "plugin", &format!("echo {SECRET_KEY}; echo {SESSION} >&2; exit 1"));
    let kubeconfig = |name: &str, user: &str| {
        let path = folder.path().join(name);
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: main\n\
             clusters: [{{name: main, cluster: {{server: https://127.0.0.1:1}}}}]\n\
             contexts: [{{name: main, context: {{cluster: main, user: main}}}}]\n\
             users:\n- name: main\n  user:\n    {user}\n"
        );
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let version = "client.authentication.k8s.io/v1";
    let exec = format!(
        "exec: {{apiVersion: {version}, command: {}, args: [--password, {SECRET_KEY}], interactiveMode: Never}}",
        plugin.display()
    );
    let cases = [
        (kubeconfig("exec", &exec), "", "the auth plugin failed, exit status: 1"),
        (
            kubeconfig("malformed", &format!("token: [{SECRET_KEY}]")),
            "",
            "the kubeconfig cannot be read, at line 9",
        ),
        (
            kubeconfig("newline", &format!("token: \"{SECRET_KEY}\\n\\u0001\"")),
            "",
            "the token has characters",
        ),
        (kubeconfig("proxy", "token: abc"), "ftp://me:canary-password@127.0.0.1:1", "not supported: ftp"),
    ];
    for (path, proxy, words) in cases {
        let said = started(&[("KUBECONFIG", &path), ("HTTPS_PROXY", proxy), ("PATH", "/usr/bin:/bin")]);
        assert!(said.contains(words) && !said.contains("panicked"), "{path}: {said}");
        expect_no_secret(&[("what it says", said)], "no token here");
    }
}
