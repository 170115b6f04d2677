//! Everything that stands in a bundle before its records.

use super::WriteError;
use crate::bundle::links::{Links, neighbours};
use crate::bundle::{MAX_CHECKPOINTS, MAX_ROTATIONS, Manifest, Scope};
use crate::checkpoint::{Checkpoint, Note, Rotation};
use crate::tree::{ConsistencyProof, Frontier};

/// What must be known when a bundle begins; none of it depends on how many records there are.
#[derive(Debug, Clone)]
pub struct Preface<'a> {
    /// What the bundle says it is.
    pub manifest: Manifest,
    /// The definitions of every event type and version, in whatever form the product gives them.
    pub definitions: &'a [u8],
    /// The rotations of the log's keys, the oldest first: by them somebody who trusts an old key can judge what a new one signed.
    pub rotations: &'a [Note],
    /// Sealed checkpoints, sizes ascending; the last is the one everything is proved against.
    pub checkpoints: &'a [Note],
    /// One proof for each pair of [`Self::links_between`].
    pub consistency: &'a [ConsistencyProof],
    /// The frontier of the first `from - 1` records, for a range that starts later than 1.
    pub start: Option<&'a Frontier>,
}

impl Preface<'_> {
    /// The pairs of sizes between which a bundle with this manifest and checkpoints of these sizes needs proofs.
    pub fn links_between(manifest: &Manifest, checkpoint_sizes: &[u64]) -> Vec<(u64, u64)> {
        neighbours(&manifest.linked_sizes(checkpoint_sizes.iter().copied())).collect()
    }

    pub(super) fn sizes(&self) -> Result<Vec<u64>, WriteError> {
        Ok(self.parsed()?.iter().map(Checkpoint::size).collect())
    }

    /// Checks the manifest, the checkpoints and what can be checked of the proofs before the records are known.
    pub(super) fn links(&self) -> Result<Links, WriteError> {
        Manifest::parse(&self.manifest.render()).map_err(WriteError::Manifest)?;
        for note in self.rotations {
            Rotation::open(note.to_string().as_bytes()).map_err(WriteError::Rotation)?;
        }
        if u64::try_from(self.rotations.len()).map_or(true, |count| count > MAX_ROTATIONS) {
            return Err(WriteError::Checkpoints);
        }
        let checkpoints = self.parsed()?;
        let sizes: Vec<u64> = checkpoints.iter().map(Checkpoint::size).collect();
        let ascending = neighbours(&sizes).all(|(old, new)| 0 < old && old < new);
        let ours = checkpoints.iter().all(|checkpoint| *checkpoint.origin() == self.manifest.origin);
        let anchored = sizes.last() == Some(&self.manifest.checkpoint);
        if !ascending || !ours || !anchored || sizes.len() > MAX_CHECKPOINTS {
            return Err(WriteError::Checkpoints);
        }
        let given = self.consistency.iter().map(|proof| (proof.old, proof.new));
        if !given.eq(Self::links_between(&self.manifest, &sizes)) {
            return Err(WriteError::Links);
        }
        let mut links = Links::default();
        for checkpoint in &checkpoints {
            links.know(checkpoint.size(), checkpoint.root());
        }
        self.consistency.iter().cloned().for_each(|proof| links.add(proof));
        match links.first_refused() {
            Some((old, new, source)) => Err(WriteError::Consistency { old, new, source }),
            None => Ok(links),
        }
    }

    /// The tree that the records grow: the stream's for a range, one of its own for a part.
    pub(super) fn tree(&self) -> Result<Frontier, WriteError> {
        let before = if self.manifest.scope == Scope::Range { self.manifest.from - 1 } else { 0 };
        let start = self.start.cloned().unwrap_or_default();
        if start.size() == before { Ok(start) } else { Err(WriteError::Start) }
    }

    fn parsed(&self) -> Result<Vec<Checkpoint>, WriteError> {
        self.checkpoints
            .iter()
            .map(|note| Checkpoint::parse(note.text()).map_err(WriteError::Checkpoint))
            .collect()
    }
}
