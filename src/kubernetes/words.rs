//! Errors of the client for Kubernetes, in words that may be shown.
//!
//! Its own repeat what they stumbled over: the output of an auth plugin, lines of a kubeconfig, the address of a proxy
//! with its password, an answer's values.

use std::error::Error;

use kube::{client::AuthError, config::KubeconfigError};

/// Says what went wrong, without what may be secret.
pub fn words(error: &(dyn Error + 'static)) -> String {
    let mut beneath = Some(error);
    while let Some(cause) = beneath {
        if let Some(words) = of_cause(cause) {
            return words;
        }
        beneath = cause.source();
    }
    error.to_string()
}

/// What serde says of a text that it could not decode, without the text's own values, which it quotes.
pub fn without_values(error: &str) -> String {
    let (mut without, mut quote, mut escaped) = (String::new(), None, false);
    for character in error.chars() {
        match quote {
            None => {
                without.push(character);
                quote = ['"', '`'].into_iter().find(|quote| *quote == character);
            }
            Some(open) if open == character && !escaped => {
                without.push('…');
                without.push(open);
                quote = None;
            }
            Some(_) => {}
        }
        escaped = quote.is_some() && !escaped && character == '\\';
    }
    without
}

/// The words for an error whose own tell too much, or too little.
fn of_cause(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<AuthError>() {
        return Some(of_auth(error));
    }
    if let Some(error) = error.downcast_ref::<serde_json::Error>() {
        let (line, column) = (error.line(), error.column());
        return Some(format!("an answer cannot be read, at line {line}, column {column}"));
    }
    if let Some(KubeconfigError::Parse(error)) = error.downcast_ref::<KubeconfigError>() {
        let place = error.location();
        let place = place.map(|place| format!(", at line {}, column {}", place.line(), place.column()));
        return Some(format!("the kubeconfig cannot be read{}", place.unwrap_or_default()));
    }
    match error.downcast_ref::<kube::Error>()? {
        kube::Error::Api(status) if status.reason.is_empty() => Some(status.message.clone()),
        kube::Error::Api(status) => Some(format!("{}: {}", status.reason, status.message)),
        kube::Error::ProxyProtocolUnsupported { proxy_url }
        | kube::Error::ProxyProtocolDisabled { proxy_url, .. } => {
            let scheme = proxy_url.scheme_str().unwrap_or("without a scheme");
            Some(format!("a proxy of this kind is not supported: {scheme}"))
        }
        _ => None,
    }
}

fn of_auth(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { out, .. } => format!("the auth plugin failed, {}", out.status),
        AuthError::AuthExecStart(error) => format!("the auth plugin cannot be run: {error}"),
        AuthError::AuthExecParse(_) => "the auth plugin's output cannot be read".to_owned(),
        AuthError::ExecPluginFailed => "the auth plugin's output has no status".to_owned(),
        AuthError::ReadTokenFile(error, path) => {
            format!("cannot read the token file {}: {error}", path.display())
        }
        AuthError::InvalidBearerToken(_) => "the token has characters that no token may have".to_owned(),
        // Of many kinds, some of which quote tokens.
        _ => "the credentials for the API server cannot be used".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        os::unix::process::ExitStatusExt,
        process::{ExitStatus, Output},
    };

    use kube::config::{Kubeconfig, NamedAuthInfo};
    use serde_json::{Value, from_str, json};

    use super::*;

    const SECRET: &str = "hunter2";

    #[track_caller]
    fn expect(error: &(dyn Error + 'static), expected: &str) {
        let said = words(error);
        assert!(said.contains(expected) && !said.contains(SECRET), "{said}");
    }

    fn failed_plugin() -> AuthError {
        let text = SECRET.as_bytes().to_vec();
        let out = Output { status: ExitStatus::from_raw(256), stdout: text.clone(), stderr: text };
        AuthError::AuthExecRun { cmd: format!("plugin --password {SECRET}"), out: Box::new(out) }
    }

    #[test]
    fn what_an_auth_plugin_prints_is_not_repeated_however_deep_the_error_lies() {
        expect(&failed_plugin(), "the auth plugin failed, exit status: 1");
        expect(&kube::Error::Auth(failed_plugin()), "the auth plugin failed");
        expect(&kube::Error::Service(Box::new(failed_plugin())), "the auth plugin failed");
        expect(&AuthError::AuthExec(format!("no such field in {SECRET}")), "credentials");
    }

    #[test]
    fn of_a_kubeconfig_that_cannot_be_read_the_place_is_told_and_no_line() {
        let text = format!("users:\n- name: a\n  user: {{token: [{SECRET}]}}\n");
        expect(&Kubeconfig::from_yaml(&text).unwrap_err(), "line 3");
    }

    #[test]
    fn of_an_answer_that_cannot_be_read_the_place_is_told_and_no_value() {
        let error = from_str::<NamedAuthInfo>(&json!({ "name": [SECRET] }).to_string()).unwrap_err();
        expect(&kube::Error::SerdeError(error), "line 1");
        let error = serde_json::from_value::<u8>(Value::String(SECRET.to_owned())).unwrap_err();
        expect(&kube::Error::SerdeError(error), "cannot be read");
    }

    #[test]
    fn of_an_object_that_cannot_be_decoded_no_value_is_repeated() {
        for (value, said) in [
            (json!(SECRET), r#"invalid type: string "…", expected a map"#),
            (json!(format!("a \"{SECRET}\\\" {SECRET}")), r#"invalid type: string "…", expected a map"#),
            (json!({ "a": [SECRET] }), "invalid type: sequence, expected a string"),
        ] {
            let error = serde_json::from_value::<BTreeMap<String, String>>(value).unwrap_err().to_string();
            assert_eq!(without_values(&error), said, "{error}");
        }
    }

    #[test]
    fn the_password_of_a_proxy_is_not_repeated() {
        let proxy_url = Box::new(format!("ftp://me:{SECRET}@proxy:1").parse().unwrap());
        expect(&kube::Error::ProxyProtocolUnsupported { proxy_url }, "not supported: ftp");
    }

    #[test]
    fn other_errors_keep_their_words() {
        let refused = kube::core::Status::failure("no rights", "Forbidden").boxed();
        expect(&kube::Error::Api(refused), "Forbidden: no rights");
        let unnamed = kube::core::Status::failure("duplicate entries", "").boxed();
        assert_eq!(words(&kube::Error::Api(unnamed)), "duplicate entries");
        expect(&kube::Error::TlsRequired, "TLS required");
    }
}
