//! An instant in UTC to the microsecond, in the one text form a record allows.

use std::fmt;

use super::text::push_padded;

const MICROS_PER_SECOND: u64 = 1_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
const LENGTH: usize = 27;
/// 9999-12-31T23:59:59.999999Z, the last instant that a four-digit year can say.
const LAST: u64 = 253_402_300_799_999_999;

/// Microseconds since 1970-01-01T00:00:00Z, from then to the end of the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcMicros(u64);

/// An instant that a record cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UtcMicrosError {
    /// Before 1970 or after 9999.
    #[error("the instant lies outside the years 1970 to 9999: give one inside")]
    OutOfRange,
    /// Not of the form `2026-11-21T22:00:00.123456Z`.
    #[error("not an instant of the form 2026-11-21T22:00:00.123456Z: give six fractional digits and a Z")]
    Malformed,
}

impl UtcMicros {
    /// The instant so many microseconds after the Unix epoch.
    pub fn try_new(unix_micros: i64) -> Result<Self, UtcMicrosError> {
        match u64::try_from(unix_micros) {
            Ok(micros) if micros <= LAST => Ok(Self(micros)),
            Ok(_) | Err(_) => Err(UtcMicrosError::OutOfRange),
        }
    }

    /// Reads the one form that [`fmt::Display`] writes, and no other spelling of the same instant.
    pub fn parse(text: &str) -> Result<Self, UtcMicrosError> {
        let bytes = text.as_bytes().as_array::<LENGTH>().ok_or(UtcMicrosError::Malformed)?;
        let [
            y1,
            y2,
            y3,
            y4,
            b'-',
            mo1,
            mo2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            mi1,
            mi2,
            b':',
            s1,
            s2,
            b'.',
            f @ ..,
            b'Z',
        ] = bytes
        else {
            return Err(UtcMicrosError::Malformed);
        };
        let days =
            days_from_civil(number(&[*y1, *y2, *y3, *y4])?, number(&[*mo1, *mo2])?, number(&[*d1, *d2])?)?;
        let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*mi1, *mi2])?, number(&[*s1, *s2])?);
        if hour > 23 || minute > 59 || second > 59 {
            return Err(UtcMicrosError::Malformed);
        }
        let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
        Ok(Self(seconds * MICROS_PER_SECOND + number::<6>(f)?))
    }

    /// Microseconds since the Unix epoch.
    pub fn unix_micros(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Appends the 27 characters.
    pub fn write_to(self, out: &mut Vec<u8>) {
        let seconds = self.0 / MICROS_PER_SECOND;
        let (year, month, day) = civil_from_days(seconds / SECONDS_PER_DAY);
        let of_day = seconds % SECONDS_PER_DAY;
        push_padded::<4>(out, year);
        out.push(b'-');
        push_padded::<2>(out, month);
        out.push(b'-');
        push_padded::<2>(out, day);
        out.push(b'T');
        push_padded::<2>(out, of_day / 3600);
        out.push(b':');
        push_padded::<2>(out, of_day / 60 % 60);
        out.push(b':');
        push_padded::<2>(out, of_day % 60);
        out.push(b'.');
        push_padded::<6>(out, self.0 % MICROS_PER_SECOND);
        out.push(b'Z');
    }

    fn letters(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LENGTH);
        self.write_to(&mut out);
        out
    }
}

impl fmt::Display for UtcMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.letters().iter().try_for_each(|letter| fmt::Write::write_char(f, char::from(*letter)))
    }
}

/// The number that some digits write.
fn number<const DIGITS: usize>(digits: &[u8; DIGITS]) -> Result<u64, UtcMicrosError> {
    digits.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + u64::from(byte - b'0')),
        _ => Err(UtcMicrosError::Malformed),
    })
}

/// Days since the epoch to year, month, day: the 400-year cycle of the Gregorian calendar, years starting in March.
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (cycle, of_cycle) = (shifted / 146_097, shifted % 146_097);
    let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_cycle + cycle * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The way back.
fn days_from_civil(year: u64, month: u64, day: u64) -> Result<u64, UtcMicrosError> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u64::from(leap),
        _ => 0,
    };
    if day == 0 || day > longest {
        return Err(UtcMicrosError::Malformed);
    }
    let (year, from_march) = if month <= 2 { (year.saturating_sub(1), month + 9) } else { (year, month - 3) };
    let (cycle, year_of_cycle) = (year / 400, year % 400);
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + of_year;
    (cycle * 146_097 + of_cycle).checked_sub(719_468).ok_or(UtcMicrosError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_instants_have_the_known_text() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_795_298_400_123_456, "2026-11-21T22:00:00.123456Z"),
            (4_107_542_399_000_001, "2100-02-28T23:59:59.000001Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] {
            let instant = UtcMicros::try_new(micros).unwrap();
            assert_eq!(instant.to_string(), text);
            assert_eq!(UtcMicros::parse(text), Ok(instant));
            assert_eq!(instant.unix_micros(), micros);
        }
    }

    #[test]
    fn other_spellings_and_impossible_dates_are_refused() {
        for text in [
            "",
            "2026-11-21T22:00:00Z",
            "2026-11-21T22:00:00.123Z",
            "2026-11-21T22:00:00.1234567Z",
            "2026-11-21T22:00:00.123456+00:00",
            "2026-11-21 22:00:00.123456Z",
            "2026-11-21T22:00:00.123456z",
            "2026-02-29T00:00:00.000000Z",
            "2026-13-01T00:00:00.000000Z",
            "2026-00-01T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01T00:60:00.000000Z",
            "2016-12-31T23:59:60.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "0000-01-01T00:00:00.000000Z",
        ] {
            assert!(UtcMicros::parse(text).is_err(), "{text}");
        }
        assert_eq!(UtcMicros::try_new(-1), Err(UtcMicrosError::OutOfRange));
        assert_eq!(UtcMicros::try_new(253_402_300_800_000_000), Err(UtcMicrosError::OutOfRange));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in 0_i64..=253_402_300_799_999_999) {
            let instant = UtcMicros::try_new(micros).unwrap();
            prop_assert_eq!(UtcMicros::parse(&instant.to_string()), Ok(instant));
        }
    }
}
