//! A projection in memory: the same fold as in Postgres, for the dashboard, the past, and verification.

use std::collections::BTreeMap;
use std::ops::Bound;

use draxis_domain::Recorded;

use crate::projection::Projection;

/// The rows of a projection, in the order of their keys.
#[derive(Debug, Clone)]
pub struct Memory<P: Projection> {
    /// A row is taken out while it is folded, and its place stays: no key is without a row between two events.
    rows: BTreeMap<String, Option<P::Row>>,
}

impl<P: Projection> Default for Memory<P> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}

impl<P: Projection> Memory<P> {
    /// Goes on from rows that were kept elsewhere.
    pub fn from_rows(rows: BTreeMap<String, P::Row>) -> Self {
        Self { rows: rows.into_iter().map(|(key, row)| (key, Some(row))).collect() }
    }

    /// Folds one event.
    pub fn fold(&mut self, told: &Recorded<P::Event>) {
        for key in P::keys(told) {
            let Some(place) = self.rows.get_mut(&key) else {
                let row = P::apply(&key, None, told);
                if row.is_some() {
                    self.rows.insert(key, row);
                }
                continue;
            };
            *place = P::apply(&key, place.take(), told);
            if place.is_none() {
                self.rows.remove(&key);
            }
        }
    }

    /// The row under a key.
    pub fn find(&self, key: &str) -> Option<&P::Row> {
        self.rows.get(key)?.as_ref()
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The rows, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = (&String, &P::Row)> {
        self.rows.iter().filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// The rows after a key, in the order of their keys.
    pub fn rows_after(&self, key: &str) -> impl Iterator<Item = (&String, &P::Row)> {
        let after = self.rows.range::<str, _>((Bound::Excluded(key), Bound::Unbounded));
        after.filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// The rows, taken out.
    pub fn into_rows(self) -> BTreeMap<String, P::Row> {
        self.rows.into_iter().filter_map(|(key, row)| Some((key, row?))).collect()
    }
}

/// Folds events from nothing.
pub fn fold_in_memory<P: Projection>(events: &[Recorded<P::Event>]) -> BTreeMap<String, P::Row> {
    let mut memory = Memory::<P>::default();
    for told in events {
        memory.fold(told);
    }
    memory.into_rows()
}
