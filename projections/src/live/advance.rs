//! One batch: events read once, folded into every projection that is behind, rows and checkpoints in one transaction.

use draxis_domain::{Position, Recorded};
use draxis_event_store::{TenantTx, read_on};

use crate::error::ReadError;
use crate::live::step::Step;
use crate::projection::{Log, LogEvent, recorded};
use crate::store::{Checkpoint, Gathering, Role, Table, checkpoint, snapshot};

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
        .iter()
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

/// Folds the next events into the projections of these checkpoints, which the transaction has locked, with the rows that are at
/// hand of them.
pub(super) async fn advance<E: Log>(
    transaction: &mut TenantTx,
    (role, checkpoints): (Role, &[Checkpoint]),
    growing: &mut [Growing<E>],
    limit: u32,
) -> Result<Advanced, ReadError> {
    let from = checkpoints.iter().map(|checkpoint| checkpoint.position).min().unwrap_or_default();
    let events = next_events::<E>(transaction, from, limit).await?;
    let Some(last) = events.last() else { return Ok(Advanced { to: from, read: 0 }) };
    for one in growing {
        one.fold(transaction, &events).await?;
        for step in one.steps(last)? {
            step.write(transaction).await?;
        }
        one.let_go();
    }
    let names: Vec<String> = checkpoints.iter().map(|checkpoint| checkpoint.projection.clone()).collect();
    checkpoint::advance(transaction, role, &names, last.position).await?;
    Ok(Advanced { to: last.position, read: events.len() })
}

/// One projection that is being folded into its table, and how far it has come.
pub(super) struct Growing<E> {
    gathering: Box<dyn Gathering<E>>,
    generation: i32,
    /// Up to where it is folded.
    position: Position,
    /// Up to where snapshots were taken where they were due.
    snapped: Position,
}

impl<E: Log> Growing<E> {
    /// Those of a log that the checkpoints name, with no rows at hand yet.
    pub(super) fn all_of(checkpoints: &[Checkpoint]) -> Vec<Self> {
        let growing = |checkpoint: &Checkpoint| {
            let folder = E::folders().iter().find(|folder| folder.table().name() == checkpoint.projection)?;
            Some(Self {
                gathering: folder.gather(),
                generation: checkpoint.generation,
                position: checkpoint.position,
                snapped: checkpoint.position,
            })
        };
        checkpoints.iter().filter_map(growing).collect()
    }

    /// Whether the rows at hand are those of all these checkpoints.
    pub(super) fn stand_at(growing: &[Self], checkpoints: &[Checkpoint]) -> bool {
        checkpoints.iter().all(|checkpoint| growing.iter().any(|one| one.stands_at(checkpoint)))
    }

    /// Folds those of the events that it has not folded yet.
    pub(super) async fn fold(
        &mut self,
        transaction: &mut TenantTx,
        events: &[Recorded<E>],
    ) -> Result<(), ReadError> {
        let known = events.partition_point(|told| told.position <= self.position);
        let (_, new) = events.split_at(known);
        let Some(last) = new.last() else { return Ok(()) };
        let asked = self.gathering.look(new);
        if !asked.is_empty() {
            let stored = self.gathering.table().load(transaction, self.generation, &asked).await?;
            self.gathering.take_in(asked, stored)?;
        }
        self.gathering.fold(new);
        self.position = last.position;
        Ok(())
    }

    /// The rows that have changed.
    pub(super) fn rows(&mut self) -> Result<Step, ReadError> {
        Ok(Step::Rows(self.gathering.table(), self.generation, self.gathering.take_changes()?))
    }

    /// The rows that have changed up to that event, and a snapshot of them where one is due.
    pub(super) fn steps(&mut self, last: &Recorded<E>) -> Result<Vec<Step>, ReadError> {
        let mut steps = vec![self.rows()?];
        if self.is_due() {
            steps.push(Step::Snapshot(self.generation, last.position, last.recorded_at));
        }
        self.snapped = self.position;
        Ok(steps)
    }

    /// How many rows are at hand.
    pub(super) fn at_hand(&self) -> usize {
        self.gathering.at_hand()
    }

    /// Lets go of rows that nothing has touched since the last time, where many are at hand.
    pub(super) fn let_go(&mut self) {
        self.gathering.let_go();
    }

    /// Whether its rows are those of a checkpoint.
    fn stands_at(&self, checkpoint: &Checkpoint) -> bool {
        self.gathering.table().name() == checkpoint.projection
            && (self.generation, self.position) == (checkpoint.generation, checkpoint.position)
    }

    /// Whether a snapshot is due, which is taken of rows that are written.
    pub(super) fn is_due(&self) -> bool {
        self.gathering.table() == Table::RiskModel && snapshot::is_due(self.snapped, self.position)
    }
}
