//! The records and proofs that go into the next pair of entries.

/// Two buffers of equal line count, neither larger than the bundle's bound.
#[derive(Debug)]
pub(super) struct Chunk {
    bound: usize,
    number: u64,
    records: Vec<u8>,
    proofs: Vec<u8>,
}

impl Chunk {
    pub(super) const fn new(bound: usize) -> Self {
        Self { bound, number: 0, records: Vec::new(), proofs: Vec::new() }
    }

    /// Whether this must be written before the line can be taken.
    pub(super) const fn is_full_for(&self, line: &[u8], proof: &str) -> bool {
        !self.records.is_empty()
            && (self.records.len() + line.len() >= self.bound
                || self.proofs.len() + proof.len() >= self.bound)
    }

    /// Takes a line; `false` when even an empty chunk could not.
    pub(super) fn push(&mut self, line: &[u8], proof: &str) -> bool {
        if self.records.len() + line.len() >= self.bound {
            return false;
        }
        self.records.extend_from_slice(line);
        self.records.push(b'\n');
        self.proofs.extend_from_slice(proof.as_bytes());
        self.proofs.push(b'\n');
        true
    }

    /// The number under which this chunk is written; `None` when it is empty.
    pub(super) const fn begin_writing(&mut self) -> Option<u64> {
        if self.records.is_empty() {
            return None;
        }
        self.number += 1;
        Some(self.number)
    }

    pub(super) fn contents(&self) -> (&[u8], &[u8]) {
        (&self.records, &self.proofs)
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.proofs.clear();
    }
}
