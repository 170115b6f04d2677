//! That no event of an aggregate is left out between two that are shown.

use std::collections::BTreeMap;

use crate::record::RecordFields;

/// The last sequence seen of each aggregate of a part that promises whole aggregates.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    from_the_start: bool,
    last: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Sequences {
    /// In a part that begins at position 1, every aggregate's first event must be there.
    pub(super) const fn since(position: u64) -> Self {
        Self { from_the_start: position == 1, last: BTreeMap::new() }
    }

    /// The sequence that was due, when this record has another.
    pub(super) fn gap_before(&mut self, fields: &RecordFields<'_>) -> Option<u64> {
        if !self.last.contains_key(fields.aggregate_type) {
            self.last.insert(fields.aggregate_type.to_owned(), BTreeMap::new());
        }
        let of_type = self.last.get_mut(fields.aggregate_type)?;
        let due = match of_type.get(fields.aggregate_id) {
            Some(last) => last.checked_add(1),
            None => self.from_the_start.then_some(1),
        };
        of_type.insert(fields.aggregate_id.to_owned(), fields.sequence);
        due.filter(|due| *due != fields.sequence)
    }
}
