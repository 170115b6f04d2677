//! Instants as events spell them: what chrono writes and reads, read in a tenth of its time where the text is as we write it.
//!
//! Times are two fifths of what decoding a reading takes when chrono parses them by its general grammar, and a stream is mostly
//! readings.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::Visitor;
use serde::{Deserializer, Serialize, Serializer};

/// The instant in a text of the very form `2026-01-31T09:30:00.123Z`, with as many digits behind the point as there are; none
/// where it has another form, which may still be an instant.
fn plain(text: &str) -> Option<DateTime<Utc>> {
    let (seconds, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2] = seconds
    else {
        return None;
    };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    let date =
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)?;
    let nanos = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let missing = 9_usize.saturating_sub(digits.len());
            number(digits)?.checked_mul(10_u32.checked_pow(u32::try_from(missing).ok()?)?)?
        }
        _ => return None,
    };
    let time =
        date.and_hms_nano_opt(number(&[*h1, *h2])?, number(&[*i1, *i2])?, number(&[*s1, *s2])?, nanos)?;
    Some(time.and_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

struct Instant;

impl Visitor<'_> for Instant {
    type Value = DateTime<Utc>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 formatted date and time string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<DateTime<Utc>, E> {
        plain(text).map_or_else(|| text.parse().map_err(E::custom), Ok)
    }
}

/// For `#[serde(with = "crate::instant")]`.
pub(crate) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    at.serialize(serializer)
}

/// For `#[serde(with = "crate::instant")]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    deserializer.deserialize_str(Instant)
}

/// The same where there may be none: `#[serde(with = "crate::instant::optional")]`.
pub(crate) mod optional {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Plain(#[serde(with = "super")] DateTime<Utc>);

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(
        at: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<Plain>::deserialize(deserializer)?.map(|plain| plain.0))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::plain;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Times {
        #[serde(with = "super")]
        at: DateTime<Utc>,
        #[serde(default, with = "super::optional", skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    }

    /// The same by chrono alone.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Chrono {
        at: DateTime<Utc>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    }

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    proptest! {
        #[test]
        fn every_instant_is_written_and_read_as_chrono_does(
            seconds in -62_135_596_800_i64..253_402_300_800, nanos in 0_u32..1_000_000_000, digits in 0_u32..10,
        ) {
            let coarse = nanos - nanos % 10_u32.pow(9 - digits.min(9));
            let at = DateTime::from_timestamp(seconds, coarse).unwrap();
            let ours = serde_json::to_string(&Times { at, until: Some(at) }).unwrap();
            prop_assert_eq!(&ours, &serde_json::to_string(&Chrono { at, until: Some(at) }).unwrap());
            prop_assert_eq!(read::<Times>(&ours), Ok(Times { at, until: Some(at) }));
            let text = at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            prop_assert_eq!(plain(&text), Some(at));
        }

        #[test]
        fn every_other_text_is_what_chrono_takes_it_for(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,11})?(Z|z|[+-]0[0-9]:00| )?",
        ) {
            let json = format!(r#"{{"at":"{text}"}}"#);
            let ours = read::<Times>(&json).map(|times| times.at);
            prop_assert_eq!(ours, read::<Chrono>(&json).map(|times| times.at));
        }
    }

    #[test]
    fn what_is_missing_or_null_is_none() {
        let at = "2026-01-31T09:30:00Z";
        for until in ["", r#","until":null"#] {
            assert_eq!(read::<Times>(&format!(r#"{{"at":"{at}"{until}}}"#)).unwrap().until, None);
        }
        assert!(read::<Times>(r#"{"at":null}"#).is_err());
        assert!(read::<Times>(r#"{"at":"2026-02-30T00:00:00Z"}"#).is_err());
    }
}
