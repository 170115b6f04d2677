//! The way from a node up the right edge of a tree, level by level (the loop of RFC 9162, 2.1.3.2 and 2.1.4.2).

/// Where a climb stands: a node's index and the last index, on one level.
pub(super) struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    pub(super) const fn from(node: u64, last: u64) -> Self {
        Self { node, last }
    }

    /// Leaves every level on which the node is a right child.
    pub(super) const fn skip_right_children(&mut self) {
        let levels = self.node.trailing_ones();
        self.node >>= levels;
        self.last >>= levels;
    }

    /// Whether the next sibling stands to the left.
    pub(super) const fn sibling_is_left(&self) -> bool {
        self.node & 1 == 1 || self.node == self.last
    }

    /// Goes to the level of the next sibling; a node at the right edge without one rises until it has one on its left.
    pub(super) const fn rise(&mut self) {
        if self.node == self.last && self.node != 0 {
            let levels = self.node.trailing_zeros();
            self.node >>= levels;
            self.last >>= levels;
        }
        self.node >>= 1;
        self.last >>= 1;
    }
}
