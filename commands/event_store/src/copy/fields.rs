//! The binary form of COPY: a header, rows of fields each with its length before it, and a trailer.

use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};

/// What every copy begins with; flags and the length of an extension follow.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const HEADER: usize = SIGNATURE.len() + 8;
/// Microseconds from 1970 to 2000, where Postgres counts from.
const EPOCH: i64 = 946_684_800_000_000;

/// The rows of a copy as they come, header and trailer taken off. The server sends a row a message, the header before the
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The header is still to come.
    Ahead,
    /// Rows follow.
    Under,
    /// The trailer came.
    Over,
}

impl Rows {
    /// The row in the next message; none where it has none.
    pub(crate) fn row(&mut self, mut message: Bytes) -> Result<Option<Bytes>, sqlx::Error> {
        if *self == Self::Ahead {
            let plain = |header: &[u8]| header.starts_with(SIGNATURE) && header.ends_with(&[0; 8]);
            if !message.get(..HEADER).is_some_and(plain) {
                return Err(odd("a copy with an unknown header"));
            }
            message.advance(HEADER);
            *self = Self::Under;
            if message.is_empty() {
                return Ok(None);
            }
        }
        match self {
            Self::Over => Err(odd("a copy that goes on behind its end")),
            _ if message.as_ref() == [0xff, 0xff] => {
                *self = Self::Over;
                Ok(None)
            }
            Self::Ahead | Self::Under => Ok(Some(message)),
        }
    }

    /// Whether all of them came.
    pub(crate) fn end(self) -> Result<(), sqlx::Error> {
        if self == Self::Over { Ok(()) } else { Err(odd("a copy that was cut off")) }
    }
}

/// The fields of one row that are still to be read.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of a row that has so many.
    pub(crate) fn of(row: &'a [u8], wanted: u16) -> Result<Self, sqlx::Error> {
        let mut fields = Self(row);
        let count = u16::from_be_bytes(*fields.array()?);
        if count == wanted { Ok(fields) } else { Err(odd("a row with another number of fields")) }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], sqlx::Error> {
        // A length of -1 means NULL, which no column here may be.
        let length = usize::try_from(i32::from_be_bytes(*self.array()?))
            .map_err(|_| odd("a field without a value"))?;
        let (field, rest) = self.0.split_at_checked(length).ok_or_else(|| odd("a row that was cut off"))?;
        self.0 = rest;
        Ok(field)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, sqlx::Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_| odd("a text that is no UTF-8"))
    }

    pub(crate) fn bigint(&mut self) -> Result<i64, sqlx::Error> {
        self.bytes()?.try_into().map(i64::from_be_bytes).map_err(|_| odd("a bigint of another length"))
    }

    pub(crate) fn integer(&mut self) -> Result<i32, sqlx::Error> {
        self.bytes()?.try_into().map(i32::from_be_bytes).map_err(|_| odd("an integer of another length"))
    }

    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>, sqlx::Error> {
        let micros = self.bigint()?.checked_add(EPOCH);
        micros.and_then(DateTime::from_timestamp_micros).ok_or_else(|| odd("a time out of range"))
    }

    pub(crate) fn end(self) -> Result<(), sqlx::Error> {
        if self.0.is_empty() { Ok(()) } else { Err(odd("a row that goes on")) }
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], sqlx::Error> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(|| odd("a row that was cut off"))?;
        self.0 = rest;
        Ok(array)
    }
}

fn odd(what: &'static str) -> sqlx::Error {
    sqlx::Error::Protocol(what.to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Fields, Rows};

    fn header() -> Vec<u8> {
        [&b"PGCOPY\n\xff\r\n\0"[..], &[0; 8]].concat()
    }

    fn message(parts: &[&[u8]]) -> Bytes {
        Bytes::from(parts.concat())
    }

    #[test]
    fn rows_come_without_header_and_trailer_and_a_copy_that_was_cut_off_is_none() {
        let (row, trailer) = (&b"row"[..], &[0xff, 0xff][..]);
        let rows = |messages: Vec<Bytes>| {
            let (mut rows, mut count) = (Rows::Ahead, 0);
            for message in messages {
                count += usize::from(rows.row(message).ok()?.is_some());
            }
            rows.end().ok().map(|()| count)
        };
        assert_eq!(rows(vec![message(&[&header(), row]), message(&[row]), message(&[trailer])]), Some(2));
        assert_eq!(rows(vec![message(&[&header(), trailer])]), Some(0));
        assert_eq!(rows(vec![message(&[&header()]), message(&[trailer])]), Some(0));
        assert_eq!(rows(vec![message(&[&header(), trailer]), message(&[row])]), None);
        assert_eq!(rows(vec![message(&[&header(), row]), message(&[row])]), None);
        assert_eq!(rows(vec![message(&[b"PGCOPX", row]), message(&[trailer])]), None);
        assert_eq!(rows(Vec::new()), None);
    }

    #[test]
    fn a_field_ends_where_its_length_says_and_nothing_is_read_past_a_row() {
        let row = message(&[
            &11_u16.to_be_bytes(),
            &8_i32.to_be_bytes(),
            &7_i64.to_be_bytes(),
            &(-1_i32).to_be_bytes(),
        ]);
        let mut fields = Fields::of(&row, 11).unwrap();
        assert_eq!(fields.bigint().unwrap(), 7);
        assert!(fields.text().is_err(), "no value");
        let cut = message(&[&11_u16.to_be_bytes(), &8_i32.to_be_bytes(), &[0; 7]]);
        assert!(Fields::of(&cut, 11).unwrap().bigint().is_err());
        assert!(Fields::of(&[0, 12], 11).is_err() && Fields::of(&[0], 11).is_err());
    }

    #[test]
    fn times_count_from_the_year_2000() {
        let row = message(&[&11_u16.to_be_bytes(), &8_i32.to_be_bytes(), &1_i64.to_be_bytes()]);
        let time = Fields::of(&row, 11).unwrap().time().unwrap();
        assert_eq!(time.to_rfc3339(), "2000-01-01T00:00:00.000001+00:00");
    }
}
