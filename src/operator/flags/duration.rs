//! Durations as people type them: `300ms`, `3s`, `5m`, `1h30m`.

use std::fmt;
use std::time::Duration;

use jiff::fmt::friendly::{SpanParser, SpanPrinter};

/// A duration that can be typed, and prints as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&SpanPrinter::new().unsigned_duration_to_string(&self.0))
    }
}

/// A parser for durations from `least` to `most`, both included.
///
/// Both ends exist: too short a time floods AWS, and one too long overflows when added to
/// the clock.
pub(super) fn between(
    least: Duration,
    most: Duration,
) -> impl Fn(&str) -> Result<Period, String> + Clone + Send + Sync + 'static {
    move |text| {
        let parsed = SpanParser::new().parse_unsigned_duration(text.trim());
        let period = Period(parsed.map_err(|_| "write a number and a unit, such as 300ms, 3s, 5m or 1h30m")?);
        if (least..=most).contains(&period.0) {
            Ok(period)
        } else {
            Err(format!("it must be from {} to {}", Period(least), Period(most)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Duration, String> {
        between(Duration::from_millis(1), Duration::from_hours(24))(text).map(|period| period.0)
    }

    #[test]
    fn durations_are_read_as_people_type_them() {
        for (text, wanted) in [
            ("300ms", Duration::from_millis(300)),
            ("3s", Duration::from_secs(3)),
            ("5m", Duration::from_mins(5)),
            ("1h30m", Duration::from_mins(90)),
            (" 2 minutes ", Duration::from_mins(2)),
        ] {
            assert_eq!(parse(text), Ok(wanted), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_example_of_what_to_write() {
        for text in ["", "5", "soon", "-3s", "3s ago", "5x", "1mo", "99999999999999999999h"] {
            let why = parse(text).unwrap_err();
            assert!(why.contains("such as 300ms, 3s, 5m or 1h30m"), "{text:?}: {why}");
        }
    }

    #[test]
    fn a_duration_out_of_bounds_is_refused_with_the_bounds() {
        for text in ["0s", "0", "25h", "1us"] {
            let why = parse(text).unwrap_err();
            assert!(text == "0" || why == "it must be from 1ms to 24h", "{text:?}: {why}");
        }
    }

    #[test]
    fn what_is_printed_can_be_read() {
        for duration in [Duration::from_millis(1500), Duration::from_mins(5), Duration::from_hours(23)] {
            assert_eq!(parse(&Period(duration).to_string()), Ok(duration));
        }
        assert_eq!(Period(Duration::from_mins(5)).to_string(), "5m");
    }
}
