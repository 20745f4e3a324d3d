//! The filters of listings: which there are, and how much they may hold.

use std::collections::BTreeMap;

use super::super::{ApiError, Knobs};

/// Filter keys and the values asked for: all keys must match, any value of a key is enough.
pub(super) type Filters = BTreeMap<String, Vec<String>>;

/// Refuses what no listing of `operation` takes.
pub(super) fn check(
    filters: &Filters,
    known: &[&str],
    operation: &str,
    knobs: &Knobs,
) -> Result<(), ApiError> {
    if filters.len() > 30 {
        return Err(ApiError::invalid("Filters has more than 30 keys."));
    }
    for (key, values) in filters {
        if knobs.reject_unknown_filters && !known.contains(&key.as_str()) {
            return Err(ApiError::invalid(format!("'{key}' is not a filter of {operation}.")));
        }
        if knobs.filter_value_limit.is_some_and(|limit| values.len() > limit) {
            return Err(ApiError::invalid(format!("The filter '{key}' has too many values.")));
        }
    }
    Ok(())
}

/// The refusal of a value that a filter does not take.
pub(super) fn no_value(key: &str, value: &str) -> ApiError {
    ApiError::invalid(format!("'{value}' is not a value of the filter '{key}'."))
}
