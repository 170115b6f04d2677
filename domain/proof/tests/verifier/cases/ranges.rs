//! Tampering with the records of a range, or with what ties them to the sealed root.

use super::super::stream::{Event, log_key};
use super::super::surgery::{relined, replaced};
use super::{Case, MANIFEST, PROOFS, RECORDS, STATEMENT, middle, range, stream};
use draxis_proof::tree::leaf_hash;

const CONSISTENCY: &str = "consistency/00000000000000000009-00000000000000000013.txt";

pub(super) fn cases() -> Vec<Case> {
    [untouched(), rearranged(), rewritten(), around()].into_iter().flatten().collect()
}

fn bundle() -> Vec<u8> {
    range(&stream(), &[&log_key()])
}

/// The same records in one chunk with room for more.
fn roomy() -> Vec<u8> {
    stream().whole(&[&log_key()])
}

/// The same change to the records and to the hashes beside them.
fn both(edit: impl Fn(&mut Vec<String>)) -> Vec<u8> {
    relined(&relined(&roomy(), RECORDS, &edit), PROOFS, &edit)
}

fn untouched() -> Vec<Case> {
    vec![
        Case::new("an honest range", bundle(), ("-", "-")),
        Case::new("an honest range that starts later", middle(&stream()), ("-", "-")),
    ]
}

fn rearranged() -> Vec<Case> {
    let gone = ("root.mismatch", "positions.gap");
    vec![
        Case::new("a record deleted with its hash", both(|lines| drop(lines.remove(3))), gone),
        Case::new("the first record deleted with its hash", both(|lines| drop(lines.remove(0))), gone),
        Case::new(
            "a record deleted",
            relined(&bundle(), RECORDS, |lines| drop(lines.remove(3))),
            ("record.changed", "positions.gap"),
        ),
        Case::new(
            "a hash deleted",
            relined(&bundle(), PROOFS, |lines| drop(lines.remove(3))),
            ("record.changed", "-"),
        ),
        Case::new("two records swapped with their hashes", both(|lines| lines.swap(2, 5)), gone),
        Case::new("a record repeated with its hash", both(|lines| lines.insert(4, lines[4].clone())), gone),
        Case::new(
            "a record more than a chunk may hold",
            relined(&bundle(), RECORDS, |lines| lines.insert(4, lines[4].clone())),
            ("records.malformed", "positions.gap"),
        ),
        Case::new("the records of the last chunk deleted", without_the_last_chunk(), gone),
    ]
}

fn without_the_last_chunk() -> Vec<u8> {
    let mut entries = super::super::surgery::entries(&bundle());
    entries.retain(|(name, _)| !name.contains("/00000002."));
    super::super::surgery::archive(&entries)
}

fn rewritten() -> Vec<Case> {
    let event = Event { payload: "{\"value\":\"0\"}".to_owned(), ..stream().events[3].clone() };
    let forged = String::from_utf8(event.fields().bytes().unwrap()).unwrap();
    let hash = leaf_hash(forged.as_bytes()).to_string();
    let put = |at: &'static str, text: &str| {
        let text = text.to_owned();
        move |bundle: &[u8]| relined(bundle, at, |lines| lines[3].clone_from(&text))
    };
    let insert = |at: &'static str, text: &str| {
        let text = text.to_owned();
        move |bundle: &[u8]| relined(bundle, at, |lines| lines.insert(4, text.clone()))
    };
    let unreadable = ("record.malformed", "record.malformed");
    let changed = |from: &str, to: &str| replaced(&roomy(), RECORDS, from, to);
    vec![
        Case::new("a record forged", put(RECORDS, &forged)(&bundle()), ("record.changed", "-")),
        Case::new(
            "a record forged with its hash",
            put(PROOFS, &hash)(&put(RECORDS, &forged)(&bundle())),
            ("root.mismatch", "-"),
        ),
        Case::new(
            "a forged record inserted with its hash",
            insert(PROOFS, &hash)(&insert(RECORDS, &forged)(&roomy())),
            ("root.mismatch", "positions.gap"),
        ),
        Case::new(
            "a position changed",
            changed("\"position\":5,", "\"position\":7,"),
            ("record.changed", "positions.gap"),
        ),
        Case::new(
            "a position beyond every number",
            changed(":5,\"eventId", ":99999999999999999999,\"eventId"),
            unreadable,
        ),
        Case::new("white space added", changed("\"version\":1", "\"version\": 1"), unreadable),
        Case::new(
            "white space inside a payload",
            changed("{\"value\"", "{ \"value\""),
            ("record.changed", "-"),
        ),
        Case::new("a line break inside a payload", changed("{\"value\"", "{\n\"value\""), unreadable),
        Case::new("an escape where none is due", changed("kri.value", "\\u006bri.value"), unreadable),
        Case::new("a lone surrogate in a name", changed("kri.value", "\\ud800ri.value"), unreadable),
        Case::new(
            "a payload that is not JSON",
            changed("{\"value\":\"5.5\"}", "{\"value\":NaN}"),
            unreadable,
        ),
        Case::new(
            "a number of another spelling",
            changed("{\"value\":\"5.5\"}", "{\"value\":01}"),
            unreadable,
        ),
        Case::new("a field twice", changed("\"metadata\":", "\"metadata\":{},\"metadata\":"), unreadable),
        Case::new("a field too many", changed("\"metadata\":", "\"more\":1,\"metadata\":"), unreadable),
        Case::new("an unpaired bracket", changed("{\"value\":\"5.5\"}", "{\"value\":[[}"), unreadable),
        Case::new(
            "a payload nested ten thousand deep",
            changed("{\"value\":\"3.5\"}", &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
            ("record.changed", "-"),
        ),
    ]
}

fn around() -> Vec<Case> {
    let middle = middle(&stream());
    let first_line =
        |name, edit: fn(&str) -> String| relined(&middle, name, |lines| lines[0] = edit(&lines[0]));
    let other = |_: &str| leaf_hash(b"other").to_string();
    vec![
        Case::new("another start", first_line("start.txt", other), ("consistency.refused", "-")),
        Case::new(
            "a start with a hash too few",
            relined(&middle, "start.txt", |lines| drop(lines.remove(0))),
            ("start.malformed", "-"),
        ),
        Case::new("another consistency proof", first_line(CONSISTENCY, other), ("consistency.refused", "-")),
        Case::new(
            "a consistency proof with a hash too many",
            relined(&middle, CONSISTENCY, |lines| lines.push(leaf_hash(b"").to_string())),
            ("consistency.refused", "-"),
        ),
        Case::new(
            "a consistency proof that is no base64",
            first_line(CONSISTENCY, |line| line.replace('=', "")),
            ("consistency.malformed", "-"),
        ),
        Case::new(
            "other definitions",
            replaced(&middle, "definitions.json", "decimal", "integer"),
            ("statement.differs", "-"),
        ),
        Case::new(
            "another time of export",
            replaced(&middle, MANIFEST, "9Z", "8Z"),
            ("statement.differs", "-"),
        ),
        Case::new(
            "a manifest with white space",
            replaced(&middle, MANIFEST, "\"from\":6", "\"from\": 6"),
            ("manifest.malformed", "manifest.malformed"),
        ),
        Case::new(
            "a statement of another count",
            replaced(&middle, STATEMENT, "count 8", "count 7"),
            ("statement.refused", "statement.refused"),
        ),
    ]
}
