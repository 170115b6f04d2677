//! The meter counts what an expression does and stops it, so that no document and no expression can hang a run.

use std::cell::Cell;
use std::time::{Duration, Instant};

use jaq_core::data::HasLut;
use jaq_core::{DataT, Lut};
use jaq_json::Val;

/// The kind of data admitted expressions run over.
pub(crate) struct Guarded;

impl DataT for Guarded {
    type V<'a> = Val;
    type Data<'a> = Running<'a>;
}

/// One evaluation under way.
#[derive(Clone, Copy)]
pub(crate) struct Running<'a> {
    /// The compiled terms.
    pub(crate) lut: &'a Lut<Guarded>,
    /// What is left to spend.
    pub(crate) meter: &'a Meter,
    /// The run's clock in seconds since 1970.
    pub(crate) now: i64,
}

impl<'a> HasLut<'a, Guarded> for Running<'a> {
    fn lut(&self) -> &'a Lut<Guarded> {
        self.lut
    }
}

/// What one evaluation may still spend.
pub(crate) struct Meter {
    fuel: Cell<u64>,
    until: Instant,
}

impl Meter {
    /// A full meter.
    pub(crate) fn new(fuel: u64, longest: Duration) -> Self {
        Self { fuel: Cell::new(fuel), until: Instant::now() + longest }
    }

    /// Counts one value that came out of one step; false when the evaluation has to stop.
    pub(crate) fn spend(&self, value: &Val) -> bool {
        let left = self.fuel.get().saturating_sub(cost(value));
        self.fuel.set(left);
        left > 0 && (!left.is_multiple_of(256) || Instant::now() < self.until)
    }
}

/// What a value costs, by what it may have cost in memory to make it.
fn cost(value: &Val) -> u64 {
    match value {
        Val::TStr(text) | Val::BStr(text) => 1 + u64::try_from(text.len() / 64).unwrap_or(u64::MAX),
        Val::Arr(items) => 1 + u64::try_from(items.len() / 64).unwrap_or(u64::MAX),
        Val::Obj(members) => 1 + u64::try_from(members.len() / 8).unwrap_or(u64::MAX),
        Val::Null | Val::Bool(_) | Val::Num(_) => 1,
    }
}
