//! The records, line by line, each with the hash or proof that stands beside it.

use std::io::{BufRead, Read};

use super::desk::{Desk, Stop, in_words};
use super::sequences::Sequences;
use crate::bundle::statement::Shown;
use crate::bundle::{Finding, Manifest, Scope, hash_lines, names};
use crate::record::{Record, RecordFields};
use crate::tree::{Frontier, Hash, InclusionProof, leaf_hash};

/// How far reading has come.
struct Progress<'m> {
    manifest: &'m Manifest,
    /// The stream's tree (range) or the tree over the shown records alone (part).
    tree: Option<Frontier>,
    next: u64,
    count: u64,
    sequences: Option<Sequences>,
    scratch: Vec<u8>,
}

impl<R: Read> Desk<'_, R> {
    /// Reads all chunks up to the statement.
    pub(super) fn read_records(
        &mut self,
        manifest: &Manifest,
        start: Option<Frontier>,
    ) -> Result<Shown, Stop> {
        let mut progress = Progress {
            manifest,
            tree: start,
            next: manifest.from,
            count: 0,
            sequences: match manifest.scope {
                Scope::Part { whole_aggregates: true, .. } => Some(Sequences::since(manifest.from)),
                Scope::Part { whole_aggregates: false, .. } | Scope::Range => None,
            },
            scratch: Vec::new(),
        };
        self.watch(&progress);
        let (mut records, mut proofs) = (Vec::new(), Vec::new());
        let mut chunk = 1;
        while self.peek(names::STATEMENT)? != names::STATEMENT {
            let header = self.take(&names::records(chunk), &mut records)?;
            self.covered.entry(&header);
            let header = self.take(&names::proofs(chunk), &mut proofs)?;
            self.covered.entry(&header);
            self.read_chunk(&mut progress, chunk, &records, &proofs);
            chunk += 1;
        }
        self.close_positions(&progress);
        if let Some(subject) = self.subject.as_mut() {
            subject.count = progress.count;
        }
        let records = progress.tree.as_ref().map(Frontier::root);
        Ok(Shown { count: progress.count, records, checkpoint: self.links.root(manifest.checkpoint) })
    }

    fn read_chunk(&mut self, progress: &mut Progress<'_>, chunk: u64, records: &[u8], proofs: &[u8]) {
        let name = names::records(chunk);
        let bound = progress.manifest.chunk_bytes;
        if !records.ends_with(b"\n") || records.len() > bound {
            let detail = "the entry is empty, larger than the bundle's bound, or its last line has no end";
            self.findings.against_integrity(Finding::new("records.malformed", &name, detail));
        }
        let mut beside = lines(proofs);
        for (index, line) in lines(records).enumerate() {
            let place = || format!("{name}:{}", index + 1);
            self.read_line(progress, &place, line, beside.next());
        }
        if beside.next().is_some() || !proofs.ends_with(b"\n") || proofs.len() > bound {
            let detail = "the entry does not have exactly one line for each record";
            self.findings.against_integrity(Finding::new("proofs.malformed", names::proofs(chunk), detail));
        }
    }

    fn read_line(
        &mut self,
        progress: &mut Progress<'_>,
        place: &dyn Fn() -> String,
        line: &[u8],
        beside: Option<&[u8]>,
    ) {
        progress.count += 1;
        let leaf = leaf_hash(line);
        if let Some(tree) = progress.tree.as_mut() {
            tree.push(leaf);
        }
        let mut scratch = std::mem::take(&mut progress.scratch);
        let position = match Record::parse_with(line, &mut scratch) {
            Ok(record) => {
                self.read_fields(progress, place, &record.fields());
                record.fields().position
            }
            Err(error) => {
                // What cannot be read does not show its position either.
                let finding = Finding::new("record.malformed", place(), in_words(&error));
                self.findings.against_both(finding.at(progress.next));
                progress.next
            }
        };
        progress.scratch = scratch;
        progress.next = position.saturating_add(1);
        match progress.manifest.scope {
            Scope::Range => {
                self.check_leaf(place, position, &leaf, beside);
                self.watch(progress);
            }
            Scope::Part { .. } => self.check_inclusion(place, position, &leaf, beside),
        }
    }

    fn read_fields(
        &mut self,
        progress: &mut Progress<'_>,
        place: &dyn Fn() -> String,
        fields: &RecordFields<'_>,
    ) {
        let manifest = progress.manifest;
        if fields.tenant_id != manifest.origin.stream() {
            // Then the record of this stream that belongs here is not shown either.
            let finding = Finding::new("record.tenant", place(), "the record is of another tenant's stream");
            self.findings.against_both(finding.at(fields.position));
        }
        let due = progress.next;
        let in_order = match manifest.scope {
            Scope::Range => fields.position == due,
            Scope::Part { .. } => fields.position >= due,
        };
        if !in_order || fields.position > manifest.to {
            let detail = format!("position {} stands where {due} was due", fields.position);
            self.findings.against_completeness(Finding::new("positions.gap", place(), detail).at(due));
        }
        if let Some(due) = progress.sequences.as_mut().and_then(|sequences| sequences.gap_before(fields)) {
            let detail = format!("sequence {} of the aggregate stands where {due} was due", fields.sequence);
            let finding = Finding::new("sequences.gap", place(), detail);
            self.findings.against_completeness(finding.at(fields.position));
        }
    }

    /// In a range the tree proves the records; the hashes beside them only tell which one was changed.
    fn check_leaf(&mut self, place: &dyn Fn() -> String, position: u64, leaf: &Hash, beside: Option<&[u8]>) {
        if beside != Some(leaf.text().as_slice()) {
            let detail = "the record is not the one whose hash stands beside it";
            self.findings.against_integrity(Finding::new("record.changed", place(), detail).at(position));
        }
    }

    fn check_inclusion(
        &mut self,
        place: &dyn Fn() -> String,
        position: u64,
        leaf: &Hash,
        beside: Option<&[u8]>,
    ) {
        let Some(subject) = self.subject.as_ref().and_then(|subject| subject.checkpoint.as_ref()) else {
            return; // The checkpoint itself was refused, and nothing can be proved against it.
        };
        let proof = beside.and_then(hash_lines::parse_path).map(|path| InclusionProof {
            index: position.saturating_sub(1),
            size: subject.size,
            path,
        });
        let finding = match proof.map(|proof| proof.verify(leaf, &subject.root)) {
            Some(Ok(())) => return,
            Some(Err(error)) => Finding::new("inclusion.refused", place(), error.to_string()),
            None => {
                Finding::new("inclusion.malformed", place(), "the proof beside the record cannot be read")
            }
        };
        self.findings.against_integrity(finding.at(position));
    }

    fn close_positions(&mut self, progress: &Progress<'_>) {
        let manifest = progress.manifest;
        if manifest.scope == Scope::Range && progress.next != manifest.to + 1 {
            let detail =
                format!("the records end before position {}, of {} promised", progress.next, manifest.to);
            self.findings
                .against_completeness(Finding::new("positions.gap", "records", detail).at(progress.next));
        }
    }

    /// Keeps the stream's root wherever a checkpoint held by the caller can be compared with it.
    fn watch(&mut self, progress: &Progress<'_>) {
        if self.held.is_empty() || progress.manifest.scope != Scope::Range {
            return;
        }
        let Some(tree) = progress.tree.as_ref() else { return };
        if self.held.iter().any(|held| held.checkpoint().size() == tree.size()) {
            self.seen.insert(tree.size(), tree.root());
        }
    }
}

/// The lines of an entry, of which there is always at least one. Skipping as a reader does is many times faster than
/// splitting byte by byte.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(content.strip_suffix(b"\n").unwrap_or(content));
    std::iter::from_fn(move || {
        let here = rest.take()?;
        let mut after = here;
        let length = after.skip_until(b'\n').unwrap_or(here.len());
        let line = here.get(..length).unwrap_or(here);
        let Some(line) = line.strip_suffix(b"\n") else { return Some(line) };
        rest = Some(after);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_falls_into_the_lines_that_splitting_it_gives() {
        for content in ["", "\n", "a", "a\n", "a\nb", "a\nb\n", "\n\na\n\n", "a\n\n"] {
            let content = content.as_bytes();
            let split = content.strip_suffix(b"\n").unwrap_or(content).split(|byte| *byte == b'\n');
            assert!(lines(content).eq(split), "{content:?}");
        }
    }
}
