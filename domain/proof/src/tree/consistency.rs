//! That a later tree begins with an earlier one (RFC 9162, 2.1.4).

use super::climb::Climb;
use super::{Hash, Nodes, ProofError, ProveError, Span, node_hash, span};

/// The nodes from which both roots can be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The size of the earlier tree.
    pub old: u64,
    /// The size of the later tree.
    pub new: u64,
    /// The hashes, in the order of RFC 9162.
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// The stretches of leaves whose roots the proof is made of, for whoever fetches them in a way of their own.
    pub fn spans(old: u64, new: u64) -> Result<Vec<Span>, ProofError> {
        span::of_consistency(old, new)
    }

    /// Makes the proof from stored hashes.
    pub fn prove<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Self, ProveError<N::Error>> {
        let spans = Self::spans(old, new).map_err(ProveError::Asked)?;
        let path = spans.into_iter().map(|span| nodes.span_root(span)).collect::<Result<_, _>>();
        Ok(Self { old, new, path: path.map_err(ProveError::Source)? })
    }

    /// Refuses unless the tree with the old root is the beginning of the one with the new root.
    pub fn verify(&self, old_root: &Hash, new_root: &Hash) -> Result<(), ProofError> {
        let expected = Self::spans(self.old, self.new)?.len();
        if self.path.len() != expected {
            return Err(ProofError::Length { expected, found: self.path.len() });
        }
        let (old, new) = self.climb(old_root);
        if old != *old_root {
            return Err(ProofError::OldRootMismatch);
        }
        if new == *new_root { Ok(()) } else { Err(ProofError::RootMismatch) }
    }

    /// RFC 9162, 2.1.4.2, steps 3 to 6; sizes and length are already known to be right.
    fn climb(&self, old_root: &Hash) -> (Hash, Hash) {
        let mut climb = Climb::from(self.old - 1, self.new - 1);
        climb.skip_right_children();
        let mut rest = self.path.iter();
        // A power of two is a whole left subtree: its root is not in the proof, and is the one given.
        let first =
            if self.old.is_power_of_two() { *old_root } else { rest.next().copied().unwrap_or(*old_root) };
        let (mut old, mut new) = (first, first);
        for sibling in rest {
            if climb.sibling_is_left() {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            } else {
                new = node_hash(&new, sibling);
            }
            climb.rise();
        }
        (old, new)
    }
}
