//! Definitions: what every type of event of a stream means and of what its payload is made, for whoever has no Draxis.

use draxis_domain::{EventMeaning, PlatformEvent, TenantEvent, TenantId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sealing::SealError;

/// A sample's payload.
#[derive(Deserialize)]
struct Sample {
    payload: Value,
}

/// Every type of event that the stream may hold, with the version of its payload that is written today; lower ones may occur.
pub(super) fn definitions(tenant: TenantId) -> Result<Vec<u8>, SealError> {
    let meanings = if tenant == TenantId::PLATFORM { PlatformEvent::MEANINGS } else { TenantEvent::MEANINGS };
    let mut events = Vec::new();
    for (aggregate, meanings) in meanings {
        for EventMeaning { event_type, version, words, sample } in *meanings {
            let Sample { payload } = serde_json::from_str(sample)?;
            events.push(json!({
                "aggregateType": aggregate,
                "type": event_type,
                "version": version,
                "means": words.trim(),
                "payload": shape(&payload),
            }));
        }
    }
    Ok(serde_json::to_vec(&json!({ "events": events }))?)
}

/// Of what a value is made: fields by name, lists by their first item, and the kind of everything else.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.first().map(shape).into_iter().collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect::<Map<_, _>>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::{PlatformEvent, TenantEvent, TenantId};
    use serde_json::Value;

    use super::definitions;

    #[test]
    fn every_type_of_both_logs_is_defined_with_its_meaning_and_its_fields() {
        let other = TenantId::new(ulid::Ulid::from_parts(1, 1));
        for (tenant, types) in [(TenantId::PLATFORM, PlatformEvent::TYPES), (other, TenantEvent::TYPES)] {
            let told: Value = serde_json::from_slice(&definitions(tenant).unwrap()).unwrap();
            let events = told["events"].as_array().unwrap();
            let named =
                types.iter().flat_map(|(aggregate, types)| types.iter().map(move |it| (*aggregate, *it)));
            for ((aggregate, (name, version)), event) in named.zip(events) {
                assert_eq!((&event["aggregateType"], &event["type"]), (&aggregate.into(), &name.into()));
                assert_eq!(event["version"], version);
                assert!(event["means"].as_str().is_some_and(|words| words.len() > 3), "{event}");
                assert!(event["payload"].is_object(), "{event}");
            }
            assert_eq!(events.len(), types.iter().map(|(_, types)| types.len()).sum::<usize>());
        }
        let told = String::from_utf8(definitions(other).unwrap()).unwrap();
        assert!(!told.contains("as asked in"), "a sample's words are none of a definition's: {told}");
    }
}
