//! The settings that the SDK panics over when they are wrong, looked at before it reads them.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_cloudhsmv2::config::retry::{RetryConfig, RetryMode};
use aws_types::service_config::ServiceConfigKey;
use hyper::Uri;

/// A setting: a variable, or a key of the profile.
struct Setting {
    variable: &'static str,
    key: &'static str,
    /// Whose variant of it counts where there is one, as in `AWS_ENDPOINT_URL_STS`.
    service: &'static str,
    fits: fn(&str) -> bool,
    has_to_be: &'static str,
}

const SETTINGS: [Setting; 4] = [
    endpoint_of("CloudHSM V2"),
    endpoint_of("STS"),
    Setting {
        variable: "AWS_MAX_ATTEMPTS",
        key: "max_attempts",
        service: NONE,
        fits: is_number_above_zero,
        has_to_be: "a number, 1 or more",
    },
    Setting {
        variable: "AWS_RETRY_MODE",
        key: "retry_mode",
        service: NONE,
        fits: is_mode,
        has_to_be: "standard or adaptive",
    },
];

/// A service that has no variants.
const NONE: &str = "none";

const fn endpoint_of(service: &'static str) -> Setting {
    Setting {
        variable: "AWS_ENDPOINT_URL",
        key: "endpoint_url",
        service,
        fits: is_url,
        has_to_be: "a URL that begins with http:// or https://; remove it to use AWS's own endpoints",
    }
}

/// Says which setting is wrong, if one is. Calls nobody.
pub(super) async fn check(version: BehaviorVersion) -> Result<(), String> {
    // What the SDK would look for in the network or panic over is given here, so only files and variables are read.
    let region = Region::from_static("us-east-1");
    let loader = aws_config::defaults(version).region(region).no_credentials();
    let config = loader.retry_config(RetryConfig::standard()).load().await;
    for Setting { variable, key, service, fits, has_to_be } in SETTINGS {
        let at = ServiceConfigKey::builder().env(variable).profile(key).service_id(service).build();
        let set = at.ok().and_then(|at| config.service_config()?.load_config(at));
        if set.is_some_and(|set| !fits(&set)) {
            let service = if service == NONE { String::new() } else { format!(" (of {service})") };
            return Err(format!("{variable}{service}, or {key} in the AWS profile, has to be {has_to_be}"));
        }
    }
    Ok(())
}

fn is_url(text: &str) -> bool {
    let url = text.parse::<Uri>().ok();
    url.is_some_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
    })
}

fn is_number_above_zero(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|number| number > 0)
}

fn is_mode(text: &str) -> bool {
    text.parse::<RetryMode>().is_ok()
}
