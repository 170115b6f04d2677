//! Values in an uploaded file: columns `slug`, `value` and, if they are not of now, `observed_at`. It is read as it comes: what
//! is kept of it are its values.

use std::io::{self, Cursor, Read};

use chrono::{DateTime, Utc};
use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::reading::{Reading, ReadingMistake, decimal, time, without_doubles};
use super::slug::Slug;

/// The most rows of one file.
pub const MOST_ROWS: usize = 50_000;

/// How far into a file its first line must end.
const FIRST_LINE: usize = 4_096;

/// The most mistakes named in one answer.
const MOST_MISTAKES: usize = 50;

/// Where the columns are.
struct Columns {
    slug: usize,
    value: usize,
    observed_at: Option<usize>,
}

/// Reads a file whole or not at all; commas or semicolons, with or without a byte order mark.
pub fn read(mut file: impl Read, now: DateTime<Utc>) -> Result<Vec<Reading>, Vec<ReadingMistake>> {
    let first = first_line(&mut file).map_err(|_| one("line 1", BROKEN))?;
    let delimiter = if first.contains(&b';') { b';' } else { b',' };
    let whole = Cursor::new(first).chain(file);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(whole);
    let header = reader.headers().map_err(|_| one("line 1", "the file cannot be read as CSV"))?.clone();
    let columns = Columns::find(&header).map_err(|mistake| vec![mistake])?;
    let mut readings = Vec::new();
    let mut mistakes = Vec::new();
    for record in reader.records() {
        if readings.len() + mistakes.len() == MOST_ROWS {
            return Err(one("", &format!("a file has at most {MOST_ROWS} rows: split it")));
        }
        match record {
            Ok(record) => {
                let place = format!("line {}", record.position().map_or(0, csv::Position::line));
                match columns.reading(&place, &record, now) {
                    Ok(reading) => readings.push((place, reading)),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                mistakes.push(ReadingMistake::new(format!("line {line}"), unreadable(error.kind())));
            }
        }
        if mistakes.len() == MOST_MISTAKES {
            break;
        }
    }
    if readings.is_empty() && mistakes.is_empty() {
        return Err(one("line 2", "the file has no rows"));
    }
    if mistakes.is_empty() { without_doubles(readings) } else { Err(mistakes) }
}

const BROKEN: &str = "the file broke off here";

fn unreadable(kind: &ErrorKind) -> &'static str {
    if matches!(kind, ErrorKind::Io(_)) {
        BROKEN
    } else if matches!(kind, ErrorKind::Utf8 { .. }) {
        "the row is not UTF-8 text"
    } else {
        "the row has not as many columns as the first"
    }
}

/// The beginning of the file up to the end of its first line, without a byte order mark.
fn first_line(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut first, mut byte) = (Vec::new(), [0]);
    while first.len() < FIRST_LINE && !first.ends_with(b"\n") && file.read(&mut byte)? > 0 {
        first.extend(byte);
    }
    let unmarked = first.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec);
    Ok(unmarked.unwrap_or(first))
}

fn one(place: &str, reason: &str) -> Vec<ReadingMistake> {
    vec![ReadingMistake::new(place, reason)]
}

impl Columns {
    fn find(header: &StringRecord) -> Result<Self, ReadingMistake> {
        let at = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
        let wrong = |reason: &str| ReadingMistake::new("line 1", reason);
        let known =
            |column: &str| ["slug", "value", "observed_at"].iter().any(|k| column.eq_ignore_ascii_case(k));
        if !header.iter().all(known) {
            return Err(wrong("the columns are slug, value and observed_at; there is another one"));
        }
        let (slug, value) =
            at("slug").zip(at("value")).ok_or_else(|| wrong("the first line names slug and value"))?;
        Ok(Self { slug, value, observed_at: at("observed_at") })
    }

    fn reading(
        &self,
        place: &str,
        record: &StringRecord,
        now: DateTime<Utc>,
    ) -> Result<Reading, ReadingMistake> {
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let wrong = |reason: &str| ReadingMistake::new(place, reason);
        let slug = Slug::parse(cell(self.slug)).map_err(|error| wrong(&error.to_string()))?;
        let value = decimal(cell(self.value)).map_err(wrong)?;
        let observed = self.observed_at.map(cell).filter(|text| !text.is_empty());
        let observed_at = time(observed, now).map_err(wrong)?;
        Ok(Reading { slug, value, observed_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-31T12:00:00Z".parse().unwrap()
    }

    fn mistakes(file: &str) -> Vec<String> {
        read(file.as_bytes(), now()).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_reads_with_commas_semicolons_quotes_and_a_byte_order_mark() {
        let file = "\u{feff}slug,value,observed_at\r\nopen_risks,\"12.10\",2026-01-01T00:00:00Z\r\nuptime_pct, 99.95 ,\r\n";
        let readings = read(file.as_bytes(), now()).unwrap();
        assert_eq!(readings[0].value.to_string(), "12.10");
        assert_eq!(readings[1].observed_at, now());
        assert_eq!(read("Value;Slug\n1;a_b\n".as_bytes(), now()).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_is_no_text_or_breaks_off_is_told_at_its_line() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let said = |file: &[u8]| read(file.chain(Broken), now()).unwrap_err()[0].to_string();
        assert!(said(b"slug,value\na_b,1\n").ends_with(BROKEN));
        assert!(said(b"slug,val").ends_with(BROKEN));
        assert_eq!(
            read(&b"slug,value\na_b,1\nb_c,\xff\n"[..], now()).unwrap_err()[0].to_string(),
            "line 3: the row is not UTF-8 text"
        );
    }

    #[test]
    fn every_mistake_carries_its_line_and_nothing_is_taken_in_part() {
        let file =
            "slug,value,observed_at\nok_one,1,\nBAD,1,\nok_two,\"1,5\",\nok_three,1,tomorrow\nok_four,1\n";
        let found = mistakes(file);
        assert_eq!(
            found.iter().map(|m| &m[..6]).collect::<Vec<_>>(),
            ["line 3", "line 4", "line 5", "line 6"],
            "{found:?}"
        );
    }

    #[test]
    fn what_is_not_such_a_file_is_refused() {
        for file in [
            "",
            "slug,value\n",
            "name,amount\na_b,1\n",
            "slug,value,secret\na_b,1,x\n",
            "slug,value\na_b,1\na_b,2\n",
            "slug,value\na_b,=1+1\n",
        ] {
            assert!(!mistakes(file).is_empty(), "{file}");
        }
        let many = format!("slug,value,observed_at\n{}", "a_b,1,2026-01-01T00:00:00Z\n".repeat(50_001));
        assert!(mistakes(&many)[0].contains("50000"));
    }
}
