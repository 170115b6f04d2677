//! Reading the events of one aggregate, by their place in it: what its index answers without touching the rest of the stream.

use draxis_domain::{Position, Sequence};

use crate::read::{EventRow, StoredEvent};
use crate::tenant_tx::TenantTx;

/// An aggregate, and which of its events are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfAggregate {
    /// Its type.
    pub aggregate_type: &'static str,
    /// Its id.
    pub id: String,
    /// Only events of these wire names; of all where there are none.
    pub types: Vec<String>,
}

impl OfAggregate {
    /// All events of an aggregate.
    pub fn new(aggregate_type: &'static str, id: impl Into<String>) -> Self {
        Self { aggregate_type, id: id.into(), types: Vec::new() }
    }

    /// Those of these wire names only.
    #[must_use]
    pub fn only(self, types: &[&str]) -> Self {
        Self { types: types.iter().map(|&name| name.to_owned()).collect(), ..self }
    }
}

/// Events of an aggregate after a place in it, oldest first, at most `limit`.
pub async fn read_aggregate(
    transaction: &mut TenantTx,
    of: &OfAggregate,
    after: Sequence,
    limit: u32,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND sequence > $4
             AND (cardinality($5::text[]) = 0 OR event_type = ANY($5))
           ORDER BY sequence LIMIT $6"#,
        tenant,
        of.aggregate_type,
        of.id,
        after.as_i64(),
        &of.types,
        i64::from(limit)
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}

/// Events of an aggregate before a place in it, newest first, at most `limit`.
pub async fn read_aggregate_back(
    transaction: &mut TenantTx,
    of: &OfAggregate,
    before: Sequence,
    limit: u32,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND sequence < $4
             AND (cardinality($5::text[]) = 0 OR event_type = ANY($5))
           ORDER BY sequence DESC LIMIT $6"#,
        tenant,
        of.aggregate_type,
        of.id,
        before.as_i64(),
        &of.types,
        i64::from(limit)
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}

/// The event that began a run of a source, looked for backwards from what the run has written: a start stands close before.
pub async fn find_run_start(
    transaction: &mut TenantTx,
    run_id: &str,
    before: Position,
) -> Result<Option<StoredEvent>, sqlx::Error> {
    /// How far back it is looked for: more than any run writes.
    const FAR: i64 = 200_000;
    let tenant = transaction.tenant().uuid();
    let row = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND position < $2 AND position >= $2 - $3
             AND event_type = 'source.run_started' AND payload ->> 'runId' = $4
           ORDER BY position DESC LIMIT 1"#,
        tenant,
        before.as_i64(),
        FAR,
        run_id
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(StoredEvent::from))
}

/// Events of all workflows up to a position, of these wire names, in order, at most `limit`; where a breach is named, only those
/// that were set off by it, or were not.
pub async fn read_workflow_events(
    transaction: &mut TenantTx,
    types: &[String],
    breach_id: Option<&str>,
    until: Position,
    limit: u32,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text AS "payload!", metadata::text AS "metadata!", recorded_at, leaf_hash
           FROM events
           WHERE tenant_id = $1 AND aggregate_type = 'workflow' AND event_type = ANY($2) AND position <= $4
             AND ($3::text IS NULL OR payload -> 'trigger' ->> 'breachId' = $3 OR payload -> 'what' ->> 'breachId' = $3)
           ORDER BY position LIMIT $5"#,
        tenant,
        types,
        breach_id,
        until.as_i64(),
        i64::from(limit)
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(StoredEvent::from).collect())
}
