//! Exports: whole or not at all, the same bytes that were hashed, and bundles that verify offline.

use draxis_commands::sealing::{ExportFormat, ExportRequest, SealError, Selection};
use draxis_domain::{Position, TenantId};
use draxis_event_store::EventFilter;
use draxis_proof::bundle::{Report, verify};
use draxis_proof::checkpoint::{Checkpoint, SealedCheckpoint};
use serde_json::Value;
use sqlx::Executor;

use super::stage::Stage;
use crate::house::sound_stream;

async fn export(stage: &Stage, format: ExportFormat, selection: Selection) -> Result<Vec<u8>, SealError> {
    let request = ExportRequest { tenant: stage.tenant, selection, format };
    let mut export = stage.sealing.export(request).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = export.next().await? {
        bytes.extend(chunk);
    }
    Ok(bytes)
}

fn between(after: u64, until: u64) -> Selection {
    let filter = EventFilter { until: Some(Position::new(until)), ..EventFilter::default() };
    Selection { after: Position::new(after), filter }
}

fn of(kri: &str) -> Selection {
    let filter = EventFilter {
        aggregate_type: Some("kri".to_owned()),
        aggregate_id: Some(kri.to_owned()),
        ..EventFilter::default()
    };
    Selection { after: Position::START, filter }
}

async fn bundle(stage: &Stage, selection: Selection, held: &[SealedCheckpoint]) -> Report {
    let bytes = export(stage, ExportFormat::Bundle, selection).await.unwrap();
    verify(bytes.as_slice(), &stage.sealing.ring(), held).unwrap()
}

#[tokio::test]
async fn a_line_is_the_record_and_the_lines_are_the_stream() {
    let stage = Stage::sealed().await;
    let events = sound_stream(&stage.process.pools.app, stage.tenant).await;
    let expected: Vec<u8> = events
        .iter()
        .flat_map(|event| [event.record(stage.tenant).unwrap(), b"\n".to_vec()].concat())
        .collect();
    let whole = export(&stage, ExportFormat::Ndjson, Selection::default()).await.unwrap();
    assert!(whole == expected, "every record, byte for byte");
    let head = export(&stage, ExportFormat::Ndjson, between(0, 217)).await.unwrap();
    let tail = export(&stage, ExportFormat::Ndjson, between(217, u64::MAX)).await.unwrap();
    assert!([head, tail].concat() == expected, "what broke off goes on where it ended");
}

#[tokio::test]
async fn filters_choose_among_the_records() {
    let stage = Stage::sealed().await;
    let lines = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().lines().count();
    assert_eq!(lines(export(&stage, ExportFormat::Ndjson, of("K0040")).await.unwrap()), 5);
    assert_eq!(lines(export(&stage, ExportFormat::Ndjson, of("none")).await.unwrap()), 0);
    let now = stage.process.clock.clone();
    now.advance(chrono::Duration::hours(1));
    stage.append(10).await;
    let later = crate::house::start_of_time() + chrono::Duration::minutes(30);
    let since = EventFilter { from_time: Some(later), ..EventFilter::default() };
    let before = EventFilter { to_time: Some(later), ..EventFilter::default() };
    for (filter, count) in [(since, 10), (before, 600)] {
        let selection = Selection { after: Position::START, filter };
        assert_eq!(lines(export(&stage, ExportFormat::Ndjson, selection.clone()).await.unwrap()), count);
        let report = bundle(&stage, selection, &[]).await;
        assert!(report.holds(), "{report:?}");
        assert_eq!(report.subject.unwrap().kind, "range", "limits of time are limits of position");
    }
}

#[tokio::test]
async fn cloud_events_are_one_array_of_all_of_them() {
    let stage = Stage::sealed().await;
    let bytes = export(&stage, ExportFormat::CloudEvents, Selection::default()).await.unwrap();
    let events: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(events.len(), 600);
    assert_eq!(events[599]["position"], "600");
    assert_eq!(events[599]["data"]["n"], 599);
}

#[tokio::test]
async fn bundles_of_all_of_stretches_and_of_parts_verify_offline() {
    let stage = Stage::sealed().await;
    let held: Vec<SealedCheckpoint> = stage
        .held()
        .iter()
        .map(|held| Checkpoint::open(&held.note, &stage.sealing.ring()).unwrap())
        .collect();
    for (selection, kind, count, held) in [
        (Selection::default(), "range", 600, held.as_slice()),
        (between(0, 100), "range", 100, held.as_slice()),
        (between(57, 311), "range", 254, held.as_slice()),
        (between(256, 600), "range", 344, &held[1..]),
        (between(599, 600), "range", 1, &held[1..]),
        (between(300, 300), "range", 0, &held[1..]),
        (of("K0040"), "part", 5, &held[1..]),
        (of("none"), "part", 0, &held[1..]),
    ] {
        let report = bundle(&stage, selection.clone(), held).await;
        assert!(report.holds(), "{selection:?}: {report:?}");
        let subject = report.subject.unwrap();
        assert_eq!((subject.kind, subject.count), (kind, count), "{selection:?}");
    }
}

#[tokio::test]
async fn a_bundle_of_an_empty_stream_says_that_it_is_empty() {
    let stage = Stage::set().await;
    let report = bundle(&stage, Selection::default(), &[]).await;
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.subject.unwrap().to, 0);
}

#[tokio::test]
async fn what_was_changed_is_not_exported_in_any_form() {
    let stage = Stage::sealed().await;
    let mut superuser = stage.database.superuser().await;
    superuser.execute("SET session_replication_role = replica").await.unwrap();
    superuser.execute("UPDATE events SET payload = '{}' WHERE position = 300").await.unwrap();
    for format in [ExportFormat::Ndjson, ExportFormat::CloudEvents, ExportFormat::Bundle] {
        let error = export(&stage, format, Selection::default()).await.unwrap_err();
        assert!(error.to_string().contains("event 300"), "{error}");
        export(&stage, format, between(0, 299)).await.unwrap();
    }
    superuser.execute("DELETE FROM events WHERE position = 300").await.unwrap();
    let error = export(&stage, ExportFormat::Ndjson, Selection::default()).await.unwrap_err();
    assert!(error.to_string().contains("position 300 is missing"), "{error}");
}

#[tokio::test]
async fn another_tenants_events_are_never_among_them() {
    let mut stage = Stage::sealed().await;
    let theirs = std::mem::replace(&mut stage.tenant, crate::house::new_tenant());
    stage.append(7).await;
    let lines = String::from_utf8(export(&stage, ExportFormat::Ndjson, Selection::default()).await.unwrap());
    let lines = lines.unwrap();
    assert_eq!(lines.lines().count(), 7);
    assert!(!lines.contains(&theirs.to_string()));
    assert_ne!(stage.tenant, TenantId::PLATFORM);
}
