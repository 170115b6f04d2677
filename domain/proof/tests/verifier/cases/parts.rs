//! Tampering with a part, of which the reader cannot see the rest.

use super::super::stream::{Stream, TENANT, log_key};
use super::super::surgery::{relined, replaced};
use super::{Case, MANIFEST, PROOFS, RECORDS, stream};

fn bundle(stream: &Stream) -> Vec<u8> {
    stream.part("k1", &[&log_key()])
}

fn both(bundle: &[u8], edit: impl Fn(&mut Vec<String>)) -> Vec<u8> {
    relined(&relined(bundle, RECORDS, &edit), PROOFS, &edit)
}

pub(super) fn cases() -> Vec<Case> {
    [arranged(), unproved()].into_iter().flatten().collect()
}

fn arranged() -> Vec<Case> {
    let part = bundle(&stream());
    let other = stream().part("k2", &[&log_key()]);
    let lines_of = |name: &str| {
        let entries = super::super::surgery::entries(&other);
        let content = entries.into_iter().find(|entry| entry.0 == name).unwrap().1;
        String::from_utf8(content).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let exchanged = [RECORDS, PROOFS].into_iter().fold(part.clone(), |bundle, name| {
        relined(&bundle, name, |lines| *lines.last_mut().unwrap() = lines_of(name).last().unwrap().clone())
    });
    let differs = "statement.differs";
    vec![
        Case::new("an honest part", part.clone(), ("-", "-")),
        Case::new("an honest part without records", stream().part("k9", &[&log_key()]), ("-", "-")),
        Case::new("an honest part in many chunks", bundle(&Stream::of(TENANT, 90)), ("-", "-")),
        Case::new(
            "a record of a part deleted with its proof",
            both(&part, |lines| drop(lines.remove(2))),
            (differs, "sequences.gap"),
        ),
        Case::new(
            "the last record of a part deleted with its proof",
            both(&part, |lines| drop(lines.pop())),
            (differs, differs),
        ),
        Case::new(
            "the first record of a part deleted with its proof",
            both(&part, |lines| drop(lines.remove(0))),
            (differs, "sequences.gap"),
        ),
        Case::new("a record exchanged for a true one of another KRI", exchanged, (differs, "sequences.gap")),
        Case::new(
            "two records of a part swapped with their proofs",
            both(&part, |lines| lines.swap(1, 2)),
            (differs, "sequences.gap"),
        ),
        Case::new(
            "a record of a part repeated with its proof",
            both(&part, |lines| lines.insert(1, lines[1].clone())),
            (differs, "positions.gap"),
        ),
        Case::new(
            "a promise withdrawn",
            replaced(&part, MANIFEST, "\"wholeAggregates\":true", "\"wholeAggregates\":false"),
            (differs, "-"),
        ),
        Case::new("another selection", replaced(&part, MANIFEST, "\"k1\"", "\"k2\""), (differs, "-")),
    ]
}

fn unproved() -> Vec<Case> {
    let part = bundle(&stream());
    let refused = ("inclusion.refused", "-");
    let malformed = ("inclusion.malformed", "-");
    let first = |edit: fn(&str) -> String| relined(&part, PROOFS, |lines| lines[0] = edit(&lines[0]));
    vec![
        Case::new(
            "a record of a part changed",
            replaced(&part, RECORDS, "\"4.5\"", "\"4.4\""),
            ("inclusion.refused", "statement.differs"),
        ),
        Case::new("two proofs swapped", relined(&part, PROOFS, |lines| lines.swap(0, 1)), refused),
        Case::new(
            "a proof with a hash too few",
            first(|line| line[..line.len() - 44].to_owned() + "="),
            malformed,
        ),
        Case::new("an empty proof", first(|_| String::new()), refused),
        Case::new("a proof that is no base64", first(|line| format!("{line} ")), malformed),
        Case::new("a proof too few", relined(&part, PROOFS, |lines| drop(lines.pop())), malformed),
        Case::new(
            "a proof too many",
            relined(&part, PROOFS, |lines| lines.push(String::new())),
            ("proofs.malformed", "-"),
        ),
    ]
}
