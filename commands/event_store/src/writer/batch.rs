//! One transaction: lock the heads, look up what the commands stand on, judge, insert everything with one statement. Where
//! nobody else writes to its streams, the same in one exchange.

mod at_heads;
mod columns;
mod heads;
mod insert;
mod keys;
mod line;
mod look_up;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use draxis_domain::{Position, TenantId};
use sqlx::PgConnection;

use crate::append::{Append, AppendError, Appended, Decision};
use crate::clock::Clock;
use crate::writer::batch::heads::{begin, lock_heads, note_heads, simply};
use crate::writer::judge::{EventRow, Head, Judgement, Standing};
use crate::writer::queue::Pending;
use crate::writer::sequences::Sequences;

pub(super) use line::Line;

/// Why a whole batch was not committed.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// Nothing was sent for commit: repeating it is safe.
    #[error("the batch could not be written")]
    NotBegun(#[source] sqlx::Error),
    /// The database refused it: one of the commands is guilty.
    #[error("the database refused the batch")]
    Refused(#[source] sqlx::Error),
    /// The commit was under way.
    #[error("the connection broke during the commit")]
    Unknown(#[source] sqlx::Error),
}

impl BatchError {
    /// Whether the database itself said no, so that trying each command alone finds the guilty one.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// What each command of the batch is told.
    pub(super) const fn for_caller(&self) -> AppendError {
        match self {
            Self::NotBegun(_) => AppendError::Overloaded,
            Self::Refused(_) => AppendError::Refused,
            Self::Unknown(_) => AppendError::Unknown,
        }
    }

    fn before_commit(error: sqlx::Error) -> Self {
        // Class 57 and 53 are the server's own trouble (shut down, timed out, full), 40 a lost race between transactions.
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let own_trouble =
            code.is_none_or(|code| ["57", "53", "40", "55"].iter().any(|class| code.starts_with(class)));
        if own_trouble { Self::NotBegun(error) } else { Self::Refused(error) }
    }
}

/// What a committed batch did.
pub(super) struct Outcome {
    pub(super) results: Vec<Result<Appended, AppendError>>,
    pub(super) heads: BTreeMap<TenantId, Position>,
    pub(super) events: Vec<EventRow>,
}

/// Commands about to be committed together.
pub(super) struct Batch<'a> {
    clock: &'a dyn Clock,
    pending: &'a [Pending],
    committing: AtomicBool,
}

impl<'a> Batch<'a> {
    pub(super) const fn new(clock: &'a dyn Clock, pending: &'a [Pending]) -> Self {
        Self { clock, pending, committing: AtomicBool::new(false) }
    }

    /// What it means that the batch was given up where it stood, because the database took too long.
    pub(super) fn given_up(&self) -> BatchError {
        let slow = sqlx::Error::PoolTimedOut;
        if self.committing.load(Ordering::Relaxed) {
            BatchError::Unknown(slow)
        } else {
            BatchError::NotBegun(slow)
        }
    }

    /// Commits it by the shortest way there is, or by the long one.
    pub(super) async fn commit(
        &self,
        line: &mut Line,
        remembered: &mut Sequences,
    ) -> Result<Outcome, BatchError> {
        if line.at_heads
            && let Some(outcome) = self.commit_at_heads(&mut line.connection, remembered).await?
        {
            return Ok(outcome);
        }
        let written = self.commit_under_locks(&mut line.connection, remembered).await;
        if let Err(BatchError::Refused(_)) = &written {
            // The connection stays in use; where even this fails, its next use does.
            drop(simply(&mut line.connection, "ROLLBACK").await);
        }
        written
    }

    async fn commit_under_locks(
        &self,
        connection: &mut PgConnection,
        remembered: &mut Sequences,
    ) -> Result<Outcome, BatchError> {
        let (before, standing, judgement) =
            self.judge_under_locks(connection, remembered).await.map_err(BatchError::before_commit)?;
        insert::insert(connection, &standing, &judgement).await.map_err(BatchError::before_commit)?;
        self.committing.store(true, Ordering::Relaxed);
        simply(connection, "COMMIT").await.map_err(BatchError::Unknown)?;
        let heads = note_heads(&before, standing, remembered);
        Ok(Outcome { results: judgement.results, heads, events: judgement.events })
    }

    async fn judge_under_locks(
        &self,
        connection: &mut PgConnection,
        remembered: &Sequences,
    ) -> Result<(BTreeMap<TenantId, Head>, Standing, Judgement), sqlx::Error> {
        let mut beginning = begin(&self.tenants(|_| true));
        let in_flight = self.hold_keys(connection, &mut beginning).await?;
        let waits = |append: &Append| append.receipt_key().is_none_or(|key| !in_flight.contains(&key));
        let heads = lock_heads(connection, &beginning, &self.tenants(waits)).await?;
        let mut standing = Standing { heads: heads.clone(), in_flight, ..Standing::default() };
        self.look_up(connection, &mut standing, remembered).await?;
        // The time is read under the lock, so that a wait for it does not make events look older than they are.
        let judgement = self.judge(&mut standing);
        Ok((heads, standing, judgement))
    }

    /// Judges each command alone, in order, against what the streams hold.
    fn judge(&self, standing: &mut Standing) -> Judgement {
        let (now, mut judgement) = (self.clock.now(), Judgement::default());
        for append in self.appends() {
            standing.judge(append, now, &mut judgement);
        }
        judgement
    }

    fn appends(&self) -> impl Iterator<Item = &Append> {
        self.pending.iter().map(|pending| &pending.append)
    }

    fn decisions(&self) -> impl Iterator<Item = (TenantId, &Decision)> {
        self.appends().flat_map(|append| append.decisions.iter().map(|decision| (append.tenant, decision)))
    }

    fn tenants(&self, of: impl Fn(&Append) -> bool) -> BTreeSet<TenantId> {
        self.appends().filter(|append| of(append)).map(|append| append.tenant).collect()
    }
}
