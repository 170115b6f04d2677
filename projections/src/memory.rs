//! A projection in memory: the same fold as in Postgres, for the dashboard, the past, and verification.

use std::collections::BTreeMap;

use draxis_domain::Recorded;

use crate::projection::Projection;

/// The rows of a projection, in the order of their keys.
#[derive(Debug, Clone)]
pub struct Memory<P: Projection> {
    rows: BTreeMap<String, P::Row>,
}

impl<P: Projection> Default for Memory<P> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}

impl<P: Projection> Memory<P> {
    /// Goes on from rows that were kept elsewhere.
    pub const fn from_rows(rows: BTreeMap<String, P::Row>) -> Self {
        Self { rows }
    }

    /// Folds one event.
    pub fn fold(&mut self, told: &Recorded<P::Event>) {
        for key in P::keys(told) {
            let row = P::apply(&key, self.rows.remove(&key), told);
            if let Some(row) = row {
                self.rows.insert(key, row);
            }
        }
    }

    /// The rows.
    pub const fn rows(&self) -> &BTreeMap<String, P::Row> {
        &self.rows
    }

    /// The rows, taken out.
    pub fn into_rows(self) -> BTreeMap<String, P::Row> {
        self.rows
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
