//! A span for each call, for OpenTelemetry. Without the feature `otel` nothing is left of it.

use plan::model::Region;
use tracing::Span;

/// Begins the span of a call.
pub(super) fn begin(operation: &'static str, region: &Region) -> Span {
    #[cfg(feature = "otel")]
    let span = tracing::info_span!(
        target: "otel",
        "aws",
        otel.name = operation,
        otel.kind = "client",
        rpc.system = "aws-api",
        rpc.method = operation,
        cloud.region = %region,
        outcome = tracing::field::Empty,
        aws.request_id = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
    );
    #[cfg(not(feature = "otel"))]
    let span = {
        let _ = (operation, region);
        Span::none()
    };
    span
}

/// The call has ended in `outcome`: `ok` or the name of an error class.
pub(super) fn end(span: &Span, outcome: &'static str, request_id: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    span.record("outcome", outcome);
    if let Some(id) = request_id {
        span.record("aws.request_id", id);
    }
    if outcome != "ok" {
        span.record("otel.status_code", "ERROR");
    }
}
