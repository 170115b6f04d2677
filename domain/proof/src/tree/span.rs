//! Which stretches of leaves a proof names: every hash of a proof is the root over one of them.

use super::{MAX_SIZE, ProofError};

/// The leaves from `begin` up to but without `end`. The root over them is that of a [`super::Frontier`] into which just
/// these leaves are pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    begin: u64,
    end: u64,
}

impl Span {
    /// The first `size` leaves: its complete subtrees are the peaks of that tree's [`super::Frontier`].
    pub const fn whole(size: u64) -> Self {
        Self { begin: 0, end: size }
    }

    /// The first leaf, counted from 0.
    pub const fn begin(self) -> u64 {
        self.begin
    }

    /// One past the last leaf.
    pub const fn end(self) -> u64 {
        self.end
    }

    const fn len(self) -> u64 {
        self.end - self.begin
    }

    /// Cuts where RFC 6962 does: at the largest power of two smaller than the length.
    const fn halves(self) -> (Self, Self) {
        let middle = self.begin + (1 << (self.len() - 1).ilog2());
        (Self { begin: self.begin, end: middle }, Self { begin: middle, end: self.end })
    }

    /// The complete subtrees this stretch is made of, as (level, index), left to right. Only stretches that a proof
    /// names are cut rightly: they begin at a multiple of a power of two that is not smaller than their length.
    pub fn complete_nodes(self) -> Vec<(u32, u64)> {
        let mut nodes = Vec::new();
        let mut begin = self.begin;
        while let Some(level) = (self.end - begin).checked_ilog2() {
            nodes.push((level, begin >> level));
            begin += 1 << level;
        }
        nodes
    }
}

/// The stretches of an inclusion proof, from the leaf's sibling up (RFC 9162, 2.1.3.1).
pub(super) fn of_inclusion(index: u64, size: u64) -> Result<Vec<Span>, ProofError> {
    check_size(size)?;
    if index >= size {
        return Err(ProofError::IndexOutside { index, size });
    }
    let mut spans = Vec::new();
    let mut inside = Span { begin: 0, end: size };
    while inside.len() > 1 {
        let (left, right) = inside.halves();
        if index < right.begin {
            spans.push(right);
            inside = left;
        } else {
            spans.push(left);
            inside = right;
        }
    }
    spans.reverse();
    Ok(spans)
}

/// The stretches of a consistency proof, in the proof's order (RFC 9162, 2.1.4.1).
pub(super) fn of_consistency(old: u64, new: u64) -> Result<Vec<Span>, ProofError> {
    check_size(old)?;
    check_size(new)?;
    if old > new {
        return Err(ProofError::OldLargerThanNew { old, new });
    }
    let mut spans = Vec::new();
    let mut inside = Span { begin: 0, end: new };
    while inside.end != old {
        let (left, right) = inside.halves();
        if old <= right.begin {
            spans.push(right);
            inside = left;
        } else {
            spans.push(left);
            inside = right;
        }
    }
    // When the old tree is itself a left subtree, its root is known to whoever verifies and is left out.
    if inside.begin != 0 {
        spans.push(inside);
    }
    spans.reverse();
    Ok(spans)
}

const fn check_size(size: u64) -> Result<(), ProofError> {
    match size {
        0 => Err(ProofError::EmptyTree),
        1..=MAX_SIZE => Ok(()),
        _ => Err(ProofError::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(spans: &[Span]) -> Vec<(u64, u64)> {
        spans.iter().map(|span| (span.begin, span.end)).collect()
    }

    #[test]
    fn the_examples_of_rfc_9162_name_these_stretches() {
        // Section 2.1.5: seven leaves; d0 gives [b, h, l], d6 gives [i, k]; consistency 3, 4 and 6 with 7.
        assert_eq!(pairs(&of_inclusion(0, 7).unwrap()), [(1, 2), (2, 4), (4, 7)]);
        assert_eq!(pairs(&of_inclusion(6, 7).unwrap()), [(4, 6), (0, 4)]);
        assert_eq!(pairs(&of_consistency(3, 7).unwrap()), [(2, 3), (3, 4), (0, 2), (4, 7)]);
        assert_eq!(pairs(&of_consistency(4, 7).unwrap()), [(4, 7)]);
        assert_eq!(pairs(&of_consistency(6, 7).unwrap()), [(4, 6), (6, 7), (0, 4)]);
    }

    #[test]
    fn what_has_no_proof_is_refused() {
        assert_eq!(of_inclusion(0, 0), Err(ProofError::EmptyTree));
        assert_eq!(of_inclusion(7, 7), Err(ProofError::IndexOutside { index: 7, size: 7 }));
        assert_eq!(of_inclusion(0, u64::MAX), Err(ProofError::TooLarge));
        assert_eq!(of_consistency(0, 7), Err(ProofError::EmptyTree));
        assert_eq!(of_consistency(8, 7), Err(ProofError::OldLargerThanNew { old: 8, new: 7 }));
        assert_eq!(of_consistency(8, u64::MAX), Err(ProofError::TooLarge));
    }
}
