//! Bundles over a rotation of the log's key, judged by somebody who trusts the first key alone.

use draxis_proof::bundle::Scope;
use draxis_proof::checkpoint::{Note, Rotation, Signer};

use super::super::stream::{instant, log_key, signer};
use super::super::surgery::{archive, entries};
use super::{Case, stream};

const ROTATION: &str = "rotations/00000001.note";

fn rotation(old: &Signer, new: &Signer) -> Note {
    Rotation::sign(old, new, instant(7)).unwrap()
}

/// The whole stream sealed by one key, with these rotations in front of it.
fn sealed_by(key: &Signer, rotations: &[Note]) -> Vec<u8> {
    let stream = stream();
    let manifest = stream.manifest(Scope::Range, 1, 16, 16);
    stream.rotated(manifest, &[16], &[key], rotations)
}

/// The same with another note in the place of the first rotation, and the statement as it was.
fn with_note(bundle: &[u8], note: &Note) -> Vec<u8> {
    let mut all = entries(bundle);
    for entry in all.iter_mut().filter(|entry| entry.0 == ROTATION) {
        entry.1 = note.to_string().into_bytes();
    }
    archive(&all)
}

fn without_it(bundle: &[u8]) -> Vec<u8> {
    let mut all = entries(bundle);
    all.retain(|entry| entry.0 != ROTATION);
    archive(&all)
}

pub(super) fn cases() -> Vec<Case> {
    let (first, second, third) = (log_key(), signer("draxis", 2), signer("draxis", 3));
    let (thief, other) = (signer("draxis", 9), signer("elsewhere", 4));
    let holds = ("-", "-");
    let refused = ("rotation.refused", "statement.refused");
    let unknown = ("checkpoint.refused", "statement.refused");
    let rotated = sealed_by(&second, &[rotation(&first, &second)]);
    let text = rotation(&first, &thief).text().to_owned();
    let by = |signers: &[&Signer]| Note::sign(text.clone(), signers).unwrap();
    let stolen = sealed_by(&thief, &[rotation(&first, &thief)]);
    let chain = [rotation(&first, &second), rotation(&second, &third)];
    let turned_round: Vec<Note> = chain.iter().rev().cloned().collect();
    vec![
        Case::new("a range over a rotation", rotated.clone(), holds),
        Case::new("a range over two rotations", sealed_by(&third, &chain), holds),
        Case::new(
            "a range over two rotations the wrong way round",
            sealed_by(&third, &turned_round),
            unknown,
        ),
        Case::new("a rotation that was left out", without_it(&rotated), unknown),
        Case::new("a rotation between strangers", sealed_by(&first, &[rotation(&thief, &second)]), holds),
        Case::new(
            "a rotation between strangers to the signer",
            sealed_by(&second, &[rotation(&thief, &second)]),
            unknown,
        ),
        Case::new(
            "a rotation within another log",
            sealed_by(&second, &[rotation(&other, &signer("elsewhere", 5))]),
            unknown,
        ),
        Case::new("a rotation signed by the new key alone", with_note(&stolen, &by(&[&thief])), refused),
        Case::new("a rotation signed by the old key alone", with_note(&stolen, &by(&[&first])), refused),
        Case::new(
            "a rotation signed by one more",
            with_note(&stolen, &by(&[&first, &thief, &second])),
            refused,
        ),
        Case::new("a rotation signed by strangers", with_note(&stolen, &by(&[&thief, &second])), refused),
        Case::new(
            "a rotation that says nothing",
            with_note(&rotated, &Note::sign("draxis-key-rotation/1\n".to_owned(), &[&first]).unwrap()),
            refused,
        ),
    ]
}
