//! The statement at a bundle's end: what was shown, line by line, signed by the log's key.

use sha2::{Digest as _, Sha256};

use super::Manifest;
use super::archive::Header;
use crate::tree::Hash;

/// Everything the statement has to say beyond the manifest, gathered while entries pass by.
#[derive(Debug, Default)]
pub(super) struct Covered {
    layout: Sha256,
    files: Vec<(String, Hash)>,
}

/// What was shown once all entries have passed by. What could not be learnt is not compared.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) count: u64,
    /// Range: the stream's root at `to`. Part: the root over the shown records alone.
    pub(super) records: Option<Hash>,
    /// The root of the checkpoint.
    pub(super) checkpoint: Option<Hash>,
}

/// Which verdict falls with a line of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bears {
    Integrity,
    Completeness,
    Both,
}

/// A line that must stand in the statement.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: Option<String>,
    pub(super) bears: Bears,
}

impl Covered {
    /// Takes in the header of any entry.
    pub(super) fn entry(&mut self, header: &Header) {
        self.layout.update(header.bytes());
    }

    /// Takes in the header and content of an entry that neither the tree nor a proof covers.
    pub(super) fn file(&mut self, header: &Header, content: &[u8]) {
        self.entry(header);
        self.files.push((header.name().to_owned(), Hash::new(Sha256::digest(content).into())));
    }

    /// The lines that a statement over all this must have, in order.
    pub(super) fn lines(self, manifest: &Manifest, shown: &Shown) -> Vec<Line> {
        let part = manifest.kind() == "part";
        let line = |bears, text: String| Line { text: Some(text), bears };
        let root = |name: &str, hash: Option<Hash>| hash.map(|hash| format!("{name} {hash}"));
        let mut lines = vec![
            line(Bears::Both, "draxis-bundle/1".to_owned()),
            line(Bears::Both, format!("origin {}", manifest.origin)),
            line(Bears::Both, format!("kind {}", manifest.kind())),
            line(Bears::Completeness, format!("from {}", manifest.from)),
            line(Bears::Completeness, format!("to {}", manifest.to)),
            line(Bears::Completeness, format!("count {}", shown.count)),
            line(Bears::Completeness, "gaps none".to_owned()),
            Line {
                text: root(&format!("checkpoint {}", manifest.checkpoint), shown.checkpoint),
                bears: Bears::Both,
            },
            // A part with another record in place of one has the right count, so there this line bears both.
            Line {
                text: root("records", shown.records),
                bears: if part { Bears::Both } else { Bears::Integrity },
            },
            line(Bears::Integrity, format!("layout {}", Hash::new(self.layout.finalize().into()))),
        ];
        let files = self.files.into_iter().map(|(name, hash)| format!("file {name} {hash}"));
        lines.extend(files.map(|text| line(Bears::Integrity, text)));
        lines
    }
}

/// The text to sign; `None` when something of it is not known.
pub(super) fn text(lines: &[Line]) -> Option<String> {
    lines.iter().map(|line| Some(format!("{}\n", line.text.as_ref()?))).collect()
}
