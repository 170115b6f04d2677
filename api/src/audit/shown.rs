//! An event as it is shown: metadata and payload exactly as they are stored.

use draxis_event_store::StoredEvent;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::problem::Problem;

/// One event of a stream.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventAnswer {
    pub(super) position: u64,
    pub(super) event_id: String,
    #[serde(rename = "type")]
    event_type: String,
    version: u16,
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
    recorded_at: String,
    #[schemars(with = "crate::shape::AnyObject")]
    metadata: Box<RawValue>,
    #[schemars(with = "crate::shape::AnyObject")]
    payload: Box<RawValue>,
}

pub(super) fn shown(event: StoredEvent) -> Result<EventAnswer, Problem> {
    let raw = |text: String| RawValue::from_string(text).map_err(|error| Problem::failed(&error));
    Ok(EventAnswer {
        position: event.position.get(),
        event_id: event.event_id,
        event_type: event.event_type,
        version: event.version,
        aggregate_type: event.aggregate_type,
        aggregate_id: event.aggregate_id,
        sequence: event.sequence.get(),
        recorded_at: event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        metadata: raw(event.metadata)?,
        payload: raw(event.payload)?,
    })
}
