//! Honest bundles of every shape hold.

use draxis_proof::bundle::{Basis, Manifest, Report, Scope, verify};
use draxis_proof::checkpoint::{Checkpoint, SealedCheckpoint, Signer};

use super::stream::{Stream, TENANT, log_key, signer, trusting};

pub(crate) fn report(bundle: &[u8], signers: &[&Signer], held: &[SealedCheckpoint]) -> Report {
    verify(bundle, &trusting(signers), held).unwrap()
}

fn holds(bundle: &[u8], signers: &[&Signer]) -> Report {
    let report = report(bundle, signers, &[]);
    assert!(report.holds(), "{report:?}");
    report
}

#[test]
fn ranges_of_every_start_and_end_hold_against_a_later_checkpoint() {
    let (stream, key) = (Stream::of(TENANT, 14), log_key());
    for from in 1..=14 {
        for to in from - 1..=14 {
            if to == 0 {
                continue;
            }
            let manifest = stream.manifest(Scope::Range, from, to, 14);
            let bundle = stream.range(manifest, &[3, 8, 14], &[&key]);
            let subject = holds(&bundle, &[&key]).subject.unwrap();
            assert_eq!((subject.from, subject.to, subject.count), (from, to, to + 1 - from));
            assert_eq!(subject.basis, Basis::Proven);
        }
    }
}

#[test]
fn an_empty_stream_has_an_empty_bundle() {
    let (stream, key) = (Stream::of(TENANT, 0), log_key());
    assert_eq!(holds(&stream.whole(&[&key]), &[&key]).subject.unwrap().count, 0);
}

#[test]
fn records_in_many_chunks_hold() {
    let (stream, key) = (Stream::of(TENANT, 200), log_key());
    let manifest = Manifest { chunk_bytes: 4096, ..stream.manifest(Scope::Range, 5, 190, 200) };
    holds(&stream.range(manifest, &[100, 200], &[&key]), &[&key]);
}

#[test]
fn parts_hold_without_showing_the_rest() {
    let (stream, key) = (Stream::of(TENANT, 200), log_key());
    let bundle = stream.part("k1", &[&key]);
    let subject = holds(&bundle, &[&key]).subject.unwrap();
    assert_eq!((subject.count, subject.basis), (67, Basis::Attested));
    let text = String::from_utf8_lossy(&bundle);
    assert!(!text.contains("\"k0\"") && !text.contains("\"k2\""));
    assert_eq!(holds(&stream.part("none", &[&key]), &[&key]).subject.unwrap().count, 0);
}

#[test]
fn while_keys_rotate_a_bundle_signed_by_both_needs_both() {
    let (stream, old, new) = (Stream::of(TENANT, 5), log_key(), signer("draxis", 2));
    let bundle = stream.whole(&[&old, &new]);
    holds(&bundle, &[&old, &new]);
    assert!(!report(&bundle, &[&old], &[]).holds());
}

#[test]
fn a_checkpoint_held_elsewhere_agrees_with_an_honest_bundle() {
    let (stream, key) = (Stream::of(TENANT, 20), log_key());
    let held = |size| {
        let note = stream.checkpoint(size, &[&key]).to_string();
        Checkpoint::open(note.as_bytes(), &trusting(&[&key])).unwrap()
    };
    let from_the_start = stream.range(stream.manifest(Scope::Range, 1, 12, 20), &[15, 20], &[&key]);
    for size in (0..=12).chain([15, 20]) {
        assert!(report(&from_the_start, &[&key], &[held(size)]).holds(), "{size}");
    }
    for size in [13, 14, 16, 19] {
        assert!(!report(&from_the_start, &[&key], &[held(size)]).holds(), "{size} cannot be compared");
    }
    let later = stream.range(stream.manifest(Scope::Range, 6, 12, 20), &[20], &[&key]);
    assert!(report(&later, &[&key], &[held(5), held(9), held(12), held(20)]).holds());
    assert!(!report(&later, &[&key], &[held(4)]).holds());
}
