//! Reads a record line back, and refuses every line that is not byte for byte what would be written.

use std::borrow::Cow;

use super::scan::Scan;
use super::{RecordFields, Ulid, UtcMicros};

/// One record read from a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    tenant_id: Ulid,
    position: u64,
    event_id: Ulid,
    event_type: Cow<'a, str>,
    version: u32,
    aggregate_type: Cow<'a, str>,
    aggregate_id: Cow<'a, str>,
    sequence: u64,
    recorded_at: UtcMicros,
    metadata: &'a str,
    payload: &'a str,
}

/// A line that is not a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordParseError {
    /// Not UTF-8 in one line.
    #[error("the line is not plain text: a record is UTF-8 without control characters")]
    NotText,
    /// A field does not stand where it must, or its value cannot be read.
    #[error("the line is not a record: {0} does not stand where it must, or has no such value")]
    Shape(&'static str),
    /// An id is not a canonical ULID.
    #[error("the {field} of the line is not an id")]
    Id {
        /// Which field.
        field: &'static str,
        /// Why.
        source: super::UlidError,
    },
    /// The time is not in the one allowed form.
    #[error("the recordedAt of the line is not a time")]
    Time(#[source] super::UtcMicrosError),
    /// The parts themselves can never be a record.
    #[error("the parts of the line cannot be a record")]
    Parts(#[source] super::RecordWriteError),
    /// The parts are those of a record, but written in another way (white space, escapes, leading zeros).
    #[error("the line says a record in other bytes than the ones that are hashed: export it again")]
    NotCanonical,
}

impl<'a> Record<'a> {
    /// Reads a line without its newline.
    pub fn parse(line: &'a [u8]) -> Result<Self, RecordParseError> {
        Self::parse_with(line, &mut Vec::new())
    }

    /// The same with a buffer that is used again for the next line.
    pub fn parse_with(line: &'a [u8], scratch: &mut Vec<u8>) -> Result<Self, RecordParseError> {
        let text = std::str::from_utf8(line).map_err(|_not_utf_8| RecordParseError::NotText)?;
        if text.bytes().min().is_none_or(|smallest| smallest < 0x20) {
            return Err(RecordParseError::NotText);
        }
        let record = Self::scan(&mut Scan::new(text))?;
        // However the line was read, only this makes it the record's own bytes.
        scratch.clear();
        record.fields().write_to(scratch).map_err(RecordParseError::Parts)?;
        if scratch == line { Ok(record) } else { Err(RecordParseError::NotCanonical) }
    }

    /// Reads the parts in the order in which they are written.
    fn scan(scan: &mut Scan<'a>) -> Result<Self, RecordParseError> {
        let id = |field, text| Ulid::parse(text).map_err(|source| RecordParseError::Id { field, source });
        let record = Self {
            tenant_id: id("tenantId", scan.plain("{\"tenantId\":\"", "tenantId")?)?,
            position: scan.number("\",\"position\":", "position")?,
            event_id: id("eventId", scan.plain(",\"eventId\":\"", "eventId")?)?,
            event_type: scan.string("\",\"type\":", "type")?,
            version: scan.number(",\"version\":", "version")?,
            aggregate_type: scan.string(",\"aggregateType\":", "aggregateType")?,
            aggregate_id: scan.string(",\"aggregateId\":", "aggregateId")?,
            sequence: scan.number(",\"sequence\":", "sequence")?,
            recorded_at: UtcMicros::parse(scan.plain(",\"recordedAt\":\"", "recordedAt")?)
                .map_err(RecordParseError::Time)?,
            metadata: scan.json("\",\"metadata\":", "metadata")?,
            payload: scan.json(",\"payload\":", "payload")?,
        };
        scan.end("}", "the end")?;
        Ok(record)
    }

    /// The parts, borrowed.
    pub fn fields(&self) -> RecordFields<'_> {
        RecordFields {
            tenant_id: self.tenant_id,
            position: self.position,
            event_id: self.event_id,
            event_type: &self.event_type,
            version: self.version,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
            recorded_at: self.recorded_at,
            metadata: self.metadata,
            payload: self.payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::sample;
    use super::*;
    use proptest::prelude::*;

    fn line() -> String {
        String::from_utf8(sample().bytes().unwrap()).unwrap()
    }

    #[test]
    fn a_written_record_reads_back_as_itself() {
        let line = line();
        assert_eq!(Record::parse(line.as_bytes()).unwrap().fields(), sample());
    }

    #[test]
    fn the_same_parts_in_other_bytes_are_refused() {
        let line = line();
        for (from, to) in [
            ("{\"tenantId\"", "{ \"tenantId\""),
            ("\"position\":42", "\"position\":042"),
            ("\"position\":42", "\"position\":42.0"),
            ("\"position\":42", "\"position\":0"),
            ("\"type\":\"kri", "\"type\":\"\\u006bri"),
            ("\"type\":\"kri", "\"type\":\"\\ud800kri"),
            ("\"type\":\"kri", "\"type\":\"\\/kri"),
            ("\"type\":\"kri", "\"type\": \"kri"),
            ("\"version\":1,", "\"version\":4294967296,"),
            ("\"sequence\":7", "\"sequence\":18446744073709551616"),
            ("\"sequence\":7", "\"sequence\":+7"),
            ("\"sequence\":7", "\"sequence\":"),
            ("\"payload\":{", "\"payload\":[}"),
            ("\"3.50\"", "NaN"),
            ("\"3.50\"", "03"),
            ("\"3.50\"", "'3'"),
            ("\"3.50\"", "\"\\x\""),
            ("\"version\":1,", ""),
            ("\"version\":1,", "\"version\":1,\"extra\":1,"),
            ("\"version\":1,", "\"version\":1,\"version\":1,"),
            ("\"payload\":{", "\"payload\": {"),
            ("\"payload\":{", "\"payload\":{\n"),
            ("\"payload\":{", "\"payload\":{\t"),
            (".123456Z", ".123Z"),
            (".123456Z", ".123456+00:00"),
            ("01ARZ3NDEK", "01arz3ndek"),
            ("größer\"}}", "größer\"}} "),
            ("größer\"}}", "größer\"}}\n"),
            ("größer\"}}", "größer\"}"),
            ("größer\"}}", "größer\"}}{}"),
        ] {
            let changed = line.replacen(from, to, 1);
            assert_ne!(changed, line, "{from} is not in the line");
            assert!(Record::parse(changed.as_bytes()).is_err(), "{changed}");
        }
    }

    #[test]
    fn fields_in_another_order_are_refused() {
        let line = line();
        let swapped = line.replacen("\"position\":42,", "", 1).replacen(
            "\"version\"",
            "\"position\":42,\"version\"",
            1,
        );
        assert!(matches!(Record::parse(swapped.as_bytes()), Err(RecordParseError::Shape("position"))));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        let mut bytes = line().into_bytes();
        let last = bytes.len() - 4;
        bytes[last] = 0xff;
        assert!(Record::parse(&bytes).is_err());
    }

    #[test]
    fn a_raw_text_that_smuggles_a_second_field_is_refused() {
        let fields = RecordFields { metadata: r#"{},"payload":{}"#, ..sample() };
        assert!(Record::parse(&fields.bytes().unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn any_strings_survive_the_way_there_and_back(
            position in 1_u64.., sequence in any::<u64>(), version in any::<u32>(),
            kind in any::<String>(), id in any::<String>(), note in any::<String>(),
        ) {
            let payload = serde_json::to_string(&note).unwrap();
            let fields = RecordFields {
                position, sequence, version, aggregate_type: &kind, aggregate_id: &id, payload: &payload, ..sample()
            };
            let bytes = fields.bytes().unwrap();
            let record = Record::parse(&bytes).unwrap();
            prop_assert_eq!(record.fields(), fields);
        }
    }
}
