//! The alerts: what fires when, and that each has its test and its runbook.
