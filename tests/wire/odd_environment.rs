//! Settings of AWS that cannot be used: one clear error or none, never a panic, and no secret in it.

use std::fs;
use std::process::Output;
use std::sync::Arc;

use cloudhsm_backup_operator::aws::{SdkAws, Unobserved};
use plan::inventory::Query;

use crate::environment::child;
use crate::support::*;

/// What becomes of a process with these variables: what it prints, on either stream.
fn lived_through(variables: &[(&str, &str)]) -> String {
    let mut command = child("odd_environment::child_does_all_that_reads_the_environment");
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "hunter2")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .envs(variables.iter().copied());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(
        status.success() && said.contains("1 passed") && !said.contains("panicked"),
        "{variables:?}: {said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    said
}

#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn child_does_all_that_reads_the_environment() {
    match SdkAws::from_environment(Arc::new(Unobserved)).await {
        Ok(aws) => {
            println!("credentials: {:?}", aws.credentials().await);
            println!("listing: {:?}", aws.describe(&region(REGION), &Query::All, None).await);
            println!("account: {:?}", aws.account(&region(REGION)).await);
        }
        Err(problem) => println!("problem: {problem}"),
    }
}

#[test]
fn settings_that_cannot_be_used_are_named_with_what_they_have_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "[default]\nmax_attempts = 0\n[profile b]\nretry_mode = hunter2\n").unwrap();
    let config = config.to_str().unwrap();
    let (attempts, mode) =
        ("max_attempts in the AWS profile, has to be a number", "has to be standard or adaptive");
    let url = "endpoint_url in the AWS profile, has to be a URL";
    for (variables, words) in [
        ([("AWS_MAX_ATTEMPTS", "0"), ("AWS_PROFILE", "default")], attempts),
        ([("AWS_MAX_ATTEMPTS", "three"), ("AWS_PROFILE", "default")], attempts),
        ([("AWS_RETRY_MODE", "hunter2"), ("AWS_PROFILE", "default")], mode),
        ([("AWS_CONFIG_FILE", config), ("AWS_PROFILE", "default")], attempts),
        ([("AWS_CONFIG_FILE", config), ("AWS_PROFILE", "b")], mode),
        ([("AWS_ENDPOINT_URL", ""), ("AWS_PROFILE", "default")], url),
        ([("AWS_ENDPOINT_URL", "localhost:4566"), ("AWS_PROFILE", "default")], url),
        ([("AWS_ENDPOINT_URL_CLOUDHSM_V2", ""), ("AWS_PROFILE", "default")], "(of CloudHSM V2)"),
        ([("AWS_ENDPOINT_URL_STS", "https://"), ("AWS_PROFILE", "default")], "(of STS)"),
    ] {
        let said = lived_through(&variables);
        assert!(said.contains("problem: AWS_") && said.contains(words), "{variables:?}: {said}");
    }
    for mode in ["standard", "adaptive", "Adaptive"] {
        let said = lived_through(&[("AWS_RETRY_MODE", mode), ("AWS_MAX_ATTEMPTS", "2")]);
        assert!(said.contains("listing: Err(Failure { class: Unreachable"), "{mode}: {said}");
    }
}

#[test]
fn a_key_with_the_line_break_of_its_file_is_no_key() {
    let said = lived_through(&[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE\n"), ("AWS_MAX_ATTEMPTS", "1")]);
    for words in
        ["the configuration of their source is invalid", "class: AccessDenied, detail: \"no credentials\""]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn no_variable_of_aws_makes_it_panic_or_repeat_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage");
    fs::write(&garbage, b"[profile \xff\xfe hunter2\n= = =\n[[[\nhunter2").unwrap();
    let garbage = garbage.to_str().unwrap();
    let long = "hunter2".repeat(3000);
    for name in [
        "AWS_REGION",
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_SDK_UA_APP_ID",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_AUTH_SCHEME_PREFERENCE",
        "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "HOME",
    ] {
        for value in ["", "hunter2", ":::hunter2:::\u{1}\n", "http://me:hunter2@[::", garbage, &long] {
            lived_through(&[(name, value), ("AWS_MAX_ATTEMPTS", "1")]);
        }
    }
    // Sources of credentials that come only without a key.
    for name in [
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    ] {
        for value in ["", "hunter2", "http://me:hunter2@[::", garbage] {
            lived_through(&[
                ("AWS_ACCESS_KEY_ID", ""),
                ("AWS_SECRET_ACCESS_KEY", ""),
                ("AWS_ROLE_ARN", "hunter2"),
                (name, value),
                ("AWS_MAX_ATTEMPTS", "1"),
            ]);
        }
    }
}
