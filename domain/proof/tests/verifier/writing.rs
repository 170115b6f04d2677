//! The writer hands out nothing that its own verifier would refuse.

use draxis_proof::bundle::{BundleWriter, MAX_ENTRY_BYTES, Manifest, Preface, Scope, WriteError, verify};
use draxis_proof::checkpoint::Note;
use draxis_proof::tree::{ConsistencyProof, InclusionProof};

use super::stream::{DEFINITIONS, Event, OTHER_TENANT, Stream, TENANT, log_key, signer, trusting};

fn stream() -> Stream {
    Stream::of(TENANT, 6)
}

fn preface<'a>(
    manifest: Manifest,
    checkpoints: &'a [Note],
    consistency: &'a [ConsistencyProof],
) -> Preface<'a> {
    Preface { manifest, definitions: DEFINITIONS, rotations: &[], checkpoints, consistency, start: None }
}

fn begin(manifest: Manifest, checkpoints: &[Note]) -> Result<BundleWriter<Vec<u8>>, WriteError> {
    BundleWriter::begin(Vec::new(), &preface(manifest, checkpoints, &[]))
}

fn whole() -> BundleWriter<Vec<u8>> {
    let stream = stream();
    begin(stream.manifest(Scope::Range, 1, 6, 6), &[stream.checkpoint(6, &[&log_key()])]).unwrap()
}

#[test]
fn records_out_of_place_of_another_tenant_or_too_large_are_refused() {
    let mut writer = whole();
    let events = stream().events;
    let second = writer.record(&events[1].fields());
    assert!(matches!(second, Err(WriteError::Position { expected: 1, found: 2 })));
    let stranger = Event { tenant: OTHER_TENANT, ..events[0].clone() };
    assert!(matches!(writer.record(&stranger.fields()), Err(WriteError::Tenant { position: 1 })));
    let payload = format!("\"{}\"", "x".repeat(MAX_ENTRY_BYTES));
    let large = Event { payload, ..events[0].clone() };
    assert!(matches!(writer.record(&large.fields()), Err(WriteError::RecordTooLarge { position: 1 })));
    let broken = Event { payload: "{\n}".to_owned(), ..events[0].clone() };
    assert!(matches!(writer.record(&broken.fields()), Err(WriteError::Record(_))));
}

#[test]
fn a_range_that_ends_early_or_was_changed_is_not_finished() {
    let (events, key) = (stream().events, log_key());
    let mut short = whole();
    events[..5].iter().for_each(|event| short.record(&event.fields()).unwrap());
    assert!(matches!(short.finish(&[&key]), Err(WriteError::Position { expected: 6, found: 7 })));
    let mut changed = whole();
    for event in &events {
        let payload = if event.position == 3 { "0".to_owned() } else { event.payload.clone() };
        changed.record(&Event { payload, ..event.clone() }.fields()).unwrap();
    }
    assert!(matches!(changed.finish(&[&key]), Err(WriteError::Root)));
}

#[test]
fn a_part_takes_only_records_with_their_proof() {
    let (stream, key) = (stream(), log_key());
    let scope = Scope::Part { selection: "\"some\"".to_owned(), whole_aggregates: false };
    let manifest = stream.manifest(scope, 1, 6, 6);
    let mut writer = begin(manifest, &[stream.checkpoint(6, &[&key])]).unwrap();
    let fields = stream.events[2].fields();
    assert!(matches!(writer.record(&fields), Err(WriteError::ProofMissing)));
    let other = InclusionProof::prove(&stream.tree, 3, 6).unwrap();
    assert!(matches!(writer.record_with_proof(&fields, &other), Err(WriteError::ProofMissing)));
    let spoilt = InclusionProof { index: 2, ..other };
    assert!(matches!(
        writer.record_with_proof(&fields, &spoilt),
        Err(WriteError::Inclusion { position: 3, .. })
    ));
    let right = InclusionProof::prove(&stream.tree, 2, 6).unwrap();
    writer.record_with_proof(&fields, &right).unwrap();
    let again = writer.record_with_proof(&fields, &right);
    assert!(matches!(again, Err(WriteError::Position { expected: 4, found: 3 })));
    let bundle = writer.finish(&[&key]).unwrap();
    assert!(verify(bundle.as_slice(), &trusting(&[&key]), &[]).unwrap().holds());
    assert!(matches!(whole().record_with_proof(&fields, &right), Err(WriteError::ProofUnasked)));
}

