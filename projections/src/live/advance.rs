//! One batch: events read once, folded into every projection that is behind, rows and checkpoints in one transaction.

use draxis_domain::{Position, Recorded};
use draxis_event_store::{TenantTx, read_on};

use crate::error::ReadError;
use crate::projection::{Log, LogEvent, recorded};
use crate::store::{Checkpoint, Folder, Role, Table, checkpoint, snapshot};

/// How far a batch brought what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Advanced {
    /// The position all of them have reached.
    pub(super) to: Position,
    /// How many events were read.
    pub(super) read: usize,
}

/// The next events after a position, in order and without a gap: a position is never skipped (hazards D6).
pub(crate) async fn next_events<E: LogEvent>(
    transaction: &mut TenantTx,
    after: Position,
    limit: u32,
) -> Result<Vec<Recorded<E>>, ReadError> {
    let stored = read_on(transaction, after, limit).await?;
    let mut expected = after;
    stored
        .into_iter()
        .map(|event| {
            expected = expected.next();
            if event.position == expected {
                recorded(event)
            } else {
                Err(ReadError::Gap { expected, found: event.position })
            }
        })
        .collect()
}

/// Folds the next events into the projections of these checkpoints, which the transaction has locked.
pub(super) async fn advance<E: Log>(
    transaction: &mut TenantTx,
    role: Role,
    checkpoints: &[Checkpoint],
    limit: u32,
) -> Result<Advanced, ReadError> {
    let from = checkpoints.iter().map(|checkpoint| checkpoint.position).min().unwrap_or_default();
    let events = next_events::<E>(transaction, from, limit).await?;
    let Some(last) = events.last() else { return Ok(Advanced { to: from, read: 0 }) };
    for checkpoint in checkpoints {
        let known = events.partition_point(|told| told.position <= checkpoint.position);
        let (_, new) = events.split_at(known);
        let folder = E::folders().iter().find(|folder| folder.table().name() == checkpoint.projection);
        if let Some(folder) = folder {
            fold(transaction, *folder, checkpoint.generation, new).await?;
        }
        let modelled = checkpoint.projection == Table::RiskModel.name();
        if modelled && snapshot::is_due(checkpoint.position, last.position) {
            snapshot::keep(transaction, checkpoint.generation, last.position, last.recorded_at).await?;
        }
    }
    let names: Vec<String> = checkpoints.iter().map(|checkpoint| checkpoint.projection.clone()).collect();
    checkpoint::advance(transaction, role, &names, last.position).await?;
    Ok(Advanced { to: last.position, read: events.len() })
}

/// Loads the rows that the events touch, folds, and writes what changed.
async fn fold<E: Log>(
    transaction: &mut TenantTx,
    folder: &dyn Folder<E>,
    generation: i32,
    events: &[Recorded<E>],
) -> Result<(), ReadError> {
    let touched: Vec<String> = folder.touched(events).into_iter().collect();
    if touched.is_empty() {
        return Ok(());
    }
    let table = folder.table();
    let stored = table.load(transaction, generation, &touched).await?;
    let changes = folder.fold(events, stored)?;
    if !changes.keys.is_empty() {
        table.put(transaction, generation, &changes.keys, &changes.bodies).await?;
    }
    if !changes.gone.is_empty() {
        table.remove(transaction, generation, &changes.gone).await?;
    }
    Ok(())
}
