//! The operations that change a backup, each as one wire request at most.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudhsmv2::Client;
use aws_sdk_cloudhsmv2::client::customize::CustomizableOperation;
use aws_sdk_cloudhsmv2::config::retry::RetryConfig;
use aws_sdk_cloudhsmv2::config::timeout::TimeoutConfig;
use aws_sdk_cloudhsmv2::config::{Builder, Config};
use aws_sdk_cloudhsmv2::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_cloudhsmv2::types::Tag;
use plan::effect::{Change, Mutation, Outcome};
use plan::error::{ErrorClass, Failure};
use plan::model::Tags;

use super::interceptor::Watch;
use super::wire::Wire;
use super::{Permit, Receipt, failure};

/// Sends an operation of the SDK once. A macro, since the SDK keeps the trait to itself that
/// its operations have in common.
macro_rules! send_once {
    ($operation:expr, $deadline:expr, $wire:expr, $permit:expr) => {{
        let operation = $operation.customize().config_override(one_attempt($deadline));
        let result = watched(operation, $wire, $permit).send().await;
        failure::of_mutation(&result, $wire)
    }};
}

/// Carries out `mutation`; its one attempt ends after `deadline`.
pub(super) async fn mutate(
    client: &Client,
    mutation: &Mutation,
    deadline: Duration,
    permit: &Permit,
    wire: &Arc<Wire>,
) -> Receipt {
    let id = mutation.backup().as_str();
    let outcome = match &mutation.change {
        Change::NeverExpires(value) => {
            let operation = client.modify_backup_attributes().backup_id(id).never_expires(*value);
            send_once!(operation, deadline, wire, permit)
        }
        Change::Restore => send_once!(client.restore_backup().backup_id(id), deadline, wire, permit),
        Change::Tag(tags) => match tag_list(tags) {
            Ok(tags) => {
                let operation = client.tag_resource().resource_id(id).set_tag_list(Some(tags));
                send_once!(operation, deadline, wire, permit)
            }
            Err(error) => unbuilt(&error),
        },
        Change::Untag(keys) => {
            let operation = client.untag_resource().resource_id(id).set_tag_key_list(Some(key_list(keys)));
            send_once!(operation, deadline, wire, permit)
        }
        // AWS refuses an empty list; no list gives the copy the tags of its source.
        Change::Copy { to, tags } => {
            match tags.as_ref().filter(|tags| !tags.is_empty()).map(tag_list).transpose() {
                Ok(tags) => {
                    let operation = client.copy_backup_to_region().backup_id(id);
                    let operation = operation.destination_region(to.as_str()).set_tag_list(tags);
                    send_once!(operation, deadline, wire, permit)
                }
                Err(error) => unbuilt(&error),
            }
        }
        Change::Delete => send_once!(client.delete_backup().backup_id(id), deadline, wire, permit),
    };
    Receipt { outcome, request_id: wire.request_id() }
}

/// A call with its watch. The type of its errors is the operation's own.
fn watched<T, E, B>(
    operation: CustomizableOperation<T, E, B>,
    wire: &Arc<Wire>,
    permit: &Permit,
) -> CustomizableOperation<T, E, B>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    operation.interceptor(Watch::<E>::mutating(wire, permit))
}

/// No retries, and this deadline. The other deadlines remain those of the client.
fn one_attempt(deadline: Duration) -> Builder {
    let deadlines = TimeoutConfig::builder().operation_attempt_timeout(deadline).build();
    Config::builder().retry_config(RetryConfig::disabled()).timeout_config(deadlines)
}

fn tag_list(tags: &Tags) -> Result<Vec<Tag>, BuildError> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// A tag lacks its key or its value, which ours never do. The SDK's words may quote them.
fn unbuilt(_: &BuildError) -> Outcome {
    Outcome::NotSent(Failure::new(ErrorClass::Invalid, "a tag could not be built"))
}

fn key_list(keys: &BTreeSet<String>) -> Vec<String> {
    keys.iter().cloned().collect()
}
