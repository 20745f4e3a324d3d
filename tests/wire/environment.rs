//! The default chain: what people set for every AWS tool is honoured. The variables belong to a
//! process, so each case runs one test of this binary as a child.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use cloudhsm_backup_operator::aws::{SdkAws, Unobserved};
use emulator::Seed;
use plan::error::ErrorClass;
use plan::inventory::Query;

use crate::socket::Socket;
use crate::support::*;

/// A child that runs one ignored test, with nothing of the surrounding configuration of AWS and proxies.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    for (name, _) in std::env::vars_os() {
        let lower = name.to_string_lossy().to_ascii_lowercase();
        if lower.starts_with("aws_") || lower.ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command.env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", REGION);
    command
}

fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
    text
}

#[test]
fn endpoints_and_credentials_come_from_the_variables_of_the_sdk() {
    let (cloudhsm, sts) = (emulator(), emulator());
    cloudhsm.seed(Seed::ready(REGION, CLUSTER));
    let mut command = child("environment::child_lists_and_asks_for_its_account");
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("AWS_ENDPOINT_URL_CLOUDHSM_V2", cloudhsm.url())
        .env("AWS_ENDPOINT_URL_STS", sts.url());
    run(command);
    let operations = |emulator: &emulator::Emulator| -> Vec<String> {
        emulator.calls().into_iter().map(|call| call.operation).collect()
    };
    assert_eq!(operations(&cloudhsm), ["DescribeBackups"]);
    assert_eq!(operations(&sts), ["GetCallerIdentity"]);
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn child_lists_and_asks_for_its_account() {
    let aws = SdkAws::from_environment(Arc::new(Unobserved)).await.unwrap();
    assert_eq!(aws.credentials().await.as_deref(), Ok("AWS credentials without expiry"));
    let page = aws.describe(&region(REGION), &Query::All, None).await.unwrap();
    assert_eq!(page.backups.len(), 1);
    aws.account(&region(REGION)).await.unwrap();
}

#[test]
fn requests_say_which_program_they_come_from() {
    let socket = Socket::answering(
        "200 OK",
        "application/x-amz-json-1.1",
        r#"{"Backups":[{"BackupId":"backup-aaaaaaaaaaa"}]}"#,
    );
    let mut command = child("environment::child_lists");
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("AWS_ENDPOINT_URL", socket.url());
    run(command);
    let agent = format!("lib/cloudhsm-backup-operator/{}", env!("CARGO_PKG_VERSION"));
    let requests = socket.requests();
    assert!(requests[0].contains(&agent), "{requests:?}");
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn child_lists() {
    let aws = SdkAws::from_environment(Arc::new(Unobserved)).await.unwrap();
    let page = aws.describe(&region(REGION), &Query::All, None).await.unwrap();
    assert_eq!(page.backups.len(), 1);
}

/// The hosts that a child asks a proxy for, under these variables.
fn hosts_asked_for(variables: &[(&str, &str)]) -> Vec<String> {
    let proxy = Socket::answering("403 Forbidden", "text/plain", "");
    let mut command = child("environment::child_reaches_nothing");
    command
        .envs(variables.iter().copied())
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("HTTPS_PROXY", proxy.url());
    run(command);
    let host = |request: &String| request.split(' ').nth(1).unwrap().to_owned();
    proxy.requests().iter().map(host).collect()
}

#[test]
fn each_service_is_asked_at_its_endpoint_of_the_region() {
    let hosts = ["cloudhsmv2.eu-west-1.amazonaws.com:443", "sts.eu-west-1.amazonaws.com:443"];
    assert_eq!(hosts_asked_for(&[]), hosts);
}

#[test]
fn fips_endpoints_of_cloudhsm_are_the_dual_stack_ones() {
    let hosts = ["cloudhsmv2-fips.eu-west-1.api.aws:443", "sts-fips.eu-west-1.amazonaws.com:443"];
    assert_eq!(hosts_asked_for(&[("AWS_USE_FIPS_ENDPOINT", "true")]), hosts);
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn child_reaches_nothing() {
    let aws = SdkAws::from_environment(Arc::new(Unobserved)).await.unwrap();
    let unreachable = failure(ErrorClass::Unreachable, "the endpoint of the region cannot be reached");
    assert_eq!(aws.describe(&region(REGION), &Query::All, None).await, Err(unreachable.clone()));
    assert_eq!(aws.account(&region(REGION)).await, Err(unreachable));
}

#[test]
fn a_proxy_is_taken_from_the_environment() {
    // The emulator stands for the proxy: what comes to it is meant for a host that does not exist.
    let proxy = emulator();
    proxy.seed(Seed::ready(REGION, CLUSTER));
    let through = |no_proxy: &str, test: &str| {
        let mut command = child(test);
        command
            .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "s")
            .env("AWS_ENDPOINT_URL_CLOUDHSM_V2", "http://cloudhsm.invalid")
            .env("AWS_ENDPOINT_URL_STS", "http://sts.invalid")
            .env("HTTP_PROXY", proxy.url())
            .env("NO_PROXY", no_proxy);
        run(command);
    };
    through("", "environment::child_lists_and_asks_for_its_account");
    let operations: Vec<_> = proxy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["DescribeBackups", "GetCallerIdentity"]);
    through("cloudhsm.invalid,sts.invalid", "environment::child_reaches_nothing");
    assert_eq!(proxy.calls().len(), 2, "what NO_PROXY names is reached without it");
}

#[test]
fn without_any_source_of_credentials_the_check_says_so() {
    run(child("environment::child_has_no_credentials"));
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn child_has_no_credentials() {
    let aws = SdkAws::from_environment(Arc::new(Unobserved)).await.unwrap();
    let error = aws.credentials().await.unwrap_err();
    assert_eq!(error, "no AWS credentials: none were found");
}

fn with(credentials: impl aws_sdk_cloudhsmv2::config::ProvideCredentials + 'static) -> SdkAws {
    SdkAws::from_config(
        &configuration("http://nonexistent.invalid", credentials),
        hasty(),
        Arc::new(Unobserved),
    )
}

#[tokio::test]
async fn the_check_tells_until_when_credentials_hold() {
    let expiring = CredentialProcessProvider::new(
        r#"echo '{"Version":1,"AccessKeyId":"ASIAX","SecretAccessKey":"hunter2","SessionToken":"hunter2","Expiration":"2099-01-02T03:04:05Z"}'"#
            .to_owned(),
    );
    let found = with(expiring).credentials().await;
    assert_eq!(found.as_deref(), Ok("AWS credentials valid until 2099-01-02T03:04:05Z"));
}

#[tokio::test]
async fn the_check_repeats_nothing_that_a_credential_process_prints() {
    let noisy = CredentialProcessProvider::new("echo hunter2; echo hunter2 >&2; exit 1".to_owned());
    let error = with(noisy).credentials().await.unwrap_err();
    assert_eq!(error, "no AWS credentials: their source failed");
}

#[tokio::test]
async fn the_check_ends_with_a_deadline() {
    let slow = CredentialProcessProvider::new("sleep 6".to_owned());
    let begun = std::time::Instant::now();
    let error = with(slow).credentials().await.unwrap_err();
    assert_eq!(error, "no AWS credentials within 2 s");
    assert!(begun.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_named_as_a_lack_of_credentials() {
    let none = ProfileFileCredentialsProvider::builder().profile_name("no-such-profile-here").build();
    let error = with(none).credentials().await.unwrap_err();
    assert!(error.starts_with("no AWS credentials: "), "{error}");
}
