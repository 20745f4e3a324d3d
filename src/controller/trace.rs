//! Spans for OpenTelemetry: one for each pass that does something, and in it one for each write of a status. Without the
//! feature `otel` nothing is left of them.

use tracing::Span;

use crate::{api::CloudHsmBackup, kubernetes::Refusal};

/// The span of a pass. It begins with the first thing that the pass does, so a pass at rest has none.
#[derive(Debug, Default)]
pub(super) struct Trace(Option<Span>);

impl Trace {
    /// The span of the pass over `object`.
    pub(super) fn pass(&mut self, object: &CloudHsmBackup) -> Span {
        self.0.get_or_insert_with(|| pass(object)).clone()
    }

    /// Begins the span of a write of the status of `object`.
    pub(super) fn write(&mut self, object: &CloudHsmBackup) -> Span {
        write(&self.pass(object))
    }

    /// The pass has ended in `outcome`.
    pub(super) fn end(&mut self, outcome: &'static str) {
        if let Some(span) = self.0.take() {
            span.record("outcome", outcome);
            if outcome != "ok" {
                span.record("otel.status_code", "ERROR");
            }
        }
    }
}

/// The write of a status has ended.
pub(super) fn written<T>(span: &Span, result: &Result<T, Refusal>) {
    span.record(
        "outcome",
        match result {
            Ok(_) => "written",
            Err(Refusal::Conflict) => "conflict",
            Err(_) => "error",
        },
    );
}

#[cfg(feature = "otel")]
fn pass(object: &CloudHsmBackup) -> Span {
    let name = object.object_name();
    tracing::info_span!(
        target: "otel",
        parent: None,
        "reconcile",
        k8s.namespace.name = name.namespace,
        resource = name.name,
        outcome = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
    )
}

#[cfg(feature = "otel")]
fn write(pass: &Span) -> Span {
    tracing::info_span!(
        target: "otel",
        parent: pass,
        "write status",
        otel.kind = "client",
        outcome = tracing::field::Empty,
    )
}

#[cfg(not(feature = "otel"))]
fn pass(_: &CloudHsmBackup) -> Span {
    Span::none()
}

#[cfg(not(feature = "otel"))]
fn write(_: &Span) -> Span {
    Span::none()
}
