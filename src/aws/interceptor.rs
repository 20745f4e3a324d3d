//! The last look before a request leaves, and the first at what comes back.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use aws_sdk_cloudhsmv2::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextRef,
    BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cloudhsmv2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudhsmv2::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_cloudhsmv2::operation::RequestId;
use plan::error::{ErrorClass, classify};

use super::Permit;
use super::wire::{Answer, Progress, Wire};

/// The longest request id that is told. AWS's have 36 characters.
const LONGEST_REQUEST_ID: usize = 128;

/// Follows one call, whose errors are `E`, and stops it when its permit has lapsed.
pub(super) struct Watch<E> {
    permit: Option<Permit>,
    wire: Arc<Wire>,
    errors: PhantomData<fn() -> E>,
}

impl<E> Watch<E> {
    /// Follows a call that needs no permit.
    pub(super) fn reading(wire: &Arc<Wire>) -> Self {
        Self { permit: None, wire: Arc::clone(wire), errors: PhantomData }
    }

    /// Follows a call that may be sent only while `permit` holds.
    pub(super) fn mutating(wire: &Arc<Wire>, permit: &Permit) -> Self {
        Self { permit: Some(permit.clone()), ..Self::reading(wire) }
    }
}

/// It goes into Events and log lines, so it is one word.
fn is_request_id(text: &str) -> bool {
    (1..=LONGEST_REQUEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl<E> fmt::Debug for Watch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("permit", &self.permit).field("wire", &self.wire).finish()
    }
}

impl<E: ProvideErrorMetadata + Error + Send + Sync + 'static> Intercept for Watch<E> {
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
            request_id: response.request_id().filter(|id| is_request_id(id)).map(str::to_owned),
        }));
        Ok(())
    }

    // Of every attempt: the SDK repeats reads that were throttled, and tells only of the last one.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Err(error) = context.output_or_error() {
            let error = error.as_operation_error().and_then(|error| error.downcast_ref::<E>());
            let status = context.response().status().as_u16();
            if classify(error.and_then(E::code), status) == ErrorClass::Throttled {
                self.wire.throttled();
            }
        }
        Ok(())
    }
}
