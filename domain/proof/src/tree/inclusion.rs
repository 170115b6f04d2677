//! That a leaf stands at its place in a tree (RFC 9162, 2.1.3).

use super::climb::Climb;
use super::{Hash, Nodes, ProofError, ProveError, Span, node_hash, span};

/// The siblings from a leaf up to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf's index, counted from 0: a record's position less one.
    pub index: u64,
    /// The size of the tree.
    pub size: u64,
    /// The hashes, the leaf's sibling first.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// The stretches of leaves whose roots the proof is made of, for whoever fetches them in a way of their own.
    pub fn spans(index: u64, size: u64) -> Result<Vec<Span>, ProofError> {
        span::of_inclusion(index, size)
    }

    /// Makes the proof from stored hashes.
    pub fn prove<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Self, ProveError<N::Error>> {
        let spans = Self::spans(index, size).map_err(ProveError::Asked)?;
        let path = spans.into_iter().map(|span| nodes.span_root(span)).collect::<Result<_, _>>();
        Ok(Self { index, size, path: path.map_err(ProveError::Source)? })
    }

    /// Refuses unless the leaf is in the tree with this root, at this index.
    pub fn verify(&self, leaf: &Hash, root: &Hash) -> Result<(), ProofError> {
        let expected = Self::spans(self.index, self.size)?.len();
        if self.path.len() != expected {
            return Err(ProofError::Length { expected, found: self.path.len() });
        }
        if self.climb(leaf) == *root { Ok(()) } else { Err(ProofError::RootMismatch) }
    }

    /// RFC 9162, 2.1.3.2, steps 3 and 4; the length is already known to be right.
    fn climb(&self, leaf: &Hash) -> Hash {
        let mut climb = Climb::from(self.index, self.size - 1);
        let mut hash = *leaf;
        for sibling in &self.path {
            hash =
                if climb.sibling_is_left() { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
            climb.rise();
        }
        hash
    }
}
