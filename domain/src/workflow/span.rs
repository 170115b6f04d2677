//! Spans of time as definitions write them: ISO 8601 durations of whole seconds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// A span of 1 second to 366 days, on the wire an ISO 8601 duration such as `PT30M` or `P1D`. A day is 24 hours: spans are
/// counted on the clock, not on the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u64);

text_schema!(Span, "format": "duration", "description": "ISO 8601, such as PT30M or P1D");

/// Why a text is not a span; the sentence says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not an ISO 8601 duration.
    #[error("must be an ISO 8601 duration such as PT30M, PT12H, P1D or P2W")]
    Form,
    /// Too short or too long.
    #[error("must be from 1 second (PT1S) to 366 days (P366D)")]
    Range,
}

impl Span {
    /// The longest one.
    pub const MAX: Self = Self(366 * DAY);

    /// A span of so many seconds.
    pub const fn try_from_seconds(seconds: u64) -> Result<Self, SpanError> {
        if seconds == 0 || seconds > Self::MAX.0 { Err(SpanError::Range) } else { Ok(Self(seconds)) }
    }

    /// Its length in seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// As chrono counts it.
    pub fn duration(self) -> chrono::Duration {
        chrono::Duration::seconds(i64::try_from(self.0).unwrap_or(i64::MAX / 1000))
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let rest = text.strip_prefix('P').ok_or(SpanError::Form)?;
        let (days, clock) = match rest.split_once('T') {
            Some((_, "")) => return Err(SpanError::Form),
            Some((days, clock)) => (days, clock),
            None => (rest, ""),
        };
        if rest.is_empty() || (days.ends_with('W') && !clock.is_empty()) {
            return Err(SpanError::Form);
        }
        let units: &[(char, u64)] = if days.ends_with('W') { &[('W', WEEK)] } else { &[('D', DAY)] };
        let seconds = read(days, units)?
            .checked_add(read(clock, &[('H', HOUR), ('M', MINUTE), ('S', 1)])?)
            .ok_or(SpanError::Range)?;
        Self::try_from_seconds(seconds)
    }
}

/// Reads `<number><unit>` pairs in the given order of units, each at most once.
fn read(text: &str, units: &[(char, u64)]) -> Result<u64, SpanError> {
    let mut rest = text;
    let mut sum = 0_u64;
    for (unit, seconds) in units {
        let Some((digits, after)) = rest.split_once(*unit) else { continue };
        if digits.is_empty() || digits.len() > 9 || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(SpanError::Form);
        }
        let count: u64 = digits.parse().map_err(|_| SpanError::Form)?;
        sum = count.checked_mul(*seconds).and_then(|part| sum.checked_add(part)).ok_or(SpanError::Range)?;
        rest = after;
    }
    if rest.is_empty() { Ok(sum) } else { Err(SpanError::Form) }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, clock) = (self.0 / DAY, self.0 % DAY);
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if clock > 0 {
            f.write_str("T")?;
        }
        for (count, unit) in [(clock / HOUR, 'H'), (clock % HOUR / MINUTE, 'M'), (clock % MINUTE, 'S')] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, SpanError};

    #[test]
    fn a_span_reads_what_iso_8601_writes() {
        for (text, seconds) in
            [("PT1S", 1), ("PT90M", 5400), ("P1D", 86_400), ("P1DT12H", 129_600), ("P2W", 1_209_600)]
        {
            assert_eq!(text.parse::<Span>().unwrap().seconds(), seconds, "{text}");
        }
        assert_eq!("PT90M".parse::<Span>().unwrap().to_string(), "PT1H30M");
        assert_eq!("P2W".parse::<Span>().unwrap().to_string(), "P14D");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for wrong in [
            "", "P", "PT", "1D", "P1", "PT1", "P1M", "P1Y", "PT1D", "P1W1D", "P1WT1H", "P-1D", "PT1S1M",
            "P1.5D",
        ] {
            assert_eq!(wrong.parse::<Span>(), Err(SpanError::Form), "{wrong}");
        }
        for wrong in ["PT0S", "P367D", "P999999999D"] {
            assert_eq!(wrong.parse::<Span>(), Err(SpanError::Range), "{wrong}");
        }
    }
}
