//! Steps: what a fold has made of its rows, on the way into the tables, in the order in which it must get there.

use chrono::{DateTime, Utc};
use draxis_domain::Position;
use draxis_event_store::TenantTx;

use crate::store::{Changes, Table, snapshot};

/// How many rows one statement writes.
const ROWS: usize = 2_000;

/// One step of writing.
pub(super) enum Step {
    /// Rows of a generation that have changed.
    Rows(Table, i32, Changes),
    /// A snapshot of a generation's rows as they are written by then, folded up to a position that was recorded at that time.
    Snapshot(i32, Position, DateTime<Utc>),
}

impl Step {
    /// Writes it.
    pub(super) async fn write(self, transaction: &mut TenantTx) -> Result<(), sqlx::Error> {
        match self {
            Self::Rows(table, generation, changes) => {
                for (keys, bodies) in changes.keys.chunks(ROWS).zip(changes.bodies.chunks(ROWS)) {
                    table.put(transaction, generation, keys, bodies).await?;
                }
                if changes.gone.is_empty() {
                    return Ok(());
                }
                table.remove(transaction, generation, &changes.gone).await
            }
            Self::Snapshot(generation, position, recorded_at) => {
                snapshot::keep(transaction, generation, position, recorded_at).await
            }
        }
    }
}
