//! Rotation of the key that seals: recorded, signed by both, and followed by whoever trusts the first key alone.

use chrono::Duration;
use draxis_commands::sealing::{ExportFormat, ExportRequest, Selection};
use draxis_commands::{Caller, Context};
use draxis_domain::checkpoint_key::CheckpointKeyEvent;
use draxis_domain::{PlatformEvent, TenantId};
use draxis_proof::bundle::verify;
use draxis_proof::checkpoint::{Checkpoint, KeyRing, Rotation};
use sqlx::Executor;

use super::stage::Stage;
use crate::house::whole_stream;

async fn rotate(stage: &Stage) {
    let context = Context::of(Caller::runner(TenantId::PLATFORM));
    stage.sealing.rotate_key(&stage.process.commands, &context).await.unwrap();
}

async fn bundle(stage: &Stage) -> Vec<u8> {
    let request =
        ExportRequest { tenant: stage.tenant, selection: Selection::default(), format: ExportFormat::Bundle };
    let mut export = stage.sealing.export(request).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = export.next().await.unwrap() {
        bytes.extend(chunk);
    }
    bytes
}

#[tokio::test]
async fn whoever_trusts_the_first_key_alone_verifies_what_later_keys_sealed() {
    let stage = Stage::sealed().await;
    let first = stage.sealing.ring();
    for _ in 0..2 {
        stage.process.clock.advance(Duration::days(1));
        rotate(&stage).await;
        stage.append(10).await;
        stage.sealing.seal(stage.tenant).await.unwrap();
        assert!(verify(bundle(&stage).await.as_slice(), &first, &[]).unwrap().holds(), "while both sign");
    }
    // Long after, the first key signs nothing any more.
    stage.process.clock.advance(Duration::days(200));
    stage.append(10).await;
    let sealed = stage.sealing.seal(stage.tenant).await.unwrap();
    let note = sealed.note.to_string();
    assert!(Checkpoint::open(note.as_bytes(), &first).is_err(), "the first key has not signed it");
    let shown = bundle(&stage).await;
    let report = verify(shown.as_slice(), &first, &[]).unwrap();
    assert!(report.holds(), "{report:?}");
    let keys = stage.sealing.published_keys();
    let last = KeyRing::new(vec![keys[2].verifier_key.clone()]);
    let newest_alone = verify(shown.as_slice(), &last, &[]).unwrap();
    assert!(
        !newest_alone.holds(),
        "the checkpoints from before are by keys that a newer one does not vouch for"
    );
    assert_eq!(keys.len(), 3);
    assert!(keys[0].from < keys[1].from && keys[1].from < keys[2].from);
}

#[tokio::test]
async fn a_rotation_is_an_event_on_the_platforms_stream_signed_by_both_keys() {
    let stage = Stage::sealed().await;
    stage.process.clock.advance(Duration::days(1));
    rotate(&stage).await;
    let keys = stage.sealing.published_keys();
    let events = whole_stream(&stage.process.pools.app, TenantId::PLATFORM).await;
    let rotated: Vec<_> = events
        .iter()
        .filter_map(|event| {
            let told = PlatformEvent::decode(
                &event.aggregate_type,
                &event.event_type,
                event.version,
                &event.payload,
            );
            if let PlatformEvent::CheckpointKey(CheckpointKeyEvent::Rotated(rotated)) = told.unwrap() {
                Some(rotated)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(rotated.len(), 1);
    let rotation = Rotation::open(rotated[0].note.as_bytes()).unwrap();
    assert_eq!((&rotation.from, &rotation.to), (&keys[0].verifier_key, &keys[1].verifier_key));
    assert_eq!(rotated[0].verifier_key, keys[1].verifier_key.to_string());
    let sealed = stage.sealing.latest(TenantId::PLATFORM).await.unwrap().unwrap();
    assert_eq!(sealed.checkpoint.size(), u64::try_from(events.len()).unwrap(), "and it is sealed at once");
    // A process that ended in between, or another one, records nothing twice.
    stage.process.clock.advance(Duration::days(1));
    rotate(&stage).await;
    let again = whole_stream(&stage.process.pools.app, TenantId::PLATFORM).await;
    assert_eq!(again.len(), events.len() + 1);
}

#[tokio::test]
async fn a_rotation_that_somebody_wrote_into_the_database_is_handed_out_to_nobody() {
    let stage = Stage::sealed().await;
    stage.process.clock.advance(Duration::days(1));
    rotate(&stage).await;
    let mut superuser = stage.database.superuser().await;
    let forge = "UPDATE signing_keys SET rotation = replace(rotation, 'draxis-key-rotation/1', 'draxis-key-rotation/2')";
    superuser.execute(forge).await.unwrap();
    stage.sealing.refresh_keys().await.unwrap();
    let request =
        ExportRequest { tenant: stage.tenant, selection: Selection::default(), format: ExportFormat::Bundle };
    let error = stage.sealing.export(request).await.err().expect("no bundle leaves with it");
    assert!(error.to_string().contains("bundle cannot be written"), "{error}");
    assert!(stage.verify(&stage.held()).await.holds(), "the stream itself is as it was");
}
