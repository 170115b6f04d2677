//! A value that comes to us instead of being asked for: pushed, or in an uploaded file.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::slug::Slug;

/// How far a clock of somebody else's may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// The first time a value may be of: the year 2000.
const EARLIEST: i64 = 946_684_800;

/// One value at one time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Which KRI.
    pub slug: Slug,
    /// Its value, exact.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
    /// When it was so.
    pub observed_at: DateTime<Utc>,
}

/// One mistake in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{place}: {reason}")]
pub struct ReadingMistake {
    /// A JSON pointer (`/values/3/value`), or a line of a file (`line 4`).
    pub place: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl ReadingMistake {
    pub(super) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

/// Reads a plain decimal such as `97.5`; no exponent, no blanks, no separators.
pub(super) fn decimal(text: &str) -> Result<Decimal, &'static str> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let wrong = "a value is a decimal such as 97.5, of at most 28 digits";
    if plain { Decimal::from_str_exact(text).map_err(|_| wrong) } else { Err(wrong) }
}

/// Reads a time of the past; without one it is now.
pub(super) fn time(text: Option<&str>, now: DateTime<Utc>) -> Result<DateTime<Utc>, &'static str> {
    let Some(text) = text else { return Ok(now) };
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "a time is written like 2026-03-31T12:00:00Z")?
        .with_timezone(&Utc);
    if time > now.checked_add_signed(AHEAD).unwrap_or(now) {
        return Err("the time lies in the future");
    }
    if time.timestamp() < EARLIEST { Err("the time lies before the year 2000") } else { Ok(time) }
}

/// Refuses two values of one KRI at one time, since nothing says which one holds.
pub(super) fn without_doubles(readings: Vec<(String, Reading)>) -> Result<Vec<Reading>, Vec<ReadingMistake>> {
    let mut seen = std::collections::BTreeSet::new();
    let doubles: Vec<_> = readings
        .iter()
        .filter(|(_, reading)| !seen.insert((reading.slug.clone(), reading.observed_at)))
        .map(|(place, _)| {
            ReadingMistake::new(place.clone(), "the same KRI at the same time stands here twice")
        })
        .collect();
    if doubles.is_empty() {
        Ok(readings.into_iter().map(|(_, reading)| reading).collect())
    } else {
        Err(doubles)
    }
}
