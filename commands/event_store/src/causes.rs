//! Events by where a read model says that they stand, and the neighbours of one command.

use chrono::{DateTime, Utc};
use draxis_domain::Position;

use crate::read::{EventRow, StoredEvent};
use crate::tenant_tx::TenantTx;

/// The event of that id, which stands somewhere between two positions.
pub async fn find_event_between(
    transaction: &mut TenantTx,
    event_id: &str,
    (first, last): (Position, Position),
) -> Result<Option<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let row = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events WHERE tenant_id = $1 AND position BETWEEN $2 AND $3 AND event_id = $4 LIMIT 1"#,
        tenant,
        first.as_i64(),
        last.as_i64(),
        event_id
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(StoredEvent::from))
}

/// The events at these positions, in order.
pub async fn read_positions(
    transaction: &mut TenantTx,
    positions: &[Position],
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let positions: Vec<i64> = positions.iter().map(|position| position.as_i64()).collect();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events WHERE tenant_id = $1 AND position = ANY ($2) ORDER BY position"#,
        tenant,
        &positions
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}

/// The events that one command recorded together with this one, itself among them: neighbours of the same aggregate, of the
/// same instant and with the same metadata.
pub async fn recorded_together(
    transaction: &mut TenantTx,
    with: &StoredEvent,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    /// No command records more.
    const MOST: u64 = 64;
    let tenant = transaction.tenant().uuid();
    let recorded_at: DateTime<Utc> = with.recorded_at;
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND position BETWEEN $2 AND $3 AND aggregate_type = $4 AND aggregate_id = $5
             AND recorded_at = $6 AND metadata::text = $7
           ORDER BY position"#,
        tenant,
        Position::new(with.position.get().saturating_sub(MOST)).as_i64(),
        with.position.plus(MOST).as_i64(),
        with.aggregate_type,
        with.aggregate_id,
        recorded_at,
        with.metadata
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}
