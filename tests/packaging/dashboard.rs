//! The dashboard: only metrics that exist.
