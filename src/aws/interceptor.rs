//! The last look before a request leaves, and the first at what comes back.

use std::sync::Arc;

use aws_sdk_cloudhsmv2::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cloudhsmv2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudhsmv2::error::BoxError;
use aws_sdk_cloudhsmv2::operation::RequestId;

use super::Permit;
use super::wire::{Answer, Progress, Wire};

/// Follows one call, and stops it when its permit has lapsed.
#[derive(Debug)]
pub(super) struct Watch {
    permit: Option<Permit>,
    wire: Arc<Wire>,
}

impl Watch {
    /// Follows a call that needs no permit.
    pub(super) fn reading(wire: &Arc<Wire>) -> Self {
        Self { permit: None, wire: Arc::clone(wire) }
    }

    /// Follows a call that may be sent only while `permit` holds.
    pub(super) fn mutating(wire: &Arc<Wire>, permit: &Permit) -> Self {
        Self { permit: Some(permit.clone()), wire: Arc::clone(wire) }
    }
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    // The last hook before the connector is called: after credentials, endpoint and signature.
    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.permit.as_ref().is_none_or(Permit::use_now) {
            self.wire.reached(Progress::Sent);
            Ok(())
        } else {
            self.wire.reached(Progress::Refused);
            Err("the permit has lapsed".into())
        }
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        self.wire.reached(Progress::Answered(Answer {
            status: response.status().as_u16(),
            request_id: response.request_id().map(str::to_owned),
        }));
        Ok(())
    }
}
