//! A sample of every event ever written is kept in `fixtures/events/`, one record line each: all of them read back for ever.

use std::collections::BTreeMap;
use std::path::PathBuf;

use draxis_domain::{DecodeError, Metadata, PlatformEvent, TenantEvent};
use draxis_proof::record::{Record, RecordFields};
use draxis_proof::tree::leaf_hash;

fn folder() -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures/events")
}

/// Every sample by the name of its file.
fn samples() -> BTreeMap<String, String> {
    std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Every event that can be written today: the aggregate's type, the wire name and the payload's version.
fn written_today() -> Vec<(&'static str, &'static str, u16)> {
    let all = TenantEvent::TYPES.iter().chain(PlatformEvent::TYPES);
    all.flat_map(|(aggregate, types)| types.iter().map(|(name, version)| (*aggregate, *name, *version)))
        .collect()
}

/// The payload as it would be written today.
fn rewritten(aggregate: &str, event: &str, version: u16, payload: &str) -> Result<String, DecodeError> {
    if PlatformEvent::TYPES.iter().any(|(kind, _)| *kind == aggregate) {
        PlatformEvent::decode(aggregate, event, version, payload).map(|event| event.payload().unwrap())
    } else {
        TenantEvent::decode(aggregate, event, version, payload).map(|event| event.payload().unwrap())
    }
}

#[test]
fn every_event_that_can_be_written_has_a_sample() {
    let samples = samples();
    let missing: Vec<String> = written_today()
        .into_iter()
        .filter(|(_, event, version)| !samples.contains_key(&format!("{event}.v{version}.json")))
        .map(|(aggregate, event, version)| {
            format!(
                r#"fixtures/events/{event}.v{version}.json: one line such as {{"tenantId":"01KAMK3ED0QVQ4P57Q9T3A9S4D","position":1,"eventId":"01KAMK3ED0X5E8T0R2W6K9Y3ZA","type":"{event}","version":{version},"aggregateType":"{aggregate}","aggregateId":"01KAMK3ED0HJ6M1B4N8C2V7XQS","sequence":1,"recordedAt":"2026-11-21T22:00:00.123456Z","metadata":{{"actor":"runner"}},"payload":{{…}}}}"#
            )
        })
        .collect();
    assert!(missing.is_empty(), "write a sample with every field filled in:\n{}\n", missing.join("\n"));
}

#[test]
fn every_sample_reads_back_and_is_written_the_same_way() {
    for (name, text) in samples() {
        let line = text.strip_suffix('\n').unwrap_or_else(|| panic!("{name} ends with a line break"));
        let record = Record::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let fields: RecordFields<'_> = record.fields();
        let (event, version) = (fields.event_type, u16::try_from(fields.version).unwrap());
        assert_eq!(name, format!("{event}.v{version}.json"));
        let again =
            rewritten(fields.aggregate_type, event, version, fields.payload).unwrap_or_else(|error| {
                panic!("{name}: {error}: {}", std::error::Error::source(&error).unwrap())
            });
        let today = written_today().contains(&(fields.aggregate_type, event, version));
        assert!(!today || again == fields.payload, "{name} would be written as\n{again}");
        let metadata: Metadata = serde_json::from_str(fields.metadata).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), fields.metadata, "{name}");
        assert_eq!(fields.bytes().unwrap(), line.as_bytes(), "{name}");
    }
}

/// What was written once is never touched again: neither the samples nor what they hash to.
#[test]
fn no_sample_ever_changes() {
    let hashes: Vec<String> = samples()
        .into_iter()
        .map(|(name, text)| {
            let hash = leaf_hash(text.trim_end().as_bytes());
            format!("{hash} {name}")
        })
        .collect();
    insta::assert_snapshot!(hashes.join("\n"));
}

#[test]
fn an_event_of_another_time_is_refused_rather_than_guessed() {
    for (event, version, payload) in [
        ("kri.value_recorded", 99, "{}"),
        ("kri.value_recorded", 0, "{}"),
        ("kri.value_dreamt", 1, "{}"),
        ("kri.value_recorded", 1, "{}"),
        ("kri.value_recorded", 1, "[]"),
    ] {
        assert!(TenantEvent::decode("kri", event, version, payload).is_err(), "{event} {version} {payload}");
    }
}
