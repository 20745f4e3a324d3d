//! The `ValidatingAdmissionPolicy` that wants a confirmation before anything may be deleted.

mod bench;
mod lived;
mod shipped;
mod transitions;
