//! The parts of a record and the one way to write them down.

use super::text::{push_decimal, push_json_string};
use super::{Ulid, UtcMicros};

/// What the fixed keys, ids, numbers and the time take; strings and texts come on top.
const FRAME: usize = 320;

/// The borrowed parts of one event, in the order in which they are written and hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordFields<'a> {
    /// The stream's tenant.
    pub tenant_id: Ulid,
    /// The event's place in its tenant's stream, from 1 without gaps.
    pub position: u64,
    /// The event's own id.
    pub event_id: Ulid,
    /// The wire name, such as `kri.value_recorded`.
    pub event_type: &'a str,
    /// The version of the payload.
    pub version: u32,
    /// The kind of thing the event is about.
    pub aggregate_type: &'a str,
    /// The thing the event is about.
    pub aggregate_id: &'a str,
    /// The event's place in its aggregate.
    pub sequence: u64,
    /// When the log took the event.
    pub recorded_at: UtcMicros,
    /// Who, why and from what cause: JSON text, kept byte for byte.
    pub metadata: &'a str,
    /// What happened: JSON text, kept byte for byte.
    pub payload: &'a str,
}

/// Parts that cannot become one line which reads back the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordWriteError {
    /// Positions start at 1.
    #[error("position 0 does not exist: number events from 1")]
    PositionZero,
    /// A raw text is empty, has white space around it, or holds a byte below 0x20 (a newline would split the line).
    #[error(
        "the {0} cannot stand in a record line: give compact JSON text without line breaks or space around it"
    )]
    RawText(&'static str),
}

impl RecordFields<'_> {
    /// Appends the record, without a newline. The JSON of the raw texts is the caller's word; only their frame is
    /// checked here, because this runs for every event appended. [`super::Record::parse`] checks all of it.
    pub fn write_to(&self, out: &mut Vec<u8>) -> Result<(), RecordWriteError> {
        self.check()?;
        out.reserve(FRAME + self.aggregate_id.len() + self.metadata.len() + self.payload.len());
        out.extend_from_slice(b"{\"tenantId\":\"");
        self.tenant_id.write_to(out);
        out.extend_from_slice(b"\",\"position\":");
        push_decimal(out, self.position);
        out.extend_from_slice(b",\"eventId\":\"");
        self.event_id.write_to(out);
        out.extend_from_slice(b"\",\"type\":");
        push_json_string(out, self.event_type);
        out.extend_from_slice(b",\"version\":");
        push_decimal(out, u64::from(self.version));
        out.extend_from_slice(b",\"aggregateType\":");
        push_json_string(out, self.aggregate_type);
        out.extend_from_slice(b",\"aggregateId\":");
        push_json_string(out, self.aggregate_id);
        out.extend_from_slice(b",\"sequence\":");
        push_decimal(out, self.sequence);
        out.extend_from_slice(b",\"recordedAt\":\"");
        self.recorded_at.write_to(out);
        out.extend_from_slice(b"\",\"metadata\":");
        out.extend_from_slice(self.metadata.as_bytes());
        out.extend_from_slice(b",\"payload\":");
        out.extend_from_slice(self.payload.as_bytes());
        out.push(b'}');
        Ok(())
    }

    /// The record in a buffer of its own.
    pub fn bytes(&self) -> Result<Vec<u8>, RecordWriteError> {
        let mut out = Vec::new();
        self.write_to(&mut out)?;
        Ok(out)
    }

    fn check(&self) -> Result<(), RecordWriteError> {
        if self.position == 0 {
            return Err(RecordWriteError::PositionZero);
        }
        check_raw("metadata", self.metadata)?;
        check_raw("payload", self.payload)
    }
}

fn check_raw(name: &'static str, text: &str) -> Result<(), RecordWriteError> {
    // The smallest byte rather than the first bad one: without an early exit the compiler looks at many at once.
    let broken = text.bytes().min().is_none_or(|smallest| smallest < 0x20);
    if broken || text.starts_with(' ') || text.ends_with(' ') {
        return Err(RecordWriteError::RawText(name));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> RecordFields<'static> {
        RecordFields {
            tenant_id: Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            position: 42,
            event_id: Ulid::parse("01BX5ZZKBKACTAV9WEVGEMMVRZ").unwrap(),
            event_type: "kri.value_recorded",
            version: 1,
            aggregate_type: "kri",
            aggregate_id: "01BX5ZZKBKACTAV9WEVGEMMVS0",
            sequence: 7,
            recorded_at: UtcMicros::parse("2026-11-21T22:00:00.123456Z").unwrap(),
            metadata: r#"{"actor":"runner"}"#,
            payload: r#"{"value":"3.50","note":"größer"}"#,
        }
    }

    #[test]
    fn a_record_is_exactly_these_bytes() {
        let expected = concat!(
            r#"{"tenantId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","position":42,"eventId":"01BX5ZZKBKACTAV9WEVGEMMVRZ","#,
            r#""type":"kri.value_recorded","version":1,"aggregateType":"kri","#,
            r#""aggregateId":"01BX5ZZKBKACTAV9WEVGEMMVS0","sequence":7,"recordedAt":"2026-11-21T22:00:00.123456Z","#,
            r#""metadata":{"actor":"runner"},"payload":{"value":"3.50","note":"größer"}}"#,
        );
        assert_eq!(String::from_utf8(sample().bytes().unwrap()).unwrap(), expected);
    }

    #[test]
    fn texts_that_would_not_read_back_are_refused() {
        for bad in ["", " {}", "{} ", "{\n}", "{\t}", "{}\r"] {
            let as_payload = RecordFields { payload: bad, ..sample() };
            assert_eq!(as_payload.bytes(), Err(RecordWriteError::RawText("payload")), "{bad:?}");
            let as_metadata = RecordFields { metadata: bad, ..sample() };
            assert_eq!(as_metadata.bytes(), Err(RecordWriteError::RawText("metadata")), "{bad:?}");
        }
        assert_eq!(RecordFields { position: 0, ..sample() }.bytes(), Err(RecordWriteError::PositionZero));
    }
}
