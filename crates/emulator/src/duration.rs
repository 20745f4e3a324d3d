//! Durations as people type them (`7d`, `1h30m`, `300ms`), for JSON and flags. A day is 24 hours.

use std::time::Duration;

use jiff::fmt::friendly::SpanPrinter;
use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, Serializer};

/// Parses `7d`, `1h30m`, `300ms` or an ISO 8601 duration; says what is wrong with anything else.
pub fn parse(text: &str) -> Result<Duration, String> {
    let refuse = |why: String| format!("'{text}' is not a duration such as 7d, 1h30m or 300ms: {why}");
    let span: Span = text.parse().map_err(|err: jiff::Error| refuse(err.to_string()))?;
    let signed =
        span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|err| refuse(err.to_string()))?;
    Duration::try_from(signed).map_err(|_| refuse("it is negative".to_owned()))
}

/// Prints what [`parse`] reads.
pub fn print(duration: Duration) -> String {
    SpanPrinter::new().unsigned_duration_to_string(&duration)
}

/// `#[serde(with = "duration")]` for a [`Duration`].
pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&print(*duration))
}

/// `#[serde(with = "duration")]` for a [`Duration`].
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(serde::de::Error::custom)
}

/// `#[serde(with = "duration::optional")]` for an `Option<Duration>`.
pub(crate) mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| super::parse(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse, print};

    #[test]
    fn days_are_24_hours_and_units_combine() {
        assert_eq!(parse("7d"), Ok(Duration::from_hours(7 * 24)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_mins(90)));
        assert_eq!(parse("300ms"), Ok(Duration::from_millis(300)));
    }

    #[test]
    fn months_negatives_and_nonsense_are_refused() {
        for text in ["1mo", "-3s", "3 s ago", "soon", "", "5"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_printed_can_be_parsed() {
        for duration in [Duration::ZERO, Duration::from_millis(1500), Duration::from_hours(169)] {
            assert_eq!(parse(&print(duration)), Ok(duration));
        }
    }
}
