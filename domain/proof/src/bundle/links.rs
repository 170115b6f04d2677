//! The roots of one stream at several sizes, and the proofs that each continues the one before.

use std::collections::BTreeMap;

use crate::tree::{ConsistencyProof, Hash, ProofError};

/// Known roots, and proofs between neighbours.
#[derive(Debug, Default)]
pub(super) struct Links {
    roots: BTreeMap<u64, Hash>,
    proofs: Vec<ConsistencyProof>,
}

impl Links {
    /// Makes a root known. `false` when another one is known at that size.
    pub(super) fn know(&mut self, size: u64, root: Hash) -> bool {
        *self.roots.entry(size).or_insert(root) == root
    }

    pub(super) fn root(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied()
    }

    pub(super) fn add(&mut self, proof: ConsistencyProof) {
        self.proofs.push(proof);
    }

    /// The first proof that fails between roots that are known, with its sizes.
    pub(super) fn first_refused(&self) -> Option<(u64, u64, ProofError)> {
        self.proofs.iter().find_map(|proof| {
            let refused = proof.verify(&self.root(proof.old)?, &self.root(proof.new)?).err()?;
            Some((proof.old, proof.new, refused))
        })
    }
}

/// The pairs of neighbours among sizes.
pub(super) fn neighbours(sizes: &[u64]) -> impl Iterator<Item = (u64, u64)> + '_ {
    sizes.iter().copied().zip(sizes.iter().copied().skip(1))
}
