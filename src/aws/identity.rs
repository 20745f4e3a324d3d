//! Whose credentials are used.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{error::CredentialsError, future};
use aws_sdk_cloudhsmv2::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::Client;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use jiff::Timestamp;
use plan::error::{ErrorClass, Failure};
use plan::model::AccountId;

use super::failure;
use super::interceptor::Watch;
use super::wire::Wire;

/// The operation's name.
pub(super) const OPERATION: &str = "GetCallerIdentity";

/// Asks STS for the account.
pub(super) async fn account(client: &Client, wire: &Arc<Wire>) -> Result<AccountId, Failure> {
    let output = client
        .get_caller_identity()
        .customize()
        .interceptor(Watch::<GetCallerIdentityError>::reading(wire))
        .send()
        .await
        .map_err(|error| failure::of_read(&error, wire))?;
    let account = output.account().and_then(|account| AccountId::parse(account).ok());
    account.ok_or_else(|| Failure::new(ErrorClass::Implausible, "the answer names no account"))
}

/// A source of credentials that gives none which the SDK would panic over: it puts key and token into headers, and such as
/// end in the line break of the file that they were copied from do not fit.
#[derive(Debug)]
pub(super) struct Checked(pub(super) SharedCredentialsProvider);

impl ProvideCredentials for Checked {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let found = self.0.provide_credentials().await?;
            let of_header = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
            if of_header(found.access_key_id()) && found.session_token().is_none_or(of_header) {
                Ok(found)
            } else {
                Err(CredentialsError::invalid_configuration(
                    "a key or token with characters that it cannot have",
                ))
            }
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.0.fallback_on_interrupt()
    }
}

/// Looks for credentials, and says what was found, or what went wrong, without any secret.
pub(super) async fn credentials(config: &SdkConfig, deadline: Duration) -> Result<String, String> {
    let Some(provider) = config.credentials_provider() else {
        return Err("no AWS credentials are configured".to_owned());
    };
    match tokio::time::timeout(deadline, provider.provide_credentials()).await {
        Ok(Ok(found)) => Ok(described(&found)),
        Ok(Err(error)) => Err(format!("no AWS credentials: {}", why(&error))),
        Err(_) => Err(format!("no AWS credentials within {} s", deadline.as_secs_f32())),
    }
}

fn described(credentials: &Credentials) -> String {
    match credentials.expiry().and_then(|expiry| Timestamp::try_from(expiry).ok()) {
        Some(expiry) => format!("AWS credentials valid until {expiry:.0}"),
        None => "AWS credentials without expiry".to_owned(),
    }
}

/// In words of our own: the SDK's may quote the output of a credential process.
fn why(error: &CredentialsError) -> &'static str {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => "none were found",
        CredentialsError::ProviderTimedOut(_) => "their source did not answer in time",
        CredentialsError::InvalidConfiguration(_) => "the configuration of their source is invalid",
        // Of a type that may grow: whatever it is, their source has failed.
        _ => "their source failed",
    }
}
