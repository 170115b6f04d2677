//! The published test vectors: whoever writes another verifier starts from these files.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use draxis_proof::bundle::Scope;
use draxis_proof::tree::{ConsistencyProof, Hash, InclusionProof};
use serde_json::json;

use super::cases::{self, Case};
use super::stream::{Event, Stream, TENANT, log_key, signer};

/// Cases that are published as files, with the verdicts they must get.
const PUBLISHED: [&str; 14] = [
    "a record deleted with its hash",
    "a record repeated with its hash",
    "a record forged",
    "a record forged with its hash",
    "white space added",
    "another consistency proof",
    "other definitions",
    "the last record of a part deleted with its proof",
    "two proofs swapped",
    "a record of another tenant with its hash",
    "signed anew with another key",
    "a statement with one signature more",
    "the same against a checkpoint from before",
    "a byte more",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/proof")
}

/// Seven records, as in the examples of RFC 9162, with everything in them that is awkward to write.
fn stream() -> Stream {
    let contents = [
        ("plain", r#"{"value":"12.50"}"#),
        ("Größe – 値", r#"{"name":"Größe – 値"}"#),
        ("quote\" back\\slash /", r#"{"escaped":"\u00e9\/\ud83d\ude00"}"#),
        ("tab\t newline\n bell\u{7} delete\u{7f}", "{ \"spaced\" : [ 1, -0.5e+10 ] }"),
        ("", "null"),
        ("plain", r#"{"twice":1,"twice":2}"#),
        ("plain", "[]"),
    ];
    let events = contents.into_iter().zip(1..).map(|((aggregate, payload), position)| Event {
        tenant: TENANT,
        position,
        aggregate: aggregate.to_owned(),
        sequence: if position < 6 { 1 } else { position - 4 },
        payload: payload.to_owned(),
    });
    Stream::from_events(TENANT, events.collect())
}

fn path_text(path: &[Hash]) -> String {
    STANDARD.encode(path.iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>())
}

fn vectors() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let (stream, key, next_key) = (stream(), log_key(), signer("draxis", 2));
    let keys = format!(
        "# Test keys: their seeds are 32 bytes of 01 and 32 bytes of 02. Never trust them.\n{}\n{}\n",
        key.verifier_key(),
        next_key.verifier_key(),
    );
    files.insert("keys.txt".to_owned(), keys.into_bytes());
    tree_vectors(&stream, &mut files);
    files.insert("checkpoint.note".to_owned(), stream.checkpoint(7, &[&key]).to_string().into_bytes());
    let rotation = stream.checkpoint(7, &[&key, &next_key]).to_string();
    files.insert("checkpoint-rotation.note".to_owned(), rotation.into_bytes());
    files.insert("range.tar".to_owned(), stream.whole(&[&key]));
    let later = stream.range(stream.manifest(Scope::Range, 3, 5, 7), &[4, 7], &[&key]);
    files.insert("range-later.tar".to_owned(), later);
    files.insert("part.tar".to_owned(), stream.part("plain", &[&key]));
    case_vectors(&mut files);
    files
}

fn tree_vectors(stream: &Stream, files: &mut BTreeMap<String, Vec<u8>>) {
    let (mut records, mut leaves) = (Vec::new(), String::new());
    for event in &stream.events {
        event.fields().write_to(&mut records).unwrap();
        records.push(b'\n');
        writeln!(leaves, "{}", event.leaf()).unwrap();
    }
    let (mut roots, mut inclusion, mut consistency) = (String::new(), String::new(), String::new());
    for size in 0..=stream.size() {
        writeln!(roots, "{size} {}", stream.frontier(size).root()).unwrap();
        for index in 0..size {
            let proof = InclusionProof::prove(&stream.tree, index, size).unwrap();
            writeln!(inclusion, "{index} {size} {}", path_text(&proof.path)).unwrap();
        }
        for old in 1..=size {
            let proof = ConsistencyProof::prove(&stream.tree, old, size).unwrap();
            writeln!(consistency, "{old} {size} {}", path_text(&proof.path)).unwrap();
        }
    }
    files.insert("records.ndjson".to_owned(), records);
    for (name, text) in
        [("leaf-hashes", leaves), ("roots", roots), ("inclusion", inclusion), ("consistency", consistency)]
    {
        files.insert(format!("{name}.txt"), text.into_bytes());
    }
}

fn case_vectors(files: &mut BTreeMap<String, Vec<u8>>) {
    let mut expected = BTreeMap::new();
    for case in cases::all().into_iter().filter(|case| PUBLISHED.contains(&case.name.as_str())) {
        let Case { name, bundle, held, integrity, completeness } = case;
        let name = name.replace(' ', "-");
        let note = held.as_ref().map(|_| format!("{name}.note"));
        expected.insert(
            format!("{name}.tar"),
            json!({ "integrity": integrity, "completeness": completeness, "held": note }),
        );
        files.insert(format!("refused/{name}.tar"), bundle);
        if let (Some(note), Some(held)) = (note, held) {
            files.insert(format!("refused/{note}"), held.into_bytes());
        }
    }
    assert_eq!(expected.len(), PUBLISHED.len());
    let expected = serde_json::to_string_pretty(&expected).unwrap() + "\n";
    files.insert("refused/expected.json".to_owned(), expected.into_bytes());
}

#[test]
fn the_published_vectors_are_what_this_code_makes() {
    for (name, content) in vectors() {
        let published = std::fs::read(folder().join(&name)).unwrap_or_default();
        assert!(
            published == content,
            "{name} differs: run the ignored test that writes the vectors, and look why"
        );
    }
}

#[test]
#[ignore = "writes the published vectors anew; only for a new version of the format"]
fn write_the_published_vectors() {
    for (name, content) in vectors() {
        let path = folder().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

#[test]
fn the_published_bundles_hold_and_are_plain_tars() {
    let listing = std::process::Command::new("tar").arg("-tf").arg(folder().join("part.tar")).output();
    if let Ok(listing) = listing {
        let expected = "manifest.json\ndefinitions.json\ncheckpoints/00000000000000000007.note\n\
                        records/00000001.ndjson\nproofs/00000001.txt\nstatement.note\n";
        assert_eq!(String::from_utf8(listing.stdout).unwrap(), expected);
    }
    let key = log_key();
    for name in ["range.tar", "range-later.tar", "part.tar"] {
        let bundle = std::fs::read(folder().join(name)).unwrap();
        assert!(super::honest::report(&bundle, &[&key], &[]).holds(), "{name}");
    }
}
