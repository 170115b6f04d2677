//! Writes a bundle record by record, holding no more than one chunk.

mod chunk;
mod error;
mod preface;

use std::io::Write;

pub use error::WriteError;
pub use preface::Preface;

use super::archive::{Header, write_end, write_entry};
use super::links::Links;
use super::statement::{self, Covered, Shown};
use super::{Manifest, Scope, hash_lines, names};
use crate::checkpoint::{Note, Signer, signs_for};
use crate::record::RecordFields;
use crate::tree::{Frontier, InclusionProof, leaf_hash};
use chunk::Chunk;

/// A bundle being written. Whatever it is given is checked as a verifier would, so that no bundle leaves which its own
/// verifier refuses (hazard D4).
#[derive(Debug)]
pub struct BundleWriter<W> {
    sink: W,
    manifest: Manifest,
    covered: Covered,
    links: Links,
    tree: Frontier,
    chunk: Chunk,
    line: Vec<u8>,
    next: u64,
    count: u64,
}

impl<W: Write> BundleWriter<W> {
    /// Writes everything that stands before the records.
    pub fn begin(sink: W, preface: &Preface<'_>) -> Result<Self, WriteError> {
        let mut writer = Self {
            sink,
            manifest: preface.manifest.clone(),
            covered: Covered::default(),
            links: preface.links()?,
            tree: preface.tree()?,
            chunk: Chunk::new(preface.manifest.chunk_bytes),
            line: Vec::new(),
            next: preface.manifest.from,
            count: 0,
        };
        writer.file(names::MANIFEST, &preface.manifest.render())?;
        writer.file(names::DEFINITIONS, preface.definitions)?;
        for (number, note) in (1..).zip(preface.rotations) {
            writer.file(&names::rotation(number), note.to_string().as_bytes())?;
        }
        for (size, note) in preface.sizes()?.into_iter().zip(preface.checkpoints) {
            writer.file(&names::checkpoint(size), note.to_string().as_bytes())?;
        }
        for proof in preface.consistency {
            writer.file(&names::consistency(proof.old, proof.new), &hash_lines::render(&proof.path))?;
        }
        if writer.tree.size() > 0 {
            let peaks = hash_lines::render(writer.tree.peaks());
            writer.file(names::START, &peaks)?;
        }
        Ok(writer)
    }

    /// Adds the next record of a range.
    pub fn record(&mut self, fields: &RecordFields<'_>) -> Result<(), WriteError> {
        if self.manifest.scope != Scope::Range {
            return Err(WriteError::ProofMissing);
        }
        if fields.position != self.next || fields.position > self.manifest.to {
            return Err(WriteError::Position { expected: self.next, found: fields.position });
        }
        self.render(fields)?;
        let leaf = leaf_hash(&self.line);
        self.take(fields.position, &leaf.to_string())?;
        self.tree.push(leaf);
        Ok(())
    }

    /// Adds a record of a part, with the proof that it stands in the tree of the bundle's checkpoint.
    pub fn record_with_proof(
        &mut self,
        fields: &RecordFields<'_>,
        proof: &InclusionProof,
    ) -> Result<(), WriteError> {
        if self.manifest.scope == Scope::Range {
            return Err(WriteError::ProofUnasked);
        }
        if !(self.next..=self.manifest.to).contains(&fields.position) {
            return Err(WriteError::Position { expected: self.next, found: fields.position });
        }
        self.render(fields)?;
        let leaf = leaf_hash(&self.line);
        let position = fields.position;
        let refused = |source| WriteError::Inclusion { position, source };
        let root = self.links.root(self.manifest.checkpoint).ok_or(WriteError::Checkpoints)?;
        if proof.index != position - 1 || proof.size != self.manifest.checkpoint {
            return Err(WriteError::ProofMissing);
        }
        proof.verify(&leaf, &root).map_err(refused)?;
        self.take(position, &hash_lines::render_path(&proof.path))?;
        self.tree.push(leaf);
        Ok(())
    }

    /// Where the bundle is being written to, for whoever drains a buffer on the way.
    pub const fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Ends the bundle with its statement, signed by keys of the log.
    pub fn finish(mut self, signers: &[&Signer]) -> Result<W, WriteError> {
        self.flush()?;
        if self.manifest.scope == Scope::Range {
            self.close_range()?;
        }
        if !signers.iter().any(|signer| signs_for(signer.verifier_key(), &self.manifest.origin)) {
            return Err(WriteError::Signer);
        }
        let shown = Shown {
            count: self.count,
            records: Some(self.tree.root()),
            checkpoint: self.links.root(self.manifest.checkpoint),
        };
        let lines = std::mem::take(&mut self.covered).lines(&self.manifest, &shown);
        let text = statement::text(&lines).ok_or(WriteError::Checkpoints)?;
        let note = Note::sign(text, signers).map_err(WriteError::Statement)?.to_string();
        let header = Header::try_new(names::STATEMENT, note.len());
        let header = header.ok_or(WriteError::EntryTooLarge(names::STATEMENT))?;
        write_entry(&mut self.sink, &header, note.as_bytes()).map_err(WriteError::Io)?;
        write_end(&mut self.sink).map_err(WriteError::Io)?;
        Ok(self.sink)
    }

    fn close_range(&mut self) -> Result<(), WriteError> {
        if self.next != self.manifest.to + 1 {
            return Err(WriteError::Position { expected: self.next, found: self.manifest.to + 1 });
        }
        if !self.links.know(self.manifest.to, self.tree.root()) {
            return Err(WriteError::Root);
        }
        match self.links.first_refused() {
            Some((old, new, source)) => Err(WriteError::Consistency { old, new, source }),
            None => Ok(()),
        }
    }

    fn render(&mut self, fields: &RecordFields<'_>) -> Result<(), WriteError> {
        if fields.tenant_id != self.manifest.origin.stream() {
            return Err(WriteError::Tenant { position: fields.position });
        }
        self.line.clear();
        fields.write_to(&mut self.line).map_err(WriteError::Record)
    }

    fn take(&mut self, position: u64, proof: &str) -> Result<(), WriteError> {
        if self.chunk.is_full_for(&self.line, proof) {
            self.flush()?;
        }
        if !self.chunk.push(&self.line, proof) {
            return Err(WriteError::RecordTooLarge { position });
        }
        self.next = position + 1;
        self.count += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let Some(number) = self.chunk.begin_writing() else { return Ok(()) };
        let (records, proofs) = self.chunk.contents();
        for (name, content) in [(names::records(number), records), (names::proofs(number), proofs)] {
            let header = Header::try_new(&name, content.len()).ok_or(WriteError::EntryTooLarge("chunk"))?;
            self.covered.entry(&header);
            write_entry(&mut self.sink, &header, content).map_err(WriteError::Io)?;
        }
        self.chunk.clear();
        Ok(())
    }

    fn file(&mut self, name: &str, content: &[u8]) -> Result<(), WriteError> {
        let header = Header::try_new(name, content.len()).ok_or(WriteError::EntryTooLarge("file"))?;
        self.covered.file(&header, content);
        write_entry(&mut self.sink, &header, content).map_err(WriteError::Io)
    }
}
