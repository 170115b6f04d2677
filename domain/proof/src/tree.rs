//! The Merkle tree over a stream's records, as RFC 6962 and RFC 9162 define it.

mod climb;
mod consistency;
mod frontier;
mod hash;
mod inclusion;
mod nodes;
mod span;

#[cfg(test)]
mod against_ct_merkle;
#[cfg(test)]
mod malformed;

pub use consistency::ConsistencyProof;
pub use frontier::{Frontier, FrontierError};
pub use hash::{Hash, HashError, empty_root, leaf_hash, node_hash};
pub use inclusion::InclusionProof;
pub use nodes::{LeafFn, LeafSlice, MemoryTree, MissingNode, Nodes};
pub use span::Span;

/// No stream is longer: positions are signed 64-bit numbers in the database.
pub const MAX_SIZE: u64 = 0x7fff_ffff_ffff_ffff;

/// A proof that cannot be made, or that does not prove what it was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A tree of size 0 has no proofs (RFC 9162, 2.1.4.1 asks for more than 0 leaves).
    #[error("a tree without leaves has no proofs: ask about a tree of at least one leaf")]
    EmptyTree,
    /// Larger than any stream.
    #[error("the tree size is larger than any stream can be")]
    TooLarge,
    /// The leaf is not in the tree.
    #[error("leaf {index} is not in a tree of {size} leaves: leaves are counted from 0")]
    IndexOutside {
        /// The leaf asked about.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {old} leaves cannot be the beginning of one of {new}")]
    OldLargerThanNew {
        /// The size said to be older.
        old: u64,
        /// The size said to be newer.
        new: u64,
    },
    /// Each pair of sizes asks for exactly so many hashes.
    #[error("the proof has {found} hashes where {expected} are needed")]
    Length {
        /// How many are needed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The hashes do not lead to the newer (or only) root.
    #[error("the proof does not lead to the root of the tree")]
    RootMismatch,
    /// The hashes do not lead to the older root.
    #[error("the proof does not lead to the root of the older tree")]
    OldRootMismatch,
}

/// Why a proof could not be made from stored hashes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// What was asked for does not exist.
    #[error("there is no such proof")]
    Asked(#[source] ProofError),
    /// The hashes could not be had.
    #[error("the stored hashes could not be read")]
    Source(E),
}
