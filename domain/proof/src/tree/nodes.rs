//! Where the hashes of a proof come from: stored leaves, stored nodes, or a tree in memory.

use std::convert::Infallible;

use super::frontier::fold_peaks;
use super::{Frontier, Hash, Span, empty_root, node_hash};

/// A source of the roots of complete subtrees: node (level, index) covers leaves `index << level` up to
/// `(index + 1) << level`.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;

    /// The root of one complete subtree.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;

    /// The root over one of a proof's stretches.
    fn span_root(&self, span: Span) -> Result<Hash, Self::Error> {
        let peaks = span.complete_nodes().into_iter().map(|(level, index)| self.node(level, index));
        Ok(fold_peaks(&peaks.collect::<Result<Vec<_>, _>>()?).unwrap_or_else(empty_root))
    }
}

/// A node beyond the leaves that are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("node {index} of level {level} is not complete: the tree at hand is too small for this proof")]
pub struct MissingNode {
    /// The level, 0 for leaves.
    pub level: u32,
    /// The index within the level.
    pub index: u64,
}

/// All leaf hashes in one slice; nodes are computed anew each time.
#[derive(Debug, Clone, Copy)]
pub struct LeafSlice<'a>(pub &'a [Hash]);

impl Nodes for LeafSlice<'_> {
    type Error = MissingNode;

    fn node(&self, level: u32, index: u64) -> Result<Hash, MissingNode> {
        let place = |at: u64| usize::try_from(at).ok();
        let begin = index.checked_shl(level).and_then(place);
        let end = index.checked_add(1).and_then(|next| next.checked_shl(level)).and_then(place);
        let leaves = begin.zip(end).and_then(|(begin, end)| self.0.get(begin..end));
        let mut frontier = Frontier::new();
        frontier.append(leaves.ok_or(MissingNode { level, index })?.iter().copied());
        Ok(frontier.root())
    }
}

/// Leaf hashes given by a closure from a leaf's index, counted from 0; nodes are computed anew each time.
#[derive(Debug, Clone, Copy)]
pub struct LeafFn<F>(pub F);

impl<F, E> Nodes for LeafFn<F>
where
    F: Fn(u64) -> Result<Hash, E>,
{
    type Error = E;

    fn node(&self, level: u32, index: u64) -> Result<Hash, E> {
        let mut frontier = Frontier::new();
        for leaf in index << level..(index + 1) << level {
            frontier.push((self.0)(leaf)?);
        }
        Ok(frontier.root())
    }
}

/// Every complete node kept in memory: 64 bytes a leaf, and a proof costs only look-ups.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// A tree without leaves.
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| u64::try_from(leaves.len()).unwrap_or(u64::MAX))
    }

    /// Adds one leaf and every node that it completes.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            let Some(nodes) = self.levels.get_mut(level) else {
                self.levels.push(vec![node]);
                return;
            };
            nodes.push(node);
            if nodes.len() % 2 == 1 {
                return;
            }
            let Some([left, right]) = nodes.last_chunk::<2>() else { return };
            node = node_hash(left, right);
        }
    }

    /// The compact form, whose root is the tree's.
    pub fn frontier(&self) -> Frontier {
        let peaks = self.levels.iter().rev().filter(|nodes| nodes.len() % 2 == 1);
        let peaks = peaks.filter_map(|nodes| nodes.last().copied()).collect();
        Frontier::try_new(self.size(), peaks).unwrap_or_default()
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}

impl Nodes for MemoryTree {
    type Error = MissingNode;

    fn node(&self, level: u32, index: u64) -> Result<Hash, MissingNode> {
        let nodes = usize::try_from(level).ok().and_then(|level| self.levels.get(level));
        let node = nodes.and_then(|nodes| nodes.get(usize::try_from(index).ok()?));
        node.copied().ok_or(MissingNode { level, index })
    }
}

/// Lets a source that cannot fail be written as a plain closure.
impl<F> LeafFn<F> {
    /// The source over a closure that always has the leaf.
    pub fn infallible(leaf: F) -> LeafFn<impl Fn(u64) -> Result<Hash, Infallible>>
    where
        F: Fn(u64) -> Hash,
    {
        LeafFn(move |index| Ok(leaf(index)))
    }
}
