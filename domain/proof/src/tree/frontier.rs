//! The right edge of a growing tree: as many hashes as the size has one-bits, enough to go on and to give the root.

use super::{Hash, MAX_SIZE, empty_root, node_hash};

const SIZE_BYTES: usize = 8;
const HASH_BYTES: usize = 32;

/// The compact form of a tree: the roots of its complete subtrees, the largest (leftmost) first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Bytes or hashes that are no frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// A size asks for exactly so many hashes.
    #[error("a frontier of {size} leaves has {expected} hashes, not {found}")]
    Length {
        /// The size it says.
        size: u64,
        /// How many hashes that needs.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Not a size and whole hashes.
    #[error("not a frontier: it is 8 bytes of size and 32 bytes a hash")]
    Malformed,
    /// Larger than any stream.
    #[error("the frontier's size is larger than any stream can be")]
    TooLarge,
}

impl Frontier {
    /// The frontier of the tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// The frontier with these subtree roots, largest first.
    pub fn try_new(size: u64, peaks: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > MAX_SIZE {
            return Err(FrontierError::TooLarge);
        }
        let expected = usize::try_from(size.count_ones()).unwrap_or(usize::MAX);
        if peaks.len() != expected {
            return Err(FrontierError::Length { size, expected, found: peaks.len() });
        }
        Ok(Self { size, peaks })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds one leaf at the end.
    pub fn push(&mut self, leaf: Hash) {
        self.push_noting(leaf, |_level, _index, _node| {});
    }

    /// The same, and tells of each inner node that the leaf completes: its level, its index within the level, its hash.
    /// Whoever keeps some of them can prove anything later without reading all leaves again.
    pub fn push_noting(&mut self, leaf: Hash, mut completed: impl FnMut(u32, u64, Hash)) {
        let mut node = leaf;
        for level in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            completed(level, self.size >> level, node);
        }
        self.peaks.push(node);
        // Saturating, because nobody lives to see 2^63 pushes.
        self.size = self.size.saturating_add(1);
    }

    /// Adds leaves at the end, in order.
    pub fn append(&mut self, leaves: impl IntoIterator<Item = Hash>) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }

    /// The root of the tree as it stands.
    pub fn root(&self) -> Hash {
        fold_peaks(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Size (8 bytes, big-endian) and hashes, to be stored beside a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_BYTES + self.peaks.len() * HASH_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        self.peaks.iter().for_each(|peak| bytes.extend_from_slice(peak.as_bytes()));
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote. That the hashes are the right ones only a signed root can tell.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, rest) = bytes.split_first_chunk::<SIZE_BYTES>().ok_or(FrontierError::Malformed)?;
        let (peaks, left_over) = rest.as_chunks::<HASH_BYTES>();
        if !left_over.is_empty() {
            return Err(FrontierError::Malformed);
        }
        Self::try_new(u64::from_be_bytes(*size), peaks.iter().copied().map(Hash::new).collect())
    }
}

/// Joins subtree roots from the right; `None` when there are none.
pub(super) fn fold_peaks(peaks: &[Hash]) -> Option<Hash> {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{LeafSlice, Nodes as _, leaf_hash};

    fn grown(size: u64) -> Frontier {
        let mut frontier = Frontier::new();
        frontier.append((0..size).map(|index| leaf_hash(&index.to_be_bytes())));
        frontier
    }

    #[test]
    fn a_stored_frontier_goes_on_where_it_stood() {
        for size in 0..40 {
            let frontier = grown(size);
            assert_eq!(frontier.peaks().len(), usize::try_from(size.count_ones()).unwrap());
            let mut again = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
            assert_eq!(again, frontier);
            again.push(leaf_hash(&size.to_be_bytes()));
            assert_eq!(again.root(), grown(size + 1).root());
        }
    }

    #[test]
    fn every_node_that_a_leaf_completes_is_told_of() {
        let leaves: Vec<Hash> = (0..21_u64).map(|index| leaf_hash(&index.to_be_bytes())).collect();
        let (mut frontier, mut told) = (Frontier::new(), Vec::new());
        for leaf in &leaves {
            frontier.push_noting(*leaf, |level, index, node| told.push((level, index, node)));
        }
        assert_eq!(told.len(), 10 + 5 + 2 + 1, "pairs, fours, eights and a sixteen");
        for (level, index, node) in told {
            assert_eq!(LeafSlice(&leaves).node(level, index), Ok(node), "node {index} of level {level}");
        }
    }

    #[test]
    fn bytes_that_are_no_frontier_are_refused() {
        let bytes = grown(5).to_bytes();
        assert_eq!(Frontier::from_bytes(&[]), Err(FrontierError::Malformed));
        assert_eq!(Frontier::from_bytes(&bytes[..7]), Err(FrontierError::Malformed));
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 1]), Err(FrontierError::Malformed));
        let short = Frontier::from_bytes(&bytes[..bytes.len() - 32]);
        assert_eq!(short, Err(FrontierError::Length { size: 5, expected: 2, found: 1 }));
        let mut long = bytes.clone();
        long.extend([0; 32]);
        assert_eq!(
            Frontier::from_bytes(&long),
            Err(FrontierError::Length { size: 5, expected: 2, found: 3 })
        );
        let huge = [0xff_u8; 8 + 64 * 32];
        assert_eq!(Frontier::from_bytes(&huge), Err(FrontierError::TooLarge));
    }
}
