//! What stands before the records: manifest, checkpoints, the proofs between them, and where a range starts.

use std::io::Read;

use super::NotABundle;
use super::desk::{Desk, Stop, in_words};
use crate::bundle::archive::ArchiveError;
use crate::bundle::links::neighbours;
use crate::bundle::manifest::MARK;
use crate::bundle::{Finding, MAX_CHECKPOINTS, MAX_ROTATIONS, Manifest, Scope, Subject, hash_lines, names};
use crate::checkpoint::{Checkpoint, SealedCheckpoint};
use crate::tree::{ConsistencyProof, Frontier};

impl<R: Read> Desk<'_, R> {
    /// Only a file that begins as a bundle does is one.
    pub(super) fn open_manifest(&mut self) -> Result<Manifest, Stop> {
        match self.reader.peek() {
            Ok(header) if header.name() == names::MANIFEST => {}
            Err(ArchiveError::Io(error)) => {
                return Err(Stop::NotABundle(NotABundle::Io(error)));
            }
            Ok(_) | Err(_) => return Err(Stop::NotABundle(NotABundle::Form)),
        }
        let content = self.take_file(names::MANIFEST)?;
        if !content.starts_with(MARK) {
            return Err(Stop::NotABundle(NotABundle::Form));
        }
        match Manifest::parse(&content) {
            Ok(manifest) => {
                self.subject = Some(Subject::of(&manifest));
                Ok(manifest)
            }
            Err(error) => {
                Err(self.stop(Finding::new("manifest.malformed", names::MANIFEST, in_words(&error))))
            }
        }
    }

    /// Reads the rotations of the log's keys there are. A key is trusted because one that was handed in vouches for it, or one
    /// that such a key vouches for; never because it stands here (hazard D5).
    pub(super) fn follow_rotations(&mut self) -> Result<(), Stop> {
        for number in 1..=MAX_ROTATIONS {
            let name = names::rotation(number);
            if self.peek(&name)? != name {
                break;
            }
            let note = self.take_file(&name)?;
            if let Err(error) = self.ring.follow(&note) {
                self.findings.against_integrity(Finding::new("rotation.refused", name, in_words(&error)));
            }
        }
        Ok(())
    }

    /// Reads every checkpoint there is; the last must be the one that the manifest names.
    pub(super) fn open_checkpoints(&mut self, manifest: &Manifest) -> Result<Vec<u64>, Stop> {
        let mut sizes = Vec::new();
        let anchor = names::checkpoint(manifest.checkpoint);
        while let Some(size) = names::checkpoint_size(&self.peek(&anchor)?) {
            let name = names::checkpoint(size);
            let rises = sizes.last().is_none_or(|last| 0 < *last && *last < size);
            if !rises || sizes.len() == MAX_CHECKPOINTS {
                let detail = "checkpoints must have rising sizes, and be no more than 1,000";
                return Err(self.stop(Finding::new("checkpoint.order", name, detail)));
            }
            sizes.push(size);
            let note = self.take_file(&name)?;
            match Checkpoint::open(&note, &self.ring) {
                Ok(sealed) => self.believe(manifest, size, &sealed),
                Err(error) => {
                    self.findings.against_integrity(Finding::new(
                        "checkpoint.refused",
                        name,
                        in_words(&error),
                    ));
                }
            }
        }
        if sizes.last() == Some(&manifest.checkpoint) {
            return Ok(sizes);
        }
        let detail = "the last checkpoint is not the one that the manifest names";
        Err(self.stop(Finding::new("checkpoint.missing", anchor, detail)))
    }

    fn believe(&mut self, manifest: &Manifest, size: u64, sealed: &SealedCheckpoint) {
        let checkpoint = sealed.checkpoint();
        if *checkpoint.origin() != manifest.origin || checkpoint.size() != size {
            let detail = "the checkpoint is of another stream or of another size than its place says";
            self.findings.against_integrity(Finding::new(
                "checkpoint.other",
                names::checkpoint(size),
                detail,
            ));
            return;
        }
        self.links.know(size, checkpoint.root());
        if let Some(subject) = self.subject.as_mut().filter(|_| size == manifest.checkpoint) {
            subject.proved_against(sealed);
        }
    }

    /// Reads the proof between each two neighbouring sizes, and checks those whose roots are known already.
    pub(super) fn open_links(&mut self, manifest: &Manifest, sizes: &[u64]) -> Result<(), Stop> {
        for (old, new) in neighbours(&manifest.linked_sizes(sizes.iter().copied())) {
            let name = names::consistency(old, new);
            let Some(path) = hash_lines::parse(&self.take_file(&name)?) else {
                let detail = "the proof is not one hash a line";
                self.findings.against_integrity(Finding::new("consistency.malformed", name, detail));
                continue;
            };
            self.links.add(ConsistencyProof { old, new, path });
        }
        self.check_links();
        Ok(())
    }

    pub(super) fn check_links(&mut self) {
        if let Some((old, new, error)) = self.links.first_refused() {
            let name = names::consistency(old, new);
            self.findings.against_integrity(Finding::new("consistency.refused", name, error.to_string()));
        }
    }

    /// The tree on which the records go on growing; `None` when it cannot be read.
    pub(super) fn open_start(&mut self, manifest: &Manifest) -> Result<Option<Frontier>, Stop> {
        let before = manifest.from - 1;
        if before == 0 || manifest.scope != Scope::Range {
            return Ok(Some(Frontier::new()));
        }
        let peaks = hash_lines::parse(&self.take_file(names::START)?);
        let start = peaks.and_then(|peaks| Frontier::try_new(before, peaks).ok());
        if start.is_none() {
            let detail =
                "the frontier before the range is not one hash a line, as many as the size has one-bits";
            self.findings.against_integrity(Finding::new("start.malformed", names::START, detail));
        }
        Ok(start)
    }
}
