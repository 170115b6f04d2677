//! Where an event of that id stands, and what followed from it: so that an investigation asks the log by position alone.

use std::marker::PhantomData;

use draxis_domain::{EventId, Position, Recorded};
use serde::{Deserialize, Serialize};

use crate::projection::{LogEvent, Projection};
use crate::store::Table;

/// An event's id begins with its time: so many of its characters name about a second of it.
const SECOND: usize = 8;

/// The projection of either log. Keys: `id/<second>` says between which positions the ids made in that second stand,
/// `cause/<event id>/<position>` that the event at the position followed from that one. A row a second and one a reaction, not
/// one an event.
#[derive(Debug, Clone, Copy)]
pub struct Causality<E>(PhantomData<fn() -> E>);

/// A row of the projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CausalityRow {
    /// The ids of a second stand from the first of these positions to the second, not all of what stands there being theirs.
    Between(Position, Position),
    /// The event at this position followed.
    Effect(Position),
}

impl<E> Causality<E> {
    pub(crate) const ALL: Self = Self(PhantomData);
}

/// The key of the second in which an id was made.
pub(crate) fn second_of(id: EventId) -> String {
    format!("id/{}", id.to_string().chars().take(SECOND).collect::<String>())
}

/// What the keys of an event's effects begin with.
pub(crate) fn effects_of(id: EventId) -> String {
    format!("cause/{id}/")
}

impl<E: LogEvent + 'static> Projection for Causality<E> {
    const TABLE: Table = Table::Causality;
    const VERSION: i32 = 1;
    type Event = E;
    type Row = CausalityRow;

    fn keys(told: &Recorded<E>) -> Vec<String> {
        let effect = |cause| format!("{}{:020}", effects_of(cause), told.position.get());
        std::iter::once(second_of(told.event_id)).chain(told.metadata.causation.map(effect)).collect()
    }

    fn apply(key: &str, row: Option<CausalityRow>, told: &Recorded<E>) -> Option<CausalityRow> {
        let here = told.position;
        Some(match row {
            Some(CausalityRow::Between(first, last)) => {
                CausalityRow::Between(first.min(here), last.max(here))
            }
            Some(effect @ CausalityRow::Effect(_)) => effect,
            None if key.starts_with("id/") => CausalityRow::Between(here, here),
            None => CausalityRow::Effect(here),
        })
    }
}
