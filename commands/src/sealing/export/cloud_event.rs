//! Events as `CloudEvents` 1.0 (JSON format, section 4: a batch is one JSON array).

use std::borrow::Cow;

use draxis_domain::TenantId;
use draxis_event_store::StoredEvent;
use serde::{Deserialize, Serialize};

/// The array being written.
#[derive(Debug, Default)]
pub(super) struct Array {
    begun: bool,
}

/// Everything but the data, which follows as it is stored. Names of extension attributes are lower-case letters and digits
/// (`CloudEvents` 1.0.2, section 3.1).
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    event_type: &'a str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    eventversion: u16,
    tenantid: TenantId,
    // Texts, since an Integer of CloudEvents has 32 bits.
    position: String,
    sequence: String,
    #[serde(flatten)]
    origin: Origin<'a>,
}

/// What of the metadata has a place in the envelope; each is a text.
#[derive(Serialize, Deserialize)]
struct Origin<'a> {
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    impersonator: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename(serialize = "causationid"), skip_serializing_if = "Option::is_none")]
    causation: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename(serialize = "correlationid"), skip_serializing_if = "Option::is_none")]
    correlation: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename(serialize = "requestid"), skip_serializing_if = "Option::is_none")]
    request: Option<Cow<'a, str>>,
}

impl Array {
    pub(super) fn push(
        &mut self,
        out: &mut Vec<u8>,
        tenant: TenantId,
        event: &StoredEvent,
    ) -> Result<(), serde_json::Error> {
        out.extend_from_slice(if self.begun { b",\n" } else { b"[\n" });
        self.begun = true;
        let envelope = Envelope {
            specversion: "1.0",
            id: &event.event_id,
            source: format!("/tenants/{tenant}"),
            event_type: &event.event_type,
            subject: format!("{}/{}", event.aggregate_type, event.aggregate_id),
            time: event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            datacontenttype: "application/json",
            eventversion: event.version,
            tenantid: tenant,
            position: event.position.to_string(),
            sequence: event.sequence.to_string(),
            origin: serde_json::from_str(&event.metadata)?,
        };
        serde_json::to_writer(&mut *out, &envelope)?;
        // The closing brace makes room for the data.
        out.pop();
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(event.payload.as_bytes());
        out.push(b'}');
        Ok(())
    }

    pub(super) fn end(&self) -> Vec<u8> {
        if self.begun { b"\n]\n".to_vec() } else { b"[]\n".to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_domain::{Position, Sequence};
    use serde_json::{Value, json};

    use super::*;

    fn event(position: u64) -> StoredEvent {
        StoredEvent {
            position: Position::new(position),
            event_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
            aggregate_type: "kri".to_owned(),
            aggregate_id: "K1".to_owned(),
            sequence: Sequence::new(3),
            event_type: "kri.value_recorded".to_owned(),
            version: 1,
            payload: r#"{"value":"5.0"}"#.to_owned(),
            metadata: r#"{"actor":"runner","causation":"C1","reason":"a \"good\" one"}"#.to_owned(),
            recorded_at: DateTime::UNIX_EPOCH,
            leaf_hash: Vec::new(),
        }
    }

    #[test]
    fn events_become_an_array_of_cloud_events_whose_data_is_the_payload() {
        let (mut array, mut out) = (Array::default(), Vec::new());
        array.push(&mut out, TenantId::PLATFORM, &event(1)).unwrap();
        array.push(&mut out, TenantId::PLATFORM, &event(2)).unwrap();
        out.extend(array.end());
        let events: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!(
            events[1],
            json!({
                "specversion": "1.0", "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                "source": "/tenants/00000000000000000000000000", "type": "kri.value_recorded", "subject": "kri/K1",
                "time": "1970-01-01T00:00:00.000000Z", "datacontenttype": "application/json", "eventversion": 1,
                "tenantid": "00000000000000000000000000", "position": "2", "sequence": "3", "actor": "runner",
                "causationid": "C1", "reason": "a \"good\" one", "data": {"value": "5.0"},
            })
        );
    }

    #[test]
    fn no_events_are_an_empty_array() {
        assert_eq!(
            serde_json::from_slice::<Vec<Value>>(&Array::default().end()).unwrap(),
            Vec::<Value>::new()
        );
    }
}
