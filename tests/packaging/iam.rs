//! The IAM policies: what the operator calls, and nothing else.
