//! Reading a request: who asks, for what, in which protocol.

use std::collections::BTreeMap;

use super::protocol::Protocol;
use super::request::Request;
use super::scope::Scope;
use crate::cloud::{ApiError, Caller, Operation};
use crate::fault::Target;

/// A request that has been understood.
#[derive(Debug)]
pub(crate) struct Order {
    pub(super) protocol: Protocol,
    pub(super) caller: Caller,
    pub(super) access_key: String,
    pub(super) what: What,
}

/// What is asked for.
#[derive(Debug)]
pub(super) enum What {
    /// An operation of CloudHSM.
    Hsm(Operation),
    /// `GetCallerIdentity` of STS.
    Identity,
}

/// A request that has not been understood, with as much as is known of it for the log.
#[derive(Debug)]
pub(super) struct Misread {
    pub(super) protocol: Protocol,
    pub(super) operation: String,
    pub(super) caller: Option<Caller>,
    pub(super) error: ApiError,
}

/// Which account an access key belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    pub(crate) default: String,
    pub(crate) by_key: BTreeMap<String, String>,
}

impl Order {
    pub(super) fn read(request: &Request, accounts: &Accounts) -> Result<Self, Box<Misread>> {
        let protocol = if request.is_form() { Protocol::Query } else { Protocol::Json };
        let operation = operation_name(request, protocol);
        let mut caller = None;
        let order = Self::try_read(request, accounts, protocol, &operation, &mut caller);
        order.map_err(|error| Box::new(Misread { protocol, operation, caller, error }))
    }

    fn try_read(
        request: &Request,
        accounts: &Accounts,
        protocol: Protocol,
        operation: &str,
        caller: &mut Option<Caller>,
    ) -> Result<Self, ApiError> {
        let scope = Scope::parse(request.authorization.as_deref(), protocol)?;
        let account = accounts.by_key.get(&scope.access_key).unwrap_or(&accounts.default);
        let asking = Caller::new(account, &scope.region);
        *caller = Some(asking.clone());
        let right = match protocol {
            Protocol::Json => "cloudhsm",
            Protocol::Query => "sts",
        };
        if scope.service != right {
            let message = format!("Credential should be scoped to correct service: '{right}'.");
            return Err(protocol.authentication_error("InvalidSignature", &message));
        }
        let what = match protocol {
            Protocol::Json => What::Hsm(operation_of(request, operation)?),
            Protocol::Query if operation == "GetCallerIdentity" => What::Identity,
            Protocol::Query => {
                let message = format!("Could not find operation {operation} for version 2011-06-15");
                return Err(ApiError::new("InvalidAction", 400, message));
            }
        };
        Ok(Self { protocol, caller: asking, access_key: scope.access_key, what })
    }

    pub(super) fn operation(&self) -> &'static str {
        match &self.what {
            What::Hsm(operation) => operation.name(),
            What::Identity => "GetCallerIdentity",
        }
    }

    /// What faults look at.
    pub(super) fn target(&self) -> Target<'_> {
        let hsm = match &self.what {
            What::Hsm(operation) => Some(operation),
            What::Identity => None,
        };
        Target {
            operation: self.operation(),
            region: &self.caller.region,
            ids: hsm.map(Operation::resource_ids).unwrap_or_default(),
            destination: hsm.and_then(Operation::destination),
            listing: hsm.and_then(Operation::listing),
        }
    }
}

fn operation_of(request: &Request, operation: &str) -> Result<Operation, ApiError> {
    if !request.is_json() {
        return Err(ApiError::unknown_operation(format!(
            "The Content-Type is '{}'; this service takes application/x-amz-json-1.1.",
            request.content_type
        )));
    }
    if !request.target.as_deref().is_some_and(|target| target.starts_with("BaldrApiService.")) {
        return Err(ApiError::unknown_operation("X-Amz-Target must be BaldrApiService.<operation>."));
    }
    Operation::parse(operation, &request.body)
}

fn operation_name(request: &Request, protocol: Protocol) -> String {
    let name = match protocol {
        Protocol::Json => {
            request.target.as_deref().map(|target| target.rsplit('.').next().unwrap_or_default().to_owned())
        }
        Protocol::Query => request.form_member("Action"),
    };
    name.unwrap_or_default()
}
