//! Pieces from other streams, other histories and other signers.

use draxis_proof::bundle::Scope;
use draxis_proof::checkpoint::Note;

use super::super::stream::{Event, OTHER_TENANT, Stream, log_key, signer};
use super::super::surgery::{Entries, archive, edited, entries, relined};
use super::{Case, PROOFS, RECORDS, STATEMENT, range, stream};

const CHECKPOINT: &str = "checkpoints/00000000000000000016.note";

pub(super) fn cases() -> Vec<Case> {
    [grafts(), signers()].into_iter().flatten().collect()
}

/// The bundle with some entries taken from another.
fn grafted(bundle: &[u8], donor: &[u8], names: &[&str]) -> Vec<u8> {
    let mut all = entries(bundle);
    let donor: Entries = entries(donor);
    for entry in all.iter_mut().filter(|entry| names.contains(&entry.0.as_str())) {
        entry.1.clone_from(&donor.iter().find(|given| given.0 == entry.0).unwrap().1);
    }
    archive(&all)
}

fn grafts() -> Vec<Case> {
    let key = log_key();
    let ours = range(&stream(), &[&key]);
    let theirs = range(&Stream::of(OTHER_TENANT, 16), &[&key]);
    let one_line = |name: &str| -> String {
        let content = entries(&theirs).into_iter().find(|entry| entry.0 == name).unwrap().1;
        String::from_utf8(content).unwrap().lines().nth(3).unwrap().to_owned()
    };
    let one_record = [RECORDS, PROOFS]
        .into_iter()
        .fold(ours.clone(), |bundle, name| relined(&bundle, name, |lines| lines[3] = one_line(name)));
    let mut forked = stream().events;
    forked[15] = Event { payload: "{\"value\":\"0.25\"}".to_owned(), ..forked[15].clone() };
    let fork = range(&Stream::from_events(stream().tenant, forked), &[&signer("draxis", 9)]);
    let second_chunk = ["records/00000002.ndjson", "proofs/00000002.txt"];
    let tenant = ("record.tenant", "record.tenant");
    vec![
        Case::new("a record of another tenant with its hash", one_record, tenant),
        Case::new("all records of another tenant", grafted(&ours, &theirs, &[RECORDS, PROOFS]), tenant),
        Case::new(
            "the checkpoint of another tenant",
            grafted(&ours, &theirs, &[CHECKPOINT]),
            ("checkpoint.other", "-"),
        ),
        Case::new(
            "the statement of another tenant",
            grafted(&ours, &theirs, &[STATEMENT]),
            ("statement.differs", "statement.differs"),
        ),
        Case::new(
            "the manifest of another tenant",
            grafted(&ours, &theirs, &["manifest.json"]),
            ("checkpoint.other", "record.tenant"),
        ),
        Case::new(
            "spliced with another history",
            grafted(&ours, &fork, &second_chunk),
            ("root.mismatch", "-"),
        ),
    ]
}

fn signers() -> Vec<Case> {
    let (key, thief) = (log_key(), signer("draxis", 9));
    let ours = range(&stream(), &[&key]);
    let stolen = range(&stream(), &[&thief]);
    let mut enclosed = entries(&stolen);
    enclosed.insert(1, ("keys.txt".to_owned(), thief.verifier_key().to_string().into_bytes()));
    let refused = ("checkpoint.refused", "statement.refused");
    let short = stream().range(stream().manifest(Scope::Range, 1, 15, 16), &[16], &[&thief]);
    let short = grafted(&short, &ours, &[CHECKPOINT]);
    let cosigned = edited(&ours, STATEMENT, |note| {
        let mut note = Note::parse(note).unwrap();
        note.cosign(&thief);
        note.to_string().into_bytes()
    });
    vec![
        Case::new("signed anew with another key", stolen.clone(), refused),
        Case::new(
            "signed anew with an enclosed key",
            archive(&enclosed),
            ("entry.unexpected", "entry.unexpected"),
        ),
        Case::new(
            "signed anew with a key among the definitions",
            edited(&stolen, "definitions.json", |_| thief.verifier_key().to_string().into_bytes()),
            refused,
        ),
        Case::new(
            "cut short with an old statement",
            grafted(&short, &ours, &[STATEMENT]),
            ("statement.differs", "statement.differs"),
        ),
        Case::new(
            "cut short with a statement of one's own",
            short,
            ("statement.refused", "statement.refused"),
        ),
        Case::new(
            "the checkpoint of the same size by another key",
            grafted(&ours, &stolen, &[CHECKPOINT]),
            ("checkpoint.refused", "-"),
        ),
        Case::new(
            "a statement with one signature more",
            cosigned,
            ("statement.refused", "statement.refused"),
        ),
    ]
}