#[test]
fn only_the_logs_key_ends_a_bundle() {
    let stranger = signer("witness.example", 3);
    let mut writer = whole();
    stream().events.iter().for_each(|event| writer.record(&event.fields()).unwrap());
    assert!(matches!(writer.finish(&[&stranger]), Err(WriteError::Signer)));
}

#[test]
fn a_preface_that_does_not_fit_its_stream_is_refused() {
    let (stream, key) = (stream(), log_key());
    let range = |from, to, size| stream.manifest(Scope::Range, from, to, size);
    let notes =
        |sizes: &[u64]| sizes.iter().map(|size| stream.checkpoint(*size, &[&key])).collect::<Vec<_>>();
    let elsewhere = Stream::of(OTHER_TENANT, 6).checkpoint(6, &[&key]);
    assert!(matches!(begin(range(1, 6, 6), &[]), Err(WriteError::Checkpoints)));
    assert!(matches!(begin(range(1, 6, 6), &notes(&[5])), Err(WriteError::Checkpoints)));
    assert!(matches!(begin(range(1, 6, 6), &notes(&[6, 6])), Err(WriteError::Checkpoints)));
    assert!(matches!(begin(range(1, 6, 6), &[elsewhere]), Err(WriteError::Checkpoints)));
}

#[test]
fn a_preface_without_the_proofs_of_its_stretch_is_refused() {
    let (stream, key) = (stream(), log_key());
    let range = |from, to, size| stream.manifest(Scope::Range, from, to, size);
    let notes =
        |sizes: &[u64]| sizes.iter().map(|size| stream.checkpoint(*size, &[&key])).collect::<Vec<_>>();
    assert!(matches!(begin(range(1, 5, 6), &notes(&[6])), Err(WriteError::Links)));
    assert!(matches!(begin(range(2, 6, 6), &notes(&[6])), Err(WriteError::Start)));
    assert!(matches!(begin(range(1, 7, 6), &notes(&[6])), Err(WriteError::Manifest(_))));
    let fork = Stream::from_events(TENANT, Stream::of(OTHER_TENANT, 6).events);
    let proof = [ConsistencyProof::prove(&fork.tree, 4, 6).unwrap()];
    let notes = notes(&[4, 6]);
    let forked = BundleWriter::begin(Vec::new(), &preface(range(1, 6, 6), &notes, &proof));
    assert!(matches!(forked, Err(WriteError::Consistency { old: 4, new: 6, .. })));
}

#[test]
fn a_bundle_drained_while_it_is_written_is_the_same() {
    let (stream, key) = (Stream::of(TENANT, 100), log_key());
    let manifest = Manifest { chunk_bytes: 4096, ..stream.manifest(Scope::Range, 1, 100, 100) };
    let notes = [stream.checkpoint(100, &[&key])];
    let mut writer = begin(manifest.clone(), &notes).unwrap();
    let (mut drained, mut most) = (Vec::new(), 0);
    for event in &stream.events {
        writer.record(&event.fields()).unwrap();
        most = most.max(writer.sink_mut().len());
        drained.append(writer.sink_mut());
    }
    drained.append(&mut writer.finish(&[&key]).unwrap());
    assert_eq!(drained, stream.range(manifest, &[100], &[&key]));
    assert!(most < 3 * 4096, "{most} bytes were held at once");
}
