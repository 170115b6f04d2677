//! Bundles that somebody tampered with, and what each verdict must be.

mod foreign;
mod framing;
mod history;
mod parts;
mod ranges;
mod rotations;

use draxis_proof::bundle::{Manifest, Scope, Verdict, verify};
use draxis_proof::checkpoint::{Checkpoint, KeyRing, Signer};

use super::stream::{Stream, TENANT, log_key};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const STATEMENT: &str = "statement.note";
pub(crate) const RECORDS: &str = "records/00000001.ndjson";
pub(crate) const PROOFS: &str = "proofs/00000001.txt";

/// A bundle and what must become of it: the code of each refusal, `-` where a verdict holds, `?` where any refusal
/// will do, and `not a bundle` for both.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bundle: Vec<u8>,
    pub(crate) held: Option<String>,
    pub(crate) integrity: &'static str,
    pub(crate) completeness: &'static str,
}

pub(crate) const NOT_A_BUNDLE: &str = "not a bundle";

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        bundle: Vec<u8>,
        (integrity, completeness): (&'static str, &'static str),
    ) -> Self {
        Self { name: name.into(), bundle, held: None, integrity, completeness }
    }

    pub(crate) fn holding(mut self, note: &impl ToString) -> Self {
        self.held = Some(note.to_string());
        self
    }

    /// The codes of both verdicts as this crate finds them.
    pub(crate) fn judged(&self, ring: &KeyRing) -> (String, String) {
        let held = self.held.iter().map(|note| Checkpoint::open(note.as_bytes(), ring).unwrap());
        let held: Vec<_> = held.collect();
        let code = |verdict: &Verdict| match verdict {
            Verdict::Holds => "-".to_owned(),
            Verdict::Refused(finding) => finding.code.to_owned(),
        };
        verify(self.bundle.as_slice(), ring, &held).map_or_else(
            |_| (NOT_A_BUNDLE.to_owned(), NOT_A_BUNDLE.to_owned()),
            |report| (code(&report.integrity), code(&report.completeness)),
        )
    }
}

pub(crate) fn all() -> Vec<Case> {
    [
        ranges::cases(),
        parts::cases(),
        foreign::cases(),
        history::cases(),
        framing::cases(),
        rotations::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(crate) fn stream() -> Stream {
    Stream::of(TENANT, 16)
}

/// The first 16 records in two chunks.
pub(crate) fn range(stream: &Stream, signers: &[&Signer]) -> Vec<u8> {
    let manifest = Manifest { chunk_bytes: 4096, ..stream.manifest(Scope::Range, 1, 16, 16) };
    stream.range(manifest, &[16], signers)
}

/// Records 6 to 13 of 16, with an earlier checkpoint.
pub(crate) fn middle(stream: &Stream) -> Vec<u8> {
    stream.range(stream.manifest(Scope::Range, 6, 13, 16), &[9, 16], &[&log_key()])
}
