//! Where a stream ends, by its head's and by its events' own account, and where a time falls within it.

use chrono::{DateTime, Utc};
use draxis_domain::{Position, Sequence};

use crate::tenant_tx::TenantTx;

/// A place in a stream and when it was written.
pub type Written = (Position, DateTime<Utc>);

/// The end of a stream as of one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEnd {
    /// What the head says.
    pub head: Option<Written>,
    /// The last event there is.
    pub last: Option<Written>,
}

/// An aggregate whose events do not count 1, 2, 3… in the order of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceFault {
    /// Where it shows.
    pub position: Position,
    /// Which aggregate.
    pub aggregate: String,
    /// The sequence found there.
    pub found: Sequence,
}

/// The end of the transaction's stream; head and last event are read at the same instant.
pub async fn stream_end(transaction: &mut TenantTx) -> Result<StreamEnd, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let row = sqlx::query!(
        r#"SELECT h.position AS "head?", h.recorded_at AS "head_time?", e.position AS "last?", e.recorded_at AS "last_time?"
           FROM (SELECT $1::uuid AS tenant_id) AS t
           LEFT JOIN stream_heads AS h ON h.tenant_id = t.tenant_id
           LEFT JOIN (SELECT position, recorded_at FROM events WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1) AS e
                ON true"#,
        tenant
    )
    .fetch_one(&mut **transaction)
    .await?;
    let place = |position: Option<i64>, time| position.map(Position::from_i64).zip(time);
    Ok(StreamEnd { head: place(row.head, row.head_time), last: place(row.last, row.last_time) })
}

/// The last position up to `until` that was recorded before the time. Times never fall within a stream, so that twenty
/// looks find it among a million.
pub async fn last_before(
    transaction: &mut TenantTx,
    time: DateTime<Utc>,
    until: Position,
) -> Result<Position, sqlx::Error> {
    let (mut before, mut after) = (0, until.get().saturating_add(1));
    while after.saturating_sub(before) > 1 {
        let middle = Position::new(before.midpoint(after));
        let earlier = recorded_at(transaction, middle).await?.is_some_and(|at| at < time);
        *(if earlier { &mut before } else { &mut after }) = middle.get();
    }
    Ok(Position::new(before))
}

/// When the event at a position was recorded; none where there is no such position.
pub async fn recorded_at(
    transaction: &mut TenantTx,
    position: Position,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query_scalar!(
        "SELECT recorded_at FROM events WHERE tenant_id = $1 AND position = $2",
        tenant,
        position.as_i64()
    )
    .fetch_optional(&mut **transaction)
    .await
}

/// The first aggregate whose sequences do not count 1, 2, 3… up to a position, if there is one.
pub async fn first_sequence_fault(
    transaction: &mut TenantTx,
    until: Position,
) -> Result<Option<SequenceFault>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    // As long as it takes: the database sorts the whole stream by aggregate.
    sqlx::query!("SET LOCAL statement_timeout = '1h'").execute(&mut **transaction).await?;
    let row = sqlx::query!(
        r#"SELECT position, aggregate_type || ' ' || aggregate_id AS "aggregate!", sequence
           FROM (SELECT position, aggregate_type, aggregate_id, sequence,
                        row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY position) AS due
                 FROM events WHERE tenant_id = $1 AND position <= $2) AS counted
           WHERE sequence <> due ORDER BY position LIMIT 1"#,
        tenant,
        until.as_i64()
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(|row| SequenceFault {
        position: Position::from_i64(row.position),
        aggregate: row.aggregate,
        found: Sequence::from_i64(row.sequence),
    }))
}
